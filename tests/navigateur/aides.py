"""A person at a browser, in verbs: open, follow, press, fill, choose, attach, read.

Everything is found as a person finds it: by the words on the link, the button, the field. Each page reached is
handed to the checks of `controle`.
"""

import io
import re
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from pypdf import PdfReader

from tests.navigateur.controle import Controle
from tests.navigateur.pile import Pile

# A refusal is an ordinary answer of ours (422 beside the field); the browser notes it in its console all the same.
_ORDINARY = re.compile(r"the server responded with a status of (401|404|409|413|422|429|503)")


class Visite:
    """One person at one browser; `here` is the host's first label and the path."""

    def __init__(self, pile: Pile, page: Page, controle: Controle, *, javascript: bool) -> None:
        self.pile, self.page = pile, page
        self.javascript = javascript
        # Whether the pages of the simulators are checked like ours: by the test that is about them.
        self.simulateurs = False
        self.console: list[str] = []
        self.read: list[str] = []
        self._controle = controle
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.console.append(f"{page.url}: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _ORDINARY.search(message.text):
            self.console.append(f"{self.page.url}: {message.text}")

    @property
    def here(self) -> str:
        found = re.match(r"https?://([^.:/]+)[^/]*(/[^#]*)", self.page.url)
        return f"{found[1]}{found[2]}" if found else self.page.url

    def other_tab(self) -> "Visite":
        """The same person in another tab of the same browser."""
        return Visite(self.pile, self.page.context.new_page(), self._controle, javascript=self.javascript)

    # Going somewhere

    def open(self, host: str, path: str = "/") -> "Visite":
        """Types an address."""
        self.open_address(self.pile.url(host, path))
        return self

    def open_address(self, address: str) -> None:
        """Types a whole address, of the simulators perhaps."""
        self._arrived(self.page.goto(address))

    def follow(self, words: str, *, within: Locator | None = None) -> None:
        """Follows the link that says this."""
        self._go(_first((within or self.page).get_by_role("link", name=words, exact=True)))

    def press(self, words: str, *, within: Locator | None = None) -> None:
        """Presses the button that says this; what follows is a page."""
        scope = within or self.page
        exact = scope.get_by_role("button", name=words, exact=True)
        self._go(_first(exact if exact.count() else scope.get_by_role("button", name=words)))

    def unfold(self, words: str) -> None:
        """Opens what is folded under these words."""
        self._activate(self.page.locator("summary", has_text=words))

    def reload(self) -> None:
        """Asks for the same page again."""
        self._arrived(self.page.reload())

    def back(self) -> None:
        """The browser's own button."""
        self._arrived(self.page.go_back())

    def _go(self, target: Locator) -> None:
        with self.page.expect_navigation() as navigation:
            self._activate(target)
        self._arrived(navigation.value)

    def _activate(self, target: Locator) -> None:
        target.click()

    def _arrived(self, response: Any) -> None:
        ours = f":{self.pile.port}/" in self.page.url
        if not ours and not (self.simulateurs and f":{self.pile.sim_port}/" in self.page.url):
            return
        self.read.append(self.text)
        self._controle.check(self.page, response, javascript=self.javascript)
        if not self.javascript:
            self._controle.check_width(self.page)

    def check_dialog(self) -> None:
        """The same checks, of what a script has put on the page."""
        self._controle.check_state(self.page)

    # Filling

    def field(self, words: str, group: str = "") -> Locator:
        """The field of that label, alone or in a group of questions; « (facultatif) » after it does not count."""
        scope = self.page.get_by_role("group", name=_label(group)) if group else self.page
        # A section may bear the same words as the question in it.
        return scope.get_by_label(_label(words)).and_(self.page.locator("input, select, textarea")).first

    def fill(self, words: str, text: str, group: str = "") -> None:
        """Types into a field."""
        self._type(self.field(words, group), text)

    def _type(self, field: Locator, text: str) -> None:
        field.fill(text)

    def fill_date(self, group: str, day: Any) -> None:
        """Types a date: day, month, year; an empty text empties it."""
        parts = (day.day, day.month, day.year) if day else ("", "", "")
        for words, value in zip(("Jour", "Mois", "Année"), parts, strict=True):
            self.fill(words, str(value), group)

    def fill_address(self, group: str, ligne: str, code_postal: str, commune: str) -> None:
        """Types a postal address."""
        self.fill("Numéro et rue, ou lieu-dit", ligne, group)
        self.fill("Code postal", code_postal, group)
        self.fill("Commune", commune, group)

    def choose(self, group: str, words: str) -> None:
        """Ticks one of several answers."""
        self.field(words, group).check()

    def select(self, words: str, option: str) -> None:
        """Takes an option of a list."""
        self.field(words).select_option(label=option)

    def tick(self, words: str) -> None:
        """Ticks a box."""
        self.page.get_by_label(words).check()

    def attach(self, words: str, *files: Path) -> None:
        """Chooses files for a question."""
        self.field(words).set_input_files(files)

    # Reading

    @property
    def text(self) -> str:
        """What the page says, one kind of space only."""
        return _one_space(self.page.locator("body").inner_text())

    @property
    def title(self) -> str:
        """Its one first-level heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    def sees(self, *words: str) -> None:
        """Waits until the page shows each of these."""
        end = time.monotonic() + 5
        while missing := [word for word in words if _one_space(word) not in self.text]:
            assert time.monotonic() < end, f"{self.page.url} does not show {missing}: {self.text}"
            self.page.wait_for_timeout(50)

    def misses(self, *words: str) -> None:
        """None of these is anywhere in the page."""
        shown = [word for word in words if _one_space(word) in self.text]
        assert not shown, f"{self.page.url} shows {shown}: {self.text}"

    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return self.page.locator(".govuk-error-summary a").all_inner_texts()

    def follow_error(self, words: str) -> None:
        """Follows a line of the error summary, which leads within the page."""
        self._activate(_first(self.page.locator(".govuk-error-summary").get_by_role("link", name=words)))

    @property
    def focus(self) -> str:
        """The id of what has the focus."""
        return str(self.page.evaluate("() => document.activeElement.id"))

    def download(self, words: str) -> bytes:
        """What the link gives to keep."""
        with self.page.expect_download() as download:
            self._activate(_first(self.page.get_by_role("link", name=words)))
        return Path(download.value.path()).read_bytes()

    def reload_until(self, words: str) -> None:
        """Comes back until the worker has done its part."""
        for _ in range(40):
            if words in self.text:
                return
            self.page.wait_for_timeout(250)
            self.page.reload()
        raise AssertionError(f"{self.page.url} never showed « {words} »: {self.text}")

    # Signing in

    def sign_in_with_franceconnect(self, person: str) -> None:
        """From a page that offers FranceConnect, as one of the simulator's people (the start of the displayed name)."""
        self.follow("S’identifier avec FranceConnect")
        self.press(person)
        self.press("Continuer sur")

    def sign_in_as_agent(self, courriel: str, host: str = "agents") -> None:
        """On the desk or the console, through ProConnect; from the page that asks for it when `host` is empty."""
        if host:
            self.open(host)
        self.follow("S’identifier avec ProConnect")
        known = self.page.get_by_role("button", name=courriel)
        if host or known.count():
            # Already known to ProConnect in this browser: nothing more is asked.
            self.press(courriel)
        organisations = self.page.get_by_role("radio")
        if "/proconnect/" in self.page.url and organisations.count():
            organisations.first.check()
            self.press("Continuer")

    def code_received(self, courriel: str, known: int) -> str:
        """The code of the message that comes after those known."""
        message = self.pile.mail(courriel, at_least=known + 1)
        code = re.search(r"\b(\d{3}) ?(\d{3})\b", str(message["Subject"]) + _plain(message))
        assert code, _plain(message)
        return code[1] + code[2]

    def sign_in_by_code(self, courriel: str) -> None:
        """On the sign-in page, with the code that arrives by e-mail."""
        known = len(self.pile.mails(courriel))
        self.fill("Votre adresse de courriel", courriel)
        self.press("Recevoir un code")
        self.fill("Code à 6 chiffres", self.code_received(courriel, known))
        self.press("Continuer")


class Clavier(Visite):
    """The same person without a mouse: Tab to reach, arrows to choose, Space or Enter to act."""

    def _reach(self, target: Locator) -> None:
        for _ in range(120):
            if target.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is out of the keyboard’s reach on {self.page.url}")

    def _activate(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def _type(self, field: Locator, text: str) -> None:
        self._reach(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text) if text else self.page.keyboard.press("Delete")

    def choose(self, group: str, words: str) -> None:
        """Tab reaches the group, arrows go along it."""
        target = self.field(words, group)
        name = target.get_attribute("name")
        for _ in range(120):
            if self.page.evaluate("() => document.activeElement.name") == name:
                break
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Space")
        for _ in range(20):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"« {words} » is out of the arrows’ reach")

    def tick(self, words: str) -> None:
        """Space on the box."""
        self._reach(self.page.get_by_label(words))
        self.page.keyboard.press("Space")

    def attach(self, words: str, *files: Path) -> None:
        """The file question opens with the keyboard."""
        for last in (False, True):
            self._reach(self.field(words))
            try:
                with self.page.expect_file_chooser(timeout=5_000) as chooser:
                    self.page.keyboard.press("Space")
                chooser.value.set_files(files)
                return
            except PlaywrightTimeoutError:
                # A headless Chromium under load may drop a key meant for its file dialog: press it once more.
                if last:
                    raise


def _first(found: Locator) -> Locator:
    return found.first


def _label(words: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{_loose(words)}\s*(\(facultatif\))?\s*$")


def _one_space(words: str) -> str:
    return re.sub(r"[\s\u2060]+", " ", words)


def _loose(words: str) -> str:
    return r"\s+".join(re.escape(word) for word in words.split())


def _plain(message: Any) -> str:
    body = message.get_body(("plain",))
    return str(body.get_content()) if body else ""


def pdf_text(data: bytes) -> str:
    """What a PDF says, on one line."""
    assert data.startswith(b"%PDF"), data[:200]
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))
