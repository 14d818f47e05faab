"""What a person types to book: who they are, how to reach them, the numbers of their pre-demandes.

A pre-demande number (France Titres) is ten letters or digits, one a person, all different; whether it is valid is for
France Titres to say.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

from app.socle.adresses import parse_email
from app.socle.langues import N_, phrase
from app.socle.sms import numero_mobile

LONGUEUR_MAX = 100
_PREDEMANDE = re.compile(r"[A-Z0-9]{10}")
_CONTACT = ("prenom", "nom", "courriel", "telephone", "adresse")


@dataclass(frozen=True)
class Contact:
    """What was typed, and what is wrong with it: a sentence by field. `valeurs` is kept as it is when refused."""

    valeurs: Mapping[str, str]
    predemandes: tuple[str, ...] = ()
    erreurs: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """What the rendez-vous keeps of it."""
        return {name: value for name, value in self.valeurs.items() if value}


def _clean(text: str) -> str:
    return " ".join("".join(c for c in text if unicodedata.category(c)[0] != "C").split())[:LONGUEUR_MAX]


def read_contact(
    form: Mapping[str, Any], *, mode: str, predemandes: int = 0, courriel_prouve: str = ""
) -> Contact:
    """Reads the form of a booking of that mode, with so many pre-demande numbers.

    `courriel_prouve`: the address with which the person signed in, when no other is typed.
    """
    values = {name: _clean(str(form.get(name) or "")) for name in _CONTACT}
    values["courriel"] = values["courriel"] or courriel_prouve
    errors: dict[str, str] = {}
    if not values["prenom"]:
        errors["prenom"] = N_("Écrivez le prénom de la personne qui vient.")
    if not values["nom"]:
        errors["nom"] = N_("Écrivez le nom de la personne qui vient.")
    try:
        values["courriel"] = parse_email(values["courriel"]).normalized.lower()
    except ValueError:
        errors["courriel"] = N_(
            "Écrivez une adresse de courriel complète, par exemple prenom.nom@exemple.fr : "
            "votre rendez-vous y sera confirmé."
        )
    if values["telephone"]:
        number = _phone(values["telephone"])
        if number is None:
            errors["telephone"] = N_(
                "Ce numéro de téléphone n’existe pas. Vérifiez-le : 02 96 40 64 40, par exemple."
            )
        values["telephone"] = number or values["telephone"]
    elif mode == "telephone":
        errors["telephone"] = N_("Écrivez le numéro auquel la mairie vous appellera.")
    values["sms"] = "oui" if form.get("sms") == "oui" else ""
    if values["sms"] and "telephone" not in errors and not _is_mobile(values["telephone"]):
        errors["telephone"] = N_("Écrivez un numéro de téléphone mobile pour recevoir un rappel par SMS.")
    if mode == "domicile" and not values["adresse"]:
        errors["adresse"] = N_("Écrivez l’adresse où l’on viendra vous voir.")
    numbers, wrong = read_predemandes(form, predemandes)
    return Contact(values, numbers, errors | wrong)


def _phone(text: str) -> str | None:
    try:
        found = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def _is_mobile(number: str) -> bool:
    try:
        return bool(numero_mobile(number))
    except ValueError:
        return False


def read_predemandes(form: Mapping[str, Any], nombre: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """One number a person, in order, and what is wrong with each (by the name of its field: predemande-1…)."""
    numbers: list[str] = []
    errors: dict[str, str] = {}
    for rank in range(1, nombre + 1):
        name = f"predemande-{rank}"
        number = "".join(c for c in str(form.get(name) or "").upper() if c.isalnum())[:LONGUEUR_MAX]
        if not number:
            errors[name] = phrase(N_("Écrivez le numéro de pré-demande de la personne %(rang)s."), rang=rank)
        elif not _PREDEMANDE.fullmatch(number):
            errors[name] = phrase(
                N_(
                    "Le numéro de la personne %(rang)s compte 10 lettres ou chiffres ; celui-ci en a %(longueur)s."
                ),
                rang=rank,
                longueur=len(number),
            )
        elif number in numbers:
            errors[name] = phrase(
                N_("Ce numéro est déjà celui d’une autre personne : chacune a le sien (personne %(rang)s)."),
                rang=rank,
            )
        numbers.append(number)
    return tuple(numbers), errors
