"""A transaction is begun once, under its perimeter, and ended once: what was not committed is never taken for it."""

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.demarches.models import Dossier
from app.socle.db import Database, fetch, set_perimetre
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre
from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.base import BaseEssai
from tests.outillage.comptage import count_statements
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
COUNT = "SELECT count(*) FROM demarches_dossier"


async def test_written_sql_may_come_first_and_has_its_perimeter(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    db = portail.noyau.db
    with count_statements() as sent:
        async with db.session(Perimetre.pour_instruction(dossier.collectivite_id)) as session:
            assert await fetch(session, COUNT) == [(1,)]
            assert (await session.execute(select(Dossier.id))).scalar_one() == dossier.id
        async with db.session() as session:
            assert await fetch(session, COUNT) == [(0,)]
    assert len(sent) == 3


async def test_the_perimeter_may_change_before_and_after_the_first_statement(
    portail: Portail, cast: Cast
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    theirs = Perimetre.pour_instruction(dossier.collectivite_id)
    async with portail.noyau.db.session() as session:
        await set_perimetre(session, theirs)
        assert await fetch(session, COUNT) == [(1,)]
        await set_perimetre(session, Perimetre())
        assert await fetch(session, COUNT) == [(0,)]


async def test_what_the_driver_and_the_orm_write_is_one_transaction(noyau: Noyau, base: BaseEssai) -> None:
    sql = "INSERT INTO socle_limite (cle, fenetre, compte) VALUES ($1, now(), 1)"

    async def write() -> None:
        async with noyau.db.session() as session:
            await fetch(session, sql, "par le pilote")
            await session.execute(
                text("INSERT INTO socle_limite (cle, fenetre, compte) VALUES ('par l’ORM', now(), 1)")
            )
            raise LookupError

    with pytest.raises(LookupError):
        await write()
    assert base.sql("SELECT 1 FROM socle_limite") == []


async def test_a_commit_that_postgresql_turns_into_a_rollback_is_an_error(
    noyau: Noyau, base: BaseEssai
) -> None:
    """A statement that failed, and whose failure somebody swallowed, has undone all the others."""
    sql = "INSERT INTO socle_limite (cle, fenetre, compte) VALUES ('perdue', now(), 1)"

    async def swallow() -> None:
        async with noyau.db.session() as session:
            await fetch(session, sql)
            with pytest.raises(DBAPIError):
                await fetch(session, "SELECT 1/0")

    with pytest.raises(DBAPIError, match="ROLLBACK"):
        await swallow()
    assert base.sql("SELECT 1 FROM socle_limite") == []
    assert await noyau.db.answers()


async def test_the_driver_says_what_it_was_refused_as_the_orm_does(noyau: Noyau, base: BaseEssai) -> None:
    sql = "INSERT INTO socle_limite (cle, fenetre, compte) VALUES ($1, '2026-01-01', 1)"
    await noyau.db.alone(sql, "secret")
    with pytest.raises(IntegrityError) as refused:
        await noyau.db.alone(sql, "secret")
    assert "limite" in str(refused.value)
    assert refused.value.params is None


async def test_a_connection_that_postgresql_closed_is_replaced(noyau: Noyau, base: BaseEssai) -> None:
    db = Database(noyau.settings.database_url, noyau.settings.database_url_plateforme, pool_size=1)
    try:
        for _ in range(2):
            ((pid,),) = await db.alone("SELECT pg_backend_pid()")
            base.sql("SELECT pg_terminate_backend(%s)", pid)
            await asyncio.sleep(0.1)
            async with db.session() as session:
                ((other,),) = await fetch(session, "SELECT pg_backend_pid()")
            assert other != pid
    finally:
        await db.close()
