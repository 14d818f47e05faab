"""What the console sees of the queue: how much waits, what failed for good and why, and a way to try again."""

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.noyau import Noyau

log = structlog.get_logger()

REASON_CHARS = 500

_KEEP = text(
    "INSERT INTO socle_echec (job_id, raison, quand) VALUES (:id, :raison, :maintenant)"
    " ON CONFLICT (job_id) DO UPDATE SET raison = excluded.raison, quand = excluded.quand"
)
_COUNT = text(
    "SELECT count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, :maintenant) <= :maintenant) AS attente,"
    " count(*) FILTER (WHERE status = 'todo' AND scheduled_at > :maintenant) AS plus_tard,"
    " count(*) FILTER (WHERE status = 'doing') AS en_cours,"
    " count(*) FILTER (WHERE status = 'failed') AS en_echec FROM procrastinate_jobs"
)
_FAILED = text(
    "SELECT j.id, j.task_name, j.attempts, j.args, coalesce(e.raison, '') AS raison, coalesce(e.quand, ("
    " SELECT max(at) FROM procrastinate_events v WHERE v.job_id = j.id AND v.type = 'failed')) AS quand"
    " FROM procrastinate_jobs j LEFT JOIN socle_echec e ON e.job_id = j.id"
    " WHERE j.status = 'failed' ORDER BY j.id DESC OFFSET :debut LIMIT :nombre"
)
_LOCK = text("SELECT task_name FROM procrastinate_jobs WHERE id = :id AND status = 'failed' FOR UPDATE")
_RETRY = text("SELECT procrastinate_retry_job_v2(:id, :maintenant, NULL, NULL, NULL)")


async def keep_reason(noyau: Noyau, job_id: int, error: Exception) -> None:
    """Keeps why a job failed, for the console alone; failing to keep it hides nothing, the job stays failed."""
    raison = f"{type(error).__name__} : {error}"[:REASON_CHARS]
    try:
        async with noyau.db.hors_cloison("reason of a failed job") as session:
            values = {"id": job_id, "raison": raison, "maintenant": noyau.clock.now()}
            await session.execute(_KEEP, values)
    except (SQLAlchemyError, OSError) as failure:
        log.warning("reason_not_kept", id=job_id, error=type(failure).__name__)


async def count_jobs(session: AsyncSession, now: datetime) -> Row[Any]:
    """How many jobs: attente (due), plus_tard (scheduled), en_cours, en_echec (platform role)."""
    return (await session.execute(_COUNT, {"maintenant": now})).one()


async def list_failed(session: AsyncSession, *, start: int, size: int) -> list[Row[Any]]:
    """What failed for good, the latest first: id, task_name, attempts, args, raison, quand (platform role)."""
    return list((await session.execute(_FAILED, {"debut": start, "nombre": size})).all())


async def retry(session: AsyncSession, job_id: int, now: datetime) -> str | None:
    """Puts a failed job back in the queue, once (platform role); its task, or None when it is no longer failed."""
    task: str | None = (await session.execute(_LOCK, {"id": job_id})).scalar_one_or_none()
    if task is not None:
        await session.execute(_RETRY, {"id": job_id, "maintenant": now})
    return task
