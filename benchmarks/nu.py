"""The bare ceilings, in the same server as the portal: what a page costs before there is a portal around it.

A Jinja page, a ready-made answer, the portal's own SQL sent by asyncpg alone, the bare INSERTs of a submission: plain
Starlette routes, without middleware, session or perimeter of their own.
"""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import uuid4

import asyncpg
from jinja2 import Environment, Template
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from app.socle.db import Database, statement_log
from app.socle.tenancy import Perimetre

PREFIXE = "/mesure-nue/"
_ENVIRONMENT = Environment(autoescape=True)
_PAGE = """<!DOCTYPE html><html lang="fr"><head><title>{{ titre }}</title></head><body><main><h1>{{ titre }}</h1><ul>
{% for c in cartes %}<li><a href="{{ c.url }}">{{ c.titre }}</a><p>{{ c.texte }}</p></li>
{% endfor %}</ul></main><footer>%s</footer></body></html>"""
_TABLE = """<!DOCTYPE html><html lang="fr"><head><title>Table</title></head><body><main><table>
{% for ligne in lignes %}<tr>{% for valeur in ligne %}<td>{{ valeur }}</td>{% endfor %}</tr>
{% endfor %}</table></main><footer>%s</footer></body></html>"""
_CARTES = [
    {"url": f"/demarches/{n}", "titre": f"Démarche {n}", "texte": "Une phrase qui dit quoi."}
    for n in range(16)
]
# The tables that a submission writes, each with the columns that the database fills by itself.
_ECRITES = {
    "demarches_dossier": set(),
    "demarches_evenement": set(),
    "demarches_recherche": set(),
    "socle_idempotence": set(),
    "socle_audit": {"id"},
    "procrastinate_jobs": {"id"},
}

Instruction = tuple[str, tuple[Any, ...]]


def _padded(source: str, size: int, values: dict[str, Any]) -> Template:
    """The template, filled with plain text so that it renders to `size` bytes."""
    bare = len(_ENVIRONMENT.from_string(source.replace("%s", "")).render(values).encode())
    return _ENVIRONMENT.from_string(source.replace("%s", "x" * max(0, size - bare)))


