"""Written SQL for what every resident's visit runs, sent by the driver itself: no statement is composed or compiled.

Row-level security holds it like any other statement; the ORM's own criterion does not see it, so each says its
collectivité or its owner.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import manager_of_class

from app.socle.db import Base, fetch

Modele = TypeVar("Modele", bound=Base)


def as_json(value: Any) -> str:
    """A value for a jsonb parameter."""
    return json.dumps(value, ensure_ascii=False)


@cache
def columns_of(model: type[Base], alias: str) -> str:
    """The columns of a table, for a SELECT: those that this version of the code knows, and no other."""
    return ", ".join(f"{alias}.{column.name}" for column in model.__table__.columns)


def made(model: type[Modele], row: Mapping[str, Any]) -> Modele:
    """An object of the model from a row of `columns_of`; it belongs to no session."""
    return _filled(model, {name: row[name] for name in _names(model)})


def _filled(model: type[Modele], values: Mapping[str, Any]) -> Modele:
    # As loading does: no constructor is called, and nothing is noted as a change to be written.
    made_one: Modele = manager_of_class(model).new_instance()
    made_one.__dict__.update(values)
    return made_one


@cache
def _names(model: type[Base]) -> tuple[str, ...]:
    return tuple(column.name for column in model.__table__.columns)


def from_json(model: type[Modele], values: Mapping[str, Any]) -> Modele:
    """The same, from what PostgreSQL's `to_json` made of a row."""
    return _filled(model, {name: reader(values[name]) for name, reader in _readers(model)})


def _same(value: Any) -> Any:
    return value


_READERS: dict[type, Any] = {
    UUID: lambda value: value and UUID(value),
    bytes: lambda value: value and bytes.fromhex(value[2:]),
    datetime: lambda value: value and datetime.fromisoformat(value),
    date: lambda value: value and date.fromisoformat(value),
}


@cache
def _readers(model: type[Base]) -> tuple[tuple[str, Any], ...]:
    return tuple((c.name, _READERS.get(c.type.python_type, _same)) for c in model.__table__.columns)


def under_dossier(model: type[Base], order: str, also: str = "") -> str:
    """The rows of a table that hang under a dossier ($1 its collectivité, $2 its id), a JSON list, for a SELECT."""
    return (
        f"(SELECT coalesce(json_agg(t ORDER BY {order}), '[]') FROM {_table(model)} t"  # noqa: S608 - names of ours
        f" WHERE t.collectivite_id = $1 AND t.dossier_id = $2{also})"
    )


async def insert_row(session: AsyncSession, model: type[Base], values: Mapping[str, Any]) -> bool:
    """Adds a row; False when one with the same keys was there already. Objects and lists go as JSON."""
    sent = (as_json(value) if isinstance(value, dict | list) else value for value in values.values())
    return bool(await fetch(session, _insert(model, tuple(values)), *sent))


@cache
def _insert(model: type[Base], names: tuple[str, ...]) -> str:
    marks = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    # Names of our own models: nothing of a visitor's.
    return f"INSERT INTO {_table(model)} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING 1"  # noqa: S608


def _table(model: type[Base]) -> str:
    name: str = model.__table__.fullname  # type: ignore[attr-defined]
    return name
