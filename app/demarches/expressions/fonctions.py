"""The functions of the language: what they take, what they give, and how each is computed.

Every function is given known values and may answer None; `valeur_ou` and `renseigne`, which look at what is
not known, are part of the language itself (`compilation`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any

from app.demarches.expressions.valeurs import (
    BOOLEEN,
    CALCUL,
    DATE,
    DUREE,
    HEURE,
    NOMBRE,
    TEXTE,
    Duree,
    Type,
    borner,
    plier,
)
from app.socle.calendrier import is_ouvre

# Beyond this span, working days are not counted.
LIMITE_JOURS = 4_000
LIMITE_DUREE = 100_000


@dataclass(frozen=True, slots=True)
class Fonction:
    """A function of fixed arguments: `minimum` of them must be given; `exemple` is shown when they are not."""

    parametres: tuple[Type, ...]
    resultat: Type
    calcul: Callable[..., Any]
    exemple: str
    minimum: int


def _fonction(
    parametres: Sequence[Type],
    resultat: Type,
    calcul: Callable[..., Any],
    exemple: str,
    minimum: int | None = None,
) -> Fonction:
    return Fonction(
        tuple(parametres), resultat, calcul, exemple, len(parametres) if minimum is None else minimum
    )


def _ans(naissance: date, jour: date) -> Decimal | None:
    """Full years on a day; somebody born on 29 February is a year older on 1 March of common years."""
    if jour < naissance:
        return None
    return Decimal(jour.year - naissance.year - ((jour.month, jour.day) < (naissance.month, naissance.day)))


def _mois_entre(debut: date, fin: date) -> Decimal:
    if fin < debut:
        return -_mois_entre(fin, debut)
    return Decimal((fin.year - debut.year) * 12 + fin.month - debut.month - (fin.day < debut.day))


def _jours_ouvres_entre(debut: date, fin: date) -> Decimal | None:
    """Working days after the first day, up to and including the last; negative when they are the other way."""
    if fin < debut:
        found = _jours_ouvres_entre(fin, debut)
        return None if found is None else -found
    span = (fin - debut).days
    if span > LIMITE_JOURS:
        return None
    return Decimal(sum(is_ouvre(debut + timedelta(days=n)) for n in range(1, span + 1)))


def _minutes(debut: time, fin: time) -> Decimal:
    return Decimal((fin.hour - debut.hour) * 60 + fin.minute - debut.minute)


def _arrondi(nombre: Decimal, decimales: Decimal = Decimal(0)) -> Decimal | None:
    """Half away from zero, as invoices are."""
    places = int(decimales) if 0 <= decimales <= 6 and decimales == decimales.to_integral_value() else None
    if places is None:
        return None
    return borner(nombre.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, CALCUL))


def _duree(unite: str) -> Callable[[Decimal], Duree | None]:
    def make(nombre: Decimal) -> Duree | None:
        if nombre != nombre.to_integral_value() or abs(nombre) > LIMITE_DUREE:
            return None
        count = int(nombre)
        return {
            "jours": Duree(jours=count),
            "mois": Duree(mois=count),
            "ans": Duree(mois=12 * count),
            "jours_ouvres": Duree(ouvres=count),
        }[unite]

    return make


FONCTIONS: dict[str, Fonction] = {
    "abs": _fonction([NOMBRE], NOMBRE, abs, "abs(ecart)"),
    "age": _fonction([DATE, DATE], NOMBRE, _ans, "age(naissance)", 1),
    "annee": _fonction([DATE], NOMBRE, lambda d: Decimal(d.year), "annee(debut)"),
    "ans": _fonction([NOMBRE], DUREE, _duree("ans"), "debut + ans(nombre_ans)"),
    "arrondi": _fonction([NOMBRE, NOMBRE], NOMBRE, _arrondi, "arrondi(surface * 1,2, 2)", 1),
    "commence_par": _fonction(
        [TEXTE, TEXTE], BOOLEEN, lambda t, d: plier(t).startswith(plier(d)), 'commence_par(code_postal, "22")'
    ),
    "est_ouvre": _fonction([DATE], BOOLEEN, is_ouvre, "est_ouvre(debut)"),
    "jour_semaine": _fonction([DATE], NOMBRE, lambda d: Decimal(d.isoweekday()), "jour_semaine(debut)"),
    "jours": _fonction([NOMBRE], DUREE, _duree("jours"), "debut + jours(nombre_jours)"),
    "jours_entre": _fonction(
        [DATE, DATE], NOMBRE, lambda a, b: Decimal((b - a).days), "jours_entre(debut, fin)"
    ),
    "jours_ouvres": _fonction([NOMBRE], DUREE, _duree("jours_ouvres"), "debut + jours_ouvres(nombre_jours)"),
    "jours_ouvres_entre": _fonction(
        [DATE, DATE], NOMBRE, _jours_ouvres_entre, "jours_ouvres_entre(aujourdhui, debut)"
    ),
    "longueur": _fonction([TEXTE], NOMBRE, lambda t: Decimal(len(t)), "longueur(motif)"),
    "minutes_entre": _fonction([HEURE, HEURE], NOMBRE, _minutes, "minutes_entre(ouverture, fermeture)"),
    "mois": _fonction([NOMBRE], DUREE, _duree("mois"), "debut + mois(nombre_mois)"),
    "mois_annee": _fonction([DATE], NOMBRE, lambda d: Decimal(d.month), "mois_annee(debut)"),
    "mois_entre": _fonction([DATE, DATE], NOMBRE, _mois_entre, "mois_entre(debut, fin)"),
}

# Functions whose arguments are not of one fixed type; `typage` knows each.
PARTICULIERES: dict[str, str] = {
    "renseigne": "renseigne(courriel)",
    "valeur_ou": "valeur_ou(nombre_jours, 0)",
    "nombre": "nombre(enfants)",
    "somme": "somme(enfants.jours)",
    "tous": "tous(enfants, age(naissance) >= 3)",
    "au_moins_un": "au_moins_un(enfants, age(naissance) < 3)",
    "min": "min(debut, fin)",
    "max": "max(debut, fin)",
}


def somme(valeurs: Sequence[Any]) -> Any:
    """The sum of the rows, 0 without any; None when one is not known."""
    if any(valeur is None for valeur in valeurs):
        return None
    return borner(reduce(CALCUL.add, valeurs, Decimal(0)))


def extreme(valeurs: Sequence[Any], choisir: Callable[[Sequence[Any]], Any]) -> Any:
    """The smallest or largest, None without any or when one is not known."""
    return None if not valeurs or any(valeur is None for valeur in valeurs) else choisir(valeurs)


def tous(valeurs: Sequence[Any]) -> bool | None:
    """False as soon as one is false, None when one is not known, else True (also without any)."""
    if any(valeur is False for valeur in valeurs):
        return False
    return None if any(valeur is None for valeur in valeurs) else True


def au_moins_un(valeurs: Sequence[Any]) -> bool | None:
    """True as soon as one is true, None when one is not known, else False (also without any)."""
    if any(valeur is True for valeur in valeurs):
        return True
    return None if any(valeur is None for valeur in valeurs) else False


AGREGATS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "somme": somme,
    "tous": tous,
    "au_moins_un": au_moins_un,
    "min": lambda valeurs: extreme(valeurs, min),
    "max": lambda valeurs: extreme(valeurs, max),
}
