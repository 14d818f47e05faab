"""What `kumun verifier` reads of the whole installation, under the platform role."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Read by every visitor before it is known whose page it is.
PUBLIQUES = ("socle_hote",)

_TABLES = text("""
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity
    AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS tenue
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'collectivite_id' AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL (:publiques)
ORDER BY 1
""")
_VERSIONS = text("SELECT id, slug, contenu, proprietaire_id FROM demarches_version ORDER BY id")
_SURCOUCHES = text(
    "SELECT id, slug, contenu, NULL::uuid AS proprietaire_id FROM demarches_surcouche ORDER BY id"
)
_UNFROZEN = text("SELECT numero FROM demarches_dossier WHERE depose_le IS NOT NULL AND reponses IS NULL")
_FIELDS = text("""
SELECT version_id, surcouche_id, array_agg(DISTINCT champ) FILTER (WHERE champ IS NOT NULL) AS champs
FROM demarches_dossier d
LEFT JOIN LATERAL jsonb_object_keys(CASE jsonb_typeof(reponses) WHEN 'object' THEN reponses ELSE '{}' END) champ ON true
WHERE depose_le IS NOT NULL GROUP BY 1, 2
""")
_OBJECTS = """
SELECT collectivite_id, id, empreinte, 'pièce' AS genre FROM demarches_piece
UNION ALL SELECT collectivite_id, id, empreinte, 'document' FROM demarches_document
UNION ALL SELECT collectivite_id, fichier_id, NULL, 'avis' FROM demarches_avis WHERE fichier_id IS NOT NULL
UNION ALL SELECT collectivite_id, objet_id, NULL, 'export' FROM demarches_export_objet
"""
_SAMPLE = text(f"SELECT * FROM ({_OBJECTS}) o ORDER BY random() LIMIT :nombre")  # noqa: S608 - constants of ours


async def list_tables(session: AsyncSession) -> Sequence[Any]:
    """(relname, tenue) of each table whose rows are a collectivité's."""
    return (await session.execute(_TABLES, {"publiques": list(PUBLIQUES)})).all()


async def list_versions(session: AsyncSession) -> Sequence[Any]:
    """(id, slug, contenu, proprietaire_id) of every published content."""
    return (await session.execute(_VERSIONS)).all()


async def list_surcouches(session: AsyncSession) -> Sequence[Any]:
    """The same of every overlay, whose address does not depend on its owner."""
    return (await session.execute(_SURCOUCHES)).all()


async def list_unfrozen(session: AsyncSession) -> Sequence[str]:
    """Numbers of submitted dossiers that hold no answers."""
    return (await session.execute(_UNFROZEN)).scalars().all()


async def list_fields(session: AsyncSession) -> Sequence[Any]:
    """(version_id, surcouche_id, champs): the questions that submitted dossiers answer, by what they pin."""
    return (await session.execute(_FIELDS)).all()


async def list_objects(session: AsyncSession) -> Sequence[Any]:
    """(collectivite_id, id, empreinte, genre) of every object that a row owns; no seal where none is kept."""
    return (await session.execute(text(_OBJECTS))).all()


async def sample_objects(session: AsyncSession, nombre: int) -> Sequence[Any]:
    """`nombre` of them, drawn at random."""
    return (await session.execute(_SAMPLE, {"nombre": nombre})).all()
