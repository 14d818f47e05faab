"""Legal clock of silence (CRPA L. 114-3, L. 114-5, L. 114-5-1, L. 231-1, L. 231-4, L. 242-1), in local days.

A request deposited at 23:30 UTC in summer is received on the next day in Paris. What silence means may depend on the
answers: the first exception that holds goes before the rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.demarches.definitions.definition import Definition
from app.demarches.definitions.legal import Competence, Silence
from app.demarches.domain.calendrier import ajouter, echeance
from app.demarches.domain.conditions import holds

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class Suspension:
    """A request for missing pieces, to be answered by `limite`, answered on `produit_le` if it was.

    What is not `indispensable` stops nothing (L. 114-5-1).
    """

    demande_le: date
    limite: date
    produit_le: date | None = None
    indispensable: bool = True

    @property
    def fin(self) -> date:
        """The day on which the clock runs again: that of the answer, at the latest the deadline."""
        return min(self.produit_le or self.limite, self.limite)


@dataclass(frozen=True)
class Lieu:
    """Where days are counted: the time zone, and the département for public holidays."""

    zone: ZoneInfo = PARIS
    departement: str = ""

    @classmethod
    def de(cls, fuseau: str, departement: str) -> "Lieu":
        """Of a collectivité, by its own settings."""
        return cls(ZoneInfo(fuseau), departement)


ICI = Lieu()


def jour_local(instant: datetime, zone: ZoneInfo = PARIS) -> date:
    """The calendar day of an aware instant where the collectivité is."""
    if instant.tzinfo is None:
        raise ValueError("a legal clock needs an aware instant")
    return instant.astimezone(zone).date()


def silence_de(definition: Definition, reponses: Mapping[str, Any] | None = None) -> Silence | None:
    """The rule of silence for these answers; None when silence decides nothing."""
    legal = definition.legal
    if legal is None:
        return None
    answers = reponses or {}
    return next((item for item in legal.exceptions if holds(definition, item.si, answers)), legal.silence)


def duree_de(definition: Definition, reponses: Mapping[str, Any]) -> int | None:
    """The archive term that these answers give, in years; None where the démarche's own holds."""
    known = definition.conservation.durees if definition.conservation else ()
    return next((item.dua_annees for item in known if holds(definition, item.si, reponses)), None)


def competence_de(definition: Definition, reponses: Mapping[str, Any]) -> Competence | None:
    """Who is competent instead of the collectivité, by the answers alone; None when it is the collectivité."""
    known = definition.legal.competences if definition.legal else ()
    return next((item for item in known if holds(definition, item.si, reponses)), None)


def date_silence(
    silence: Silence | None,
    depose_le: datetime,
    suspensions: Sequence[Suspension] = (),
    *,
    lieu: Lieu = ICI,
    recu_initial_le: datetime | None = None,
) -> date | None:
    """The day at the end of which silence is a decision; None when silence decides nothing or cannot yet.

    `depose_le` is the receipt by the competent administration, `recu_initial_le` by the first one when it was another
    (L. 114-3). Refusal: counted from the first receipt, and stopped while an indispensable complement is awaited, never
    beyond the time granted. Acceptance: counted from the competent one's receipt of a complete file, so None while an
    indispensable complement is awaited.
    """
    if silence is None:
        return None
    stops = [suspension for suspension in suspensions if suspension.indispensable]
    if silence.regime == "acceptation":
        if any(suspension.produit_le is None for suspension in stops):
            return None
        received = jour_local(depose_le, lieu.zone)
        complete = max((stop.produit_le for stop in stops if stop.produit_le), default=received)
        return ajouter(max(complete, received), silence.delai, lieu.departement)
    received = jour_local(recu_initial_le or depose_le, lieu.zone)
    end = ajouter(received, silence.delai, lieu.departement)
    counted_to = received
    for stop in sorted(stops, key=lambda item: item.demande_le):
        start = max(stop.demande_le, counted_to)
        if start > end:
            break
        if stop.fin > start:
            end += stop.fin - start
            counted_to = stop.fin
    return end


@dataclass(frozen=True)
class Tacite:
    """A decision that silence has made: since `nee_le`, acceptance or refusal.

    `limite` is the last day of what follows from it: of an appeal against a refusal (CJA R. 421-2), of a withdrawal of
    an acceptance, which must then be unlawful (L. 242-1).
    """

    regime: Literal["acceptation", "refus"]
    nee_le: date
    limite: date


def tacite_de(
    silence: Silence | None, silence_le: date | None, aujourd_hui: date, departement: str = ""
) -> Tacite | None:
    """The decision that silence has made by `aujourd_hui`, on an open dossier; None before its day has ended."""
    if silence is None or silence_le is None or aujourd_hui <= silence_le:
        return None
    regle = "retrait" if silence.regime == "acceptation" else "recours"
    return Tacite(silence.regime, silence_le, echeance(regle, silence_le, departement))
