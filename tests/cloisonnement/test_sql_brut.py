"""Raw SQL, as a fault in the Python would send it: each perimeter reaches the rows it is given, and no other."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import Database, own_in, set_perimetre, write_in
from app.socle.tenancy import Perimetre
from tests.cloisonnement.monde import Monde, foreign
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

_TENANT = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'collectivite_id'
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'socle_hote' ORDER BY 1
"""
# What the application has no right on at all, whatever the perimeter.
CLOSED = {"demarches_recherche"}
INSUFFICIENT = "42501"


class Undone(Exception):
    """Raised to roll a transaction back."""


@asynccontextmanager
async def undone(db: Database, perimetre: Perimetre) -> AsyncIterator[AsyncSession]:
    """A transaction that ends by a rollback."""
    with suppress(Undone):
        async with db.session(perimetre) as session:
            yield session
            raise Undone


def tenant_tables(portail: Portail) -> list[str]:
    return [name for (name,) in portail.base.sql(_TENANT)]


def owners_of(portail: Portail) -> dict[UUID, UUID | None]:
    return dict(portail.base.sql("SELECT id, usager_id FROM demarches_dossier"))


async def rows_of(session: AsyncSession, sql: str, **values: Any) -> list[dict[str, Any]]:
    """The rows that a statement returns; none when PostgreSQL refuses it for want of a right."""
    try:
        async with session.begin_nested():
            return [dict(row) for row in (await session.execute(text(sql), values)).mappings()]
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != INSUFFICIENT:
            raise
        return []


async def sqlstate_of(session: AsyncSession, sql: str, **values: Any) -> str:
    """The code of the refusal of a statement; empty when it was taken."""
    try:
        async with session.begin_nested():
            await session.execute(text(sql), values)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", "?"))
    return ""


async def test_the_world_has_rows_of_both_communes_in_every_table(portail: Portail, monde: Monde) -> None:
    for table in tenant_tables(portail):
        found = {row[0] for row in portail.base.sql(f"SELECT DISTINCT collectivite_id FROM {table}")}
        assert {monde.guingamp, monde.rennes} <= found, f"{table}: give the world rows of it"


async def test_each_perimeter_reads_its_own_rows_only(portail: Portail, monde: Monde) -> None:
    owners, faults = owners_of(portail), []
    for name, perimetre in monde.perimetres().items():
        async with portail.noyau.db.session(perimetre) as session:
            for table in tenant_tables(portail):
                rows = await rows_of(session, f"SELECT * FROM {table}")
                if any(foreign(row, perimetre, owners) for row in rows):
                    faults.append(f"{name}: {table}")
                if name == "aucun" and rows:
                    faults.append(f"without perimeter: {table}")
    assert faults == []


async def test_owners_and_agents_do_read_theirs(portail: Portail, monde: Monde) -> None:
    """The other side: a policy that hid everything would pass every other test of this page."""
    mine = Perimetre(usager=monde.rozenn.usager_id)
    async with portail.noyau.db.session(mine) as session:
        for table in (
            "dossier",
            "reponse",
            "piece",
            "evenement",
            "message",
            "complement",
            "decision",
            "document",
        ):
            assert await rows_of(session, f"SELECT * FROM demarches_{table}"), table
    async with portail.noyau.db.session(Perimetre.pour_instruction(monde.guingamp)) as session:
        for table in set(tenant_tables(portail)) - CLOSED:
            assert await rows_of(session, f"SELECT * FROM {table}"), table


async def test_no_perimeter_changes_or_removes_anything_of_another(portail: Portail, monde: Monde) -> None:
    owners, faults = owners_of(portail), []
    for name, perimetre in monde.perimetres().items():
        async with undone(portail.noyau.db, perimetre) as session:
            for table in tenant_tables(portail):
                # A decision keeps its dossier: only a draft may go.
                only = " AND etat = 'brouillon'" if table == "demarches_dossier" else ""
                for sql in (
                    f"UPDATE {table} SET collectivite_id = collectivite_id RETURNING *",
                    f"DELETE FROM {table} WHERE collectivite_id = '{monde.guingamp}'{only} RETURNING *",
                ):
                    touched = await rows_of(session, sql)
                    if any(foreign(row, perimetre, owners) for row in touched):
                        faults.append(f"{name}: {sql}")
    assert faults == []


async def test_a_blind_update_changes_nobody_elses_row(portail: Portail, monde: Monde) -> None:
    """Without RETURNING no SELECT policy helps: the state of the tables tells."""
    before = portail.base.sql("SELECT count(*), max(titre) FROM demarches_dossier WHERE titre <> 'volé'")
    for name, perimetre in monde.perimetres().items():
        if perimetre.instruction:
            continue
        async with portail.noyau.db.session(perimetre) as session:
            await session.execute(text("UPDATE demarches_dossier SET titre = 'volé'"))
        stolen = portail.base.sql("SELECT DISTINCT usager_id FROM demarches_dossier WHERE titre = 'volé'")
        assert {row[0] for row in stolen} <= {perimetre.usager}, name
        portail.base.restore("monde")
    assert before


