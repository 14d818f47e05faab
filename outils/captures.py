"""`make captures`: the pictures of the documentation, taken from the real pages of the demonstration.

A portal that answers at KUMUN_BASE_URL is used as it is; otherwise one is started on free ports with a data folder of
its own, and removed afterwards. People, papers and dossiers are the demonstration's: nobody real is on a picture.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from app.config import ROOT
from app.socle.clock import SystemClock

IMAGES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = (1280, 860), (320, 640)
PICTURE_LIMIT, TOTAL_LIMIT = 200_000, 2_500_000
OCCUPATION = "Occuper la rue ou une place"
NAISSANCE = "Demander un acte de naissance"
THEMES = ("guingamp", "loc-envel", "rennes", "ouessant")
ELSEWHERE = (
    ("loc-envel", "Katell", ("22810", "Loc-Envel")),
    ("ouessant", "Ghjuvan", ("29242", "Ouessant")),
)
PATIENCE = 120.0


class CaptureError(Exception):
    """The pictures cannot be taken; the text says why."""


@dataclass(frozen=True)
class Portail:
    """Where the portal answers."""

    base: str

    def url(self, label: str, path: str = "/") -> str:
        """The address of a page on one of its hosts."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{label}.{parts.netloc}{path}"

    def answers(self) -> bool:
        """Whether its health page says that all is well."""
        try:
            with urlopen(f"{self.base}/sante", timeout=5) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@contextmanager
def running_portal() -> Iterator[Portail]:
    """The portal that answers already, or one of our own while the block lasts."""
    present = Portail(os.environ.get("KUMUN_BASE_URL") or "http://localhost:8000")
    if present.answers():
        yield present
        return
    var = Path(tempfile.mkdtemp(prefix="kumun-"))
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUMUN_")}
    environment |= {"KUMUN_VAR": str(var), "PORT": str(port), "SIM_PORT": str(_free_port())}
    log = var / "lancement.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "outils.lancer", "--avec-parent"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + PATIENCE
        while "Ctrl-C" not in log.read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise CaptureError(f"the portal did not start:\n{log.read_text()}")
            time.sleep(0.2)
        yield Portail(f"http://localhost:{port}")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(var, ignore_errors=True)


def save(name: str, png: bytes, folder: Path = IMAGES) -> None:
    """Writes one picture in as many colours as its limit allows; CaptureError when even few are too many."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colours in (192, 128, 64, 32):
        out = BytesIO()
        picture.quantize(colours).save(out, "PNG", optimize=True)
        if out.tell() < PICTURE_LIMIT:
            (folder / f"{name}.png").write_bytes(out.getvalue())
            return
    raise CaptureError(f"{name}.png stays above {PICTURE_LIMIT} bytes")


class Visite:
    """One person at one browser: goes by the words on links, buttons and fields, and takes pictures."""

    def __init__(self, portail: Portail, browser: Browser) -> None:
        self.portail = portail
        context = browser.new_context(
            viewport={"width": WIDE[0], "height": WIDE[1]}, locale="fr-FR", reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        self.page: Page = context.new_page()

    def open(self, label: str, path: str = "/") -> None:
        """Types an address."""
        self.page.goto(self.portail.url(label, path))

    def follow(self, words: str) -> None:
        """Follows the link that says this."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=words, exact=True).first.click()

    def press(self, words: str) -> None:
        """Presses the button that says this, or begins so."""
        exact = self.page.get_by_role("button", name=words, exact=True)
        with self.page.expect_navigation():
            (exact if exact.count() else self.page.get_by_role("button", name=words)).first.click()

    def fill(self, words: str, text: str, group: str = "") -> None:
        """Types into a field."""
        scope = self.page.get_by_role("group", name=_label(group)) if group else self.page
        scope.get_by_label(_label(words)).first.fill(text)

    def choose(self, group: str, words: str) -> None:
        """Ticks one of several answers."""
        self.page.get_by_role("group", name=_label(group)).get_by_label(_label(words)).first.check()

    def select(self, words: str, option: str) -> None:
        """Takes an option of a list."""
        self.page.get_by_label(_label(words)).first.select_option(label=option)

    def fill_date(self, group: str, day: date) -> None:
        """Types a date: day, month, year."""
        for words, value in zip(("Jour", "Mois", "Année"), (day.day, day.month, day.year), strict=True):
            self.fill(words, str(value), group)

    def fill_address(self, group: str, ligne: str, code_postal: str, commune: str) -> None:
        """Types a postal address."""
        self.fill("Numéro et rue, ou lieu-dit", ligne, group)
        self.fill("Code postal", code_postal, group)
        self.fill("Commune", commune, group)

    def attach(self, words: str, *files: Path) -> None:
        """Chooses files for a question."""
        self.page.get_by_label(_label(words)).first.set_input_files(files)

    def wait_for(self, words: str) -> None:
        """Comes back until the worker has done its part."""
        end = time.monotonic() + 30
        while words not in self.page.locator("body").inner_text():
            if time.monotonic() > end:
                raise CaptureError(f"{self.page.url} never showed « {words} »")
            self.page.wait_for_timeout(500)
            self.page.reload()

    def picture(self, name: str, *, telephone: bool = False, height: int = 0, at: str = "") -> None:
        """Takes the page, from its top or from the selector `at`; `height` in pixels when the screen is not enough."""
        width, usual = NARROW if telephone else WIDE
        self.page.set_viewport_size({"width": width, "height": height or usual})
        self.page.evaluate("() => document.fonts.ready")
        place = self.page.locator(at).first if at else None
        top = place.evaluate("e => Math.max(0, e.getBoundingClientRect().top + scrollY - 24)") if place else 0
        self.page.evaluate(
            "y => { document.activeElement?.blur(); scrollTo({top: y, behavior: 'instant'}) }", top
        )
        self.page.wait_for_timeout(200)
        save(name, self.page.screenshot())
        self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})

    def sign_in_with_franceconnect(self, person: str) -> None:
        """From a page that offers FranceConnect, as one of the simulator's people."""
        self.follow("S’identifier avec FranceConnect")
        self.press(person)
        self.press("Continuer sur")

    def sign_in_as_agent(self, host: str, courriel: str) -> None:
        """On the desk or the console, through ProConnect."""
        self.open(host)
        self.follow("S’identifier avec ProConnect")
        self.press(courriel)
        organisation = self.page.get_by_role("radio").first
        if "/proconnect/" in self.page.url and organisation.count():
            organisation.check()
            self.press("Continuer")


