"""The bare ceilings, in the same server as the portal: what a page costs before there is a portal around it.

A Jinja page, a ready-made answer, the portal's own SQL sent by asyncpg alone and drawn (`plafonds`), the bare INSERTs
of a submission: plain endpoints of a FastAPI application to which nothing is added.
"""

import asyncio
import json
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI, Request
from jinja2 import Environment, Template
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.socle.db import Database
from app.socle.reserve import statement_log
from app.socle.tenancy import Perimetre
from benchmarks.plafonds import LISTES, template_of

PREFIXE = "/mesure-nue/"
_ENVIRONMENT = Environment(autoescape=True)
_PAGE = """<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{{ titre }}</title></head><body>
<header class="k-entete"><a href="/">{{ titre }}</a></header><main id="contenu" class="k-principal"><h1>{{ titre }}</h1>
<ul class="k-cartes">
{% for c in cartes %}
  <li class="k-carte">
    <h3 class="k-carte__titre"><a class="govuk-link" href="{{ c.url }}">{{ c.titre }}</a></h3>
    <p class="k-carte__texte">{{ c.texte }}</p>
    <p class="k-carte__duree"><span class="govuk-visually-hidden">Durée : </span>{{ c.duree }} minutes</p>
    <p class="k-carte__action"><a class="govuk-link" href="{{ c.url }}/remplir">Commencer</a></p>
  </li>
{% endfor %}
</ul></main><footer class="k-pied">%s</footer></body></html>"""
_CARTES = [
    {"url": f"/demarches/{n}", "titre": f"Démarche {n}", "texte": "Une phrase qui dit quoi.", "duree": n}
    for n in range(16)
]
_UPDATE = """UPDATE demarches_reponse SET valeur = $2, version = version + 1, modifie_le = now()
  WHERE dossier_id = $1 AND champ_id = 'champ_8'"""
_FRAGMENT = _ENVIRONMENT.from_string(
    '<p role="status">{{ valeur }} : enregistré.</p>' + "<p>Une phrase.</p>" * 20
)
# The tables that a submission writes, each with the columns that the database fills by itself.
_ECRITES = {
    "demarches_dossier": set(),
    "demarches_evenement": set(),
    "demarches_recherche": set(),
    "demarches_acces": set(),
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
        self.application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self.application.get(f"{PREFIXE}page/{{taille}}")(self.page)
        self.application.get(f"{PREFIXE}fixe/{{taille}}")(self.fixed)
        self.application.get(f"{PREFIXE}relire/{{nom}}")(self.replay)
        self.application.post(f"{PREFIXE}modele/{{nom}}")(self.model)
        self.application.post(f"{PREFIXE}ecrire")(self.write)
        self.application.post(f"{PREFIXE}modifier/{{dossier}}")(self.update)

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
            connection = await asyncpg.connect(dsn, statement_cache_size=500)
            await connection.set_type_codec(
                "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
            )
            self._connections[key] = connection
        return self._connections[key]

    async def page(self, taille: int) -> Response:
        """A Jinja page of that size: sixteen cards, then plain text."""
        values = {"titre": "Une page nue", "cartes": _CARTES}
        if taille not in self._pages:
            self._pages[taille] = _padded(_PAGE, taille, values)
        return HTMLResponse(self._pages[taille].render(values))

    async def fixed(self, taille: int) -> Response:
        """Ready-made bytes."""
        return Response(b"x" * taille, media_type="text/html")

    async def model(self, nom: str, request: Request) -> Response:
        """Takes the page that the portal drew: what stands around its rows stands around those of the ceiling."""
        self._pages[nom] = template_of(nom, (await request.body()).decode())
        return Response()

    async def replay(self, nom: str) -> Response:
        """The statements recorded under that name, sent by asyncpg in one transaction, and their rows drawn."""
        async with self._lock:
            connection = await self._connection(self._db.engine.url)
            await connection.execute(f"BEGIN; {Perimetre().sql()};")
            results = [await connection.fetch(sql, *values) for sql, values in self.recorded[nom]]
            await connection.execute("COMMIT")
        return HTMLResponse(self._pages[nom].render(lignes=LISTES[nom].rows(results)))

    async def write(self) -> Response:
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

    async def update(self, request: Request) -> Response:
        """One answer of a draft changed by a bare UPDATE, and a fragment of page that says so."""
        values = dict(parse_qsl((await request.body()).decode()))
        async with self._lock:
            connection = await self._connection(self._db.url_plateforme)
            async with connection.transaction():
                await connection.execute(
                    _UPDATE, UUID(request.path_params["dossier"]), json.dumps(values["valeur"])
                )
        return HTMLResponse(_FRAGMENT.render(values))


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
        "demarches_acces": ("dossier_id = $1", (dossier["id"],)),
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
    if column == "code_empreinte":
        return _Cle("cle")
    if column == "id" or value == dossier_id:
        return _Cle("id")
    return value
