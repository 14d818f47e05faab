"""Instructing: claim by a lease, messages, complement, decision with its author.

An agent works on a dossier under a lease that another agent sees and may only take over knowingly; every change of
state locks the row, so two contradictory decisions cannot both pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from app.demarches.domain import (
    Suspension,
    TransitionRefuseeError,
    classer_sans_suite,
    completer,
    date_silence,
    decider,
    demander_complement,
    jour_local,
    nettoyer,
    prendre_en_charge,
)
from app.demarches.domain.etats import Etat
from app.demarches.models import Complement, Dossier, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.service import pieces
from app.demarches.service.brouillons import ABSENT
from app.demarches.service.catalogue import definition_of
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.permissions import Droit, droit_of
from app.socle.storage import ObjetLu

LEASE = timedelta(minutes=30)
Sens = Literal["accepte", "refuse", "sans_suite"]


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
        raise BailError(f"{other} s’occupe de ce dossier en ce moment : rien n’a été changé.")
    if version is not None and version != dossier.revision:
        raise PerimeeError(
            "Ce dossier a changé depuis que vous avez ouvert cette page : rien n’a été enregistré."
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


async def open_piece(ctx: Contexte, piece_id: UUID) -> tuple[Piece, ObjetLu]:
    """A document of a dossier that was submitted to the agent's collectivité, or that agents are filling."""
    piece = await repository.get_piece(ctx.db, piece_id)
    dossier = None if piece is None else await repository.find_dossier(ctx.db, piece.dossier_id)
    if dossier is None or (dossier.depose_le is None and dossier.canal == "web"):
        raise NotFoundError(ABSENT)
    return await pieces.open_piece(ctx, piece_id)


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
        raise TransitionRefuseeError("prendre_en_charge", "pris en charge", Etat(dossier.etat))
    if dossier.etat == Etat.DEPOSE:
        etat = prendre_en_charge(Etat(dossier.etat)).value
        await repository.update_dossier(ctx.db, dossier, ctx.now, etat=etat)
    elif work.nouveau:
        await repository.update_dossier(ctx.db, dossier, ctx.now)
    if work.nouveau:
        await _note(ctx, work, "prise_en_charge", remplace=work.remplace)
        await record(ctx, "demarches:dossier:prendre_en_charge", str(dossier.id), dossier.collectivite_id)
    return dossier


async def release(ctx: Contexte, dossier_id: UUID) -> None:
    """The agent lays the dossier down for others."""
    work = await open_for_act(ctx, dossier_id)
    await repository.update_dossier(
        ctx.db, work.dossier, ctx.now, agent_id=None, agent_nom="", bail_jusqu_a=None
    )
    await _note(ctx, work, "liberation", interne=True)


async def _note(
    ctx: Contexte, work: Instruction, genre: str, *, interne: bool = False, **donnees: str
) -> None:
    await repository.add_evenement(
        ctx.db,
        work.dossier,
        id=uuid7(),
        quand=ctx.now,
        genre=genre,
        auteur=f"{work.droit.nom_complet}, {work.droit.qualite}",
        interne=interne,
        donnees=donnees,
    )


def _required(texte: str, phrase: str) -> str:
    clean = nettoyer(texte, lignes=True)
    if not clean:
        raise InvalidInputError(phrase)
    return clean[:10_000]


async def write_message(ctx: Contexte, dossier_id: UUID, texte: str, *, interne: bool) -> None:
    """A message to the applicant (who gets an e-mail without its content), or a note for agents only."""
    work = await open_for_act(ctx, dossier_id, with_lease=False)
    await repository.add_message(
        ctx.db,
        work.dossier,
        id=uuid7(),
        quand=ctx.now,
        de_l_agent=True,
        auteur=f"{work.droit.nom_complet}, {work.droit.qualite}",
        interne=interne,
        texte=_required(texte, "Écrivez votre message avant de l’envoyer."),
    )
    # A colleague about to decide must see it first: the dossier is no longer what their page shows.
    await repository.update_dossier(ctx.db, work.dossier, ctx.now)
    if not interne:
        await emit_mail(ctx, work.dossier, "message_recu")
    genre = "demarches:note:ecrire" if interne else "demarches:message:ecrire"
    await record(ctx, genre, str(work.dossier.id), work.dossier.collectivite_id)


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


