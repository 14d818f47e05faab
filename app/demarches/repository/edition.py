"""SQL of démarches being made: works in progress and their steps, publications, tests, what adopters must choose."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Adoption, DemarcheVersion, Surcouche
from app.demarches.models_edition import Chantier, Nouveaute, Pas, Publication, Scenario
from app.socle.models import Habilitation

# Steps kept of a work in progress; undoing goes back that far.
PAS_GARDES = 300


def _a(colonne: Any, proprietaire: UUID | None) -> Any:
    return colonne.is_(None) if proprietaire is None else colonne == proprietaire


async def list_chantiers(session: AsyncSession, proprietaires: Sequence[UUID] | None) -> Sequence[Any]:
    """Works in progress (id, proprietaire_id, slug, titre, modifie_le, modifie_par): the platform's for None."""
    query = select(
        Chantier.id,
        Chantier.proprietaire_id,
        Chantier.slug,
        Chantier.contenu["titre"].astext.label("titre"),
        Chantier.modifie_le,
        Chantier.modifie_par,
    ).order_by(Chantier.modifie_le.desc())
    if proprietaires is None:
        query = query.where(Chantier.proprietaire_id.is_(None))
    else:
        query = query.where(Chantier.proprietaire_id.in_(proprietaires))
    return (await session.execute(query)).all()


async def add_chantier(session: AsyncSession, **values: Any) -> UUID | None:
    """Begins a work; None when one is in progress on that démarche."""
    inserted = await session.execute(
        insert(Chantier).values(**values).on_conflict_do_nothing().returning(Chantier.id)
    )
    return inserted.scalar_one_or_none()


async def find_chantier(session: AsyncSession, proprietaire: UUID | None, slug: str) -> UUID | None:
    """The work in progress on a démarche."""
    query = select(Chantier.id).where(_a(Chantier.proprietaire_id, proprietaire), Chantier.slug == slug)
    return (await session.execute(query)).scalar_one_or_none()


