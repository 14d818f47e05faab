"""Runs the jobs that requests enqueued, at once and in this process; the worker itself has tests of its own."""

from typing import Any

from app.socle.jobs import REGISTRY, run_handler
from tests.outillage.portail import Portail

_DUE = """
SELECT id, task_name, args FROM procrastinate_jobs
WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s) ORDER BY id
"""


def pending_jobs(portail: Portail) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that wait, as (name, arguments)."""
    rows = portail.base.sql(
        "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
    )
    return [(name, arguments) for name, arguments in rows]


async def run_jobs(portail: Portail) -> list[str]:
    """Runs every job that is due, those they enqueue too; their names in order. A failing one raises."""
    done: list[str] = []
    while rows := portail.base.sql(_DUE, portail.clock.now()):
        for number, name, arguments in rows:
            await run_handler(REGISTRY[name].handler, portail.noyau, arguments)
            portail.base.sql("DELETE FROM procrastinate_events WHERE job_id = %s", number)
            portail.base.sql("DELETE FROM procrastinate_jobs WHERE id = %s", number)
            done.append(name)
    return done


def sent_mails(portail: Portail) -> list[str]:
    """The messages sent, as text, oldest first."""
    if not portail.courriels.exists():
        return []
    files = sorted(portail.courriels.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [path.read_text(encoding="utf-8", errors="replace") for path in files]
