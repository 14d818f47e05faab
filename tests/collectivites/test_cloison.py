"""What the console keeps is out of the application's reach, but for a collectivité's own logo on its own host."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.collectivites import referentiel
from app.collectivites.reglages import save_blason, save_theme
from app.collectivites.service import take_on
from app.socle.db import Database
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre
from app.socle.theme import Theme
from app.socle.travaux import keep_reason, list_failed, retry
from tests.cast import Cast
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def _refused(db: Database, sql: str, perimetre: Perimetre) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|row-level security"):
        async with db.session(perimetre) as session:
            await session.execute(text(sql))


async def test_the_application_reads_no_file_no_failure_and_writes_no_setting(
    portail: Portail, cast: Cast
) -> None:
    mine = Perimetre.pour_instruction(cast.communes["guingamp"])
    for sql in (
        "SELECT * FROM collectivites_import",
        "SELECT * FROM socle_echec",
        "SELECT * FROM procrastinate_jobs",
        "INSERT INTO socle_reglage VALUES ('bandeau', 'x', now())",
        "UPDATE socle_collectivite SET etat = 'close'",
        "DELETE FROM collectivites_blason",
        "INSERT INTO socle_habilitation SELECT * FROM socle_habilitation",
    ):
        await _refused(portail.noyau.db, sql, mine)


async def test_a_logo_is_read_in_its_own_perimeter_only(portail: Portail, cast: Cast) -> None:
    portail.base.sql(
        "INSERT INTO collectivites_blason SELECT id, repeat('a', 32), 'image/png', 'x', now() FROM socle_collectivite"
    )
    for lecture in ((), (cast.communes["guingamp"],)):
        async with portail.noyau.db.session(Perimetre(lecture=lecture)) as session:
            found = (
                await session.execute(text("SELECT collectivite_id FROM collectivites_blason"))
            ).scalars()
            assert tuple(found) == lecture


async def test_two_administrators_who_take_a_commune_on_together_take_it_on_once(noyau: Noyau) -> None:
    row = await referentiel.find("22222")
    results = await asyncio.gather(*(take_on(noyau, [row], source="essai") for _ in range(3)))
    assert sorted(len(result.prises) for result in results) == [0, 0, 1]


async def test_a_homonym_takes_its_departement(noyau: Noyau, base: object) -> None:
    first, second = await referentiel.find("22222"), await referentiel.find("29019")
    await take_on(noyau, [first], source="essai")
    twin = type(second)(**{name: getattr(second, name) for name in second.__slots__} | {"nom": "Plouha"})
    result = await take_on(noyau, [twin], source="essai")
    assert result.slugs == {"29019": "plouha-29"}


async def test_the_shipped_list_answers_with_one_commune_or_none(tmp_path: Path) -> None:
    assert (await referentiel.find("35238")).nom == "Rennes"
    for code in ("00000", "", "35238,", "nom"):
        with pytest.raises(NotFoundError):
            await referentiel.find(code)
    assert (await referentiel.search("saint")).total > referentiel.BEST


async def test_services_refuse_what_pages_already_refuse(portail: Portail, cast: Cast) -> None:
    token = await portail.ouvrir_session("opsn", agent=cast.agents["gwenole"])
    async with portail.contexte("opsn", session=token) as ctx:
        with pytest.raises(InvalidInputError, match="contraste"):
            await save_theme(ctx, "guingamp", Theme("#ffd000"))
        with pytest.raises(NotFoundError):
            await save_blason(ctx, "nulle-part", None)
    assert (
        portail.base.sql("SELECT count(*) FROM socle_audit WHERE action LIKE 'collectivites:%%changer'")[0][0]
        == 0
    )


async def test_a_failed_job_keeps_its_last_reason_and_is_tried_again_once(noyau: Noyau, base: object) -> None:
    async with noyau.db.hors_cloison("essai") as session:
        job = (
            await session.execute(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
                    " VALUES ('defaut', 'essai', 'failed') RETURNING id"
                )
            )
        ).scalar_one()
    await keep_reason(noyau, job, ValueError("première"))
    await keep_reason(noyau, job, ValueError("seconde" + "x" * 1000))
    # A job that is gone keeps nothing, and nobody minds.
    await keep_reason(noyau, job + 1000, ValueError("absent"))
    async with noyau.db.hors_cloison("essai") as session:
        (row,) = await list_failed(session, start=0, size=10)
        assert row.raison.startswith("ValueError : seconde")
        assert len(row.raison) == 500
        assert await retry(session, job, NOW) == "essai"
        assert await retry(session, job, NOW) is None
        assert await list_failed(session, start=0, size=10) == []
