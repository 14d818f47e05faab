"""Documents one by one: accepted or refused with a reason; what is refused or missing is asked again, in one letter.

The person replaces only what is asked. A piece that is not indispensable stops neither the instruction nor the clock
(CRPA L114-5, L114-5-1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from app.demarches.definitions import Definition
from app.demarches.domain import RAISONS, TransitionRefuseeError, completer, demander_complement, jour_local
from app.demarches.domain.etats import Etat
from app.demarches.models import Dossier, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.repository import pieces as lignes
from app.demarches.service import pieces
from app.demarches.service.catalogue import definition_of
from app.demarches.service.horloge import lieu_of, reset_clock
from app.demarches.service.prise import Instruction, emit_mail, note, open_for_act, required, signature
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.langues import N_

Raison = Literal["", "manquante", "illisible", "perime", "incomplet", "mauvais_document"]
MANQUANTE = N_("Ce document manque.")


@dataclass(frozen=True, slots=True)
class Examen:
    """What the agent thinks of one document; `jointe` takes an earlier opinion back."""

    piece_id: UUID
    etat: Literal["jointe", "acceptee", "refusee"]
    raison: str = ""
    motif: str = ""


@dataclass(frozen=True, slots=True)
class Demande:
    """One piece or answer to ask again, and the sentence that the person reads."""

    champ_id: str
    motif: str
    raison: str = ""


async def examine(
    ctx: Contexte, dossier_id: UUID, examens: Sequence[Examen], *, version: int | None = None
) -> None:
    """Accepts and refuses documents, each with its reason; nothing is sent to the person yet.

    InvalidInputError for a refusal without a typed reason, or a document that is not the dossier's to examine.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    if Etat(work.dossier.etat) not in (Etat.EN_INSTRUCTION, Etat.EN_ATTENTE):
        raise TransitionRefuseeError("examiner", N_("examiné"), Etat(work.dossier.etat))
    known = {piece.id: piece for piece in await repository.list_pieces(ctx.db, work.dossier)}
    changed = 0
    for examen in examens:
        piece = known.get(examen.piece_id)
        if piece is None or piece.etat not in ("jointe", "acceptee", "refusee"):
            raise InvalidInputError("Ce document n’est plus à examiner : rechargez la page.")
        if examen.etat == "refusee" and examen.raison not in RAISONS:
            raise InvalidInputError(f"Dites pourquoi vous refusez « {piece.nom} ».")
        motif = required(examen.motif, "…")[:1000] if examen.motif.strip() else ""
        values = {
            "etat": examen.etat,
            "raison": examen.raison if examen.etat == "refusee" else "",
            "motif": motif if examen.etat == "refusee" else "",
        }
        if values == {"etat": piece.etat, "raison": piece.raison, "motif": piece.motif}:
            continue
        changed += 1
        await lignes.update_piece(
            ctx.db, piece, **values, examinee_par=signature(work.droit), examinee_le=ctx.now
        )
    if changed:
        await repository.update_dossier(ctx.db, work.dossier, ctx.now)
        await note(ctx, work, "examen", interne=True)
        await record(
            ctx, "demarches:piece:examiner", str(dossier_id), work.dossier.collectivite_id, nombre=changed
        )


def refused_demands(definition: Definition, found: Sequence[Piece]) -> list[Demande]:
    """What to ask again for the documents refused so far: one demand a question, whatever the number of documents."""
    by_champ: dict[str, list[Piece]] = {}
    for piece in found:
        if piece.etat == "refusee":
            by_champ.setdefault(piece.champ_id, []).append(piece)
    known = {champ.id for champ in definition.champs()}
    return [
        Demande(champ_id, "\n".join(_phrase(piece) for piece in refused), refused[0].raison)
        for champ_id, refused in by_champ.items()
        if champ_id in known
    ]


def _phrase(piece: Piece) -> str:
    return f"{piece.nom} : {RAISONS[piece.raison]} {piece.motif}".strip()


async def ask_refused(ctx: Contexte, dossier_id: UUID, avant_le: date, *, version: int | None = None) -> None:
    """Asks again, in one letter, for every document that was refused; InvalidInputError when none was."""
    work = await open_for_act(ctx, dossier_id, version=version)
    definition = await definition_of(ctx.db, work.dossier.version_id, work.dossier.surcouche_id)
    demandes = refused_demands(definition, await repository.list_pieces(ctx.db, work.dossier))
    if not demandes:
        raise InvalidInputError("Aucun document n’est refusé : refusez d’abord ce qui ne convient pas.")
    await _ask(ctx, work, definition, demandes, avant_le)