class Nu:
    """The bare routes, and the recorder of what the portal sends to PostgreSQL."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._connections: dict[str, asyncpg.Connection] = {}
        self._lock = asyncio.Lock()
        self._pages: dict[Any, Template] = {}
        self.recorded: dict[str, list[Instruction]] = {}
        self._recording: list[Instruction] | None = None
        self._inserts: list[Instruction] = []
        self.router = Router(
            [
                Route(f"{PREFIXE}page/{{taille:int}}", self.page),
                Route(f"{PREFIXE}fixe/{{taille:int}}", self.fixed),
                Route(f"{PREFIXE}relire/{{nom}}/{{taille:int}}", self.replay),
                Route(f"{PREFIXE}ecrire", self.write, methods=["POST"]),
            ]
        )

        @event.listens_for(db.engine.sync_engine, "before_cursor_execute")
        def _before(_c: Any, _cur: Any, statement: str, parameters: Any, _ctx: Any, _many: bool) -> None:
            self._record(statement, *parameters)

        listed = asyncpg.Connection.fetch

        async def fetch(connection: asyncpg.Connection, query: str, *values: Any, **options: Any) -> Any:
            self._record(query, *values)
            return await listed(connection, query, *values, **options)

        # What goes straight through the driver is seen by no event of SQLAlchemy.
        asyncpg.Connection.fetch = fetch

    def _record(self, statement: str, *values: Any) -> None:
        if self._recording is not None:
            self._recording.append((statement, values))

    async def measured(self, nom: str, app: Any, scope: Any, receive: Any, send: Any) -> None:
        """One request of the portal whose statements are counted (header X-Instructions) and kept under `nom`."""
        log: list[str] = []
        token = statement_log.set(log)
        self._recording = []

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-instructions", str(len(log)).encode())]
            await send(message)

        try:
            await app(scope, receive, answer)
        finally:
            self.recorded[nom], self._recording = self._recording, None
            statement_log.reset(token)

    async def _connection(self, url: URL | str) -> asyncpg.Connection:
        key = str(url)
        if key not in self._connections:
            dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            self._connections[key] = await asyncpg.connect(dsn, statement_cache_size=500)
        return self._connections[key]

    async def page(self, request: Request) -> Response:
        """A Jinja page of that size: sixteen cards, then plain text."""
        size = request.path_params["taille"]
        values = {"titre": "Une page nue", "cartes": _CARTES}
        if size not in self._pages:
            self._pages[size] = _padded(_PAGE, size, values)
        return HTMLResponse(self._pages[size].render(values))

    async def fixed(self, request: Request) -> Response:
        """Ready-made bytes."""
        return Response(b"x" * request.path_params["taille"], media_type="text/html")

    async def replay(self, request: Request) -> Response:
        """The statements recorded under that name, sent by asyncpg in one transaction; the longest result rendered."""
        nom, size = request.path_params["nom"], request.path_params["taille"]
        async with self._lock:
            connection = await self._connection(self._db.engine.url)
            await connection.execute(f"BEGIN; {Perimetre().sql()};")
            results = [await connection.fetch(sql, *values) for sql, values in self.recorded[nom]]
            await connection.execute("COMMIT")
        values = {"lignes": max(results, key=len)}
        if (nom, size) not in self._pages:
            self._pages[nom, size] = _padded(_TABLE, size, values)
        return HTMLResponse(self._pages[nom, size].render(values))

    async def write(self, _request: Request) -> Response:
        """The rows of the last submission, inserted again under other keys, in one transaction."""
        async with self._lock:
            connection = await self._connection(self._db.url_plateforme)
            if not self._inserts:
                self._inserts = await _inserts_of(connection)
            keys = _fresh_keys()
            async with connection.transaction():
                for sql, values in self._inserts:
                    await connection.execute(sql, *(keys[v] if isinstance(v, _Cle) else v for v in values))
        return RedirectResponse("/", 303)


class _Cle(str):
    """A value that must be another one at each insertion."""

    __slots__ = ()


def _fresh_keys() -> dict[str, Any]:
    id_ = uuid4()
    return {"id": id_, "numero": str(10**11 + id_.int % (8 * 10**11)), "cle": id_.bytes + id_.bytes}


async def _inserts_of(connection: asyncpg.Connection) -> list[Instruction]:
    """The INSERTs that make the rows of the last dossier submitted."""
    dossier = await connection.fetchrow(
        "SELECT * FROM demarches_dossier WHERE depose_le IS NOT NULL ORDER BY depose_le DESC LIMIT 1"
    )
    assert dossier is not None
    queries: dict[str, tuple[str, tuple[Any, ...]]] = {
        "demarches_dossier": ("id = $1", (dossier["id"],)),
        "demarches_evenement": ("dossier_id = $1", (dossier["id"],)),
        "demarches_recherche": ("dossier_id = $1", (dossier["id"],)),
        "socle_idempotence": ("cle = (SELECT cle FROM socle_idempotence ORDER BY cree_le DESC LIMIT 1)", ()),
        "socle_audit": ("action = 'demarches:dossier:deposer' AND objet = $1", (str(dossier["id"]),)),
        "procrastinate_jobs": (
            "task_name = 'demarches:accuser' AND args->>'dossier_id' = $1",
            (str(dossier["id"]),),
        ),
    }
    found: list[Instruction] = []
    for table, own in _ECRITES.items():
        where, values = queries[table]
        for row in await connection.fetch(f"SELECT * FROM {table} WHERE {where}", *values):  # noqa: S608
            columns = [name for name in row.keys() if name not in own]  # noqa: SIM118 - a Record iterates values
            marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
            sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of ours
            found.append((sql, tuple(_value(name, row[name], dossier["id"]) for name in columns)))
    counted: dict[str, int] = defaultdict(int)
    for sql, _ in found:
        counted[sql.split()[2]] += 1
    assert set(counted) == set(_ECRITES), f"a submission wrote {dict(counted)}"
    return found


def _value(column: str, value: Any, dossier_id: Any) -> Any:
    if column in ("numero", "cle"):
        return _Cle(column)
    if column == "id" or value == dossier_id:
        return _Cle("id")
    return value
