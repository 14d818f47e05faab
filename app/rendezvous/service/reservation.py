"""Holding a créneau, confirming it, giving it up: one transaction each, and the database has the last word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous import repository
from app.rendezvous.domain.creneaux import duree_de
from app.rendezvous.models import RendezVous
from app.rendezvous.service.recherche import check_personnes
from app.socle.errors import ConflictError, NotFoundError
from app.socle.ids import uuid7
from app.socle.langues import N_
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

RETENUE = timedelta(minutes=10)
# Ten minutes, four times: enough to fill a form slowly, too little to keep a créneau from everybody (WCAG 2.2.1).
PROLONGATIONS_MAX = 3
ABSENT = N_(
    "Ce rendez-vous n’existe pas, ou n’est pas le vôtre. Retrouvez le vôtre par le lien de votre message."
)


class CreneauPrisError(ConflictError):
    """Somebody came first."""

    code = "creneau_pris"


@dataclass(frozen=True, slots=True)
class Choix:
    """What somebody wants to hold: when, where, why, for how many, and who they are."""

    motif_id: UUID
    lieu_id: UUID
    debut: datetime
    fuseau: str
    personnes: int = 1
    canal: str = "web"
    mode: str = "sur_place"
    usager_id: UUID | None = None
    jeton_empreinte: bytes | None = None
    seance_id: UUID | None = None
    contact: Mapping[str, Any] = field(default_factory=dict)
    predemandes: Sequence[str] = ()
    libelles: Mapping[str, Any] = field(default_factory=dict)
    langue: str = "fr"
    # Of a rendez-vous that is moved: what it was first, and the version of its invitation.
    origine_id: UUID | None = None
    sequence: int = 0


async def hold(
    session: AsyncSession,
    collectivite_id: UUID,
    choix: Choix,
    now: datetime,
    *,
    rendezvous_id: UUID | None = None,
) -> UUID:
    """Holds a créneau for ten minutes; CreneauPrisError when it is not free any more (the caller rolls back).

    The transaction must be allowed to write there, as the person or under instruction. Whoever holds first has it.
    """
    motif = await repository.get_motif(session, collectivite_id, choix.motif_id)
    if motif is None or not motif.actif:
        raise NotFoundError(
            "Ce rendez-vous n’est plus proposé. Choisissez-en un autre, ou appelez la mairie."
        )
    check_personnes(motif, choix.personnes)
    if choix.debut <= now:
        raise CreneauPrisError("Ce créneau est déjà passé. Choisissez-en un autre.")
    rendezvous_id = rendezvous_id or uuid7()
    length = duree_de(motif.duree_premiere, motif.duree_suivante, choix.personnes)
    await repository.add_rendezvous(
        session,
        collectivite_id=collectivite_id,
        id=rendezvous_id,
        lieu_id=choix.lieu_id,
        motif_id=choix.motif_id,
        seance_id=choix.seance_id,
        debut=choix.debut,
        fin=choix.debut + length,
        fuseau=choix.fuseau,
        mode=choix.mode,
        etat="retenu",
        personnes=choix.personnes,
        usager_id=choix.usager_id,
        jeton_empreinte=choix.jeton_empreinte,
        canal=choix.canal,
        contact=dict(choix.contact),
        predemandes=list(choix.predemandes),
        libelles=dict(choix.libelles),
        langue=choix.langue,
        origine_id=choix.origine_id,
        sequence=choix.sequence,
        cree_le=now,
        modifie_le=now,
        expire_le=now + RETENUE,
    )
    if not await repository.occupy(session, rendezvous_id, now):
        raise CreneauPrisError("Ce créneau vient d’être pris par quelqu’un d’autre. Choisissez-en un autre.")
    return rendezvous_id


async def _held(session: AsyncSession, rendezvous_id: UUID, now: datetime) -> RendezVous:
    found = await repository.get_rendezvous(session, rendezvous_id, lock=True)
    if found is None:
        raise NotFoundError(ABSENT)
    if found.etat != "retenu" or found.expire_le is None or found.expire_le <= now:
        raise CreneauPrisError(
            "Le temps réservé pour ce créneau est passé. S’il est encore libre, choisissez-le à nouveau."
        )
    return found


async def extend(session: AsyncSession, rendezvous_id: UUID, now: datetime) -> datetime:
    """Ten minutes more, three times at most; the new end. CreneauPrisError when the hold is over."""
    found = await _held(session, rendezvous_id, now)
    if found.prolongations >= PROLONGATIONS_MAX:
        raise ConflictError(
            "Vous avez déjà prolongé ce créneau trois fois. Terminez maintenant, ou choisissez-le à nouveau plus tard."
        )
    until = now + RETENUE
    await repository.update_rendezvous(
        session, found, now, expire_le=until, prolongations=found.prolongations + 1
    )
    return until


async def confirm(session: AsyncSession, rendezvous_id: UUID, now: datetime, **values: Any) -> None:
    """Makes a hold a rendez-vous, once; `values` are the contact and the numbers asked meanwhile. Twice is harmless."""
    found = await repository.get_rendezvous(session, rendezvous_id, lock=True)
    if found is not None and found.etat == "confirme":
        return
    found = await _held(session, rendezvous_id, now)
    await repository.update_rendezvous(session, found, now, etat="confirme", expire_le=None, **values)


async def cancel(session: AsyncSession, rendezvous_id: UUID, now: datetime, *, deplace: bool = False) -> bool:
    """Gives a rendez-vous up: its time is free at once. Twice is harmless; whether it was this time.

    `deplace`: another takes its place in the same transaction.
    """
    found = await repository.get_rendezvous(session, rendezvous_id, lock=True)
    if found is None:
        raise NotFoundError(ABSENT)
    if found.etat not in ("retenu", "confirme"):
        return False
    await repository.update_rendezvous(
        session, found, now, etat="annule", expire_le=None, sequence=found.sequence + 1, deplace=deplace
    )
    return True


async def release(session: AsyncSession, found: RendezVous, now: datetime) -> None:
    """Ends a hold before its time."""
    await repository.update_rendezvous(session, found, now, etat="expire", expire_le=None)


async def sweep(noyau: Noyau, now: datetime, limit: int = 1000) -> int:
    """Frees what holds kept beyond their time; returns how many. Each in its own perimeter."""
    async with noyau.db.hors_cloison("holds whose time is over") as session:
        over = await repository.list_expired(session, now, limit)
    freed = 0
    for collectivite_id, rendezvous_id in over:
        async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
            found = await repository.get_rendezvous(session, rendezvous_id, lock=True)
            if found is not None and found.etat == "retenu" and found.expire_le and found.expire_le <= now:
                await repository.update_rendezvous(session, found, now, etat="expire", expire_le=None)
                freed += 1
    return freed