async def ask_pieces(
    ctx: Contexte,
    dossier_id: UUID,
    demandes: Sequence[Demande],
    avant_le: date,
    *,
    version: int | None = None,
) -> None:
    """Asks for several pieces or answers in one letter, with the date (CRPA L114-5); the clock follows.

    InvalidInputError for a question the démarche does not have, no reason, or a date that is not to come;
    ConflictError for one that is awaited already.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    definition = await definition_of(ctx.db, work.dossier.version_id, work.dossier.surcouche_id)
    await _ask(ctx, work, definition, demandes, avant_le)


async def ask_complement(
    ctx: Contexte,
    dossier_id: UUID,
    champ_id: str,
    motif: str,
    avant_le: date,
    *,
    version: int | None = None,
) -> None:
    """Asks for one piece or answer again: `ask_pieces` with a list of one."""
    await ask_pieces(ctx, dossier_id, [Demande(champ_id, motif)], avant_le, version=version)


async def _ask(
    ctx: Contexte, work: Instruction, definition: Definition, demandes: Sequence[Demande], avant_le: date
) -> None:
    dossier, demande_id = work.dossier, uuid7()
    lieu = await lieu_of(ctx.db, dossier.collectivite_id)
    if not demandes or {item.champ_id for item in demandes} - {champ.id for champ in definition.champs()}:
        raise InvalidInputError("Choisissez la pièce ou la réponse à redemander.")
    if avant_le <= jour_local(ctx.now, lieu.zone):
        raise InvalidInputError(
            "La date limite doit être à venir : laissez au demandeur le temps de répondre."
        )
    accessory = set(definition.legal.pieces_accessoires) if definition.legal else set()
    stops = any(item.champ_id not in accessory for item in demandes)
    if dossier.etat != Etat.EN_ATTENTE:
        awaited = demander_complement(Etat(dossier.etat))
        await repository.update_dossier(
            ctx.db, dossier, ctx.now, etat=awaited.value if stops else dossier.etat
        )
    for item in demandes:
        added = await repository.add_complement(
            ctx.db,
            dossier,
            id=uuid7(),
            demande_id=demande_id,
            champ_id=item.champ_id,
            raison=item.raison,
            motif=required(item.motif, "Dites au demandeur ce qui manque ou ne convient pas."),
            indispensable=item.champ_id not in accessory,
            demande_le=ctx.now,
            avant_le=avant_le,
            demande_par=signature(work.droit),
        )
        if not added:
            raise ConflictError("Cette pièce est déjà demandée : attendez la réponse.", code="deja_demandee")
        await lignes.mark_pieces(ctx.db, dossier, item.champ_id)
    await reset_clock(ctx, dossier)
    await _announce(ctx, work, definition, demandes, demande_id, avant_le)


async def _announce(
    ctx: Contexte,
    work: Instruction,
    definition: Definition,
    demandes: Sequence[Demande],
    demande_id: UUID,
    avant_le: date,
) -> None:
    """The letter, the e-mail, the history and the audit of a demand."""
    dossier = work.dossier
    libelles = ", ".join(definition.champ(item.champ_id).libelle for item in demandes)
    await note(ctx, work, "complement_demande", libelle=libelles, avant_le=avant_le.isoformat())
    await emit(
        ctx.db,
        "demarches:ecrire_complement",
        collectivite_id=dossier.collectivite_id,
        dossier_id=dossier.id,
        demande_id=demande_id,
    )
    await emit_mail(ctx, dossier, "complement_demande")
    await record(
        ctx,
        "demarches:complement:demander",
        str(dossier.id),
        dossier.collectivite_id,
        champs=[item.champ_id for item in demandes],
    )


async def take_answer(
    ctx: Contexte, dossier: Dossier, received: Sequence[pieces.PieceRecue], auteur: str
) -> None:
    """New documents for what was asked again (the caller holds the lock); all there, the instruction goes on.

    TransitionRefuseeError when nothing is awaited any more.
    """
    open_ = {
        item.champ_id for item in await repository.list_complements(ctx.db, dossier) if not item.satisfait_le
    }
    if Etat(dossier.etat) not in (Etat.EN_INSTRUCTION, Etat.EN_ATTENTE) or not open_:
        raise TransitionRefuseeError("completer", N_("complété"), Etat(dossier.etat))
    for piece in received:
        await repository.replace_pieces(ctx.db, dossier, piece.champ_id)
        await pieces.attach(ctx, dossier, piece)
        await repository.satisfy_complements(ctx.db, dossier, ctx.now, piece.champ_id)
    asked = await repository.list_complements(ctx.db, dossier)
    waiting = [item for item in asked if item.satisfait_le is None]
    if dossier.etat == Etat.EN_ATTENTE and not any(item.indispensable for item in waiting):
        await complete(ctx, dossier, auteur)
        return
    await repository.update_dossier(ctx.db, dossier, ctx.now)
    if not waiting:
        await _received(ctx, dossier, auteur)


async def receive_answer(
    ctx: Contexte, dossier_id: UUID, received: Sequence[pieces.PieceRecue], *, version: int | None = None
) -> None:
    """The agent attaches what the person brought or sent on paper in answer to a demand."""
    work = await open_for_act(ctx, dossier_id, version=version)
    await take_answer(ctx, work.dossier, received, signature(work.droit))


async def complete(ctx: Contexte, dossier: Dossier, auteur: str = "demandeur") -> None:
    """Everything indispensable is answered: back to instruction (the caller holds the lock)."""
    await repository.update_dossier(ctx.db, dossier, ctx.now, etat=completer(Etat(dossier.etat)).value)
    await _received(ctx, dossier, auteur)


async def _received(ctx: Contexte, dossier: Dossier, auteur: str) -> None:
    await repository.add_evenement(
        ctx.db, dossier, id=uuid7(), quand=ctx.now, genre="complement_recu", auteur=auteur
    )
    await reset_clock(ctx, dossier)
    await record(ctx, "demarches:dossier:completer", str(dossier.id), dossier.collectivite_id)
