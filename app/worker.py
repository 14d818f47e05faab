"""The worker: runs the jobs that requests enqueued, and those that come by the clock.

`python -m app.worker`. Several may run: each job is taken by one of them.
"""

import asyncio
import signal

import structlog

from app.bootstrap import make_noyau
from app.config import load_settings
from app.socle.file_travaux import make_queue
from app.socle.jobs import REGISTRY
from app.socle.journaux import configure_logs

log = structlog.get_logger()


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
