"""procrastinate's side of the jobs: one task per registered job, the rescue of killed ones, and what is logged.

A job whose worker was killed is put back by another within a minute, and that counts as one of its attempts, so that a
job that kills its worker ends on the console instead of looping.
"""

from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector

from app.socle.jobs import REGISTRY, Backoff, Tache, run_handler
from app.socle.noyau import Noyau
from app.socle.travaux import keep_reason

log = structlog.get_logger()
STALLED_SECONDS = 60


def connection_string(url: str) -> str:
    """The platform's address as psycopg wants it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def make_queue(noyau: Noyau) -> App:
    """Procrastinate's application, with one task per registered job."""
    queue = App(
        connector=PsycopgConnector(
            conninfo=connection_string(noyau.db.url_plateforme), min_size=1, max_size=4
        )
    )
    for job in REGISTRY.values():
        _add(queue, noyau, job)

    @queue.periodic(cron="* * * * *")
    @queue.task(name="socle:secourir", queue="defaut", pass_context=True)
    async def rescue(context: JobContext, timestamp: int) -> None:
        del timestamp
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            log.warning("job_rescued", task=job.task_name, id=job.id)
            await manager.retry_job(job)

    return queue


def _add(queue: App, noyau: Noyau, job: Tache) -> None:
    async def run(context: JobContext, /, **arguments: Any) -> None:
        log.info("job", task=job.nom)
        try:
            await run_handler(job.handler, noyau, arguments)
        except Exception as error:
            log.exception("job_failed", task=job.nom, arguments=arguments)
            if context.job.id is not None:
                await keep_reason(noyau, context.job.id, error)
            raise

    task: Any = queue.task(name=job.nom, queue="defaut", retry=Backoff(), pass_context=True)(run)
    if job.cron:
        queue.periodic(cron=job.cron)(task)
