"""Instructing: claim a dossier, lay it down, write; the other acts have their own modules and are named here too."""

from uuid import UUID

from app.demarches.domain import TransitionRefuseeError, prendre_en_charge
from app.demarches.domain.etats import Etat
from app.demarches.models import Dossier, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.service import etapes, pieces
from app.demarches.service.brouillons import ABSENT
from app.demarches.service.decision import Sens, decide, missing_mentions, propose
from app.demarches.service.examen import ask_complement, ask_pieces, examine, receive_answer, take_answer
from app.demarches.service.horloge import reset_clock, suspensions_of
from app.demarches.service.prise import (
    LEASE,
    BailError,
    Instruction,
    PerimeeError,
    access,
    emit_mail,
    holder,
    is_mine,
    note,
    open_for_act,
    required,
    signature,
)
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import NotFoundError
from app.socle.ids import uuid7
from app.socle.langues import N_
from app.socle.storage import ObjetLu

__all__ = [
    "LEASE",
    "BailError",
    "Instruction",
    "PerimeeError",
    "Sens",
    "access",
    "ask_complement",
    "ask_pieces",
    "claim",
    "decide",
    "emit_mail",
    "examine",
    "holder",
    "is_mine",
    "missing_mentions",
    "open_for_act",
    "open_piece",
    "open_thumbnail",
    "propose",
    "receive_answer",
    "release",
    "reset_clock",
    "suspensions_of",
    "take_answer",
    "write_message",
]


async def open_piece(ctx: Contexte, piece_id: UUID) -> tuple[Piece, ObjetLu]:
    """A document of a dossier that was submitted to the agent's collectivité, or that agents are filling."""
    await _check_piece(ctx, piece_id)
    return await pieces.open_piece(ctx, piece_id)


async def open_thumbnail(ctx: Contexte, piece_id: UUID) -> ObjetLu:
    """The thumbnail of such a document."""
    await _check_piece(ctx, piece_id)
    return await pieces.open_thumbnail(ctx, piece_id)


async def _check_piece(ctx: Contexte, piece_id: UUID) -> None:
    piece = await repository.get_piece(ctx.db, piece_id)
    dossier = None if piece is None else await repository.find_dossier(ctx.db, piece.dossier_id)
    if dossier is None or (dossier.depose_le is None and dossier.canal == "web"):
        raise NotFoundError(ABSENT)


async def claim(
    ctx: Contexte, dossier_id: UUID, *, version: int | None = None, remplace: UUID | None = None
) -> Dossier:
    """The agent takes the dossier, or renews the lease; a submitted dossier becomes « en instruction ».

    `remplace` is the agent whom this one takes over from, knowingly: the history says so. BailError when another agent
    than that one holds it.
    """
    work = await open_for_act(ctx, dossier_id, version=version, remplace=remplace)
    dossier = work.dossier
    if dossier.clos_le is not None:
        raise TransitionRefuseeError("prendre_en_charge", N_("pris en charge"), Etat(dossier.etat))
    if dossier.etat == Etat.DEPOSE:
        etat = prendre_en_charge(Etat(dossier.etat)).value
        await repository.update_dossier(ctx.db, dossier, ctx.now, etat=etat)
        await etapes.begin(ctx, work)
    elif work.nouveau:
        await repository.update_dossier(ctx.db, dossier, ctx.now)
    if work.nouveau:
        await note(ctx, work, "prise_en_charge", remplace=work.remplace)
        await record(ctx, "demarches:dossier:prendre_en_charge", str(dossier.id), dossier.collectivite_id)
    return dossier


async def release(ctx: Contexte, dossier_id: UUID) -> None:
    """The agent lays the dossier down for others."""
    work = await open_for_act(ctx, dossier_id)
    await repository.update_dossier(
        ctx.db, work.dossier, ctx.now, agent_id=None, agent_nom="", bail_jusqu_a=None
    )
    await note(ctx, work, "liberation", interne=True)


async def write_message(ctx: Contexte, dossier_id: UUID, texte: str, *, interne: bool) -> None:
    """A message to the applicant (who gets an e-mail without its content), or a note for agents only."""
    work = await open_for_act(ctx, dossier_id, with_lease=False)
    await repository.add_message(
        ctx.db,
        work.dossier,
        id=uuid7(),
        quand=ctx.now,
        de_l_agent=True,
        auteur=signature(work.droit),
        interne=interne,
        texte=required(texte, "Écrivez votre message avant de l’envoyer."),
    )
    # A colleague about to decide must see it first: the dossier is no longer what their page shows.
    await repository.update_dossier(ctx.db, work.dossier, ctx.now)
    if not interne:
        await emit_mail(ctx, work.dossier, "message_recu")
    genre = "demarches:note:ecrire" if interne else "demarches:message:ecrire"
    await record(ctx, genre, str(work.dossier.id), work.dossier.collectivite_id)
