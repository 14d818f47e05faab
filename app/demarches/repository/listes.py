"""SQL of the lists: an agent's desk and its counters, a search, a person's own dossiers.

A page of the desk is read where it begins (keyset): each collectivité's index gives its own best rows, which are
merged. Nothing is counted beyond `BEAUCOUP`.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch

BEAUCOUP = 1000


class LigneBureau(NamedTuple):
    """A dossier as a row of the desk."""

    collectivite_id: UUID
    id: UUID
    numero: str
    slug: str
    titre: str
    demandeur: dict[str, Any]
    etat: str
    canal: str
    depose_le: datetime
    modifie_le: datetime
    silence_le: date | None
    agent_id: UUID | None
    agent_nom: str
    bail_jusqu_a: datetime | None
    groupe_id: UUID | None
    etiquettes: list[UUID]
    silence_sens: str | None


class LigneSaisie(NamedTuple):
    """A draft that an agent fills for somebody."""

    collectivite_id: UUID
    id: UUID
    titre: str
    demandeur: dict[str, Any]
    mandataire: dict[str, Any] | None
    canal: str
    cree_le: datetime


class LignePropre(NamedTuple):
    """A dossier or draft as a line of its owner's list."""

    collectivite_id: UUID
    id: UUID
    numero: str | None
    slug: str
    titre: str
    etat: str
    cree_le: datetime
    modifie_le: datetime
    depose_le: datetime | None
    silence_le: date | None
    brouillon_jours: int | None


@dataclass(frozen=True, slots=True)
class Criteres:
    """Which dossiers: an empty value (None) does not filter. `situation` is ouverts, clos or tous.

    `agents`: followed by one of these; `sans_agent`: by nobody. `silence_avant`: silence decides before
    a day, that of each group of collectivités (their own local one).
    """

    collectivites: Sequence[UUID]
    situation: str = "ouverts"
    etat: str | None = None
    slug: str | None = None
    agents: Sequence[UUID] | None = None
    sans_agent: bool = False
    groupes: Sequence[UUID] | None = None
    etiquette: UUID | None = None
    depose_depuis: datetime | None = None
    depose_avant: datetime | None = None
    silence_avant: Sequence[tuple[date, Sequence[UUID]]] | None = None
    etape: str | None = None
    ids: Sequence[UUID] | None = None


_SITUATION = {"ouverts": " AND d.clos_le IS NULL", "clos": " AND d.clos_le IS NOT NULL", "tous": ""}
_SILENCE = "coalesce(d.silence_le, 'infinity'::date)"
# (columns of the order, whether it goes down, types of the columns for the place where a page begins)
_ORDRES = {
    "urgence": ((_SILENCE, "d.depose_le", "d.id"), "", ("date", "timestamptz", "uuid")),
    "recents": (("d.depose_le", "d.id"), " DESC", ("timestamptz", "uuid")),
    "anciens": (("d.depose_le", "d.id"), "", ("timestamptz", "uuid")),
}
_COLONNES = ", ".join(f"d.{name}" for name in LigneBureau._fields)


