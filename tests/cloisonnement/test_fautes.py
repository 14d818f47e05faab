"""A fault in the Python is not a leak: services broken on purpose, and hundreds of transactions that cross."""

import asyncio
import random
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Dossier
from app.demarches.repository import listes
from app.demarches.service import brouillons, instruction, suivi
from app.socle.db import Database
from app.socle.errors import NotFoundError
from app.socle.tenancy import Perimetre
from tests.cloisonnement.monde import Monde
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


async def test_a_list_that_forgot_its_filter_shows_nobody_elses(
    portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def everything(session: AsyncSession, *_: Any, **__: Any) -> list[Any]:
        return list((await session.execute(text("SELECT * FROM demarches_dossier"))).all())

    monkeypatch.setattr(listes, "list_for_usager", everything)
    session = await portail.ouvrir_session("guingamp", usager=monde.yann.paire)
    async with portail.contexte("guingamp", session=session) as ctx:
        rows, _ = await suivi.list_own(ctx)
    assert rows
    assert {row.usager_id for row in rows} == {monde.yann.usager_id}


async def test_an_access_that_forgot_who_asks_finds_nothing(
    portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brouillons, "owns", lambda _ctx, _dossier: True)
    monkeypatch.setattr(suivi, "owns", lambda _ctx, _dossier: True)
    for label, who in (("guingamp", monde.yann), ("rennes", monde.yann_rennes)):
        nav = portail.navigateur(label)
        await portail.ouvrir_session(label, usager=who.paire, navigateur=nav)
        for path in (f"/dossiers/{monde.victime.id}", f"/dossiers/{monde.brouillon.id}/recapitulatif"):
            assert (await nav.get(path)).statut == 404, (label, path)


async def test_an_agent_whom_the_python_believes_everywhere_sees_no_more(
    portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights forged above the database: PostgreSQL took the agent's perimeter from its own tables."""

    async def every_row(session: AsyncSession, *_: Any, **__: Any) -> list[Any]:
        sql = "SELECT * FROM demarches_dossier WHERE depose_le IS NOT NULL"
        return list((await session.execute(text(sql))).all())

    monkeypatch.setattr(listes, "list_desk", every_row)
    desk = await portail.ouvrir_session("agents", agent=monde.cast.agents["katell"])
    async with portail.contexte("agents", session=desk) as ctx:
        assert ctx.personne is not None
        ctx.personne = replace(ctx.personne, collectivites=(monde.rennes, monde.guingamp))
        ctx.db.info["perimetre"] = replace(ctx.db.info["perimetre"], lecture=(monde.rennes, monde.guingamp))
        assert {row.collectivite_id for row in await listes.list_desk(ctx.db)} == {monde.rennes}
        with pytest.raises(NotFoundError):
            await instruction.access(ctx, monde.victime.id)


class Broken(Exception):
    """What some of the tasks below die of."""


async def test_five_hundred_crossing_transactions_read_no_wrong_row(portail: Portail, monde: Monde) -> None:
    """Two tenants on three connections, with faults and cancellations in the middle: never a row of the other one."""
    settings = portail.noyau.settings
    db = Database(settings.database_url, settings.database_url_plateforme, pool_size=3)
    dice = random.Random(20261123)  # noqa: S311 - a reproducible mix, no secret
    wrong: list[str] = []
    read = 0

    async def visit(collectivite_id: UUID, turn: int) -> None:
        nonlocal read
        instruction_ = turn % 5 != 4
        perimetre = Perimetre.pour_instruction(collectivite_id) if instruction_ else Perimetre()
        async with db.session(perimetre) as session:
            if turn % 2:
                found = (await session.execute(select(Dossier.collectivite_id))).scalars().all()
            else:
                sql = text("SELECT collectivite_id FROM demarches_dossier")
                found = (await session.execute(sql)).scalars().all()
            read += len(found)
            expected = {collectivite_id} if instruction_ else set()
            if set(found) != expected:
                wrong.append(f"{turn}: {found}")
            if turn % 7 == 0:
                raise Broken

    tasks = [
        asyncio.create_task(visit(dice.choice((monde.guingamp, monde.rennes)), turn)) for turn in range(500)
    ]
    for task in dice.sample(tasks, 60):
        asyncio.get_running_loop().call_later(dice.random() * 0.3, task.cancel)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    try:
        assert wrong == []
        others = {type(e) for e in ended if isinstance(e, BaseException)}
        assert others <= {Broken, asyncio.CancelledError}
        assert read > 500
        async with db.engine.connect() as connection:
            assert (
                await connection.execute(text("SELECT count(*) FROM demarches_dossier"))
            ).scalar_one() == 0
    finally:
        await db.close()
