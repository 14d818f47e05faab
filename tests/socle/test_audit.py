"""The audit trail: nobody rewrites a line, sealing chains them, and what was tampered with is found."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.socle.audit import record_as, seal, verify_chain
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre
from tests.outillage.base import BaseEssai

pytestmark = pytest.mark.anyio


async def write_lines(noyau: Noyau, number: int = 3) -> None:
    async with noyau.db.hors_cloison("a test writes lines") as session:
        for _ in range(number):
            await record_as(session, noyau.clock.now(), "systeme", "essai:ligne:ecrire", str(uuid4()))


async def seal_all(noyau: Noyau) -> int:
    async with noyau.db.hors_cloison("a test seals") as session:
        return await seal(session, noyau.clock.now())


async def faults(noyau: Noyau) -> list[str]:
    async with noyau.db.hors_cloison("a test verifies") as session:
        return await verify_chain(session)


async def test_lines_are_sealed_in_a_chain_that_holds(noyau: Noyau) -> None:
    await write_lines(noyau)
    assert await seal_all(noyau) >= 3
    assert await seal_all(noyau) == 0
    await write_lines(noyau, 2)
    assert await seal_all(noyau) == 2
    assert await faults(noyau) == []


@pytest.mark.parametrize("table", ["socle_audit", "socle_audit_lot"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {}"])
async def test_no_role_of_ours_rewrites_a_line(
    noyau: Noyau, base: BaseEssai, table: str, change: str
) -> None:
    await write_lines(noyau)
    await seal_all(noyau)
    column = "acteur" if table == "socle_audit" else "empreinte"
    sql = text(change.format(table, column))
    for opened in (noyau.db.session(Perimetre()), noyau.db.hors_cloison("a test tries")):
        async with opened as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(sql)
            await session.rollback()


async def test_even_the_right_to_seal_changes_nothing_else_and_only_once(
    noyau: Noyau, base: BaseEssai
) -> None:
    await write_lines(noyau)
    await seal_all(noyau)
    async with noyau.db.hors_cloison("a test tries") as session:
        with pytest.raises(DBAPIError, match="never changes"):
            await session.execute(text("UPDATE socle_audit SET lot = 99"))
        await session.rollback()


def changed(base: BaseEssai) -> None:
    base.sql("UPDATE socle_audit SET acteur = 'personne' WHERE action = 'essai:ligne:ecrire'")


def removed(base: BaseEssai) -> None:
    base.sql("DELETE FROM socle_audit WHERE id = (SELECT max(id) FROM socle_audit)")


def batch_removed(base: BaseEssai) -> None:
    base.sql("DELETE FROM socle_audit_lot WHERE rang = 1")


def batch_rewritten(base: BaseEssai) -> None:
    base.sql("UPDATE socle_audit_lot SET empreinte = '\\x00' WHERE rang = 1")


@pytest.mark.parametrize("tamper", [changed, removed, batch_removed, batch_rewritten])
async def test_what_a_superuser_tampers_with_is_found(
    noyau: Noyau, base: BaseEssai, tamper: Callable[[BaseEssai], None]
) -> None:
    for _ in range(2):
        await write_lines(noyau)
        await seal_all(noyau)
    assert await faults(noyau) == []
    base.sql("SET session_replication_role = replica")
    tamper(base)
    base.sql("SET session_replication_role = DEFAULT")
    assert await faults(noyau)
