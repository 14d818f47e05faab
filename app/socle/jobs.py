"""Jobs: enqueued by SQL in the transaction of the fact, run by the worker at least once, each handler idempotent.

Arguments are identifiers only. The application's role cannot read the queue: it calls one function (`emettre`).
A handler is registered with `tache`; the worker makes procrastinate tasks of the registry.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre, essayeur

Handler = Callable[..., Awaitable[None]]

# After these waits (seconds) a job has failed for good and is shown on the console, with a button.
WAITS = (5, 30, 120, 600, 1800, 7200, 21600, 43200)


@dataclass(frozen=True)
class Tache:
    """A kind of job: its name in the queue, its handler, how often it runs by itself."""

    nom: str
    handler: Handler
    cron: str | None = None


REGISTRY: dict[str, Tache] = {}


def tache(nom: str, *, cron: str | None = None) -> Callable[[Handler], Handler]:
    """Registers `handler(noyau, **arguments)` under `module:name`; with `cron`, it runs by itself too."""

    def register(handler: Handler) -> Handler:
        if nom in REGISTRY:
            raise ValueError(f"two jobs are called {nom}")
        REGISTRY[nom] = Tache(nom, handler, cron)
        return handler

    return register


class Backoff(BaseRetryStrategy):
    """Waits longer after each failure, then gives up: the job stays, visible."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, or None."""
        if job.attempts >= len(WAITS):
            return None
        return RetryDecision(retry_in={"seconds": WAITS[job.attempts]})


_EMIT = "SELECT emettre('defaut', $1, $2::jsonb, $3, NULL, $4)"


async def emit(
    session: AsyncSession,
    nom: str,
    *,
    verrou: str | None = None,
    quand: datetime | None = None,
    **arguments: Any,
) -> None:
    """Enqueues a job in the transaction of `session`: a rollback removes it, a commit wakes the worker.

    `verrou` only where order matters (jobs of one lock run one at a time, in order). Values must be JSON: identifiers.
    What a test sets off stays a test: the job is told who plays it.
    """
    perimetre: Perimetre | None = session.info.get("perimetre")
    testeur = essayeur.get() or (str(perimetre.agent) if perimetre and perimetre.essai else "")
    if testeur:
        arguments["essai"] = testeur
    await fetch(session, _EMIT, nom, json.dumps({k: str(v) for k, v in arguments.items()}), verrou, quand)


async def run_now(noyau: Noyau, nom: str, **arguments: Any) -> None:
    """Runs a handler at once, in this process (tests, and the worker itself)."""
    await run_handler(REGISTRY[nom].handler, noyau, arguments)


async def run_handler(handler: Handler, noyau: Noyau, arguments: dict[str, Any]) -> None:
    """Runs a handler with its arguments; those of a test make all it does part of the test."""
    given = dict(arguments)
    token = essayeur.set(str(given.pop("essai", "")))
    try:
        await handler(noyau, **given)
    finally:
        essayeur.reset(token)
