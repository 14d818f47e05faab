"""SQL of what agents share: groups and routing, labels, absences, templates of messages; and each one's own views."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch


class Etiquette(NamedTuple):
    """A label of a collectivité."""

    id: UUID
    nom: str
    ton: str


class Groupe(NamedTuple):
    """A group of agents, with the ids of its members."""

    id: UUID
    nom: str
    membres: list[UUID]


class Modele(NamedTuple):
    """A template of message; `slug` is '' for every démarche."""

    id: UUID
    collectivite_id: UUID
    slug: str
    nom: str
    texte: str


class Absence(NamedTuple):
    """An agent is away from a day to another, replaced by a colleague."""

    id: UUID
    agent_id: UUID
    remplacant: str
    du: date
    au: date


class Preference(NamedTuple):
    """What an agent chose: columns, and the summary by e-mail."""

    colonnes: list[str] | None
    resume: str
    resume_heure: int
    resume_jour: int


async def list_etiquettes(session: AsyncSession, collectivites: Sequence[UUID]) -> list[Etiquette]:
    """The labels in use, by name."""
    sql = (
        "SELECT id, nom, ton FROM demarches_etiquette WHERE collectivite_id = ANY($1::uuid[]) AND active"
        " ORDER BY lower(nom)"
    )
    return [Etiquette(*row) for row in await fetch(session, sql, list(collectivites))]


async def add_etiquette(session: AsyncSession, collectivite_id: UUID, id_: UUID, nom: str, ton: str) -> bool:
    """A new label; False when one of that name is in use."""
    return await _added(
        session,
        "INSERT INTO demarches_etiquette (collectivite_id, id, nom, ton) VALUES (:c, :id, :nom, :ton)",
        c=collectivite_id, id=id_, nom=nom, ton=ton,
    )  # fmt: skip


async def _added(session: AsyncSession, sql: str, **values: Any) -> bool:
    found = await session.execute(text(f"{sql} ON CONFLICT DO NOTHING RETURNING id"), values)
    return found.first() is not None


async def retire(session: AsyncSession, quoi: str, collectivite_id: UUID, id_: UUID) -> bool:
    """Takes a label, a group or a template out of use (dossiers keep it); False when there is no such one in use."""
    table, column = {
        "etiquette": ("demarches_etiquette", "active"),
        "groupe": ("demarches_groupe", "actif"),
        "modele": ("demarches_modele", "actif"),
    }[quoi]
    sql = f"UPDATE {table} SET {column} = false WHERE collectivite_id = :c AND id = :id AND {column} RETURNING id"  # noqa: S608
    return (await session.execute(text(sql), {"c": collectivite_id, "id": id_})).first() is not None


async def list_groupes(session: AsyncSession, collectivite_id: UUID) -> list[Groupe]:
    """The groups in use and their members."""
    sql = (
        "SELECT g.id, g.nom, ARRAY(SELECT m.agent_id FROM demarches_groupe_agent m"
        " WHERE m.collectivite_id = g.collectivite_id AND m.groupe_id = g.id)"
        " FROM demarches_groupe g WHERE g.collectivite_id = $1 AND g.actif ORDER BY lower(g.nom)"
    )
    return [Groupe(*row) for row in await fetch(session, sql, collectivite_id)]


async def add_groupe(session: AsyncSession, collectivite_id: UUID, id_: UUID, nom: str) -> bool:
    """A new group; False when one of that name is in use."""
    return await _added(
        session,
        "INSERT INTO demarches_groupe (collectivite_id, id, nom) VALUES (:c, :id, :nom)",
        c=collectivite_id, id=id_, nom=nom,
    )  # fmt: skip


async def set_membres(
    session: AsyncSession, collectivite_id: UUID, groupe_id: UUID, agents: Sequence[UUID]
) -> None:
    """Who is in a group, from now on: those of these agents who serve the collectivité."""
    values = {"c": collectivite_id, "g": groupe_id, "agents": list(agents)}
    await session.execute(
        text(
            "DELETE FROM demarches_groupe_agent WHERE collectivite_id = :c AND groupe_id = :g"
            " AND NOT agent_id = ANY(:agents)"
        ),
        values,
    )
    await session.execute(
        text(
            "INSERT INTO demarches_groupe_agent (collectivite_id, groupe_id, agent_id)"
            " SELECT DISTINCT h.collectivite_id, cast(:g AS uuid), h.agent_id FROM socle_habilitation h"
            " WHERE h.collectivite_id = :c AND h.agent_id = ANY(:agents) ON CONFLICT DO NOTHING"
        ),
        values,
    )


async def read_routage(session: AsyncSession, collectivite_id: UUID) -> dict[str, UUID]:
    """Which group each démarche's dossiers go to."""
    sql = "SELECT slug, groupe_id FROM demarches_routage WHERE collectivite_id = $1"
    return dict(await fetch(session, sql, collectivite_id))


