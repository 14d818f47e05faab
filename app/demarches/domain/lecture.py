"""Reads the HTML inputs of one field into a typed value that JSON can hold, or says in French what to do.

Values: text for texte, choix, courriel, civilite; ISO day for a date; E.164 for a phone; int; decimal as text
with a point; bool for oui_non; list of values for choix_multiple; four-part object for an address.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import phonenumbers
from stdnum.fr import siret

from app.demarches.definitions.champs import Champ, jour_de_borne
from app.demarches.domain.affichage import afficher_date, afficher_decimal
from app.demarches.domain.texte import nettoyer
from app.socle.adresses import parse_email

Brut = Mapping[str, Sequence[str]]

LONGUEUR_TEXTE = 255
LONGUEUR_TEXTE_LONG = 5_000
EXEMPLE_DATE = "27 3 2026"
_MOIS = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")


class RefusDeSaisie(Exception):
    """What was typed is no answer: the sentence, the input to go to, whether it is only unfinished."""

    def __init__(self, phrase: str, *, entree: str = "", incomplet: bool = False) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.entree = entree
        self.incomplet = incomplet


def sujet(champ: Champ) -> str:
    """What is asked, to be put after a verb."""
    return champ.sujet or f"votre réponse à « {champ.libelle} »"


def phrase_manquante(champ: Champ) -> str:
    """The sentence for a mandatory field left empty."""
    if champ.type == "oui_non":
        return f"Répondez par oui ou par non : {champ.libelle}"
    if champ.type in {"choix", "choix_multiple", "civilite"}:
        return f"Choisissez {sujet(champ)}."
    if champ.type == "piece":
        return f"Joignez {sujet(champ)}."
    if champ.type == "date":
        return f"Indiquez {sujet(champ)}, par exemple {EXEMPLE_DATE}."
    return f"Indiquez {sujet(champ)}."


def lire(champ: Champ, brut: Brut, reponses: Mapping[str, Any], aujourd_hui: date) -> Any:
    """The typed value of a field, None when nothing was typed; RefusDeSaisie when it is no answer."""
    if champ.type == "date":
        return _date(champ, brut, reponses, aujourd_hui)
    if champ.type == "adresse":
        return _adresse(champ, brut)
    if champ.type == "choix_multiple":
        return _choix_multiple(champ, brut)
    text = valeur_brute(brut, champ.id)
    text = nettoyer(text, lignes=champ.type == "texte_long")
    return _LECTEURS[champ.type](champ, text) if text else None


def valeur_brute(brut: Brut, nom: str) -> str:
    """The last value sent under that name, as a browser would mean it; empty when absent."""
    values = brut.get(nom, ())
    return values[-1] if values else ""


def _texte(champ: Champ, text: str) -> str:
    limit = champ.longueur_max or (LONGUEUR_TEXTE_LONG if champ.type == "texte_long" else LONGUEUR_TEXTE)
    if len(text) > limit:
        raise RefusDeSaisie(
            f"Raccourcissez {sujet(champ)} : {limit} caractères au plus, il y en a {len(text)}."
        )
    if champ.format == "siret":
        return _siret(champ, text)
    if champ.format == "rna":
        return _rna(champ, text)
    return text


def _siret(champ: Champ, text: str) -> str:
    digits = re.sub(r"[\s.-]", "", text)
    if not re.fullmatch(r"[0-9]{14}", digits):
        count = len(re.sub(r"[^0-9]", "", text))
        raise RefusDeSaisie(
            f"Indiquez {sujet(champ)} : 14 chiffres, par exemple 213 502 388 00019 (il y en a {count}).",
            incomplet=count < 14,
        )
    if not siret.is_valid(digits):
        raise RefusDeSaisie(f"Vérifiez {sujet(champ)} : un des 14 chiffres n’est pas le bon.")
    return digits


def _rna(champ: Champ, text: str) -> str:
    number = re.sub(r"[\s.-]", "", text).upper()
    if not re.fullmatch(r"W[0-9][0-9A-Z][0-9]{7}", number):
        raise RefusDeSaisie(
            f"Indiquez {sujet(champ)} : la lettre W puis 9 chiffres, par exemple W224001234.",
            incomplet=len(number) < 10,
        )
    return number


def _entier(champ: Champ, text: str) -> int:
    digits = _sans_unite(champ, text)
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", digits):
        raise RefusDeSaisie(f"Indiquez {sujet(champ)} par un nombre entier, par exemple 12.")
    value = int(digits)
    _check_range(champ, Decimal(value))
    return value


def _decimal(champ: Champ, text: str) -> str:
    digits = _sans_unite(champ, text).replace(",", ".")
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,4})?", digits):
        raise RefusDeSaisie(f"Indiquez {sujet(champ)} par un nombre, par exemple 12,5.")
    value = Decimal(digits)
    _check_range(champ, value)
    return format(value.normalize(), "f") if value else "0"


def _sans_unite(champ: Champ, text: str) -> str:
    if champ.unite and text.lower().endswith(champ.unite.lower()):
        text = text[: -len(champ.unite)]
    return re.sub(r"\s", "", text)


def _check_range(champ: Champ, value: Decimal) -> None:
    unit = f" {champ.unite}" if champ.unite else ""
    if champ.min is not None and value < champ.min:
        raise RefusDeSaisie(f"Indiquez {sujet(champ)} : {afficher_decimal(champ.min)}{unit} au moins.")
    if champ.max is not None and value > champ.max:
        raise RefusDeSaisie(f"Indiquez {sujet(champ)} : {afficher_decimal(champ.max)}{unit} au plus.")


def _choix(champ: Champ, text: str) -> str:
    if text not in {option.valeur for option in champ.options}:
        raise RefusDeSaisie(f"Choisissez {sujet(champ)} dans la liste.")
    return text


def _choix_multiple(champ: Champ, brut: Brut) -> list[str] | None:
    given = {text for text in map(nettoyer, brut.get(champ.id, ())) if text}
    chosen = [option.valeur for option in champ.options if option.valeur in given]
    if len(chosen) != len(given):
        raise RefusDeSaisie(f"Choisissez {sujet(champ)} dans la liste.")
    return chosen or None


def _oui_non(champ: Champ, text: str) -> bool:
    if text not in {"oui", "non"}:
        raise RefusDeSaisie(phrase_manquante(champ))
    return text == "oui"


def _civilite(champ: Champ, text: str) -> str:
    if text not in {"madame", "monsieur"}:
        raise RefusDeSaisie(phrase_manquante(champ))
    return text


def _courriel(champ: Champ, text: str) -> str:
    if "@" not in text:
        raise RefusDeSaisie(
            f"Vérifiez {sujet(champ)} : il manque le signe @, par exemple nom@exemple.fr.", incomplet=True
        )
    try:
        return parse_email(text).normalized
    except ValueError:
        raise RefusDeSaisie(
            f"Vérifiez {sujet(champ)} : écrivez-la comme nom@exemple.fr, sans espace.",
            incomplet=text.endswith(("@", ".")),
        ) from None


def _telephone(champ: Champ, text: str) -> str:
    try:
        number = phonenumbers.parse(text, "FR")
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    digits = len(re.sub(r"[^0-9]", "", text))
    raise RefusDeSaisie(
        f"Vérifiez {sujet(champ)} : 10 chiffres, par exemple 02 61 91 00 00, "
        "ou + et l’indicatif d’un autre pays.",
        incomplet=digits < 10,
    )


def _adresse(champ: Champ, brut: Brut) -> dict[str, str] | None:
    names = ("ligne", "complement", "code_postal", "commune")
    parts = {name: nettoyer(valeur_brute(brut, f"{champ.id}-{name}")) for name in names}
    if not any(parts.values()):
        return None
    for name, text in parts.items():
        if len(text) > LONGUEUR_TEXTE:
            raise RefusDeSaisie(f"Raccourcissez {sujet(champ)}.", entree=f"{champ.id}-{name}")
    missing = {
        "ligne": "le numéro et la rue (ou le lieu-dit)",
        "code_postal": "le code postal",
        "commune": "la ville et le pays" if champ.etranger else "la commune",
    }
    if champ.etranger:
        del missing["code_postal"]
    for name, words in missing.items():
        if not parts[name]:
            raise RefusDeSaisie(
                f"Complétez {sujet(champ)} : il manque {words}.", entree=f"{champ.id}-{name}", incomplet=True
            )
    parts["code_postal"] = parts["code_postal"].replace(" ", "")
    if not champ.etranger and not re.fullmatch(r"[0-9]{5}", parts["code_postal"]):
        raise RefusDeSaisie(
            f"Complétez {sujet(champ)} : le code postal a 5 chiffres, par exemple 22200.",
            entree=f"{champ.id}-code_postal",
            incomplet=len(parts["code_postal"]) < 5,
        )
    return parts


def _date(champ: Champ, brut: Brut, reponses: Mapping[str, Any], aujourd_hui: date) -> str | None:
    parts = [nettoyer(valeur_brute(brut, name)) for name in champ.entrees]
    pasted = re.fullmatch(r"(\d{1,2})[/ .-](\d{1,2})[/ .-](\d{4})", parts[0])
    if pasted and not parts[1] and not parts[2]:
        parts = list(pasted.groups())
    if not any(parts):
        return None
    for name, words, text in zip(champ.entrees, ("le jour", "le mois", "l’année"), parts, strict=True):
        if not text:
            raise RefusDeSaisie(
                f"Complétez {sujet(champ)} : il manque {words}. Par exemple {EXEMPLE_DATE}.",
                entree=name,
                incomplet=True,
            )
    day = _jour(champ, *parts)
    _check_bounds(champ, day, reponses, aujourd_hui)
    return day.isoformat()


def _jour(champ: Champ, jour: str, mois: str, annee: str) -> date:
    if not re.fullmatch(r"[0-9]{4}", annee):
        raise RefusDeSaisie(
            f"Vérifiez {sujet(champ)} : écrivez l’année en quatre chiffres, par exemple {EXEMPLE_DATE}.",
            entree=champ.entrees[2],
            incomplet=len(annee) < 4,
        )
    month = _mois(mois)
    number = re.fullmatch(r"([0-9]{1,2})(er)?", jour)
    if not number or month is None:
        wrong = champ.entrees[0] if not number else champ.entrees[1]
        raise RefusDeSaisie(
            f"Vérifiez {sujet(champ)} : écrivez-la en chiffres, par exemple {EXEMPLE_DATE}.", entree=wrong
        )
    try:
        day = date(int(annee), month, int(number[1]))
    except ValueError:
        raise RefusDeSaisie(
            f"Vérifiez {sujet(champ)} : le {jour} {mois} {annee} n’existe pas dans le calendrier."
        ) from None
    if not 1850 <= day.year <= 2200:
        raise RefusDeSaisie(f"Vérifiez l’année de {sujet(champ)}.", entree=champ.entrees[2])
    return day


def _mois(text: str) -> int | None:
    """Month number, from digits or from a French name, whole or shortened, with or without accents."""
    if re.fullmatch(r"[0-9]{1,2}", text):
        return int(text) if 1 <= int(text) <= 12 else None
    plain = text.lower().translate(str.maketrans("éèêûôîà", "eeeuoia"))
    found = [index for index, start in enumerate(_MOIS, 1) if plain.startswith(start)]
    return found[0] if found else None


def _check_bounds(champ: Champ, day: date, reponses: Mapping[str, Any], aujourd_hui: date) -> None:
    first = jour_de_borne(champ.date_min, aujourd_hui, reponses) if champ.date_min else None
    last = jour_de_borne(champ.date_max, aujourd_hui, reponses) if champ.date_max else None
    if first and day < first:
        raise RefusDeSaisie(f"Indiquez {sujet(champ)} : à partir du {afficher_date(first)}.")
    if last and day > last:
        raise RefusDeSaisie(f"Indiquez {sujet(champ)} : au plus tard le {afficher_date(last)}.")


_LECTEURS: dict[str, Callable[[Champ, str], Any]] = {
    "texte": _texte,
    "texte_long": _texte,
    "entier": _entier,
    "decimal": _decimal,
    "choix": _choix,
    "oui_non": _oui_non,
    "civilite": _civilite,
    "courriel": _courriel,
    "telephone": _telephone,
}
