"""SQL of the lists of reference: their versions, and the rows that a form asks for."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.repository.direct import as_json
from app.socle.db import fetch

_DERNIERES = """SELECT DISTINCT ON (nom) id, nom, version, colonnes, nombre, publie_le, par FROM demarches_referentiel
WHERE collectivite_id = $1 AND ($2::text[] IS NULL OR nom = ANY ($2)) ORDER BY nom, version DESC"""
_LIGNE = "SELECT l.cle, l.libelle, l.valeurs FROM demarches_referentiel_ligne l"
_ICI = "l.collectivite_id = $1 AND l.referentiel_id = $2"
_TOUTES = f"{_LIGNE} WHERE {_ICI} ORDER BY l.rang LIMIT $3"
_DITES = f"{_LIGNE} WHERE {_ICI} AND (l.cle = ANY ($3) OR l.nom_plie = ANY ($4)) ORDER BY l.rang LIMIT 200"
_PROCHES = f"""{_LIGNE} WHERE {_ICI} AND strpos(l.recherche, $3) > 0
ORDER BY NOT starts_with(l.nom_plie, $3), l.rang LIMIT $4"""
_AJOUT = """INSERT INTO demarches_referentiel (collectivite_id, id, nom, version, colonnes, nombre, publie_le, par)
SELECT $1, $2, $3, 1 + coalesce(max(version), 0), $4::jsonb, $5, $6, $7 FROM demarches_referentiel
WHERE collectivite_id = $1 AND nom = $3 ON CONFLICT DO NOTHING RETURNING version"""
_LIGNES = """INSERT INTO demarches_referentiel_ligne
  (collectivite_id, referentiel_id, rang, cle, libelle, nom_plie, recherche, valeurs)
SELECT $1, $2, (l->>0)::int, l->>1, l->>2, l->>3, l->>4, l->5 FROM jsonb_array_elements($3::jsonb) l"""


async def list_latest(
    session: AsyncSession, collectivite_id: UUID, noms: Sequence[str] | None = None
) -> list[Mapping[str, Any]]:
    """The latest version of each list of a collectivité, or of those named, by name."""
    return list(await fetch(session, _DERNIERES, collectivite_id, None if noms is None else list(noms)))


async def list_rows(
    session: AsyncSession, collectivite_id: UUID, referentiel_id: UUID, limit: int
) -> list[Mapping[str, Any]]:
    """The first rows of a version, in the order of the file."""
    return list(await fetch(session, _TOUTES, collectivite_id, referentiel_id, limit))


async def find_rows(
    session: AsyncSession,
    collectivite_id: UUID,
    referentiel_id: UUID,
    cles: Sequence[str],
    plies: Sequence[str],
) -> list[Mapping[str, Any]]:
    """The rows of these keys or folded labels."""
    return list(await fetch(session, _DITES, collectivite_id, referentiel_id, list(cles), list(plies)))


async def search_rows(
    session: AsyncSession, collectivite_id: UUID, referentiel_id: UUID, plie: str, limit: int
) -> list[Mapping[str, Any]]:
    """The rows where a folded text is found, those whose label begins so first."""
    return list(await fetch(session, _PROCHES, collectivite_id, referentiel_id, plie, limit))


async def add_version(session: AsyncSession, rows: Sequence[Sequence[Any]], **values: Any) -> int | None:
    """A new version and its rows, in two statements; its number, None when another was added at the same moment.

    `rows` are (rank, key, label, folded label, folded text, cells).
    """
    order = ("collectivite_id", "id", "nom", "colonnes", "nombre", "publie_le", "par")
    sent = [as_json(values[name]) if name == "colonnes" else values[name] for name in order]
    made = await fetch(session, _AJOUT, *sent)
    if not made:
        return None
    await fetch(session, _LIGNES, values["collectivite_id"], values["id"], as_json(list(rows)))
    return int(made[0]["version"])
