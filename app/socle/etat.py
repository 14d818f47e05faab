"""The state of the installation, as the database tells it: the role we run under, the jobs that failed."""

from sqlalchemy import text

from app.socle.db import Database

_BOUND = text(
    "SELECT NOT (r.rolsuper OR r.rolbypassrls OR EXISTS (SELECT 1 FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner"
    " WHERE o.rolname = current_user AND c.relkind = 'r')) FROM pg_roles r WHERE r.rolname = current_user"
)
_FAILED = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")


async def is_bound(db: Database) -> bool:
    """Whether the application's role is held by the policies: no superuser, no bypass, no table of its own."""
    async with db.session() as session:
        return bool((await session.execute(_BOUND)).scalar_one())


async def count_failed_jobs(db: Database) -> int:
    """How many jobs failed for good."""
    async with db.hors_cloison("health of the queue") as session:
        return int((await session.execute(_FAILED)).scalar_one())
