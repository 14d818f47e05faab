"""One portal for the whole run, one Chromium, and a person at a browser of their own for each test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.navigateur import pile as piles
from tests.navigateur.aides import Clavier, Visite
from tests.navigateur.controle import NARROW, WIDE, Controle
from tests.navigateur.pile import Pile

Arrivee = Callable[..., Visite]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.navigateur)
            # One worker of xdist has the browser and its portal; the other runs the rest meanwhile.
            item.add_marker(pytest.mark.xdist_group("navigateur"))


@pytest.fixture(scope="session")
def pile() -> Iterator[Pile]:
    """The portal with its demonstration, its simulators and its worker."""
    running, process = piles.start()
    yield running
    piles.stop(running, process)


@pytest.fixture(scope="session")
def controle() -> Iterator[Controle]:
    """At the end of the run, every page met goes through the HTML checker at once."""
    folder = Path(tempfile.mkdtemp(prefix="kumun-pages-"))
    it = Controle(folder)
    yield it
    errors = it.validate()
    shutil.rmtree(folder)
    assert not errors, "\n".join(errors)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Of the package only: while it lives, no other test of this process could run an event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def arrive(
    request: pytest.FixtureRequest, pile: Pile, chromium: Browser, controle: Controle
) -> Iterator[Arrivee]:
    """Somebody sits down at a browser: `arrive()`; on a small phone without script, `"sobre"`; or `"clavier"`."""
    visites: list[Visite] = []

    def somebody(maniere: str = "ordinaire") -> Visite:
        sobre = maniere == "sobre"
        context = chromium.new_context(
            viewport={"width": NARROW if sobre else WIDE, "height": 900},
            java_script_enabled=not sobre,
            locale="fr-FR",
        )
        context.set_default_timeout(10_000)
        kind = Clavier if maniere == "clavier" else Visite
        visite = kind(pile, context.new_page(), controle, javascript=not sobre)
        visites.append(visite)
        return visite

    controle.faults.clear()
    yield somebody
    said = [line for visite in visites for line in visite.console]
    for number, visite in enumerate(visites):
        controle.keep_last(visite.page, f"{request.node.name}-{number}")
        visite.page.context.close()
    assert not controle.faults, "\n".join(controle.faults)
    assert not said, "\n".join(said)
