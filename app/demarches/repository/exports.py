"""SQL of the exports: the rows that tell their progress, and the stream of dossiers that they take."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Document, Dossier, Evenement, Export, ExportObjet, Piece
from app.socle.db import stream

# The bounds are local days in the zone of the collectivité: the last one counts whole.
_CHOSEN = """
d.collectivite_id = $1 AND d.slug = $2 AND d.depose_le IS NOT NULL AND d.etat = ANY($3::text[])
AND ($4::date IS NULL OR d.depose_le >= $4::date::timestamp AT TIME ZONE $6)
AND ($5::date IS NULL OR d.depose_le < ($5::date + 1)::timestamp AT TIME ZONE $6)
"""
_COUNT = f"SELECT count(*) FROM demarches_dossier d WHERE {_CHOSEN}"  # noqa: S608 - words of ours
# PostgreSQL writes each line as JSON itself: nothing is decoded here.
_LINES = f"""
SELECT jsonb_build_object(
  'numero', d.numero, 'version', d.version_id, 'surcouche', d.surcouche_id, 'etat', d.etat, 'canal', d.canal,
  'depose_le', d.depose_le, 'demandeur', d.demandeur,
  'beneficiaire', d.beneficiaire, 'agent_nom', d.agent_nom, 'silence_le', d.silence_le,
  'clos_le', d.clos_le, 'motif', x.motif, 'reponses', d.reponses, 'pieces', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'champ', p.champ_id, 'nom', p.nom, 'nature', p.nature, 'date', p.date_document, 'etat', p.etat,
      'raison', p.raison, 'motif', p.motif) ORDER BY p.ajoutee_le, p.id), '[]')
    FROM demarches_piece p
    WHERE p.collectivite_id = d.collectivite_id AND p.dossier_id = d.id AND p.etat <> 'remplacee'))::text,
  d.depose_le, d.id
FROM demarches_dossier d
LEFT JOIN demarches_decision x ON x.collectivite_id = d.collectivite_id AND x.dossier_id = d.id
WHERE {_CHOSEN} AND ($7::timestamptz IS NULL OR (d.depose_le, d.id) > ($7, $8::uuid))
ORDER BY d.depose_le, d.id
"""  # noqa: S608 - words of ours
_VERSIONS = f"""
SELECT d.version_id, coalesce(d.surcouche_id, ''), max(d.depose_le) FROM demarches_dossier d
WHERE {_CHOSEN} GROUP BY 1, 2 ORDER BY 3 DESC
"""  # noqa: S608 - words of ours


def _chosen(export: Export, zone: str) -> tuple[Any, ...]:
    return (export.collectivite_id, export.slug, export.etats, export.du, export.au, zone)


class Choix(NamedTuple):
    """A démarche of a collectivité whose dossiers may be taken away."""

    collectivite_id: UUID
    collectivite: str
    slug: str
    titre: str


async def list_choices(session: AsyncSession, collectivites: list[UUID]) -> list[Choix]:
    """The téléservices that these collectivités adopted, open or not, by name; one statement."""
    query = text(
        "SELECT a.collectivite_id, c.nom, a.slug, v.contenu ->> 'titre' FROM demarches_adoption a"
        " JOIN demarches_version v ON v.id = a.version_id JOIN socle_collectivite c ON c.id = a.collectivite_id"
        " WHERE a.collectivite_id = ANY(:ids) AND v.contenu ->> 'genre' = 'teleservice' ORDER BY 2, 4"
    )
    return [Choix(*row) for row in await session.execute(query, {"ids": collectivites})]


async def count_dossiers(session: AsyncSession, export: Export, zone: str) -> int:
    """How many dossiers the export takes now."""
    rows = [row async for row in stream(session, _COUNT, *_chosen(export, zone))]
    return int(rows[0][0])


async def list_versions(session: AsyncSession, export: Export, zone: str) -> list[tuple[str, str | None]]:
    """The (version, overlay) pairs of those dossiers, the latest first."""
    return [(row[0], row[1] or None) async for row in stream(session, _VERSIONS, *_chosen(export, zone))]


async def stream_lines(
    session: AsyncSession, export: Export, zone: str
) -> AsyncIterator[tuple[str, datetime, UUID]]:
    """Each dossier after the export's mark as (JSON, submission, id), through a cursor of the server."""
    values = (*_chosen(export, zone), export.apres_le, export.apres_id)
    async for row in stream(session, _LINES, *values):
        yield row[0], row[1], row[2]