async def set_routage(session: AsyncSession, collectivite_id: UUID, routes: dict[str, UUID]) -> None:
    """Replaces the table of routing; only démarches of the collectivité and groups in use are kept."""
    await session.execute(
        text("DELETE FROM demarches_routage WHERE collectivite_id = :c"), {"c": collectivite_id}
    )
    await session.execute(
        text(
            "INSERT INTO demarches_routage (collectivite_id, slug, groupe_id)"
            " SELECT a.collectivite_id, a.slug, g.id"
            " FROM unnest(cast(:slugs AS text[]), cast(:groupes AS uuid[])) AS r(slug, groupe_id)"
            " JOIN demarches_adoption a ON a.collectivite_id = :c AND a.slug = r.slug"
            " JOIN demarches_groupe g ON g.collectivite_id = :c AND g.id = r.groupe_id AND g.actif"
        ),
        {"c": collectivite_id, "slugs": list(routes), "groupes": list(routes.values())},
    )


async def list_demarches(session: AsyncSession, collectivite_id: UUID) -> list[tuple[str, str]]:
    """(slug, title) of the démarches of a collectivité that can be filed online."""
    sql = (
        "SELECT a.slug, v.titre FROM demarches_adoption a JOIN demarches_version v ON v.id = a.version_id"
        " WHERE a.collectivite_id = $1 AND v.contenu ->> 'genre' = 'teleservice' ORDER BY v.titre"
    )
    return [(row[0], row[1]) for row in await fetch(session, sql, collectivite_id)]


