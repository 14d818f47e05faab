"""Following one's own dossiers, in every collectivité: state, messages, what is asked again, withdrawal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.demarches.definitions import Champ, Definition
from app.demarches.domain import faute_document, nettoyer, retirer
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.models import Complement, Decision, Document, Dossier, Envoi, Evenement, Message, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.repository import listes, remplissage
from app.demarches.service import acces, instruction, pieces
from app.demarches.service.brouillons import ABSENT, absent, owns
from app.demarches.service.catalogue import definition_of
from app.demarches.service.depot import nom_de
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.crypto.keystore import KeyOwner
from app.socle.db import own_in
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.hosts import CollectiviteVue, Nommee, list_nommees, list_vues
from app.socle.ids import fingerprint, uuid7
from app.socle.storage import ObjetLu


@dataclass
class Suivi:
    """Everything a person may see of one of their dossiers."""

    dossier: Dossier
    collectivite: CollectiviteVue
    definition: Definition
    pieces: list[Piece] = field(default_factory=list)
    evenements: list[Evenement] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    complements: list[Complement] = field(default_factory=list)
    decision: Decision | None = None
    documents: list[Document] = field(default_factory=list)
    envois: list[Envoi] = field(default_factory=list)

    def document(self, genre: str) -> Document | None:
        """The paper of that kind, once it is made."""
        return next((item for item in self.documents if item.genre == genre), None)

    @property
    def demandes(self) -> list[Complement]:
        """What is awaited from the person."""
        return [item for item in self.complements if item.satisfait_le is None]


async def find_draft(ctx: Contexte, slug: str) -> Dossier | None:
    """The person's draft of a démarche on this host, if there is one."""
    jeton = fingerprint(ctx.temoin)
    found = await remplissage.find_draft(ctx.db, ctx.collectivite.id, slug, ctx.usager_id, jeton)
    return found[0] if found else None


async def find_former(ctx: Contexte, slug: str) -> tuple[UUID, datetime] | None:
    """The person's last dossier of a démarche on this host and when it was filed: its answers may serve again."""
    if ctx.usager_id is None:
        return None
    return await remplissage.find_former(ctx.db, ctx.collectivite.id, slug, ctx.usager_id)


async def access_own(ctx: Contexte, dossier_id: UUID, *, lock: bool = False) -> Dossier:
    """One of the person's own dossiers, on its collectivité's host or on Mon espace; NotFoundError otherwise.

    With `lock` it is locked, read afresh, and the transaction may write in its collectivité.
    """
    dossier = await repository.find_dossier(ctx.db, dossier_id)
    if dossier is None and await acces.entrust(ctx, dossier_id):
        dossier = await repository.find_dossier(ctx.db, dossier_id)
    if dossier is None:
        raise absent(ctx)
    _check_own(ctx, dossier)
    if lock:
        await own_in(ctx.db, dossier.collectivite_id)
        await repository.find_dossier(ctx.db, dossier_id, lock=True)
    return dossier


class PasDeposeError(NotFoundError):
    """The person's own, and still a draft."""


def _check_own(ctx: Contexte, dossier: Dossier) -> None:
    if dossier.depose_le is None and dossier.canal == "web" and owns(ctx, dossier):
        raise PasDeposeError(ABSENT)
    if dossier.depose_le is None or not owns(ctx, dossier):
        raise absent(ctx)
    # Where it was filed, too: a dossier that was handed over is followed by its owner from there.
    here = ctx.hote.collectivite
    if here is not None and here.id not in (dossier.collectivite_id, dossier.origine_collectivite_id):
        raise NotFoundError(ABSENT)


async def load(ctx: Contexte, dossier_id: UUID) -> Suivi:
    """A dossier with all that hangs under it and is the person's to see."""
    dossier = await access_own(ctx, dossier_id)
    return await assemble(ctx, dossier)


async def assemble(ctx: Contexte, dossier: Dossier) -> Suivi:
    """What the reader's perimeter shows of a dossier, in two statements whatever the numbers."""
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    vues = await list_vues(ctx.db, [dossier.collectivite_id])
    annexes = await repository.load_annexes(ctx.db, dossier)
    return Suivi(dossier, vues[dossier.collectivite_id], definition, *annexes)


async def load_receipt(ctx: Contexte, dossier_id: UUID) -> Suivi:
    """What the page after submission says of a dossier: its papers, and nothing else that hangs under it."""
    found = await remplissage.find_receipt(ctx.db, dossier_id)
    if found is None and await acces.entrust(ctx, dossier_id):
        found = await remplissage.find_receipt(ctx.db, dossier_id)
    if found is None:
        raise absent(ctx)
    dossier, documents = found
    _check_own(ctx, dossier)
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    collectivite = ctx.hote.collectivite
    if collectivite is None:
        collectivite = (await list_vues(ctx.db, [dossier.collectivite_id]))[dossier.collectivite_id]
    return Suivi(dossier, collectivite, definition, documents=documents)


