"""Whole stretches of a journey that several tests begin with, and the small real files that people attach."""

import io
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pillow_heif
from PIL import Image
from pypdf import PdfWriter

from tests.navigateur.aides import Visite

ACTE = "/demarches/acte-naissance"
OCCUPATION = "Occuper la rue ou une place"


@dataclass(frozen=True)
class Pieces:
    """One file of each kind that a person may hold."""

    pdf: Path
    jpeg: Path
    png: Path
    heic: Path


def make_pieces(folder: Path) -> Pieces:
    """Small, real files."""
    found = Pieces(
        *(folder / name for name in ("plan.pdf", "croquis.jpg", "façade nord.png", "IMG_0042.heic"))
    )
    blank = PdfWriter()
    blank.add_blank_page(200, 200)
    with found.pdf.open("wb") as out:
        blank.write(out)
    picture = Image.new("RGB", (64, 48), "#8fb3c9")
    picture.save(found.jpeg, "JPEG")
    picture.save(found.png, "PNG")
    heic = io.BytesIO()
    pillow_heif.from_pillow(picture).save(heic)
    found.heic.write_bytes(heic.getvalue())
    return found


def today() -> date:
    return datetime.now(UTC).date()  # noqa: TID251 - the browser meets the real portal, whose clock is the real one


def fill_vous(visite: Visite, **changes: str) -> None:
    """First page: what FranceConnect does not know."""
    visite.choose("Vous faites cette demande en tant que", "Particulier")
    for words, text in changes.items():
        visite.fill({"nom": "Votre nom", "prenoms": "Vos prénoms"}[words], text)
    visite.fill_address("Votre adresse postale", "3 rue de la Trinité", "22200", "Guingamp")
    visite.fill("Votre numéro de téléphone", "02 61 91 22 33")
    visite.press("Continuer")


def fill_lieu(visite: Visite) -> None:
    """Second page."""
    visite.fill("Rue, route ou place", "Rue Notre-Dame")
    visite.choose("Qui gère cette rue ou cette route ?", "La commune")
    visite.press("Continuer")


def fill_occupation(visite: Visite) -> None:
    """Third page: one answer brings one more question."""
    visite.choose("Qu’allez-vous installer ou faire ?", "Échafaudage")
    visite.fill("Surface occupée", "12,5")
    visite.fill_date("Premier jour", today() + timedelta(days=40))
    visite.fill_date("Dernier jour", today() + timedelta(days=50))
    visite.choose("Faut-il réserver des places de stationnement ?", "Non")
    visite.choose("La circulation des véhicules sera-t-elle gênée ou coupée ?", "Non")
    visite.press("Continuer")
    visite.choose("Une autre entreprise fera-t-elle les travaux ?", "Non")
    visite.press("Continuer")


def attach_all(visite: Visite, pieces: Pieces) -> None:
    """Fourth page: one file of each kind."""
    visite.attach("Plan de situation", pieces.pdf)
    visite.attach("Plan de localisation", pieces.jpeg)
    visite.attach("Photos du lieu", pieces.png, pieces.heic)
    visite.attach("Attestation d’assurance responsabilité civile", pieces.pdf)
    visite.press("Continuer")


def submit(visite: Visite) -> str:
    """Certifies and submits; returns the number as the page shows it."""
    visite.tick("Je certifie que")
    visite.press("Déposer mon dossier")
    visite.sees("Votre dossier est déposé")
    return number_on(visite)


def number_on(visite: Visite) -> str:
    """The dossier's number as the page shows it."""
    found = re.search(r"\b[0-9A-Z]{4}(?:[- ‑][0-9A-Z]{4}){2}\b", visite.text)
    assert found, visite.text
    return found[0]


def fill_acte(visite: Visite, nom: str, prenoms: str, courriel: str = "") -> None:
    """A birth certificate in its shortest form, up to the review; an address is typed where none is known."""
    visite.choose("De quel document avez-vous besoin ?", "Extrait sans filiation")
    visite.choose("Cet acte est-il le vôtre ?", "Oui, c’est mon acte de naissance")
    visite.press("Continuer")
    visite.fill("Votre nom de naissance", nom)
    visite.fill("Vos prénoms", prenoms)
    visite.fill_date("Votre date de naissance", date(1984, 3, 12))
    visite.fill_address("Adresse où envoyer l’acte", "3 rue de la Trinité", "22200", "Guingamp")
    if courriel:
        visite.fill("Votre adresse électronique", courriel)
    visite.press("Continuer")


def submit_occupation(visite: Visite, person: str, pieces: Pieces) -> str:
    """From the commune's home to the number."""
    visite.open("guingamp")
    visite.follow(OCCUPATION)
    visite.sign_in_with_franceconnect(person)
    fill_vous(visite)
    fill_lieu(visite)
    fill_occupation(visite)
    attach_all(visite, pieces)
    return submit(visite)
