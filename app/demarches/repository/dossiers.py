"""SQL of dossiers: drafts, answers, pieces, submission, history."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from app.demarches.models import (
    Complement,
    Decision,
    DemarcheVersion,
    Document,
    Dossier,
    Envoi,
    Evenement,
    Message,
    Piece,
)
from app.demarches.repository.direct import from_json, insert_row, under_dossier
from app.socle.db import fetch
from app.socle.tenancy import Perimetre

# What the database writes by itself in a draft's row.
_DRAFT: dict[str, Any] = {"agent_nom": "", "revision": 1}


async def add_draft(session: AsyncSession, **values: Any) -> Dossier | None:
    """Makes a draft; None when the same person made one at the same moment."""
    perimetre: Perimetre = session.info.get("perimetre") or Perimetre()
    given = {**_DRAFT, "essai": perimetre.essai, **values}
    return Dossier(**given) if await insert_row(session, Dossier, values) else None


async def get_dossier(
    session: AsyncSession, collectivite_id: UUID, dossier_id: UUID, *, lock: bool = False
) -> Dossier | None:
    """A dossier that the transaction may see; locked when it is about to change state."""
    query = select(Dossier).where(Dossier.collectivite_id == collectivite_id, Dossier.id == dossier_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def find_dossier(session: AsyncSession, dossier_id: UUID, *, lock: bool = False) -> Dossier | None:
    """A dossier by its id alone: on Mon espace and the desk, where several collectivités meet.

    Locking needs the right to write in its collectivité (`write_in`, `own_in`): without it, PostgreSQL shows no row.
    """
    query = select(Dossier).where(Dossier.id == dossier_id)
    if lock:
        # Read again under the lock: what was read before it may have changed since.
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def update_dossier(session: AsyncSession, dossier: Dossier, now: datetime, **values: Any) -> None:
    """Changes a dossier read before in the same transaction."""
    await session.execute(
        update(Dossier)
        .where(Dossier.collectivite_id == dossier.collectivite_id, Dossier.id == dossier.id)
        .values(modifie_le=now, revision=Dossier.revision + 1, **values)
        .execution_options(synchronize_session=False)
    )
    # The object stays true to its row without another read.
    for key, value in values.items():
        set_committed_value(dossier, key, value)


async def renew_lease(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """Says who works on a dossier, until when; what is known of it has not changed, so neither does its revision."""
    await session.execute(
        update(Dossier)
        .where(Dossier.collectivite_id == dossier.collectivite_id, Dossier.id == dossier.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    for key, value in values.items():
        set_committed_value(dossier, key, value)


async def delete_draft(session: AsyncSession, dossier: Dossier) -> None:
    """Removes a draft with its answers and documents' rows; a submitted dossier stays."""
    await session.execute(
        delete(Dossier).where(
            Dossier.collectivite_id == dossier.collectivite_id,
            Dossier.id == dossier.id,
            Dossier.etat == "brouillon",
        )
    )


async def list_pieces(session: AsyncSession, dossier: Dossier) -> list[Piece]:
    """The documents attached, in the order of their arrival; those replaced are left out."""
    query = (
        select(Piece)
        .where(
            Piece.collectivite_id == dossier.collectivite_id,
            Piece.dossier_id == dossier.id,
            Piece.etat != "remplacee",
        )
        .order_by(Piece.id)
    )
    return list((await session.execute(query)).scalars())


async def get_piece(session: AsyncSession, piece_id: UUID) -> Piece | None:
    """A document that the transaction may see."""
    return (await session.execute(select(Piece).where(Piece.id == piece_id))).scalar_one_or_none()


async def add_piece(session: AsyncSession, **values: Any) -> None:
    """A document was stored: its row."""
    await insert_row(session, Piece, values)


async def delete_piece(session: AsyncSession, dossier: Dossier, piece_id: UUID) -> bool:
    """Removes a document from a draft; the object itself goes by a job."""
    result = await session.execute(
        delete(Piece)
        .where(
            Piece.collectivite_id == dossier.collectivite_id,
            Piece.dossier_id == dossier.id,
            Piece.id == piece_id,
        )
        .returning(Piece.id)
    )
    return result.first() is not None


