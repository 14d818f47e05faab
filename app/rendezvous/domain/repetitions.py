"""Recurrence by plain controls: each week, every two weeks, once a month, once. The RRULE stays inside."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

JOURS = {
    "MO": "lundi",
    "TU": "mardi",
    "WE": "mercredi",
    "TH": "jeudi",
    "FR": "vendredi",
    "SA": "samedi",
    "SU": "dimanche",
}
RANGS_MOIS = {"1": "premier", "2": "deuxième", "3": "troisième", "4": "quatrième", "-1": "dernier"}
REPETITIONS = ("semaine", "quinzaine", "mois", "une_fois")
_HEBDO = re.compile(r"FREQ=WEEKLY;(INTERVAL=2;)?BYDAY=([A-Z,]+)")
_MOIS = re.compile(r"FREQ=MONTHLY;BYDAY=((?:-?\d[A-Z]{2},?)+)")


@dataclass(frozen=True, slots=True)
class Repetition:
    """A rule as the controls show it; `autre` is one that they cannot show, kept as it is."""

    repetition: str
    jours: tuple[str, ...] = ()
    rang: str = "1"


def repetition_of(regle: str) -> Repetition:
    """The controls of a stored rule."""
    if not regle:
        return Repetition("une_fois")
    if found := _HEBDO.fullmatch(regle):
        return Repetition("quinzaine" if found[1] else "semaine", tuple(found[2].split(",")))
    if found := _MOIS.fullmatch(regle):
        parts = [part for part in found[1].split(",") if part]
        ranks = {part[:-2] for part in parts}
        if len(ranks) == 1 and ranks <= set(RANGS_MOIS):
            return Repetition("mois", tuple(part[-2:] for part in parts), ranks.pop())
    return Repetition("autre")


def regle_of_saisie(repetition: str, jours: Sequence[str], rang: str) -> tuple[str, dict[str, str]]:
    """The rule of what was chosen, and what is wrong by field."""
    days = [code for code in JOURS if code in jours]
    if repetition not in REPETITIONS:
        return "", {"repetition": "Choisissez quand cela se répète."}
    if repetition == "une_fois":
        return "", {}
    if not days:
        return "", {"jours": "Choisissez au moins un jour de la semaine."}
    if repetition == "mois":
        if rang not in RANGS_MOIS:
            return "", {"rang": "Choisissez laquelle des semaines du mois."}
        return f"FREQ=MONTHLY;BYDAY={','.join(rang + day for day in days)}", {}
    every = "INTERVAL=2;" if repetition == "quinzaine" else ""
    return f"FREQ=WEEKLY;{every}BYDAY={','.join(days)}", {}


def phrase_of(regle: str) -> str:
    """« chaque lundi et mardi », « un lundi sur deux », « le premier lundi du mois »."""
    found = repetition_of(regle)
    names = [JOURS[code] for code in found.jours if code in JOURS]
    days = " et ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    if found.repetition == "une_fois":
        return "une fois"
    if found.repetition == "semaine":
        return f"chaque {days}"
    if found.repetition == "quinzaine":
        return f"une semaine sur deux, {days}"
    if found.repetition == "mois":
        return f"le {RANGS_MOIS[found.rang]} {days} du mois"
    return "répétition particulière"


def heure_courte(heure: time) -> str:
    """« 8 h 30 », « 14 h »."""
    return f"{heure.hour} h {heure.minute:02d}" if heure.minute else f"{heure.hour} h"
