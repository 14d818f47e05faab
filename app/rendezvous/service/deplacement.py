"""A rendez-vous that stands: moving it, changing how many come, giving it up, by its link and until the motif says."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.rendezvous import repository
from app.rendezvous.models import Motif, RendezVous
from app.rendezvous.service import prise, recherche, reservation
from app.rendezvous.service.liens import open_lien
from app.rendezvous.service.prise import Souhait
from app.rendezvous.service.recherche import Offert, Offre
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError

AVANCE = timedelta(minutes=45)


class TropTardError(ConflictError):
    """The motif does not let one change so late."""

    code = "trop_tard"


def may_move(found: RendezVous, motif: Motif | None, now: datetime) -> bool:
    """Whether its owner may still move it by themselves."""
    if motif is None or not motif.actif or not motif.en_ligne:
        return False
    return found.etat == "confirme" and now <= found.debut - timedelta(hours=motif.deplacer_heures)


def may_cancel(found: RendezVous, motif: Motif | None, now: datetime) -> bool:
    """Whether its owner may still give it up by themselves."""
    hours = motif.annuler_heures if motif else 0
    return found.etat == "confirme" and now < found.debut and now <= found.debut - timedelta(hours=hours)


async def motif_of(ctx: Contexte, found: RendezVous) -> Motif | None:
    """Its motif as it is now."""
    return await repository.get_motif(ctx.db, found.collectivite_id, found.motif_id)


async def check_replace(ctx: Contexte, found: RendezVous) -> None:
    """TropTardError when another créneau may not be taken in its place; a hold may always be."""
    if found.etat in ("retenu", "expire"):
        return
    motif = await motif_of(ctx, found)
    if not may_move(found, motif, ctx.now):
        raise TropTardError(
            "Ce rendez-vous ne peut plus être déplacé en ligne. Appelez la mairie : elle verra avec vous."
        )


async def find_instead(
    ctx: Contexte,
    found: RendezVous,
    offert: Offert,
    personnes: int,
    du: date,
    au: date,
    *,
    lieu_id: UUID | None = None,
) -> list[Offre]:
    """The créneaux that would be there if this one were given up; it is not."""
    if found.etat == "confirme":
        await reservation.cancel(ctx.db, found.id, ctx.now)
    elif found.etat == "retenu":
        await reservation.release(ctx.db, found, ctx.now)
    departement = ctx.collectivite.departement
    offres = await recherche.find_offres(
        ctx.db, offert, personnes, du, au, now=ctx.now, departement=departement, lieu_id=lieu_id
    )
    await ctx.db.rollback()
    return offres


async def move(ctx: Contexte, cle: Any, offert: Offert, souhait: Souhait, rendezvous_id: UUID) -> bool:
    """Another créneau in the place of this one; True when it stands at once, False when it is a hold again.

    The rendez-vous keeps its link, and its place in calendars. CreneauPrisError leaves everything as it was.
    """
    found = await open_lien(ctx, cle, lock=True)
    await check_replace(ctx, found)
    stood = found.etat == "confirme"
    await prise.replace_by(ctx, offert, found, souhait, rendezvous_id)
    if not stood:
        return False
    await reservation.confirm(ctx.db, rendezvous_id, ctx.now)
    await prise.announce(ctx, rendezvous_id, "deplace")
    await record(ctx, "rendezvous:deplacer", str(rendezvous_id), ctx.collectivite.id)
    return True


async def cancel(ctx: Contexte, cle: Any) -> None:
    """Gives it up and tells the person, once; TropTardError when the mairie must be called."""
    found = await open_lien(ctx, cle, lock=True)
    if found.etat == "annule":
        return
    if found.etat in ("retenu", "expire"):
        if found.etat == "retenu":
            await reservation.release(ctx.db, found, ctx.now)
        return
    if not may_cancel(found, await motif_of(ctx, found), ctx.now):
        raise TropTardError(
            "Ce rendez-vous ne peut plus être annulé en ligne. Appelez la mairie, même au dernier moment : "
            "quelqu’un d’autre pourra venir."
        )
    await reservation.cancel(ctx.db, found.id, ctx.now)
    await prise.announce(ctx, found.id, "annule")
    await record(ctx, "rendezvous:annuler", str(found.id), ctx.collectivite.id)


def may_arrive(found: RendezVous, now: datetime) -> bool:
    """Whether one may say that one is there: on the spot, a little before and until its end."""
    return found.etat == "confirme" and found.mode == "sur_place" and found.debut - AVANCE <= now < found.fin


async def arrive(ctx: Contexte, cle: Any) -> None:
    """The person is there: agents see it at once. Said twice, the first time counts."""
    found = await open_lien(ctx, cle, lock=True)
    if not may_arrive(found, ctx.now):
        raise ConflictError(
            "On ne peut pas encore, ou plus, signaler une arrivée à ce rendez-vous. Adressez-vous à l’accueil."
        )
    if found.arrive_le is None:
        await repository.update_rendezvous(ctx.db, found, ctx.now, arrive_le=ctx.now)


async def complete(ctx: Contexte, cle: Any, predemandes: tuple[str, ...]) -> None:
    """The pre-demande numbers of a rendez-vous that stands: those of whoever was added."""
    found = await open_lien(ctx, cle, lock=True)
    if found.etat == "confirme":
        await repository.update_rendezvous(ctx.db, found, ctx.now, predemandes=list(predemandes))
