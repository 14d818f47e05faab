"""What PayFiP keeps of a payment operation, and the life of one: created, opened, paid or not, forgotten."""

import re
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from simulateurs.payfip import rules
from simulateurs.payfip.scenarios import Scenario
from simulateurs.payfip.soap import FaultError
from simulateurs.socle.context import Context
from simulateurs.socle.rules import Rule

PARIS = ZoneInfo("Europe/Paris")
OUVERTURE, RESULTAT = timedelta(minutes=15), timedelta(days=365)
MAXIMUM = 10_000_000
CAPACITY = 50_000
_MEL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Resultat(StrEnum):
    """The results that are known (`resultrans`)."""

    CARTE = "P"
    PRELEVEMENT = "V"
    ABANDON = "A"
    CARTE_REFUSEE = "R"
    PRELEVEMENT_REFUSE = "Z"


PAYE = (Resultat.CARTE, Resultat.PRELEVEMENT)


@dataclass(frozen=True, slots=True)
class ClientPayFiP:
    """A régie known to PayFiP, under its numcli; `modes` are the `saisie` it may send."""

    numcli: str
    libelles: tuple[str, str, str]
    modes: str = "TX"
    maximum: int = MAXIMUM


@dataclass(slots=True)
class Operation:
    """One payment operation, under its idop."""

    idop: str
    champs: Mapping[str, str]
    creee: datetime
    ouvertures: int = 0
    resultat: str = ""
    instant: datetime | None = None
    numauto: str = ""
    demandes: int = 0
    scenario: Scenario = field(default_factory=Scenario)


class Operations:
    """Every operation of this process; the oldest go first when there are too many."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: OrderedDict[str, Operation] = OrderedDict()
        self.clients: dict[str, ClientPayFiP] = {}

    def create(self, champs: Mapping[str, str], scenario: Scenario) -> Operation:
        """A new operation; FaultError with the code of the first field that is refused."""
        for rule, code, message in self._faults(champs):
            if self._context.rules.applies(rule):
                self._context.note_refusal(rule, code, champs.get("numcli", ""))
                raise FaultError(code, message)
        while len(self._kept) >= CAPACITY:
            self._kept.popitem(last=False)
        made = Operation(str(uuid.uuid1()), dict(champs), self._context.clock.now(), scenario=scenario)
        self._kept[made.idop] = made
        return made

    def _faults(self, champs: Mapping[str, str]) -> list[tuple[Rule, str, str]]:
        """Each field that is wrong: its rule, its code, its sentence; in the order in which they are looked at."""
        found: list[tuple[Rule, str, str]] = []
        client = self.clients.get(champs.get("numcli", ""))
        if not re.fullmatch(r"[0-9]{6}", champs.get("numcli", "")):
            found.append((rules.NUMCLI, "T1", "NUMCLI non conforme"))
        elif client is None:
            found.append((rules.NUMCLI, "T2", "NUMCLI inconnu"))
        if not re.fullmatch(r"[A-Za-z0-9]{6,30}", champs.get("refdet", "")):
            found.append((rules.REFDET, "R3", "Le format du paramètre REFDET n'est pas conforme"))
        found += _montant(champs.get("montant", ""), client.maximum if client else MAXIMUM)
        mel = champs.get("mel", "")
        if not mel:
            found.append((rules.MEL, "A1", "Adresse mel absente"))
        elif not 6 <= len(mel) <= 80 or not _MEL.fullmatch(mel):
            found.append((rules.MEL, "A2", "Adresse mel incorrecte"))
        saisie = champs.get("saisie", "")
        if len(saisie) != 1 or saisie not in (client.modes if client else "TXW"):
            found.append((rules.SAISIE, "S1", "SAISIE non conforme"))
        for name, code in (("urlnotif", "N1"), ("urlredirect", "D1")):
            parts = urlsplit(champs.get(name, ""))
            if parts.scheme not in ("http", "https") or not parts.netloc:
                found.append((rules.ADRESSES, code, f"{name.upper()} non conforme"))
        return found

    def detail(self, idop: str) -> Mapping[str, str | None]:
        """What is told of an operation with a result; FaultError P1 or P5 otherwise."""
        found = self._kept.get(idop)
        if found is None or self._forgotten(found):
            raise FaultError("P1", "IdOp incorrect.")
        found.demandes += 1
        if found.demandes <= found.scenario.p1_premieres:
            raise FaultError("P1", "IdOp incorrect.")
        if not found.resultat or found.instant is None:
            raise FaultError("P5", "Résultat de la transaction non connu.")
        champs, local = found.champs, found.instant.astimezone(PARIS)
        told: dict[str, str | None] = {
            name: champs.get(name) for name in ("mel", "montant", "numcli", "objet", "refdet", "saisie")
        }
        told |= {
            "exer": champs.get("exer", "")[: 2 if champs.get("saisie") == "T" else 4] or None,
            "dattrans": f"{local:%d%m%Y}",
            "heurtrans": f"{local:%H%M}",
            "idOp": found.idop,
            "numauto": found.numauto or None,
            "resultrans": found.resultat,
        }
        return told | found.scenario.mensonges

    def _forgotten(self, one: Operation) -> bool:
        now, applies = self._context.clock.now(), self._context.rules.applies
        if one.instant is not None:
            return applies(rules.UN_AN) and now > one.instant + RESULTAT
        tomorrow = one.creee.astimezone(PARIS).date() + timedelta(days=1)
        return applies(rules.PURGE) and now.astimezone(PARIS).date() >= tomorrow

    def open(self, idop: str) -> Operation:
        """The operation whose page is asked; FaultError when it opens no more."""
        found = self.find(idop)
        applies = self._context.rules.applies
        if found.resultat in PAYE and applies(rules.DEJA_PAYE):
            raise FaultError("P3", "Cette opération a déjà été payée.")
        if self._context.clock.now() > found.creee + OUVERTURE and applies(rules.QUINZE_MINUTES):
            raise FaultError("P4", "Le délai de quinze minutes est dépassé.")
        if found.ouvertures and applies(rules.UNE_OUVERTURE):
            raise FaultError("P3", "Cette page de paiement a déjà été ouverte.")
        found.ouvertures += 1
        return found

    def find(self, idop: str) -> Operation:
        """The operation; FaultError P1 when it is unknown."""
        found = self._kept.get(idop)
        if found is None or self._forgotten(found):
            raise FaultError("P1", "IdOp incorrect.")
        return found

    def settle(self, found: Operation, resultat: str) -> None:
        """Writes a result; FaultError P3 after a payment, which nothing undoes."""
        if found.resultat in PAYE and self._context.rules.applies(rules.DEJA_PAYE):
            raise FaultError("P3", "Cette opération a déjà été payée.")
        found.resultat, found.instant = resultat, self._context.clock.now()
        found.numauto = _numauto(found) if resultat in PAYE else ""


def _montant(montant: str, maximum: int) -> list[tuple[Rule, str, str]]:
    if not re.fullmatch(r"[0-9]{1,12}", montant):
        return [(rules.MONTANT, "M1", "MONTANT non conforme")]
    if int(montant) < 100:
        return [(rules.MONTANT, "M3", "MONTANT inférieur au minimum")]
    return [(rules.MONTANT, "M5", "MONTANT supérieur au maximum")] if int(montant) > maximum else []


def _numauto(found: Operation) -> str:
    if found.champs.get("saisie") == "T":
        return "112233445566-tip"
    serial = int(found.idop[:8], 16)
    return f"OP{serial:016}" if found.resultat == Resultat.PRELEVEMENT else f"A{serial % 4096:03X}"
