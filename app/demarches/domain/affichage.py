"""Answers as a French reader sees them, on screen, in the recapitulation and in documents."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import phonenumbers

from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, mots_de

NON_RENSEIGNE = "Non renseigné"
_MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def afficher(champ: Champ, valeur: Any) -> str:
    """The answer in plain French; "Non renseigné" when there is none. Lines of a long text are kept."""
    if valeur is None or valeur in ("", [], {}):
        return NON_RENSEIGNE
    if champ.type == "choix_multiple":
        return ", ".join(_option(champ, item) for item in valeur)
    if champ.format == "siret":
        return f"{valeur[:3]} {valeur[3:6]} {valeur[6:9]} {valeur[9:]}"
    return _AFFICHEURS.get(champ.type, _tel_quel)(champ, valeur)


def afficher_date(jour: date) -> str:
    """A day written out: 1er mars 2026."""
    number = "1er" if jour.day == 1 else str(jour.day)
    return f"{number}\u00a0{_MOIS[jour.month - 1]} {jour.year}"


def afficher_decimal(nombre: Decimal) -> str:
    """A number with a comma, and thousands set apart by a no-break space."""
    text = f"{nombre.normalize():,f}" if nombre else "0"
    return text.replace(",", "\u202f").replace(".", ",")


def remplir_modele(
    definition: Definition, texte: str, reponses: Mapping[str, Any], mots: Mapping[str, str]
) -> str:
    """A text of the model of decision with its `{words}` replaced by displayed answers or by `mots`.

    KeyError on a word that neither the dossier nor the form has.
    """
    for word in mots_de(texte):
        shown = mots[word] if word in mots else afficher(definition.champ(word), reponses.get(word))
        texte = texte.replace(f"{{{word}}}", shown)
    return texte


def _option(champ: Champ, valeur: str) -> str:
    return next((option.libelle for option in champ.options if option.valeur == valeur), valeur)


def _tel_quel(champ: Champ, valeur: Any) -> str:
    return str(valeur)


def _oui_non(champ: Champ, valeur: Any) -> str:
    return "Oui" if valeur else "Non"


def _civilite(champ: Champ, valeur: str) -> str:
    return {"madame": "Madame", "monsieur": "Monsieur"}.get(valeur, valeur)


def _date(champ: Champ, valeur: str) -> str:
    return afficher_date(date.fromisoformat(valeur))


def _nombre(champ: Champ, valeur: Any) -> str:
    number = afficher_decimal(Decimal(str(valeur)))
    return f"{number} {champ.unite}" if champ.unite else number


def _adresse(champ: Champ, valeur: Mapping[str, str]) -> str:
    town = f"{valeur.get('code_postal', '')} {valeur.get('commune', '')}".strip()
    return ", ".join(part for part in (valeur.get("ligne"), valeur.get("complement"), town) if part)


def _telephone(champ: Champ, valeur: str) -> str:
    try:
        number = phonenumbers.parse(valeur, "FR")
    except phonenumbers.NumberParseException:
        return valeur
    national = number.country_code == 33
    form = (
        phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, form).replace(" ", "\u00a0")


_AFFICHEURS: dict[str, Callable[[Champ, Any], str]] = {
    "choix": _option,
    "oui_non": _oui_non,
    "civilite": _civilite,
    "date": _date,
    "adresse": _adresse,
    "entier": _nombre,
    "decimal": _nombre,
    "telephone": _telephone,
}
