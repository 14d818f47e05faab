"""What visitors do while they are measured: one page again and again, or the whole anonymous journey."""

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from benchmarks.bancs import Banc
from benchmarks.client import Visiteur

PIECE = 20_000
_personnes = itertools.count()
REPONSES = {
    "nom": "LE GALLOU",
    "prenoms": "Rozenn",
    "naissance-jour": "27",
    "naissance-mois": "3",
    "naissance-annee": "1985",
    "adresse-ligne": "3 rue du Four",
    "adresse-code_postal": "22200",
    "adresse-commune": "Guingamp",
    "objet": "Une lampe ne s’allume plus devant le 3 rue du Four.",
    "courriel": "rozenn@courriel.example",
    "telephone": "02 61 91 12 34",
    "action": "continuer",
}


def photo(size: int = PIECE) -> bytes:
    """A true photograph of exactly that many bytes: its comment fills what its pixels leave."""
    out = io.BytesIO()
    Image.effect_noise((120, 80), 40).save(out, "JPEG", comment=b"")
    missing = size - len(out.getvalue()) - 4
    out = io.BytesIO()
    Image.effect_noise((120, 80), 40).save(out, "JPEG", comment=b"x" * max(1, missing))
    return out.getvalue()


PHOTO = photo()


def _personne() -> dict[str, str]:
    """Another person each time: nothing that was read of the one before is of any use."""
    n = next(_personnes)
    return {
        "courriel": f"rozenn.{n}@courriel.example",
        "telephone": f"02 61 91 {n // 100 % 100:02} {n % 100:02}",
    }


def fill_draft(visiteur: Visiteur) -> tuple[str, dict[str, str]]:
    """From the démarche's page to the review page: where the submission goes, and its hidden fields."""
    visiteur.get("/demarches/mesure")
    form = visiteur.get("/demarches/mesure/remplir")
    step, fields = form.action("/etapes/"), form.caches()
    answer = visiteur.post_multipart(
        step, {**fields, **REPONSES, **_personne()}, {"photo": ("photo.jpg", PHOTO)}
    )
    if answer.statut != 303:
        raise RuntimeError(f"the page was refused: {answer.corps.decode()[:3000]}")
    hidden = visiteur.get(answer.suite).caches()
    return f"{step.split('/etapes/')[0]}/deposer", {**hidden, "declaration": "oui"}


def submit(visiteur: Visiteur, draft: tuple[str, dict[str, str]]) -> str:
    """The last form: from the review page to « déposé »; returns where the number is."""
    answer = visiteur.post(*draft)
    if answer.statut != 303 or not answer.suite.endswith("/depose"):
        raise RuntimeError(f"not submitted: {answer.statut} {answer.entetes} {answer.corps.decode()[:2000]}")
    return answer.suite


def whole_journey(banc: Banc, compte: str = "") -> Visiteur:
    """A new anonymous browser, from the démarche's page to its number; what it asked and what it cost."""
    visiteur = banc.visiteur()
    visiteur.compte = compte
    done = submit(visiteur, fill_draft(visiteur))
    if "numéro" not in visiteur.get(done).corps.decode().lower():
        raise RuntimeError("the last page shows no number")
    return visiteur


@dataclass
class Page:
    """A page that the same visitor reads again and again."""

    label: str
    chemin: str = "/"
    conditionnelle: bool = False

    def reader(self, banc: Banc) -> Callable[[], None]:
        """What reads it once."""
        visiteur = banc.visiteur(self.label)
        headers = {"If_None_Match": visiteur.get(self.chemin).entetes["etag"]} if self.conditionnelle else {}
        return lambda: (visiteur.get(self.chemin, **headers), None)[1]