def _label(words: str) -> re.Pattern[str]:
    loose = r"\s+".join(re.escape(word) for word in words.split())
    return re.compile(rf"^\s*{loose}\s*(\(facultatif\))?\s*$")


def _pieces(folder: Path) -> Path:
    """A small real picture, which every question for a plan or a photograph takes."""
    path = folder / "plan-de-situation.png"
    Image.new("RGB", (640, 480), "#8fb3c9").save(path)
    return path


def fill_occupation(visite: Visite, piece: Path, commune: tuple[str, str], *, pictures: bool) -> None:
    """From the first page of the form to its review, as somebody whom FranceConnect told."""
    today = SystemClock().now().date()
    if pictures:
        visite.press("Continuer")
        visite.picture("formulaire-erreurs", height=1000)
        visite.picture("formulaire-320", telephone=True, height=1000)
    visite.choose("Vous faites cette demande en tant que", "Particulier")
    visite.fill_address("Votre adresse postale", "3 rue de la Trinité", *commune)
    visite.fill("Votre numéro de téléphone", "02 61 91 22 33")
    visite.press("Continuer")
    visite.fill("Rue, route ou place", "Rue Notre-Dame")
    visite.choose("Qui gère cette rue ou cette route ?", "La commune")
    visite.press("Continuer")
    visite.choose("Qu’allez-vous installer ou faire ?", "Échafaudage")
    # This answer brings a question: the form is drawn again before a person has read on.
    visite.page.wait_for_timeout(1500)
    visite.fill("Surface occupée", "12,5")
    visite.fill_date("Premier jour", today + timedelta(days=40))
    visite.fill_date("Dernier jour", today + timedelta(days=50))
    visite.choose("Faut-il réserver des places de stationnement ?", "Non")
    visite.choose("La circulation des véhicules sera-t-elle gênée ou coupée ?", "Non")
    visite.press("Continuer")
    visite.choose("Une autre entreprise fera-t-elle les travaux ?", "Non")
    visite.press("Continuer")
    for question in ("Plan de situation", "Plan de localisation", "Photos du lieu"):
        visite.attach(question, piece)
    visite.attach("Attestation d’assurance responsabilité civile", piece)
    visite.press("Continuer")


def show_commune(visite: Visite) -> None:
    """What anybody sees: the homes in their four themes, a démarche, the ways to sign in."""
    for slug in THEMES:
        visite.open(slug)
        visite.picture(f"accueil-{slug}")
    visite.open("guingamp")
    visite.picture("accueil-320", telephone=True)
    visite.follow(OCCUPATION)
    visite.picture("demarche", height=1000)
    visite.picture("commencer", at="#commencer", height=700)


