"""Days, hours and periods: typed in parts, in French, with or without names of months."""

import re
from datetime import date, time
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.base import (
    DATE,
    HEURE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    RefusDeSaisie,
    TypeExpression,
    TypeSimple,
    derniere,
    refus,
    sujet,
)
from app.demarches.types.bornes import champ_de_borne, jour_de_borne, verifier_jour_ecrit
from app.demarches.types.ecriture import nettoyer
from app.socle.calendrier import afficher_date
from app.socle.langues import N_, Phrase, phrase

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

EXEMPLE_DATE = "27 3 2026"
PARTIES = ("jour", "mois", "annee")
_MOIS = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")
_MANQUE = {"jour": N_("le jour"), "mois": N_("le mois"), "annee": N_("l’année")}


class Jour(TypeSimple):
    """A day, in three inputs; a whole date pasted in the first one is understood."""

    nom: ClassVar[str] = "date"
    attributs: ClassVar[frozenset[str]] = frozenset({"date_min", "date_max", "avertissement"})
    widget: ClassVar[str] = "date"
    parties: ClassVar[tuple[str, ...]] = PARTIES

    def verifier(self, champ: "Champ") -> None:
        """Limits that are days when they look like days."""
        verifier_jour_ecrit(champ.date_min, "date_min")
        verifier_jour_ecrit(champ.date_max, "date_max")

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> str | None:
        """The ISO day, within the limits."""
        day = lire_jour(champ, brut, champ.id)
        if day is None:
            return None
        verifier_bornes(champ, day, contexte)
        return day.isoformat()

    def remarque(self, champ: "Champ", valeur: Any, contexte: ContexteDeSaisie) -> Phrase | None:
        """What the definition says of a day that comes too soon."""
        warning = champ.avertissement
        limit = (
            jour_de_borne(warning.avant, contexte.aujourd_hui, contexte.reponses)
            if warning is not None
            else None
        )
        if warning is None or limit is None or date.fromisoformat(valeur) >= limit:
            return None
        return Phrase(warning.texte, warning.texte, {})

    def manque(self, champ: "Champ") -> Phrase:
        """With an example."""
        return phrase(
            N_("Indiquez %(sujet)s, par exemple %(exemple)s."), sujet=sujet(champ), exemple=EXEMPLE_DATE
        )

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Day, month and year."""
        return ecrire_jour(champ.id, valeur)

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« 27 mars 2026 »."""
        return afficher_date(date.fromisoformat(valeur))

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """A date."""
        return (Colonne(champ.id, champ.libelle, "date"),)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """The day itself."""
        return (None if valeur is None else date.fromisoformat(valeur),)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A date."""
        return DATE

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The day itself."""
        return date.fromisoformat(valeur)

    def champs_cites(self, champ: "Champ") -> tuple[str, ...]:
        """Date fields used as limits."""
        bounds = (champ.date_min, champ.date_max, champ.avertissement.avant if champ.avertissement else None)
        return tuple(other for bound in bounds if bound and (other := champ_de_borne(bound)))


