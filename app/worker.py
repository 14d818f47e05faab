"""The worker: runs the jobs that requests enqueued, and those that come by the clock.

`python -m app.worker`. A job whose worker was killed is put back by another within a minute, and that counts as one of
its attempts, so that a job that kills its worker ends on the console instead of looping.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector

from app.bootstrap import make_noyau
from app.config import load_settings
from app.socle.jobs import REGISTRY, Backoff, Tache
from app.socle.journaux import configure_logs
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
    handler: Callable[..., Awaitable[None]] = job.handler

    async def run(context: JobContext, /, **arguments: Any) -> None:
        log.info("job", task=job.nom)
        try:
            await handler(noyau, **arguments)
        except Exception as error:
            log.warning("job_failed", task=job.nom, id=context.job.id, error=type(error).__name__)
            if context.job.id is not None:
                await keep_reason(noyau, context.job.id, error)
            raise

    task: Any = queue.task(name=job.nom, queue="defaut", retry=Backoff(), pass_context=True)(run)
    if job.cron:
        queue.periodic(cron=job.cron)(task)


async def main() -> None:
    """Runs until SIGTERM or SIGINT; the jobs under way are finished first."""
    settings = load_settings()
    configure_logs(settings.log_format)
    noyau = make_noyau(settings)
    noyau.hosts.start()
    queue = make_queue(noyau)
    async with queue.open_async():
        worker = asyncio.create_task(
            queue.run_worker_async(
                concurrency=4,
                delete_jobs="successful",
                shutdown_graceful_timeout=20,
                install_signal_handlers=False,
            )
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.cancel)
        log.info("worker_ready", tasks=len(REGISTRY))
        try:
            await worker
        except asyncio.CancelledError:
            log.info("worker_stopped")
    await noyau.stop()


if __name__ == "__main__":
    asyncio.run(main())