@pytest.mark.parametrize("name", ["voisin", "agent d'ailleurs qui écrit", "travail d'ailleurs", "aucun"])
async def test_no_row_is_added_in_anothers_name(portail: Portail, monde: Monde, name: str) -> None:
    """A copy of each of Rozenn's rows, under a new id, is refused whoever else sends it."""
    perimetre = monde.perimetres()[name]
    if name == "voisin":
        perimetre = Perimetre(lecture=(monde.guingamp,), ecriture=monde.guingamp, usager=monde.yann.usager_id)
    faults = []
    for table in set(tenant_tables(portail)) - CLOSED - {"socle_audit"}:
        ((copied,),) = portail.base.sql(
            f"SELECT to_jsonb(t) FROM {table} t WHERE collectivite_id = %s"
            + (" AND usager_id = %s" if table == "demarches_dossier" else "")
            + (
                " AND dossier_id IN (SELECT id FROM demarches_dossier WHERE usager_id = %s)"
                if "dossier_id" in columns_of(portail, table)
                else ""
            )
            + " LIMIT 1",
            monde.guingamp,
            *([monde.rozenn.usager_id] if personal(portail, table) else []),
        )
        if "id" in copied:
            copied["id"] = str(uuid4())
        copied |= {"numero": None} if "numero" in copied else {}
        async with portail.noyau.db.session(perimetre) as session:
            code = await sqlstate_of(
                session,
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(null::{table}, cast(:ligne AS jsonb))",
                ligne=json.dumps(copied),
            )
        if code != INSUFFICIENT:
            faults.append(f"{table}: {code or 'taken'}")
    assert faults == []


def columns_of(portail: Portail, table: str) -> set[str]:
    rows = portail.base.sql(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", table
    )
    return {row[0] for row in rows}


def personal(portail: Portail, table: str) -> bool:
    return table == "demarches_dossier" or "dossier_id" in columns_of(portail, table)


async def test_a_row_cannot_be_moved_to_another_collectivite(portail: Portail, monde: Monde) -> None:
    both = Perimetre(
        lecture=(monde.guingamp, monde.rennes), ecriture=monde.guingamp, agent=monde.cast.agents["maelle"],
        instruction=True,
    )  # fmt: skip
    async with portail.noyau.db.session(both) as session:
        for table in ("demarches_dossier", "demarches_piece", "demarches_adoption", "demarches_envoi"):
            code = await sqlstate_of(
                session,
                f"UPDATE {table} SET collectivite_id = :ailleurs WHERE collectivite_id = :ici",
                ailleurs=monde.rennes,
                ici=monde.guingamp,
            )
            assert code == INSUFFICIENT, table


async def test_a_piece_cannot_hang_under_another_collectivites_dossier(
    portail: Portail, monde: Monde
) -> None:
    """Belt 1: even the platform, whom every policy lets pass, is refused by the composite key."""
    async with portail.noyau.db.hors_cloison("a test of the keys") as session:
        code = await sqlstate_of(
            session,
            "UPDATE demarches_piece SET dossier_id = :autre WHERE id = :piece",
            autre=monde.ailleurs.id,
            piece=monde.victime.piece_id,
        )
    assert code == "23503"


async def test_internal_notes_are_the_agents_only(portail: Portail, monde: Monde) -> None:
    agent = Perimetre(lecture=(monde.guingamp,), agent=monde.cast.agents["maelle"], instruction=True)
    notes = "SELECT * FROM demarches_message WHERE interne"
    async with portail.noyau.db.session(agent) as session:
        assert await rows_of(session, notes)
    owner = Perimetre(lecture=(monde.guingamp,), ecriture=monde.guingamp, usager=monde.rozenn.usager_id)
    async with portail.noyau.db.session(owner) as session:
        for table in ("demarches_message", "demarches_evenement"):
            rows = await rows_of(session, f"SELECT * FROM {table}")
            assert rows
            assert not any(row["interne"] for row in rows)