async def list_collegues(session: AsyncSession, collectivites: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """(id, name) of the active agents who serve every one of these collectivités."""
    sql = (
        "SELECT a.id, btrim(a.prenom || ' ' || a.nom) FROM socle_agent a WHERE a.actif AND ("
        " SELECT count(DISTINCT h.collectivite_id) FROM socle_habilitation h WHERE h.agent_id = a.id"
        " AND h.collectivite_id = ANY($1::uuid[])) = cardinality($1::uuid[])"
        " AND a.prenom || a.nom <> '' ORDER BY a.nom, a.prenom"
    )
    return [(row[0], row[1]) for row in await fetch(session, sql, list(collectivites))]


async def list_absences(session: AsyncSession, agent_id: UUID, today: date) -> list[Absence]:
    """An agent's absences to come or under way, one line a period and substitute."""
    sql = (
        "SELECT (array_agg(b.id ORDER BY b.id))[1], b.agent_id, btrim(a.prenom || ' ' || a.nom), b.du, b.au"
        " FROM demarches_absence b JOIN socle_agent a ON a.id = b.remplacant_id"
        " WHERE b.agent_id = $1 AND b.au >= $2 GROUP BY 2, 3, 4, 5 ORDER BY 4"
    )
    return [Absence(*row) for row in await fetch(session, sql, agent_id, today)]


async def add_absence(session: AsyncSession, collectivite_id: UUID, **values: Any) -> None:
    """An absence in one collectivité: (id, agent_id, remplacant_id, du, au, cree_le)."""
    await session.execute(
        text(
            "INSERT INTO demarches_absence (collectivite_id, id, agent_id, remplacant_id, du, au, cree_le)"
            " VALUES (:c, :id, :agent_id, :remplacant_id, :du, :au, :cree_le)"
        ),
        {"c": collectivite_id, **values},
    )


async def delete_absence(
    session: AsyncSession, collectivite_id: UUID, agent_id: UUID, du: date, au: date
) -> None:
    """The agent is not away after all."""
    await session.execute(
        text(
            "DELETE FROM demarches_absence WHERE collectivite_id = :c AND agent_id = :agent AND du = :du AND au = :au"
        ),
        {"c": collectivite_id, "agent": agent_id, "du": du, "au": au},
    )


async def list_modeles(session: AsyncSession, collectivites: Sequence[UUID]) -> list[Modele]:
    """The templates in use, by name."""
    sql = (
        "SELECT id, collectivite_id, slug, nom, texte FROM demarches_modele"
        " WHERE collectivite_id = ANY($1::uuid[]) AND actif ORDER BY lower(nom)"
    )
    return [Modele(*row) for row in await fetch(session, sql, list(collectivites))]


async def add_modele(session: AsyncSession, collectivite_id: UUID, **values: Any) -> bool:
    """A new template (id, slug, nom, texte); False when one of that name is in use."""
    return await _added(
        session,
        "INSERT INTO demarches_modele (collectivite_id, id, slug, nom, texte) VALUES (:c, :id, :slug, :nom, :texte)",
        c=collectivite_id, **values,
    )  # fmt: skip


async def set_etiquettes(
    session: AsyncSession,
    collectivite_id: UUID,
    dossier_id: UUID,
    *,
    ajout: UUID | None,
    retrait: UUID | None,
) -> bool:
    """Adds or takes away a label of the collectivité; False when it was so already, or is no label in use there."""
    values = {"c": collectivite_id, "d": dossier_id, "ajout": ajout, "retrait": retrait}
    found = await session.execute(
        text(
            "UPDATE demarches_dossier SET etiquettes = CASE WHEN cast(:ajout AS uuid) IS NULL"
            " THEN array_remove(etiquettes, cast(:retrait AS uuid)) ELSE etiquettes || cast(:ajout AS uuid) END"
            " WHERE collectivite_id = :c AND id = :d AND ((cast(:ajout AS uuid) IS NULL AND"
            " cast(:retrait AS uuid) = ANY(etiquettes)) OR (NOT cast(:ajout AS uuid) = ANY(etiquettes) AND EXISTS ("
            " SELECT FROM demarches_etiquette e WHERE e.collectivite_id = :c AND e.id = :ajout AND e.active)))"
            " RETURNING id"
        ),
        values,
    )
    return found.first() is not None


async def set_groupe(session: AsyncSession, collectivite_id: UUID, dossier_id: UUID, groupe_id: UUID) -> bool:
    """Moves a dossier to a group of its collectivité; False when it is there already, or there is no such group."""
    found = await session.execute(
        text(
            "UPDATE demarches_dossier d SET groupe_id = g.id FROM demarches_groupe g WHERE d.collectivite_id = :c"
            " AND d.id = :d AND g.collectivite_id = :c AND g.id = :g AND g.actif AND d.groupe_id IS DISTINCT FROM g.id"
            " RETURNING d.id"
        ),
        {"c": collectivite_id, "d": dossier_id, "g": groupe_id},
    )
    return found.first() is not None


async def get_agent_of(session: AsyncSession, collectivite_id: UUID, agent_id: UUID) -> str | None:
    """The name of an active agent who serves the collectivité, or None."""
    sql = (
        "SELECT btrim(a.prenom || ' ' || a.nom) FROM socle_agent a WHERE a.id = $2 AND a.actif AND EXISTS ("
        " SELECT FROM socle_habilitation h WHERE h.agent_id = a.id AND h.collectivite_id = $1)"
    )
    rows = await fetch(session, sql, collectivite_id, agent_id)
    return rows[0][0] if rows else None


async def add_vue(
    session: AsyncSession, agent_id: UUID, id_: UUID, nom: str, requete: str, now: datetime
) -> None:
    """Saves a view of the desk."""
    await session.execute(
        text(
            "INSERT INTO demarches_vue_bureau (agent_id, id, nom, requete, cree_le) VALUES (:a, :id, :nom, :r, :le)"
        ),
        {"a": agent_id, "id": id_, "nom": nom, "r": requete, "le": now},
    )


async def delete_vue(session: AsyncSession, agent_id: UUID, vue_id: UUID) -> bool:
    """Forgets a saved view; False when the agent has none of that id."""
    found = await session.execute(
        text("DELETE FROM demarches_vue_bureau WHERE agent_id = :a AND id = :id RETURNING id"),
        {"a": agent_id, "id": vue_id},
    )
    return found.first() is not None


async def read_preference(session: AsyncSession, agent_id: UUID) -> Preference:
    """What the agent chose, or what everybody begins with."""
    sql = "SELECT colonnes, resume, resume_heure, resume_jour FROM demarches_preference WHERE agent_id = $1"
    rows = await fetch(session, sql, agent_id)
    return Preference(*rows[0]) if rows else Preference(None, "aucun", 8, 1)


async def save_preference(session: AsyncSession, agent_id: UUID, preference: Preference) -> None:
    """Keeps what the agent chose."""
    await session.execute(
        text(
            "INSERT INTO demarches_preference (agent_id, colonnes, resume, resume_heure, resume_jour)"
            " VALUES (:a, :colonnes, :resume, :resume_heure, :resume_jour) ON CONFLICT (agent_id) DO UPDATE SET"
            " colonnes = excluded.colonnes, resume = excluded.resume, resume_heure = excluded.resume_heure,"
            " resume_jour = excluded.resume_jour"
        ),
        {"a": agent_id, **preference._asdict()},
    )
