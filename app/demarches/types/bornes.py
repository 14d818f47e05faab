"""Limits of a date: relative to the day of filling, written out, or the answer to an earlier date field."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any


def champ_de_borne(borne: str) -> str | None:
    """Id of the date field that a limit refers to, None when it is relative to today or written out."""
    return None if borne.startswith("aujourdhui") or borne[0].isdigit() else borne


def jour_de_borne(borne: str, aujourd_hui: date, reponses: Mapping[str, Any]) -> date | None:
    """The day a limit means; None when it refers to a date field that has no answer yet.

    `reponses` maps field ids to typed answers.
    """
    if relative := re.fullmatch(r"aujourdhui([+-]\d+)?", borne):
        return aujourd_hui + timedelta(days=int(relative[1] or 0))
    if borne[0].isdigit():
        return date.fromisoformat(borne)
    answer = reponses.get(borne)
    return date.fromisoformat(answer) if isinstance(answer, str) else None


def verifier_jour_ecrit(borne: str | None, nom: str) -> None:
    """Refuses (ValueError) a limit that looks like a day and is none."""
    if borne and borne[0].isdigit():
        try:
            date.fromisoformat(borne)
        except ValueError:
            raise ValueError(f"{nom} is not a day of the calendar: {borne}") from None