def show_resident(visite: Visite, piece: Path) -> str:
    """A whole filing at Guingamp; returns the address of its acknowledgement."""
    visite.sign_in_with_franceconnect("Rozenn")
    fill_occupation(visite, piece, ("22200", "Guingamp"), pictures=True)
    visite.page.get_by_label("Je certifie que").check()
    visite.press("Déposer mon dossier")
    visite.wait_for("Télécharger l’accusé de réception")
    visite.picture("depose")
    visite.picture("depose-320", telephone=True)
    found = re.search(r"\b\d{4}[- ‑]\d{4}[- ‑]\d{4}\b", visite.page.locator("body").inner_text())
    if found is None:
        raise CaptureError("the acknowledgement shows no number")
    return found[0]


def file_elsewhere(visite: Visite, piece: Path, slug: str, person: str, commune: tuple[str, str]) -> None:
    """A dossier in another commune, so that the secretary's desk shows more than one."""
    visite.open(slug)
    visite.follow(OCCUPATION)
    visite.sign_in_with_franceconnect(person)
    fill_occupation(visite, piece, commune, pictures=False)
    visite.page.get_by_label("Je certifie que").check()
    visite.press("Déposer mon dossier")


def show_agent(visite: Visite, number: str) -> None:
    """The desk of an agent of Guingamp, and one dossier taken in hand, of which a piece is asked again."""
    visite.sign_in_as_agent("agents", "yann.riou@guingamp.example")
    visite.picture("bureau")
    visite.fill("Numéro, nom ou mots", number)
    visite.press("Filtrer")
    visite.follow(OCCUPATION)
    visite.press("Je m’en occupe")
    visite.picture("dossier-agent", height=1200)
    visite.page.locator("summary", has_text="Redemander une pièce").click()
    visite.select("Quelle pièce ?", "Plan de localisation")
    visite.fill("Pourquoi ?", "Les dimensions ne se lisent pas sur le croquis.")
    visite.fill_date("À envoyer avant le", SystemClock().now().date() + timedelta(days=21))
    visite.picture("complement", at="summary:has-text('Redemander une pièce')", height=800)
    visite.press("Envoyer la demande")
    visite.picture("decision", at="form[action$='/decision']", height=700)


def show_follow_up(visite: Visite) -> None:
    """The person's own view, once a piece has been asked again."""
    visite.follow("Mon espace")
    visite.picture("mon-espace", height=700)
    visite.follow(OCCUPATION)
    visite.picture("mon-dossier", height=1000)


def show_secretary(visite: Visite) -> None:
    """The desk of one person for several communes, and a démarche filled at the counter."""
    visite.sign_in_as_agent("agents", "soazig.penven@loc-envel.example")
    visite.picture("bureau-secretaire")
    visite.follow("Saisir pour quelqu’un")
    visite.select("Collectivité", "Loc-Envel")
    visite.select("Démarche", NAISSANCE)
    visite.choose("Comment vous parvient-elle ?", "Au guichet")
    visite.page.get_by_label("J’ai vu une pièce d’identité").check()
    visite.fill("Prénoms", "Marcel")
    visite.fill("Nom de naissance", "Kervella")
    visite.fill_address("Adresse postale", "Le bourg", "22810", "Loc-Envel")
    visite.picture("saisir", height=1100)
    visite.press("Commencer la saisie")
    visite.picture("saisie", height=900)


def show_opsn(visite: Visite) -> None:
    """The console: the list, a commune's record, its theme, taking on, jobs."""
    visite.sign_in_as_agent("opsn", "gwenole.kerjean@opsn.example")
    visite.picture("console")
    for name, path in (
        ("console-fiche", "/collectivites/guingamp"),
        ("console-theme", "/collectivites/guingamp/theme"),
        ("console-travaux", "/travaux"),
        ("console-prise", "/collectivites/prendre-en-charge?q=ploug"),
    ):
        visite.open("opsn", path)
        visite.picture(name)


def take_all(portail: Portail) -> None:
    """Every picture, in the order of one afternoon of the demonstration."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        piece = _pieces(Path(folder))
        resident = Visite(portail, browser)
        show_commune(resident)
        number = show_resident(resident, piece)
        for slug, person, commune in ELSEWHERE:
            file_elsewhere(Visite(portail, browser), piece, slug, person, commune)
        show_agent(Visite(portail, browser), number)
        show_follow_up(resident)
        show_secretary(Visite(portail, browser))
        show_opsn(Visite(portail, browser))
        browser.close()


def main() -> int:
    """0 when every picture is written and they are light enough together."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        with running_portal() as portail:
            take_all(portail)
        total = sum(path.stat().st_size for path in IMAGES.glob("*.png"))
        if total > TOTAL_LIMIT:
            raise CaptureError(f"the pictures weigh {total} bytes together, {TOTAL_LIMIT} at most")
    except (CaptureError, PlaywrightError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(list(IMAGES.glob('*.png')))} pictures, {total // 1000} kB, in {IMAGES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