async def test_an_owner_cannot_decide_nor_speak_as_an_agent(portail: Portail, monde: Monde) -> None:
    """A person's transaction writes in the collectivité of the dossier, but never what only an agent may write."""
    owner = Perimetre(lecture=(monde.guingamp,), ecriture=monde.guingamp, usager=monde.rozenn.usager_id)
    base = {"c": monde.guingamp, "d": monde.brouillon.id, "i": uuid4()}
    statements = {
        "decision": (
            "INSERT INTO demarches_decision SELECT :c, :d, 'accepte', '', 'A', 'B', 'C', 'D', agent_id, now()"
            " FROM (SELECT cast(:agent AS uuid) AS agent_id) a",
            base | {"agent": monde.cast.agents["maelle"]},
        ),
        "note": (
            "INSERT INTO demarches_message (collectivite_id, id, dossier_id, quand, de_l_agent, auteur, interne, texte)"
            " VALUES (:c, :i, :d, now(), true, 'X', true, 'x')",
            base,
        ),
        "adoption": ("UPDATE demarches_adoption SET ouverte = false RETURNING 1", {}),
    }
    async with portail.noyau.db.session(owner) as session:
        for name in ("decision", "note"):
            sql, values = statements[name]
            assert await sqlstate_of(session, sql, **values) == INSUFFICIENT, name
        assert await rows_of(session, statements["adoption"][0]) == []


async def test_people_and_sessions_are_their_owners(portail: Portail, monde: Monde) -> None:
    await portail.ouvrir_session("guingamp", usager=monde.rozenn.paire)
    async with portail.noyau.db.session(Perimetre(usager=monde.yann.usager_id)) as session:
        for table, column in (
            ("socle_usager", "id"),
            ("socle_identite", "usager_id"),
            ("socle_session", "usager_id"),
        ):
            rows = await rows_of(session, f"SELECT * FROM {table}")
            assert rows, table
            assert {row[column] for row in rows} == {monde.yann.usager_id}, table
        assert await rows_of(session, "SELECT * FROM socle_agent") == []
        revoked = await rows_of(session, "UPDATE socle_session SET revoquee_le = now() RETURNING usager_id")
        assert {row["usager_id"] for row in revoked} == {monde.yann.usager_id}
        assert await sqlstate_of(session, "UPDATE socle_session SET expire_le = 'infinity'") == INSUFFICIENT
    desk = Perimetre(lecture=(monde.guingamp,), agent=monde.cast.agents["maelle"], instruction=True)
    async with portail.noyau.db.session(desk) as session:
        colleagues = {row["prenom"] for row in await rows_of(session, "SELECT * FROM socle_agent")}
        assert colleagues == {"Maëlle", "Yann"}
        assert await rows_of(session, "SELECT * FROM socle_usager") == []


async def test_a_reused_connection_keeps_nothing(portail: Portail, monde: Monde) -> None:
    db = Database(
        portail.noyau.settings.database_url, portail.noyau.settings.database_url_plateforme, pool_size=1
    )
    count = text("SELECT count(*) FROM demarches_dossier")
    agent = Perimetre.pour_instruction(monde.guingamp)
    try:
        async with db.session(agent) as session:
            own = (await session.execute(count)).scalar_one()
            assert own >= 3
        async with db.session() as session:
            assert (await session.execute(count)).scalar_one() == 0
        async with undone(db, agent) as session:
            await session.execute(count)
        async with db.engine.connect() as connection:
            assert (await connection.execute(count)).scalar_one() == 0
        async with db.session(agent) as session:
            await session.connection()  # BEGIN was never sent: its perimeter must not wait for the next one
        async with db.engine.connect() as connection:
            assert (await connection.execute(count)).scalar_one() == 0
        async with db.session(agent) as session:
            await session.commit()
            assert (await session.execute(count)).scalar_one() == own, (
                "a second transaction has its perimeter too"
            )
            async with session.begin_nested():
                assert (await session.execute(count)).scalar_one() == own
    finally:
        await db.close()


async def test_what_a_resident_has_not_submitted_is_unread_by_agents(portail: Portail, monde: Monde) -> None:
    async with portail.noyau.db.session(Perimetre.pour_instruction(monde.guingamp)) as session:
        for table, column in (("dossier", "id"), ("reponse", "dossier_id"), ("piece", "dossier_id")):
            query = f"SELECT * FROM demarches_{table} WHERE {column} = '{monde.brouillon.id}'"
            assert await rows_of(session, query) == [], table
    owner = Perimetre(lecture=(monde.guingamp,), usager=monde.rozenn.usager_id)
    async with portail.noyau.db.session(owner) as session:
        query = f"SELECT * FROM demarches_dossier WHERE id = '{monde.brouillon.id}'"
        assert len(await rows_of(session, query)) == 1


async def test_a_perimeter_widens_only_to_what_it_may_read(portail: Portail, monde: Monde) -> None:
    async with portail.noyau.db.session(Perimetre(lecture=(monde.guingamp,), instruction=True)) as session:
        with pytest.raises(LookupError):
            await write_in(session, monde.rennes)
        with pytest.raises(LookupError):
            await own_in(session, monde.guingamp)
        await set_perimetre(session, Perimetre())
        assert await rows_of(session, "SELECT * FROM demarches_dossier") == []