async def get_chantier(session: AsyncSession, chantier_id: UUID, *, lock: bool = False) -> Chantier | None:
    """A work in progress; locked when it is about to change."""
    query = select(Chantier).where(Chantier.id == chantier_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def save_chantier(session: AsyncSession, chantier: Chantier, **values: Any) -> None:
    """Writes the new state of a work, one revision further, and its step; the caller holds the lock."""
    revision = chantier.revision + 1
    geste = values.pop("geste")
    await session.execute(
        update(Chantier)
        .where(Chantier.id == chantier.id)
        .values(revision=revision, **values)
        .execution_options(synchronize_session=False)
    )
    await add_pas(
        session,
        chantier_id=chantier.id,
        revision=revision,
        contenu=values["contenu"],
        geste=geste,
        auteur=values["modifie_par"],
        quand=values["modifie_le"],
    )
    await session.execute(
        delete(Pas).where(Pas.chantier_id == chantier.id, Pas.revision < revision - PAS_GARDES)
    )
    await session.refresh(chantier)


async def add_pas(session: AsyncSession, **values: Any) -> None:
    """A step of a work."""
    await session.execute(insert(Pas).values(**values))


async def get_pas(session: AsyncSession, chantier_id: UUID, revision: int) -> Pas | None:
    """A state that a work was in."""
    query = select(Pas).where(Pas.chantier_id == chantier_id, Pas.revision == revision)
    return (await session.execute(query)).scalar_one_or_none()


async def list_pas(session: AsyncSession, chantier_id: UUID, depuis: int, limit: int = 50) -> Sequence[Any]:
    """What was done after a revision, latest first: (revision, geste, auteur, quand)."""
    query = (
        select(Pas.revision, Pas.geste, Pas.auteur, Pas.quand)
        .where(Pas.chantier_id == chantier_id, Pas.revision > depuis)
        .order_by(Pas.revision.desc())
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def delete_chantier(session: AsyncSession, chantier_id: UUID) -> None:
    """Ends a work: published or given up."""
    await session.execute(delete(Chantier).where(Chantier.id == chantier_id))


async def list_publications(
    session: AsyncSession, proprietaire: UUID | None, slug: str, limit: int = 100
) -> list[Publication]:
    """The versions of a démarche, latest first."""
    query = (
        select(Publication)
        .where(_a(Publication.proprietaire_id, proprietaire), Publication.slug == slug)
        .order_by(Publication.numero.desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def list_current(session: AsyncSession, proprietaires: Sequence[UUID] = ()) -> Sequence[Any]:
    """The latest version of each shared démarche, and of those that these collectivités wrote for themselves.

    (proprietaire_id, slug, numero, version_id, publiee_le, auteur)
    """
    mine: ColumnElement[bool] = Publication.proprietaire_id.is_(None)
    if proprietaires:
        mine |= Publication.proprietaire_id.in_(proprietaires)
    query = (
        select(
            Publication.proprietaire_id,
            Publication.slug,
            Publication.numero,
            Publication.version_id,
            Publication.publiee_le,
            Publication.auteur,
        )
        .ext(distinct_on(Publication.proprietaire_id, Publication.slug))
        .where(mine)
        .order_by(Publication.proprietaire_id, Publication.slug, Publication.numero.desc())
    )
    return (await session.execute(query)).all()


async def add_publications(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Numbers versions, in one statement; a number taken at the same moment is refused by the table."""
    if rows:
        await session.execute(insert(Publication).values(rows))


async def list_contents(session: AsyncSession, proprietaire: UUID | None, slug: str) -> list[dict[str, Any]]:
    """Everything a démarche ever was, oldest first: its ids never change meaning."""
    query = (
        select(DemarcheVersion.contenu)
        .join(Publication, Publication.version_id == DemarcheVersion.id)
        .where(_a(Publication.proprietaire_id, proprietaire), Publication.slug == slug)
        .order_by(Publication.numero)
    )
    return list((await session.execute(query)).scalars())


async def count_adopters(session: AsyncSession) -> dict[str, int]:
    """How many collectivités offer each démarche (platform role)."""
    query = select(Adoption.slug, func.count()).where(Adoption.ouverte).group_by(Adoption.slug)
    return {row[0]: row[1] for row in (await session.execute(query)).all()}


async def list_overlays(session: AsyncSession, slug: str) -> Sequence[Any]:
    """The different overlays in use on a démarche, each once with the version under it (platform role)."""
    query = (
        select(Adoption.version_id, Surcouche.id, Surcouche.contenu)
        .join(
            Surcouche,
            (Surcouche.collectivite_id == Adoption.collectivite_id) & (Surcouche.id == Adoption.surcouche_id),
        )
        .where(Adoption.slug == slug)
        .distinct()
    )
    return (await session.execute(query)).all()


_MOVE = text(
    "UPDATE demarches_adoption SET version_id = :version WHERE slug = :slug AND version_id <> :version"
    " AND (surcouche_id IS NULL OR surcouche_id <> ALL (:retenues))"
)
_PROPOSE = text(
    "INSERT INTO demarches_nouveaute (collectivite_id, slug, version_id, parties, cree_le)"
    " SELECT a.collectivite_id, a.slug, :version, cast(:parties AS jsonb) -> a.surcouche_id, :maintenant"
    " FROM demarches_adoption a WHERE a.slug = :slug AND a.version_id <> :version AND a.surcouche_id = ANY (:retenues)"
    " ON CONFLICT (collectivite_id, slug) DO UPDATE SET version_id = excluded.version_id,"
    " parties = excluded.parties, cree_le = excluded.cree_le"
)
_SETTLE = text(
    "DELETE FROM demarches_nouveaute p USING demarches_adoption a WHERE p.slug = :slug"
    " AND a.collectivite_id = p.collectivite_id AND a.slug = p.slug AND a.version_id = :version"
)


async def propagate(
    session: AsyncSession, slug: str, version_id: str, parties: dict[str, list[str]], now: datetime
) -> tuple[int, int]:
    """All adopters get the version, but those whose overlay is a key of `parties`: they get a proposal (platform role).

    Three statements whatever their number; (moved, asked).
    """
    retenues = list(parties)
    values = {"slug": slug, "version": version_id, "retenues": retenues}
    moved: Any = await session.execute(_MOVE, values)
    asked: Any = await session.execute(
        _PROPOSE, {**values, "parties": json.dumps(parties), "maintenant": now}
    )
    await session.execute(_SETTLE, {"slug": slug, "version": version_id})
    return moved.rowcount, asked.rowcount


async def list_nouveautes(session: AsyncSession, ids: Sequence[UUID]) -> list[Nouveaute]:
    """What these collectivités have to choose."""
    query = select(Nouveaute).where(Nouveaute.collectivite_id.in_(ids)).order_by(Nouveaute.slug)
    return list((await session.execute(query)).scalars())


async def get_nouveaute(session: AsyncSession, collectivite_id: UUID, slug: str) -> Nouveaute | None:
    """What a collectivité has to choose about one démarche."""
    query = select(Nouveaute).where(Nouveaute.collectivite_id == collectivite_id, Nouveaute.slug == slug)
    return (await session.execute(query)).scalar_one_or_none()


async def delete_nouveaute(session: AsyncSession, collectivite_id: UUID, slug: str) -> None:
    """It has chosen."""
    await session.execute(
        delete(Nouveaute).where(Nouveaute.collectivite_id == collectivite_id, Nouveaute.slug == slug)
    )


async def add_surcouche(session: AsyncSession, **values: Any) -> None:
    """Keeps an overlay, or finds it there: its address is its content."""
    await session.execute(insert(Surcouche).values(**values).on_conflict_do_nothing())


async def set_adoption(session: AsyncSession, collectivite_id: UUID, slug: str, **values: Any) -> None:
    """Changes what a collectivité has adopted."""
    await session.execute(
        update(Adoption)
        .where(Adoption.collectivite_id == collectivite_id, Adoption.slug == slug)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def list_scenarios(session: AsyncSession, proprietaire: UUID | None, slug: str) -> list[Scenario]:
    """The automated tests of a démarche, oldest first."""
    query = (
        select(Scenario)
        .where(_a(Scenario.proprietaire_id, proprietaire), Scenario.slug == slug)
        .order_by(Scenario.cree_le, Scenario.id)
    )
    return list((await session.execute(query)).scalars())


async def add_scenario(session: AsyncSession, **values: Any) -> None:
    """A test to replay before each publication."""
    await session.execute(insert(Scenario).values(**values))


async def set_scenario(session: AsyncSession, scenario_id: UUID, contenu: dict[str, Any]) -> None:
    """What a test expects from now on."""
    await session.execute(
        update(Scenario)
        .where(Scenario.id == scenario_id)
        .values(contenu=contenu)
        .execution_options(synchronize_session=False)
    )


async def delete_scenario(session: AsyncSession, scenario_id: UUID) -> None:
    """A test is dropped."""
    await session.execute(delete(Scenario).where(Scenario.id == scenario_id))


async def list_administered(session: AsyncSession, agent_id: UUID | None) -> list[UUID]:
    """The collectivités that an agent administers."""
    query = select(Habilitation.collectivite_id).where(
        Habilitation.agent_id == agent_id, Habilitation.role == "administrateur"
    )
    return list((await session.execute(query.distinct())).scalars().all())
