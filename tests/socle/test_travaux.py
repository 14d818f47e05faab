"""Jobs: enqueued with the fact or not at all, run again after a kill, and visible when they fail for good."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from procrastinate.jobs import Job

from app.config import ROOT
from app.socle.jobs import REGISTRY, WAITS, Backoff, emit, tache
from tests import cast as acteurs
from tests.cast import Cast
from tests.outillage.base import BaseEssai
from tests.outillage.portail import Portail
from tests.outillage.travaux import pending_jobs, run_jobs

pytestmark = pytest.mark.anyio
PATIENCE = 30.0


async def test_a_rollback_removes_the_job_with_the_fact(portail: Portail, cast: Cast) -> None:
    async with portail.noyau.db.session() as session:
        await emit(session, "demarches:detruire_objet", objet_id="x")
        await session.rollback()
    assert pending_jobs(portail) == []
    async with portail.noyau.db.session() as session:
        await emit(session, "demarches:detruire_objet", objet_id="x")
    assert pending_jobs(portail) == [("demarches:detruire_objet", {"objet_id": "x"})]


async def test_every_handler_may_run_twice(portail: Portail, cast: Cast) -> None:
    """At least once is what a queue can promise: the second run changes nothing, and sends nothing again."""
    dossier = await acteurs.dossier_instruit(portail)
    await acteurs.decider(portail, dossier)
    jobs = pending_jobs(portail)
    await run_jobs(portail)
    jobs += [
        ("demarches:envoyer", {"collectivite_id": str(dossier.collectivite_id), "envoi_id": str(envoi)})
        for (envoi,) in portail.base.sql("SELECT id FROM demarches_envoi")
    ]
    mails = sorted(path.name for path in portail.courriels.glob("*.eml"))
    before = portail.base.state()
    for name, arguments in jobs:
        await REGISTRY[name].handler(portail.noyau, **arguments)
    after = portail.base.state()
    assert {table for table in after if after[table] != before[table]} == set()
    assert sorted(path.name for path in portail.courriels.glob("*.eml")) == mails
    assert len(jobs) >= 6


def test_two_jobs_may_not_share_a_name() -> None:
    with pytest.raises(ValueError, match="demarches:accuser"):
        tache("demarches:accuser")(REGISTRY["demarches:accuser"].handler)


def test_retries_back_off_then_end() -> None:
    def decision(attempts: int) -> object:
        job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        return Backoff().get_retry_decision(exception=OSError(), job=job)

    assert all(decision(turn) is not None for turn in range(len(WAITS)))
    assert decision(len(WAITS)) is None
    assert list(WAITS) == sorted(WAITS)


@contextmanager
def worker(portail: Portail) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process on the database of the tests."""
    settings = portail.noyau.settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUMUN_")} | {
        "KUMUN_VAR": str(settings.var),
        "KUMUN_BASE_URL": settings.base_url,
        "KUMUN_DATABASE_URL": settings.database_url,
        "KUMUN_DATABASE_URL_PLATEFORME": settings.database_url_plateforme,
        "KUMUN_SECRET_KEY": settings.secret_key.get_secret_value(),
        "KUMUN_MASTER_KEY": settings.master_key.get_secret_value(),
        "KUMUN_MAIL_FROM": settings.mail_from,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app.worker"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL if process.poll() is None else 0)
        process.wait()


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def count(base: BaseEssai, what: str) -> int:
    return int(base.sql(f"SELECT count(*) FROM {what}")[0][0])


@pytest.mark.serveur
async def test_what_a_killed_worker_left_is_done_by_another_and_what_fails_ends_visible(
    portail: Portail, cast: Cast
) -> None:
    base = portail.base
    dossier = await acteurs.dossier_depose(portail)
    conninfo = f"host={base.serveur.repertoire_socket} user=postgres dbname=kumun"
    running = "procrastinate_jobs WHERE status = 'doing' AND task_name = 'demarches:accuser'"
    with psycopg.connect(conninfo) as blocker:
        # The job starts, and waits in the middle of its work for this table.
        blocker.execute("LOCK TABLE demarches_document IN ACCESS EXCLUSIVE MODE")
        with worker(portail) as first:
            wait_until(lambda: count(base, running))
            first.send_signal(signal.SIGKILL)
            first.wait()
        blocker.rollback()
    assert count(base, running) == 1, "nobody put it back by itself"
    # As if the minute after which a silent worker counts as dead had passed; the rescue is asked for at once.
    base.sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '10 minutes'")
    base.sql("""SELECT emettre('defaut', 'socle:secourir', '{"timestamp": 0}', NULL, NULL, NULL)""")
    async with portail.noyau.db.session() as session:
        await emit(
            session, "demarches:accuser", collectivite_id=dossier.usager_id, dossier_id=dossier.usager_id
        )
    # This one cannot succeed, and has had all its attempts but one.
    base.sql(
        "UPDATE procrastinate_jobs SET attempts = %s WHERE id = (SELECT max(id) FROM procrastinate_jobs)",
        len(WAITS),
    )
    with worker(portail):
        wait_until(lambda: count(base, "demarches_envoi WHERE etat = 'envoye'"))
        wait_until(lambda: count(base, "procrastinate_jobs WHERE status = 'failed'"))
    assert count(base, "demarches_document WHERE genre = 'accuse'") == 1
    assert count(base, "demarches_envoi") == 1
    console = portail.navigateur("opsn")
    await portail.ouvrir_session("opsn", agent=cast.agents["gwenole"], navigateur=console)
    page = await console.get("/travaux")
    assert "demarches:accuser" in page.answer.text
    assert any((form.get("action") or "").endswith("/relancer") for form in page.arbre.forms)