async def ask_complement(
    ctx: Contexte,
    dossier_id: UUID,
    champ_id: str,
    motif: str,
    avant_le: date,
    *,
    version: int | None = None,
) -> None:
    """Asks for one piece or answer again, with its reason and a date (CRPA L114-5); the clock follows.

    InvalidInputError for a question the démarche does not have, no reason, or a date that is not to come.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    dossier = work.dossier
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    if champ_id not in {champ.id for champ in definition.champs()}:
        raise InvalidInputError("Choisissez la pièce ou la réponse à redemander.")
    if avant_le <= ctx.today():
        raise InvalidInputError(
            "La date limite doit être à venir : laissez au demandeur le temps de répondre."
        )
    motif = _required(motif, "Dites au demandeur ce qui manque ou ne convient pas.")
    if dossier.etat != Etat.EN_ATTENTE:
        await repository.update_dossier(
            ctx.db, dossier, ctx.now, etat=demander_complement(Etat(dossier.etat)).value
        )
    complement_id = uuid7()
    added = await repository.add_complement(
        ctx.db,
        dossier,
        id=complement_id,
        champ_id=champ_id,
        motif=motif,
        demande_le=ctx.now,
        avant_le=avant_le,
        demande_par=f"{work.droit.nom_complet}, {work.droit.qualite}",
    )
    if not added:
        raise ConflictError("Cette pièce est déjà demandée : attendez la réponse.", code="deja_demandee")
    await repository.mark_pieces(ctx.db, dossier, champ_id)
    await reset_clock(ctx, dossier)
    libelle = definition.champ(champ_id).libelle
    await _note(ctx, work, "complement_demande", libelle=libelle, motif=motif, avant_le=avant_le.isoformat())
    await emit(
        ctx.db,
        "demarches:ecrire_complement",
        collectivite_id=dossier.collectivite_id,
        dossier_id=dossier.id,
        complement_id=complement_id,
    )
    await emit_mail(ctx, dossier, "complement_demande")
    await record(
        ctx, "demarches:complement:demander", str(dossier.id), dossier.collectivite_id, champ=champ_id
    )


async def reset_clock(ctx: Contexte, dossier: Dossier) -> None:
    """Computes the date of silence anew from every complement asked so far (CRPA L114-5)."""
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    if definition.legal is None or dossier.depose_le is None:
        return
    complements = await repository.list_complements(ctx.db, dossier)
    silence = date_silence(definition.legal, dossier.depose_le, suspensions_of(complements))
    if silence != dossier.silence_le:
        await repository.update_dossier(ctx.db, dossier, ctx.now, silence_le=silence)


def suspensions_of(complements: list[Complement]) -> list[Suspension]:
    """The stops of the clock."""
    return [
        Suspension(
            jour_local(item.demande_le),
            item.avant_le,
            jour_local(item.satisfait_le) if item.satisfait_le else None,
        )
        for item in complements
    ]


async def take_answer(
    ctx: Contexte, dossier: Dossier, received: Sequence[pieces.PieceRecue], auteur: str
) -> None:
    """New documents for what was asked again (the caller holds the lock); all there, the instruction goes on.

    TransitionRefuseeError when nothing is awaited.
    """
    if dossier.etat != Etat.EN_ATTENTE:
        raise TransitionRefuseeError("completer", "complété", Etat(dossier.etat))
    for piece in received:
        await repository.replace_pieces(ctx.db, dossier, piece.champ_id)
        await pieces.attach(ctx, dossier, piece)
        await repository.satisfy_complements(ctx.db, dossier, ctx.now, piece.champ_id)
    asked = await repository.list_complements(ctx.db, dossier)
    if all(item.satisfait_le is not None for item in asked):
        await complete(ctx, dossier, auteur)
    else:
        await repository.update_dossier(ctx.db, dossier, ctx.now)


async def receive_answer(
    ctx: Contexte, dossier_id: UUID, received: Sequence[pieces.PieceRecue], *, version: int | None = None
) -> None:
    """The agent attaches what the person brought or sent on paper in answer to a demand."""
    work = await open_for_act(ctx, dossier_id, version=version)
    await take_answer(ctx, work.dossier, received, f"{work.droit.nom_complet}, {work.droit.qualite}")


async def complete(ctx: Contexte, dossier: Dossier, auteur: str = "demandeur") -> None:
    """Everything that was asked is answered: back to instruction (the caller holds the lock)."""
    await repository.update_dossier(ctx.db, dossier, ctx.now, etat=completer(Etat(dossier.etat)).value)
    await repository.add_evenement(
        ctx.db, dossier, id=uuid7(), quand=ctx.now, genre="complement_recu", auteur=auteur
    )
    await reset_clock(ctx, dossier)
    await record(ctx, "demarches:dossier:completer", str(dossier.id), dossier.collectivite_id)


def missing_mentions(droit: Droit) -> list[str]:
    """What an agent's right lacks to be the author of a decision (CRPA L212-2); empty when nothing does."""
    mentions = {
        "prénom": droit.prenom,
        "nom": droit.nom,
        "qualité": droit.qualite,
        "service": droit.service,
    }
    return [label for label, value in mentions.items() if not value.strip()]


async def decide(
    ctx: Contexte, dossier_id: UUID, sens: Sens, motif: str, *, version: int | None = None
) -> None:
    """The decision: once, reasoned when unfavourable (CRPA L211-2), by an author known by name, quality and service.

    ForbiddenError when the agent's right does not say in which quality they sign; TransitionRefuseeError when the
    dossier is decided already.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    dossier, droit = work.dossier, work.droit
    if missing := missing_mentions(droit):
        raise ForbiddenError(
            f"La décision doit porter vos prénom, nom, qualité et service (article L212-2 du CRPA). Il manque : "
            f"{', '.join(missing)}. Faites compléter votre fiche par l’administrateur.",
            code="auteur_incomplet",
        )
    etat = Etat(dossier.etat)
    new = classer_sans_suite(etat) if sens == "sans_suite" else decider(etat, sens)
    if sens != "accepte":
        motif = _required(
            motif, "Une décision défavorable doit être motivée : dites pourquoi (article L211-2 du CRPA)."
        )
    await repository.add_decision(
        ctx.db,
        dossier,
        sens=sens,
        motif=nettoyer(motif, lignes=True),
        auteur_prenom=droit.prenom,
        auteur_nom=droit.nom,
        auteur_qualite=droit.qualite,
        auteur_service=droit.service,
        agent_id=droit.agent_id,
        rendue_le=ctx.now,
    )
    await repository.update_dossier(
        ctx.db, dossier, ctx.now, etat=new.value, clos_le=ctx.now, bail_jusqu_a=None
    )
    await _note(ctx, work, "decision", sens=sens)
    await emit(
        ctx.db, "demarches:notifier_decision", collectivite_id=dossier.collectivite_id, dossier_id=dossier.id
    )
    await record(ctx, "demarches:dossier:decider", str(dossier.id), dossier.collectivite_id, sens=sens)
