"""How many statements a piece of work sends to PostgreSQL, BEGIN, COMMIT and the perimeter left out."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.socle.reserve import statement_log


@contextmanager
def count_statements() -> Iterator[list[str]]:
    """A list that fills with the statements sent within the block, in order."""
    sent: list[str] = []
    token = statement_log.set(sent)
    try:
        yield sent
    finally:
        statement_log.reset(token)
