"""Fixtures of the whole portal: one database a run (and a worker of xdist), the portal in process, its people.

`portail` is what most tests take: `await portail.navigateur("guingamp").get("/")`. Rows go back to the cast before
each test that uses the database. See tests/cast.py for who is there and for the dossiers they can have.
"""

import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import hypothesis
import pytest

from app.portail import demonstration
from app.socle.clock import FixedClock
from app.socle.journaux import configure_logs
from app.socle.noyau import Noyau
from tests.cast import Cast, load_cast
from tests.outillage.base import BaseEssai, open_base
from tests.outillage.portail import LUNDI, SIMULATEURS, Portail, make_essai_noyau, make_settings, open_portail

# The settings of these tests are theirs alone.
for _name in [n for n in os.environ if n.startswith("KUMUN_") and not n.startswith("KUMUN_TEST_")]:
    del os.environ[_name]

configure_logs("json", logging.ERROR)
# A figure of speed is no test: a loaded machine must not fail a property.
hypothesis.settings.register_profile("kumun", deadline=None)
hypothesis.settings.load_profile("kumun")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def base_migree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseEssai]:
    """The migrated database with the demonstration's communes and agents, as `kumun demo charger` makes them."""
    with open_base() as base:

        async def load() -> None:
            noyau = make_essai_noyau(
                make_settings(base), tmp_path_factory.mktemp("courriels"), FixedClock(LUNDI)
            )
            await demonstration.load(noyau, SIMULATEURS)
            await noyau.oidc.close()
            await noyau.stop()

        anyio.run(load)
        base.keep()
        yield base


@pytest.fixture
def base(base_migree: BaseEssai) -> BaseEssai:
    """The database, its rows as the cast leaves them."""
    base_migree.restore()
    return base_migree


@pytest.fixture
async def noyau(base: BaseEssai, tmp_path: Path) -> AsyncIterator[Noyau]:
    """The kernel alone, for what needs no page; it does not listen for changes."""
    made = make_essai_noyau(make_settings(base), tmp_path / "courriels", FixedClock(LUNDI))
    yield made
    await made.oidc.close()
    await made.stop()


@pytest.fixture(scope="session")
def cles_simulateurs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set of the simulators' keys for the whole run: making them is slow."""
    return tmp_path_factory.mktemp("cles-simulateurs")


@pytest.fixture
async def portail(base: BaseEssai, cles_simulateurs: Path, tmp_path: Path) -> AsyncIterator[Portail]:
    """The whole portal in process, with the simulators of FranceConnect and ProConnect outside it."""
    async with open_portail(base, cles_simulateurs, tmp_path / "courriels") as made:
        yield made


@pytest.fixture
async def cast(portail: Portail) -> Cast:
    """Who is there: communes and agents by name, residents with an account on each commune's host."""
    return await load_cast(portail)
