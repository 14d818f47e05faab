"""Who works on a dossier: reading it, and locking it for an act under a lease.

An agent works on a dossier under a lease that another agent sees and may only take over knowingly; every change of
state locks the row, so two contradictory decisions cannot both pass.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.demarches.domain import nettoyer
from app.demarches.models import Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.service.brouillons import ABSENT
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.permissions import Droit, droit_of

LEASE = timedelta(minutes=30)


class BailError(ConflictError):
    """Another agent holds the lease; the page names that agent and offers to take over, as a second step."""

    code = "bail"


class PerimeeError(ConflictError):
    """The page was opened before something else happened on the dossier: the agent must see that first."""

    code = "page_perimee"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A dossier locked for an agent's act, with the right under which the agent acts.

    `nouveau` says that the agent had not taken it before, `remplace` from whom.
    """

    dossier: Dossier
    droit: Droit
    nouveau: bool = False
    remplace: str = ""


def signature(droit: Droit) -> str:
    """How an agent's act is signed in a dossier."""
    return f"{droit.nom_complet}, {droit.qualite}"


async def access(ctx: Contexte, dossier_id: UUID, *, lock: bool = False) -> Dossier:
    """A submitted dossier of one of the agent's collectivités; NotFoundError for any other. Reads are recorded."""
    dossier = await repository.find_dossier(ctx.db, dossier_id, lock=lock)
    if dossier is None or dossier.depose_le is None or ctx.personne is None:
        raise NotFoundError(ABSENT)
    if dossier.collectivite_id not in ctx.personne.collectivites:
        raise NotFoundError(ABSENT)
    return dossier


async def open_for_act(
    ctx: Contexte,
    dossier_id: UUID,
    *,
    version: int | None = None,
    with_lease: bool = True,
    remplace: UUID | None = None,
) -> Instruction:
    """The dossier, locked, writable, with the agent's right; the agent then holds the lease, renewed by acting.

    BailError while an agent other than `remplace` holds a living lease; PerimeeError when the dossier is no longer at
    the `version` that the agent had on the screen.
    """
    # A row that may not be written cannot be locked either.
    await write_in(ctx.db, (await access(ctx, dossier_id)).collectivite_id)
    dossier = await access(ctx, dossier_id, lock=True)
    droit = await droit_of(ctx, dossier.collectivite_id)
    other = holder(dossier, ctx)
    if with_lease and other is not None and dossier.agent_id != remplace:
        raise BailError(f"{other} s’occupe de ce dossier en ce moment : rien n’a été changé.")
    if version is not None and version != dossier.revision:
        raise PerimeeError(
            "Ce dossier a changé depuis que vous avez ouvert cette page : rien n’a été enregistré."
        )
    before = other if with_lease else None
    if with_lease and dossier.clos_le is None:
        lease = {"agent_id": droit.agent_id, "agent_nom": droit.nom_complet, "bail_jusqu_a": ctx.now + LEASE}
        newly = dossier.agent_id != droit.agent_id
        await repository.renew_lease(ctx.db, dossier, **lease)
        return Instruction(dossier, droit, newly, before or "")
    return Instruction(dossier, droit)


def holder(dossier: Dossier, ctx: Contexte) -> str | None:
    """The name of another agent who holds a living lease, or None."""
    if dossier.agent_id is None or dossier.bail_jusqu_a is None or dossier.bail_jusqu_a <= ctx.now:
        return None
    return None if ctx.personne and dossier.agent_id == ctx.personne.agent_id else dossier.agent_nom


def is_mine(dossier: Dossier, ctx: Contexte) -> bool:
    """Whether the agent who asks holds a living lease."""
    held = dossier.bail_jusqu_a is not None and dossier.bail_jusqu_a > ctx.now
    return held and ctx.personne is not None and dossier.agent_id == ctx.personne.agent_id


async def note(
    ctx: Contexte, work: Instruction, genre: str, *, interne: bool = False, **donnees: str
) -> None:
    """A line of history, signed by the agent who acts."""
    await repository.add_evenement(
        ctx.db,
        work.dossier,
        id=uuid7(),
        quand=ctx.now,
        genre=genre,
        auteur=signature(work.droit),
        interne=interne,
        donnees=donnees,
    )


def required(texte: str, phrase: str) -> str:
    """A text typed by an agent, cleaned; InvalidInputError with the sentence when there is none."""
    clean = nettoyer(texte, lignes=True)
    if not clean:
        raise InvalidInputError(phrase)
    return clean[:10_000]


async def emit_mail(ctx: Contexte, dossier: Dossier, evenement: str) -> None:
    """Owes the applicant an e-mail, if there is an address; what becomes of it is shown to the agent."""
    courriel = str(dossier.demandeur.get("courriel") or "")
    if not courriel:
        return
    envoi_id = uuid7()
    await repository.add_envoi(
        ctx.db, dossier, id=envoi_id, evenement=evenement, destinataire=courriel, cree_le=ctx.now
    )
    await emit(ctx.db, "demarches:envoyer", collectivite_id=dossier.collectivite_id, envoi_id=envoi_id)
