"""SQL of test mode under the platform's role: test dossiers alone, and the commune where the OPSN plays its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier, Evenement, Piece
from app.socle.models import Collectivite, Habilitation, Hote

SLUG = "commune-essai"


async def find_commune(session: AsyncSession) -> UUID | None:
    """Where the OPSN plays its tests, once it has played one."""
    query = select(Collectivite.id).where(Collectivite.slug == SLUG)
    return (await session.execute(query)).scalar_one_or_none()


async def open_commune(session: AsyncSession, new_id: UUID, host: str, agent_id: UUID, now: datetime) -> UUID:
    """The commune of tests, made if there is none, with a right in it for this administrator."""
    values = {
        "id": new_id,
        "genre": "commune",
        # No commune of France has this code.
        "code_insee": "00000",
        "nom": "Commune d’essai",
        "slug": SLUG,
        "departement": "",
        "codes_postaux": [],
        "epci_nom": "",
        "fuseau": "Europe/Paris",
        "theme": {},
        "coordonnees": {},
        "etat": "active",
        "version": 1,
        "cree_le": now,
    }
    await session.execute(insert(Collectivite).values(**values).on_conflict_do_nothing())
    found = (await session.execute(select(Collectivite.id).where(Collectivite.slug == SLUG))).scalar_one()
    await session.execute(
        insert(Hote).values(nom=host, collectivite_id=found, principal=True).on_conflict_do_nothing()
    )
    await session.execute(
        insert(Habilitation)
        .values(
            collectivite_id=found,
            agent_id=agent_id,
            secteur="",
            service="Services numériques",
            role="administrateur",
            qualite="Administrateur de l’OPSN",
            cree_le=now,
        )
        .on_conflict_do_nothing()
    )
    return found


async def list_essais(session: AsyncSession, collectivite_id: UUID, slug: str) -> Sequence[Any]:
    """The test dossiers of a démarche, latest first: (id, numero, etat, cree_le)."""
    query = (
        select(Dossier.id, Dossier.numero, Dossier.etat, Dossier.cree_le)
        .where(Dossier.collectivite_id == collectivite_id, Dossier.slug == slug, Dossier.essai)
        .order_by(Dossier.cree_le.desc())
        .limit(50)
    )
    return (await session.execute(query)).all()


async def get_essai(session: AsyncSession, collectivite_id: UUID, slug: str, dossier_id: UUID) -> Any | None:
    """One test dossier: (version_id, etat, reponses, depose_le)."""
    query = select(Dossier.version_id, Dossier.etat, Dossier.reponses, Dossier.depose_le).where(
        Dossier.collectivite_id == collectivite_id,
        Dossier.slug == slug,
        Dossier.id == dossier_id,
        Dossier.essai,
    )
    return (await session.execute(query)).one_or_none()


async def list_pieces(session: AsyncSession, dossier_id: UUID) -> set[str]:
    """The questions that a test dossier answers by a document."""
    query = select(Piece.champ_id).where(Piece.dossier_id == dossier_id, Piece.etat != "remplacee")
    return set((await session.execute(query)).scalars())


async def list_lignes(session: AsyncSession, dossier_id: UUID) -> Sequence[Any]:
    """The lines of a test dossier's history, oldest first: (genre, donnees)."""
    query = (
        select(Evenement.genre, Evenement.donnees)
        .where(Evenement.dossier_id == dossier_id)
        .order_by(Evenement.quand, Evenement.id)
    )
    return (await session.execute(query)).all()