async def replace_pieces(session: AsyncSession, dossier: Dossier, champ_id: str) -> None:
    """What was asked again no longer counts, once its successor is there."""
    await session.execute(
        update(Piece)
        .where(
            Piece.collectivite_id == dossier.collectivite_id,
            Piece.dossier_id == dossier.id,
            Piece.champ_id == champ_id,
            Piece.etat == "redemandee",
        )
        .values(etat="remplacee")
    )


async def add_evenement(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """A line of history."""
    await session.execute(
        insert(Evenement).values(collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values)
    )


async def list_evenements(session: AsyncSession, dossier: Dossier) -> list[Evenement]:
    """The history that the reader may see, oldest first."""
    query = (
        select(Evenement)
        .where(Evenement.collectivite_id == dossier.collectivite_id, Evenement.dossier_id == dossier.id)
        .order_by(Evenement.quand, Evenement.id)
    )
    return list((await session.execute(query)).scalars())


async def add_message(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """A message, or an internal note."""
    await session.execute(
        insert(Message).values(collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values)
    )


async def list_messages(session: AsyncSession, dossier: Dossier) -> list[Message]:
    """The messages that the reader may see, oldest first."""
    query = (
        select(Message)
        .where(Message.collectivite_id == dossier.collectivite_id, Message.dossier_id == dossier.id)
        .order_by(Message.quand, Message.id)
    )
    return list((await session.execute(query)).scalars())


async def add_complement(session: AsyncSession, dossier: Dossier, **values: Any) -> bool:
    """Asks for something; False when it is being asked already."""
    inserted = await session.execute(
        insert(Complement)
        .values(collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values)
        .on_conflict_do_nothing()
        .returning(Complement.id)
    )
    return inserted.first() is not None


async def list_complements(session: AsyncSession, dossier: Dossier) -> list[Complement]:
    """Everything that was ever asked again, in order."""
    query = (
        select(Complement)
        .where(Complement.collectivite_id == dossier.collectivite_id, Complement.dossier_id == dossier.id)
        .order_by(Complement.demande_le, Complement.id)
        .execution_options(populate_existing=True)
    )
    return list((await session.execute(query)).scalars())


async def satisfy_complements(session: AsyncSession, dossier: Dossier, now: datetime, champ_id: str) -> None:
    """The person has answered one question: it is awaited no more."""
    await session.execute(
        update(Complement)
        .where(
            Complement.collectivite_id == dossier.collectivite_id,
            Complement.dossier_id == dossier.id,
            Complement.champ_id == champ_id,
            Complement.satisfait_le.is_(None),
        )
        .values(satisfait_le=now)
        .execution_options(synchronize_session=False)
    )


async def add_decision(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """The decision; the table refuses a second one, and one without author."""
    await session.execute(
        insert(Decision).values(collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values)
    )


async def get_decision(session: AsyncSession, dossier: Dossier) -> Decision | None:
    """The decision of a dossier, if it has one."""
    query = select(Decision).where(
        Decision.collectivite_id == dossier.collectivite_id, Decision.dossier_id == dossier.id
    )
    return (await session.execute(query)).scalar_one_or_none()


async def add_document(session: AsyncSession, **values: Any) -> bool:
    """A PDF that was made; False when it was there already (the job ran before)."""
    inserted = await session.execute(
        insert(Document).values(**values).on_conflict_do_nothing().returning(Document.id)
    )
    return inserted.first() is not None


async def list_documents(session: AsyncSession, dossier: Dossier) -> list[Document]:
    """The PDFs of a dossier, oldest first."""
    query = (
        select(Document)
        .where(Document.collectivite_id == dossier.collectivite_id, Document.dossier_id == dossier.id)
        .order_by(Document.cree_le)
    )
    return list((await session.execute(query)).scalars())


async def get_document(session: AsyncSession, document_id: UUID) -> Document | None:
    """A PDF that the transaction may see."""
    return (await session.execute(select(Document).where(Document.id == document_id))).scalar_one_or_none()


async def has_evenement(session: AsyncSession, dossier: Dossier, evenement_id: UUID) -> bool:
    """Whether a line of the history was written already."""
    query = select(Evenement.id).where(
        Evenement.collectivite_id == dossier.collectivite_id, Evenement.id == evenement_id
    )
    return (await session.execute(query)).first() is not None


async def add_envoi(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """An e-mail is owed."""
    await session.execute(
        insert(Envoi).values(collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values)
    )


async def get_envoi(session: AsyncSession, envoi_id: UUID) -> Envoi | None:
    """An e-mail owed."""
    return (await session.execute(select(Envoi).where(Envoi.id == envoi_id))).scalar_one_or_none()


class Annexes(NamedTuple):
    """What hangs under a submitted dossier for whoever follows it, oldest first; documents replaced are left out."""

    pieces: list[Piece]
    evenements: list[Evenement]
    messages: list[Message]
    complements: list[Complement]
    decision: Decision | None
    documents: list[Document]
    envois: list[Envoi]


_ANNEXES = "SELECT {}".format(
    ", ".join(
        (
            under_dossier(Piece, "t.id", " AND t.etat <> 'remplacee'"),
            under_dossier(Evenement, "t.quand, t.id"),
            under_dossier(Message, "t.quand, t.id"),
            under_dossier(Complement, "t.demande_le, t.id"),
            under_dossier(Decision, "t.rendue_le"),
            under_dossier(Document, "t.cree_le"),
            under_dossier(Envoi, "t.cree_le"),
        )
    )
)


async def load_annexes(session: AsyncSession, dossier: Dossier) -> Annexes:
    """All that the reader may see of it, in one statement whatever the numbers."""
    (row,) = await fetch(session, _ANNEXES, dossier.collectivite_id, dossier.id)
    pieces, evenements, messages, complements, decisions, documents, envois = row
    return Annexes(
        [from_json(Piece, item) for item in pieces],
        [from_json(Evenement, item) for item in evenements],
        [from_json(Message, item) for item in messages],
        [from_json(Complement, item) for item in complements],
        next((from_json(Decision, item) for item in decisions), None),
        [from_json(Document, item) for item in documents],
        [from_json(Envoi, item) for item in envois],
    )


async def list_consultations(session: AsyncSession, dossier_id: UUID) -> list[Row[Any]]:
    """The agents who read the caller's own dossier, one line per agent and day: (quand, agent, collectivite)."""
    query = text("SELECT quand, agent, collectivite FROM consultations_du_dossier(:dossier)")
    return list((await session.execute(query, {"dossier": dossier_id})).all())


async def index_dossier(session: AsyncSession, dossier: Dossier, texte: str) -> None:
    """Makes a dossier findable by its words."""
    await session.execute(
        text("SELECT indexer_dossier(:collectivite, :dossier, :texte)"),
        {"collectivite": dossier.collectivite_id, "dossier": dossier.id, "texte": texte},
    )


async def update_envoi(session: AsyncSession, envoi_id: UUID, **values: Any) -> None:
    """What became of an e-mail."""
    await session.execute(
        update(Envoi)
        .where(Envoi.id == envoi_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def purge_drafts(session: AsyncSession, now: datetime) -> list[UUID]:
    """Deletes the drafts left untouched beyond the term of their own démarche (platform role).

    Returns the ids of their documents' objects.
    """
    days = DemarcheVersion.contenu["conservation"]["brouillon_jours"].as_integer()
    term = func.make_interval(0, 0, 0, days)
    old = (
        select(Dossier.id)
        .join(DemarcheVersion, DemarcheVersion.id == Dossier.version_id)
        .where(Dossier.etat == "brouillon", Dossier.modifie_le + term < now)
    )
    ids = list((await session.execute(old)).scalars())
    objets = list((await session.execute(select(Piece.id).where(Piece.dossier_id.in_(ids)))).scalars())
    await session.execute(delete(Dossier).where(Dossier.id.in_(ids)))
    return objets