async def list_consultations(ctx: Contexte, dossier_id: UUID) -> Sequence[Any]:
    """Which agents read the person's own dossier, one line per agent and day; nothing for anybody else."""
    return await repository.list_consultations(ctx.db, dossier_id)


async def list_own(ctx: Contexte, limit: int = 200) -> tuple[Sequence[Any], dict[UUID, Nommee]]:
    """The person's dossiers and drafts in every collectivité, latest first, with those collectivités."""
    if ctx.usager_id is None:
        return [], {}
    rows = await listes.list_for_usager(ctx.db, ctx.usager_id, limit)
    communes = await list_nommees(ctx.db, {row.collectivite_id for row in rows}) if rows else {}
    return rows, communes


async def open_document(ctx: Contexte, document_id: UUID) -> tuple[Document, ObjetLu]:
    """A paper of a dossier that the person may see, decrypted as it is read."""
    document = await repository.get_document(ctx.db, document_id)
    if document is None and await acces.entrust(ctx, document_id):
        document = await repository.get_document(ctx.db, document_id)
    if document is None:
        raise NotFoundError(ABSENT)
    return document, await ctx.noyau.objets.lire(
        KeyOwner("collectivite", document.collectivite_id), document.id
    )


async def write_message(ctx: Contexte, dossier_id: UUID, texte: str) -> None:
    """The person writes to the service; refused once the dossier is closed."""
    dossier = await access_own(ctx, dossier_id, lock=True)
    if Etat(dossier.etat) in ETATS_FINAUX:
        raise ConflictError(
            "Ce dossier est clos : pour une nouvelle question, appelez la mairie.", code="clos"
        )
    clean = nettoyer(texte, lignes=True)
    if not clean:
        raise InvalidInputError("Écrivez votre message avant de l’envoyer.")
    await repository.add_message(
        ctx.db,
        dossier,
        id=uuid7(),
        quand=ctx.now,
        de_l_agent=False,
        auteur=nom_de(dossier.demandeur),
        interne=False,
        texte=clean[:10_000],
    )
    # An agent whose page was opened before this message reads it before deciding.
    await repository.update_dossier(ctx.db, dossier, ctx.now)
    await record(ctx, "demarches:message:ecrire", str(dossier.id), dossier.collectivite_id)


def faults(ctx: Contexte, suivi: Suivi, received: Sequence[pieces.PieceRecue]) -> dict[str, str]:
    """What is wrong with documents sent for what was asked again, by question: their kind, their date, their age."""
    today, found = ctx.today(suivi.collectivite.fuseau), {}
    for item in suivi.demandes:
        sent = [piece.decrit for piece in received if piece.champ_id == item.champ_id]
        if fault := faute_document(suivi.definition.champ(item.champ_id), sent, today):
            found[item.champ_id] = str(fault)
    return found


def asked_champ(suivi: Suivi, champ_id: str) -> Champ:
    """The question that is asked again; NotFoundError when it is not."""
    if champ_id not in {item.champ_id for item in suivi.demandes}:
        raise NotFoundError(
            "Ce document n’est pas demandé, ou ne l’est plus. Rechargez la page pour voir ce qui l’est."
        )
    return suivi.definition.champ(champ_id)


async def answer(ctx: Contexte, dossier_id: UUID, received: list[pieces.PieceRecue]) -> None:
    """New documents for what was asked again; when everything awaited is there, the dossier goes on.

    The documents replaced stay readable by the agents' history only.
    """
    dossier = await access_own(ctx, dossier_id, lock=True)
    await instruction.take_answer(ctx, dossier, received, "demandeur")


async def withdraw(ctx: Contexte, dossier_id: UUID) -> None:
    """The person takes the request back; nothing is decided any more."""
    dossier = await access_own(ctx, dossier_id, lock=True)
    etat = retirer(Etat(dossier.etat))
    await repository.update_dossier(
        ctx.db, dossier, ctx.now, etat=etat.value, clos_le=ctx.now, bail_jusqu_a=None
    )
    await repository.add_evenement(
        ctx.db, dossier, id=uuid7(), quand=ctx.now, genre="retrait", auteur="demandeur"
    )
    await record(ctx, "demarches:dossier:retirer", str(dossier.id), dossier.collectivite_id)


def expires_on(modifie_le: datetime, days: int) -> datetime:
    """When a draft is deleted if it is not touched again: `days` is its démarche's own term."""
    return modifie_le + timedelta(days=days)