def _conditions(criteres: Criteres, values: list[Any]) -> str:
    """The conditions on `d`, their values appended; what is not asked is not in the statement."""

    def put(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    sql = f"d.depose_le IS NOT NULL{_SITUATION[criteres.situation]}"
    for column, value in (("etat", criteres.etat), ("slug", criteres.slug), ("etape", criteres.etape)):
        if value is not None:
            sql += f" AND d.{column} = {put(value)}"
    for column, several in (
        ("agent_id", criteres.agents),
        ("groupe_id", criteres.groupes),
        ("id", criteres.ids),
    ):
        if several is not None:
            sql += f" AND d.{column} = ANY({put(list(several))}::uuid[])"
    if criteres.sans_agent:
        sql += " AND d.agent_id IS NULL"
    if criteres.etiquette is not None:
        sql += f" AND d.etiquettes @> ARRAY[{put(criteres.etiquette)}::uuid]"
    for condition, limit in (
        ("d.depose_le >=", criteres.depose_depuis),
        ("d.depose_le <", criteres.depose_avant),
    ):
        if limit is not None:
            sql += f" AND {condition} {put(limit)}"
    return sql + _silence(criteres, put)


def _silence(criteres: Criteres, put: Callable[[Any], str]) -> str:
    """Silence decides before a day; of several local days, each for its own collectivités."""
    days = criteres.silence_avant
    if days is None:
        return ""
    if len(days) == 1:
        return f" AND {_SILENCE} < {put(days[0][0])}"
    each = (
        f"({_SILENCE} < {put(day)} AND d.collectivite_id = ANY({put(list(ids))}::uuid[]))"
        for day, ids in days
    )
    return f" AND ({' OR '.join(each) or 'false'})"


def _apres(tri: str, curseur: str, values: list[Any]) -> str:
    """The condition that a row comes after the one where the last page ended; none for a cursor that is not ours."""
    keys, down, types = _ORDRES[tri]
    place = read_curseur(tri, curseur)
    if place is None:
        return ""
    marks = []
    for value, kind in zip(place, types, strict=True):
        values.append(value)
        marks.append(f"${len(values)}::{kind}")
    return f" AND ({', '.join(keys)}) {'<' if down else '>'} ({', '.join(marks)})"


def curseur_of(tri: str, row: LigneBureau) -> str:
    """Where the page that ends with this row ends, for the address of the next one."""
    place: list[str] = [row.depose_le.isoformat(), str(row.id)]
    if tri == "urgence":
        place.insert(0, row.silence_le.isoformat() if row.silence_le else "")
    return base64.urlsafe_b64encode("|".join(place).encode()).decode().rstrip("=")


def read_curseur(tri: str, curseur: str) -> tuple[Any, ...] | None:
    """The place that a cursor tells, or None when it is no cursor of that order."""
    if not curseur:
        return None
    try:
        plain = base64.urlsafe_b64decode(curseur + "=" * (-len(curseur) % 4)).decode()
        *silence, depose_le, id_ = plain.split("|")
        if len(silence) != (1 if tri == "urgence" else 0):
            return None
        first = [date.fromisoformat(one) if one else date.max for one in silence]
        when = datetime.fromisoformat(depose_le)
        return None if when.tzinfo is None else (*first, when, UUID(id_))
    except ValueError:
        return None


async def list_desk(
    session: AsyncSession, criteres: Criteres, *, tri: str, apres: str = "", limit: int
) -> list[LigneBureau]:
    """The dossiers that fit, in order, from the place `apres`: `limit` rows of each collectivité's index at most."""
    keys, down, _ = _ORDRES[tri]
    values: list[Any] = [list(criteres.collectivites), limit]
    where = _conditions(criteres, values) + _apres(tri, apres, values)
    order = ", ".join(f"{key}{down}" for key in keys)
    if criteres.ids is not None:
        # Known by their ids: an index of some order would be read through to find them.
        sql = (
            f"WITH d AS MATERIALIZED (SELECT {_COLONNES} FROM demarches_dossier d WHERE {where})"  # noqa: S608
            f" SELECT {_COLONNES} FROM d WHERE d.collectivite_id = ANY($1::uuid[]) ORDER BY {order} LIMIT $2"
        )
        return [LigneBureau(*row) for row in await fetch(session, sql, *values)]
    sql = (
        f"SELECT {_COLONNES} FROM unnest($1::uuid[]) AS c(id) CROSS JOIN LATERAL (SELECT {_COLONNES}"  # noqa: S608
        f" FROM demarches_dossier d WHERE d.collectivite_id = c.id AND {where} ORDER BY {order} LIMIT $2) d"
        f" ORDER BY {order} LIMIT $2"
    )
    return [LigneBureau(*row) for row in await fetch(session, sql, *values)]


async def list_ids(session: AsyncSession, criteres: Criteres, limit: int) -> list[tuple[UUID, UUID]]:
    """(collectivité, dossier) of everything that fits, oldest first."""
    values: list[Any] = [list(criteres.collectivites), limit]
    where = _conditions(criteres, values)
    sql = (
        "SELECT d.collectivite_id, d.id FROM demarches_dossier d"  # noqa: S608 - names of ours
        f" WHERE d.collectivite_id = ANY($1::uuid[]) AND {where} ORDER BY d.depose_le, d.id LIMIT $2"
    )
    return [(row[0], row[1]) for row in await fetch(session, sql, *values)]


async def count_desk(session: AsyncSession, several: Sequence[Criteres]) -> list[int]:
    """How many dossiers fit each of several criteria, in one statement; more than BEAUCOUP counts as BEAUCOUP + 1."""
    values: list[Any] = [BEAUCOUP + 1]
    parts = []
    for criteres in several:
        values.append(list(criteres.collectivites))
        place = f"d.collectivite_id = ANY(${len(values)}::uuid[])"
        where = _conditions(criteres, values)
        parts.append(
            f"(SELECT count(*) FROM (SELECT 1 FROM demarches_dossier d WHERE {place} AND {where} LIMIT $1) x)"  # noqa: S608
        )
    (row,) = await fetch(session, f"SELECT {', '.join(parts)}", *values)
    return list(row)


async def count_views(
    session: AsyncSession, jours: Mapping[UUID, date], agents: Sequence[UUID], *etats: str
) -> dict[str, int]:
    """The counters of the desk (ouverts, a_prendre, miens, en_attente, retard); `etats`: to be taken, awaiting.

    `jours`: the local day of each collectivité to count in.
    """
    sql = "SELECT * FROM compter_bureau($1, $2, $3, $4, $5, $6)"
    rows = await fetch(session, sql, list(jours), list(agents), list(jours.values()), *etats, BEAUCOUP + 1)
    return dict(rows[0]) if rows else {}


async def search_dossiers(
    session: AsyncSession, words: str, collectivites: Sequence[UUID], today: date, limit: int
) -> list[UUID]:
    """The newest dossiers of the perimeter that hold every word (beginnings count, a phrase in quotation marks)."""
    sql = "SELECT dossier_id FROM chercher_dossiers($1, $2, $3, $4)"
    return [row[0] for row in await fetch(session, sql, words, list(collectivites), today, limit)]


async def list_by_numero(session: AsyncSession, numeros: Sequence[str]) -> list[UUID]:
    """The ids of the dossiers that bear one of these numbers."""
    sql = "SELECT id FROM demarches_dossier WHERE numero = ANY($1::text[])"
    return [row[0] for row in await fetch(session, sql, list(numeros))]


_SAISIES = """
SELECT collectivite_id, id, titre, demandeur, mandataire, canal, cree_le FROM demarches_dossier
WHERE collectivite_id = ANY($1::uuid[]) AND etat = 'brouillon' AND canal <> 'web'
ORDER BY modifie_le DESC LIMIT $2
"""


async def list_saisies(session: AsyncSession, collectivites: Sequence[UUID], limit: int) -> list[LigneSaisie]:
    """The drafts that agents fill for somebody, latest first."""
    return [LigneSaisie(*row) for row in await fetch(session, _SAISIES, list(collectivites), limit)]


_OWN = """
SELECT d.collectivite_id, d.id, d.numero, d.slug, d.titre, d.etat, d.cree_le, d.modifie_le, d.depose_le, d.silence_le,
       (v.contenu #>> '{conservation,brouillon_jours}')::int
FROM demarches_dossier d JOIN demarches_version v ON v.id = d.version_id
WHERE d.usager_id = $1 ORDER BY d.modifie_le DESC LIMIT $2
"""


async def list_for_usager(session: AsyncSession, usager_id: UUID, limit: int) -> list[LignePropre]:
    """A person's own dossiers and drafts, in every collectivité, latest first."""
    return [LignePropre(*row) for row in await fetch(session, _OWN, usager_id, limit)]


class LigneConfiee(NamedTuple):
    """Somebody else's draft that the person was invited to fill."""

    collectivite_id: UUID
    id: UUID
    titre: str
    modifie_le: datetime
    brouillon_jours: int | None


async def list_entrusted(session: AsyncSession) -> list[LigneConfiee]:
    """The drafts that the person of the transaction was invited to fill, latest first."""
    return [LigneConfiee(*row) for row in await fetch(session, "SELECT * FROM brouillons_confies()")]


# Everything that frames the list, whatever the number of collectivités: names for the filters, what the agent chose.
_CADRE = """
SELECT json_build_object(
  'communes', (SELECT json_agg(json_build_array(c.id, c.nom, c.fuseau) ORDER BY c.nom) FROM socle_collectivite c
    WHERE c.id = ANY($1::uuid[])),
  'demarches', (SELECT json_agg(json_build_array(x.slug, x.titre) ORDER BY x.titre) FROM (
    SELECT a.slug, min(v.titre) AS titre FROM demarches_adoption a JOIN demarches_version v ON v.id = a.version_id
    WHERE a.collectivite_id = ANY($1::uuid[]) GROUP BY a.slug) x),
  'etiquettes', (SELECT json_agg(json_build_array(e.id, e.collectivite_id, e.nom, e.ton, e.active)
    ORDER BY lower(e.nom)) FROM demarches_etiquette e WHERE e.collectivite_id = ANY($1::uuid[])),
  'groupes', (SELECT json_agg(json_build_array(g.id, g.collectivite_id, g.nom, EXISTS (
      SELECT FROM demarches_groupe_agent m WHERE m.collectivite_id = g.collectivite_id AND m.groupe_id = g.id
        AND m.agent_id = $2)) ORDER BY lower(g.nom))
    FROM demarches_groupe g WHERE g.collectivite_id = ANY($1::uuid[]) AND g.actif),
  'etapes', (SELECT jsonb_path_query_array(v.contenu, '$.parcours.etapes[*]') FROM demarches_version v
    WHERE $4 <> '' AND v.id = (SELECT a.version_id FROM demarches_adoption a
      WHERE a.collectivite_id = ANY($1::uuid[]) AND a.slug = $4 LIMIT 1)),
  'vues', (SELECT json_agg(json_build_array(v.id, v.nom, v.requete) ORDER BY v.cree_le) FROM demarches_vue_bureau v
    WHERE v.agent_id = $2),
  'colonnes', (SELECT to_json(p.colonnes) FROM demarches_preference p WHERE p.agent_id = $2),
  'remplaces', (SELECT json_agg(DISTINCT a.agent_id) FROM demarches_absence a
    WHERE a.remplacant_id = $2 AND a.collectivite_id = ANY($1::uuid[]) AND $3::date BETWEEN a.du AND a.au),
  'collegues', (SELECT json_agg(json_build_array(x.id, x.nom) ORDER BY x.nom) FROM (
    SELECT DISTINCT a.id, btrim(a.prenom || ' ' || a.nom) AS nom FROM socle_habilitation h
    JOIN socle_agent a ON a.id = h.agent_id WHERE h.collectivite_id = ANY($1::uuid[]) AND a.actif) x
    WHERE x.nom <> '')
)::text
"""


async def read_cadre(
    session: AsyncSession, collectivites: Sequence[UUID], agent_id: UUID, today: date, slug: str = ""
) -> dict[str, Any]:
    """Names for the filters, the agent's views and columns, whom they replace; the steps of one démarche if asked."""
    (row,) = await fetch(session, _CADRE, list(collectivites), agent_id, today, slug)
    found: dict[str, Any] = json.loads(row[0])
    return found
