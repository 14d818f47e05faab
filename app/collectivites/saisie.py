"""What an administrator typed, checked: values to keep, and one sentence per field that is wrong. Pure functions."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from app.socle.theme import InvalidThemeError, Theme, faults_by_colour

Erreurs = dict[str, str]
ROLES = {"agent": "Agent", "administrateur": "Administrateur de la collectivité"}
_HOURS = re.compile(r"(?P<jours>[^:]{2,60}?)\s*:\s*(?P<heures>.{2,80})")


def text_of(form: Mapping[str, Any], name: str) -> str:
    """One line as typed, its spaces tidied."""
    value = form.get(name, "")
    return " ".join(value.split()) if isinstance(value, str) else ""


def lines_of(form: Mapping[str, Any], name: str) -> list[str]:
    """The lines of a long field that hold something."""
    value = form.get(name, "")
    lines = (" ".join(line.split()) for line in value.splitlines()) if isinstance(value, str) else ()
    return [line for line in lines if line]


def coordonnees_of_form(form: Mapping[str, Any]) -> tuple[dict[str, Any], Erreurs]:
    """How to reach the mairie; what is left empty is left out, so that residents never see an empty line."""
    erreurs: Erreurs = {}
    adresse, horaires = lines_of(form, "adresse"), []
    if len(adresse) > 5 or any(len(line) > 100 for line in adresse):
        erreurs["adresse"] = "Écrivez l’adresse en cinq lignes de 100 caractères au plus."
    telephone = text_of(form, "telephone")
    if telephone and not _is_phone(telephone):
        erreurs["telephone"] = "Écrivez un numéro de téléphone complet, par exemple 02 96 00 00 00."
    courriel = text_of(form, "courriel")
    if courriel and address_of(courriel) is None:
        erreurs["courriel"] = "Écrivez une adresse de courriel complète, par exemple mairie@commune.fr."
    for number, line in enumerate(lines_of(form, "horaires"), 1):
        match = _HOURS.fullmatch(line)
        if match is None or number > 10:
            erreurs["horaires"] = (
                f"Ligne {number} : séparez les jours des heures par deux points, "
                "par exemple « Lundi au vendredi : 8 h 30 – 12 h » (dix lignes au plus)."
            )
            break
        horaires.append(match.groupdict())
    accueil = text_of(form, "accueil")
    if len(accueil) > 200:
        erreurs["accueil"] = "Tenez cette phrase en 200 caractères."
    values = {
        "adresse": adresse,
        "telephone": telephone,
        "courriel": courriel,
        "horaires": horaires,
        "accueil": accueil,
    }
    return {name: value for name, value in values.items() if value}, erreurs


def _is_phone(text: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, "FR"))
    except phonenumbers.NumberParseException:
        return False


def address_of(text: str) -> str | None:
    """The e-mail address in its usual form, or None when it is not one."""
    try:
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError:
        return None


def theme_of_form(form: Mapping[str, Any], blason: str) -> tuple[Theme | None, Erreurs]:
    """The theme typed (None when a value is no colour), and what lacks contrast, under the colour to change.

    A theme that breaks contrast comes with its sentences, so that it can be shown, and must not be saved.
    """
    erreurs: Erreurs = {}
    names = {"principale": "principale", "accent": "d’accent", "fonce": "foncée"}
    typed = {name: text_of(form, name).lower() for name in names}
    if form.get("fonce_choisie") != "oui":
        typed["fonce"] = ""
    for name, words in names.items():
        if not re.fullmatch(r"#[0-9a-f]{6}", typed[name]) and (name != "fonce" or typed[name]):
            erreurs[name] = f"Écrivez la couleur {words} par un dièse et six caractères, par exemple #1c5f56."
    rayon = text_of(form, "rayon")
    if not re.fullmatch(r"\d{1,2}", rayon) or int(rayon) > 20:
        erreurs["rayon"] = "Écrivez un nombre de 0 (angles droits) à 20 (très arrondi)."
    if erreurs:
        return None, erreurs
    try:
        theme = Theme(**typed, rayon=int(rayon), motif=text_of(form, "motif"), blason=blason)
    except InvalidThemeError:
        return None, {"motif": "Choisissez un des motifs proposés."}
    return theme, {name: _first_of(sentences) for name, sentences in faults_by_colour(theme).items()}


def _first_of(sentences: list[str]) -> str:
    """The first fault of a colour; the sample beside the form lists them all."""
    others = len(sentences) - 1
    if not others:
        return sentences[0]
    plural = "s" if others > 1 else ""
    return f"{sentences[0]} {others} autre{plural} couple{plural} à revoir, dans l’aperçu."


def theme_values(theme: Theme) -> dict[str, Any]:
    """The theme as its row keeps it."""
    return asdict(theme)


def invitation_of_form(form: Mapping[str, Any]) -> tuple[dict[str, str], Erreurs]:
    """Who is invited and as what; quality and service are required because decisions name them (CRPA L212-1)."""
    erreurs: Erreurs = {}
    values = {
        name: text_of(form, name) for name in ("courriel", "prenom", "nom", "qualite", "service", "role")
    }
    address = address_of(values["courriel"])
    if address is None:
        erreurs["courriel"] = "Écrivez l’adresse professionnelle complète, celle que ProConnect connaît."
    labels = {
        "prenom": "le prénom",
        "nom": "le nom",
        "qualite": "la qualité, qui figure sur chaque décision : « Secrétaire de mairie », par exemple",
        "service": "le service, qui figure sur chaque décision : « État civil », par exemple",
    }
    for name, words in labels.items():
        if not values[name]:
            erreurs[name] = f"Indiquez {words}."
        elif len(values[name]) > 100:
            erreurs[name] = "Tenez cette réponse en 100 caractères."
    if values["role"] not in ROLES:
        erreurs["role"] = "Choisissez un rôle."
    return values | {"courriel": address or values["courriel"]}, erreurs


def franceconnect_of_form(form: Mapping[str, Any], *, known: bool) -> tuple[dict[str, str], Erreurs]:
    """A FranceConnect client; the secret may stay empty when one is kept already (then it does not change)."""
    erreurs: Erreurs = {}
    values = {name: text_of(form, name) for name in ("issuer", "client_id")}
    secret = form.get("client_secret", "")
    values["client_secret"] = secret.strip() if isinstance(secret, str) else ""
    parts = urlsplit(values["issuer"])
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.fragment:
        erreurs["issuer"] = (
            "Écrivez l’adresse complète du fournisseur, par exemple https://oidc.franceconnect.gouv.fr/api/v2."
        )
    if not values["client_id"] or len(values["client_id"]) > 200:
        erreurs["client_id"] = "Écrivez l’identifiant donné par FranceConnect."
    if not values["client_secret"] and not known:
        erreurs["client_secret"] = "Écrivez le secret donné par FranceConnect."  # noqa: S105 - a sentence
    return values, erreurs
