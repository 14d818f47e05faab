"""Retention: what has reached its term is shown to agents; destruction is validated by one of them and leaves counts.

Three clocks (docs/donnees-personnelles.md): drafts are purged by themselves; the active base and the archive term (DUA)
begin at the decision. Only what the démarche says to destroy is destroyed here: the rest waits for the archives.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.repository import conservation as repository
from app.demarches.repository.conservation import Echeance, Elimination
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, ForbiddenError, NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.permissions import droit_of

PAR_TRAVAIL = 100


async def read(ctx: Contexte) -> tuple[list[Echeance], list[Elimination]]:
    """What is closed and where it stands, and the lists that were validated, in the agent's collectivités."""
    places = ctx.personne.collectivites if ctx.personne else ()
    return (
        await repository.list_echeances(ctx.db, places, ctx.now),
        await repository.list_eliminations(ctx.db, places),
    )


async def validate(ctx: Contexte, collectivite_id: UUID, slug: str) -> None:
    """An administrator validates the list of what is to be destroyed now, for one démarche; the work is a job.

    NotFoundError for a collectivité that is not theirs, ForbiddenError for its other agents; ConflictError when nothing
    is at its term, when a list of that démarche is under way, or when its fate is not destruction.
    """
    if ctx.personne is None or collectivite_id not in ctx.personne.collectivites:
        raise NotFoundError("Cette page n’existe pas.")
    await write_in(ctx.db, collectivite_id)
    droit = await droit_of(ctx, collectivite_id)
    if droit.role != "administrateur":
        raise ForbiddenError(
            "Seuls les administrateurs de la collectivité éliminent ses dossiers : demandez à l’un d’eux."
        )
    due, lists = await read(ctx)
    found = [
        e for e in due if (e.collectivite_id, e.slug, e.sort_final) == (collectivite_id, slug, "destruction")
    ]
    number = sum(e.echus for e in found)
    if not number:
        raise ConflictError("Rien à éliminer : aucun dossier de cette démarche n’est au terme de sa durée.")
    if any(e.slug == slug and e.collectivite_id == collectivite_id and e.fini_le is None for e in lists):
        raise ConflictError("Une élimination de cette démarche est déjà en cours.", code="deja_en_cours")
    elimination_id = uuid7()
    await repository.add_elimination(
        ctx.db,
        collectivite_id=collectivite_id,
        id=elimination_id,
        slug=slug,
        titre=found[0].titre,
        avant_le=ctx.now,
        prevus=number,
        valide_par=f"{droit.nom_complet}, {droit.qualite}",
    )
    await record(ctx, "demarches:elimination:valider", slug, collectivite_id, dossiers=number)
    await _next(ctx.db, collectivite_id, elimination_id)


async def _next(session: AsyncSession, collectivite_id: UUID, elimination_id: UUID) -> None:
    await emit(
        session,
        "demarches:eliminer",
        verrou=f"elimination:{elimination_id}",
        collectivite_id=collectivite_id,
        elimination_id=elimination_id,
    )


async def carry_on(session: AsyncSession, now: datetime, collectivite_id: UUID, elimination_id: UUID) -> None:
    """Destroys the next dossiers of a validated list and counts them, in one transaction; then leaves the rest.

    Under the platform's role: the application itself may delete no decision.
    """
    work = await repository.get_elimination(session, collectivite_id, elimination_id)
    if work is None or work.fini_le is not None:
        return
    ids = await repository.list_echus(session, collectivite_id, work.slug, work.avant_le, PAR_TRAVAIL)
    objects, pieces = await repository.destroy_dossiers(session, collectivite_id, ids)
    for objet_id in objects:
        await emit(session, "demarches:detruire_objet", objet_id=objet_id)
    over = len(ids) < PAR_TRAVAIL
    await repository.count_destroyed(session, work, len(ids), pieces, now if over else None)
    if not over:
        await _next(session, collectivite_id, elimination_id)