class Heure(TypeSimple):
    """A time of day, to the minute."""

    nom: ClassVar[str] = "heure"
    attributs: ClassVar[frozenset[str]] = frozenset({"heure_min", "heure_max"})
    widget: ClassVar[str] = "heure"
    largeur: ClassVar[str] = "5"

    def verifier(self, champ: "Champ") -> None:
        """Limits in order."""
        if champ.heure_min and champ.heure_max and champ.heure_min > champ.heure_max:
            raise ValueError("heure_min is after heure_max")

    def lire_texte(self, champ: "Champ", texte: str, contexte: ContexteDeSaisie) -> str:
        """« 14 h 30 », « 14:30 », « 14h », « 1430 »."""
        found = re.fullmatch(r"([0-9]{1,2})\s*(?:[hH:.]|heures?)?\s*([0-9]{2})?(?:\s*(?:min|mn))?", texte)
        if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
            raise refus(N_("Indiquez %(sujet)s en heures et minutes, par exemple 14 h 30."), champ)
        value = f"{int(found[1]):02}:{found[2] or '00'}"
        if champ.heure_min and value < champ.heure_min:
            limit = afficher_heure(champ.heure_min)
            raise refus(N_("Indiquez %(sujet)s : à partir de %(limite)s."), champ, limite=limit)
        if champ.heure_max and value > champ.heure_max:
            limit = afficher_heure(champ.heure_max)
            raise refus(N_("Indiquez %(sujet)s : %(limite)s au plus tard."), champ, limite=limit)
        return value

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """« 14:30 »."""
        return {champ.id: [str(valeur)]}

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« 14 h 30 »."""
        return afficher_heure(valeur)

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """« 14:30 », which spreadsheets sort."""
        return (valeur,)

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """A time."""
        return HEURE

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """The time itself."""
        return time.fromisoformat(valeur)


class Periode(Jour):
    """From one day to another, the same one at the earliest; limits hold for both ends."""

    nom: ClassVar[str] = "periode"
    attributs: ClassVar[frozenset[str]] = frozenset({"date_min", "date_max"})
    widget: ClassVar[str] = "periode"
    parties: ClassVar[tuple[str, ...]] = tuple(
        f"{end}-{part}" for end in ("debut", "fin") for part in PARTIES
    )

    def valeur(self, champ: "Champ", brut: Brut, contexte: ContexteDeSaisie) -> Any:
        """Both days; one alone is refused."""
        days = {end: lire_jour(champ, brut, f"{champ.id}-{end}") for end in ("debut", "fin")}
        if not any(days.values()):
            return None
        first, last = days["debut"], days["fin"]
        if first is None:
            raise self._incomplet(champ, "debut", N_("le premier jour"))
        if last is None:
            raise self._incomplet(champ, "fin", N_("le dernier jour"))
        verifier_bornes(champ, first, contexte, entree=f"{champ.id}-debut-jour")
        verifier_bornes(champ, last, contexte, entree=f"{champ.id}-fin-jour")
        if last < first:
            raise refus(
                N_("Vérifiez %(sujet)s : le dernier jour vient avant le premier."),
                champ,
                entree=f"{champ.id}-fin-jour",
            )
        return {"debut": first.isoformat(), "fin": last.isoformat()}

    def _incomplet(self, champ: "Champ", end: str, manque: str) -> RefusDeSaisie:
        return refus(
            N_("Complétez %(sujet)s : il manque %(manque)s. Par exemple %(exemple)s."),
            champ,
            manque=phrase(manque),
            exemple=EXEMPLE_DATE,
            entree=f"{champ.id}-{end}-jour",
            incomplet=True,
        )

    def remarque(self, champ: "Champ", valeur: Any, contexte: ContexteDeSaisie) -> Phrase | None:
        """None: a period has no warning."""
        return None

    def manque(self, champ: "Champ") -> Phrase:
        """Both ends."""
        return phrase(N_("Indiquez %(sujet)s : le premier et le dernier jour."), sujet=sujet(champ))

    def ecrire(self, champ: "Champ", valeur: Any) -> dict[str, list[str]]:
        """Six inputs."""
        return {
            name: value
            for end in ("debut", "fin")
            for name, value in ecrire_jour(f"{champ.id}-{end}", valeur[end]).items()
        }

    def afficher(self, champ: "Champ", valeur: Any) -> str:
        """« du 1er au 3 mars 2026 », both days written whole."""
        first, last = (afficher_date(date.fromisoformat(valeur[end])) for end in ("debut", "fin"))
        return f"le {first}" if first == last else f"du {first} au {last}"

    def colonnes(self, champ: "Champ") -> tuple[Colonne, ...]:
        """Two dates."""
        return (
            Colonne(f"{champ.id}.debut", f"{champ.libelle} – début", "date"),
            Colonne(f"{champ.id}.fin", f"{champ.libelle} – fin", "date"),
        )

    def cellules(self, champ: "Champ", valeur: Any) -> tuple[Cellule, ...]:
        """Both days."""
        if valeur is None:
            return (None, None)
        return (date.fromisoformat(valeur["debut"]), date.fromisoformat(valeur["fin"]))

    def type_expression(self, champ: "Champ") -> TypeExpression:
        """Two dates."""
        return TypeExpression("compose", parties={"debut": DATE, "fin": DATE})

    def pour_expression(self, champ: "Champ", valeur: Any) -> Any:
        """Both days, by name."""
        return {end: date.fromisoformat(day) for end, day in valeur.items()}


def lire_jour(champ: "Champ", brut: Brut, nom: str) -> date | None:
    """The day in the three inputs under `nom`, None when all are empty; RefusDeSaisie otherwise."""
    names = [f"{nom}-{part}" for part in PARTIES]
    parts = [nettoyer(derniere(brut, name)) for name in names]
    pasted = re.fullmatch(r"([0-9]{1,2})[/ .-]([0-9]{1,2})[/ .-]([0-9]{4})", parts[0])
    if pasted and not parts[1] and not parts[2]:
        parts = list(pasted.groups())
    if not any(parts):
        return None
    for name, part, text in zip(names, PARTIES, parts, strict=True):
        if not text:
            raise refus(
                N_("Complétez %(sujet)s : il manque %(manque)s. Par exemple %(exemple)s."),
                champ,
                manque=phrase(_MANQUE[part]),
                exemple=EXEMPLE_DATE,
                entree=name,
                incomplet=True,
            )
    return _jour(champ, names, *parts)


def ecrire_jour(nom: str, valeur: str) -> dict[str, list[str]]:
    """The three inputs under `nom` for an ISO day."""
    year, month, day = valeur.split("-")
    return {f"{nom}-jour": [str(int(day))], f"{nom}-mois": [str(int(month))], f"{nom}-annee": [year]}


def afficher_heure(valeur: str) -> str:
    """« 14 h 30 », « 14 h »."""
    hour, minute = valeur.split(":")
    return f"{int(hour)}\u00a0h" + ("" if minute == "00" else f"\u00a0{minute}")


def verifier_bornes(champ: "Champ", day: date, contexte: ContexteDeSaisie, *, entree: str = "") -> None:
    """Refuses a day outside `date_min` and `date_max`."""
    known = (contexte.aujourd_hui, contexte.reponses)
    first = jour_de_borne(champ.date_min, *known) if champ.date_min else None
    last = jour_de_borne(champ.date_max, *known) if champ.date_max else None
    if first and day < first:
        limit = afficher_date(first)
        raise refus(N_("Indiquez %(sujet)s : à partir du %(limite)s."), champ, limite=limit, entree=entree)
    if last and day > last:
        limit = afficher_date(last)
        raise refus(
            N_("Indiquez %(sujet)s : au plus tard le %(limite)s."), champ, limite=limit, entree=entree
        )


def _jour(champ: "Champ", names: list[str], jour: str, mois: str, annee: str) -> date:
    if not re.fullmatch(r"[0-9]{4}", annee):
        raise refus(
            N_("Vérifiez %(sujet)s : écrivez l’année en quatre chiffres, par exemple %(exemple)s."),
            champ,
            exemple=EXEMPLE_DATE,
            entree=names[2],
            incomplet=len(annee) < 4,
        )
    month = _mois(mois)
    number = re.fullmatch(r"([0-9]{1,2})(er)?", jour)
    if not number or month is None:
        raise refus(
            N_("Vérifiez %(sujet)s : écrivez-la en chiffres, par exemple %(exemple)s."),
            champ,
            exemple=EXEMPLE_DATE,
            entree=names[0] if not number else names[1],
        )
    try:
        day = date(int(annee), month, int(number[1]))
    except ValueError:
        raise refus(
            N_("Vérifiez %(sujet)s : le %(date)s n’existe pas dans le calendrier."),
            champ,
            date=f"{jour} {mois} {annee}",
        ) from None
    if not 1850 <= day.year <= 2200:
        raise refus(N_("Vérifiez l’année de %(sujet)s."), champ, entree=names[2])
    return day


def _mois(text: str) -> int | None:
    """Month number, from digits or from a French name, whole or shortened, with or without accents."""
    if re.fullmatch(r"[0-9]{1,2}", text):
        return int(text) if 1 <= int(text) <= 12 else None
    plain = text.lower().translate(str.maketrans("éèêûôîà", "eeeuoia"))
    found = [index for index, start in enumerate(_MOIS, 1) if plain.startswith(start)]
    return found[0] if found else None