async def add_export(session: AsyncSession, **values: Any) -> None:
    """Records what was asked."""
    await session.execute(insert(Export).values(**values))


async def get_export(session: AsyncSession, export_id: UUID, *, lock: bool = False) -> Export | None:
    """An export of the perimeter; locked when its progress is about to be written."""
    query = select(Export).where(Export.id == export_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def list_exports(session: AsyncSession, collectivites: Sequence[UUID], limit: int) -> list[Export]:
    """The exports of some collectivités, latest first."""
    query = (
        select(Export)
        .where(Export.collectivite_id.in_(collectivites))
        .order_by(Export.demande_le.desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def count_running(session: AsyncSession, agent_id: UUID) -> int:
    """How many exports of that agent are being made."""
    query = select(func.count()).where(
        Export.agent_id == agent_id, Export.etat.in_(("extraction", "ecriture"))
    )
    return int((await session.execute(query)).scalar_one())


async def update_export(session: AsyncSession, export: Export, **values: Any) -> None:
    """Changes an export read before."""
    await session.execute(
        update(Export)
        .where(Export.collectivite_id == export.collectivite_id, Export.id == export.id)
        .values(**values)
    )


async def add_objet(session: AsyncSession, export: Export, **values: Any) -> None:
    """Records an object of the export; the same rank twice is refused by the key."""
    await session.execute(
        insert(ExportObjet).values(collectivite_id=export.collectivite_id, export_id=export.id, **values)
    )


async def list_objets(session: AsyncSession, export: Export, genre: str) -> list[ExportObjet]:
    """Its objects of one kind, in order."""
    query = (
        select(ExportObjet)
        .where(
            ExportObjet.collectivite_id == export.collectivite_id,
            ExportObjet.export_id == export.id,
            ExportObjet.genre == genre,
        )
        .order_by(ExportObjet.rang)
    )
    return list((await session.execute(query)).scalars())


async def delete_objets(session: AsyncSession, export: Export, genre: str) -> list[UUID]:
    """Forgets its objects of one kind; their ids, for their destruction."""
    query = (
        delete(ExportObjet)
        .where(
            ExportObjet.collectivite_id == export.collectivite_id,
            ExportObjet.export_id == export.id,
            ExportObjet.genre == genre,
        )
        .returning(ExportObjet.objet_id)
    )
    return list((await session.execute(query)).scalars())


async def list_dossiers_by_numero(
    session: AsyncSession, collectivite_id: UUID, numeros: Sequence[str]
) -> tuple[list[Dossier], list[Piece], list[Document], list[Evenement]]:
    """Dossiers with their pieces, papers and public history: four statements, however many."""
    chosen = select(Dossier).where(Dossier.collectivite_id == collectivite_id, Dossier.numero.in_(numeros))
    dossiers = list((await session.execute(chosen.order_by(Dossier.depose_le, Dossier.id))).scalars())
    ids = [dossier.id for dossier in dossiers]
    found: list[Any] = []
    for model, extra, order in (
        (Piece, (), Piece.ajoutee_le),
        (Document, (), Document.cree_le),
        (Evenement, (Evenement.interne.is_(False),), Evenement.quand),
    ):
        query = select(model).where(
            model.collectivite_id == collectivite_id, model.dossier_id.in_(ids), *extra
        )
        found.append(list((await session.execute(query.order_by(order))).scalars()))
    return dossiers, found[0], found[1], found[2]


async def list_expired(session: AsyncSession, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(collectivité, export) of those whose time is over (platform role)."""
    query = text(
        "SELECT collectivite_id, id FROM demarches_export WHERE expire_le < :maintenant AND etat <> 'expire' LIMIT :n"
    )
    rows = await session.execute(query, {"maintenant": now, "n": limit})
    return [(row[0], row[1]) for row in rows]
