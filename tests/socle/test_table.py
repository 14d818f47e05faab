"""Routes sorted by the first part of their path answer what they would answer unsorted."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from app.socle.table import sort_routes

pytestmark = pytest.mark.anyio


def application() -> FastAPI:
    made = FastAPI(openapi_url=None)
    inner = APIRouter(prefix="/dev")

    @made.get("/{slug}/lire")
    async def anything(slug: str) -> str:
        return f"any {slug}"

    @made.get("/dossiers/lire")
    async def shadowed() -> str:
        return "never"

    @made.get("/dossiers/{numero}")
    async def one(numero: str) -> str:
        return numero

    @made.get("/")
    async def home() -> str:
        return "home"

    @inner.get("/courriels")
    async def mails() -> str:
        return "mails"

    made.include_router(inner)
    return made


PATHS = (
    ("GET", "/"),
    ("GET", "/dossiers/lire"),
    ("GET", "/dossiers/12"),
    ("GET", "/dossiers/12/"),
    ("GET", "/dossiers"),
    ("POST", "/dossiers/12"),
    ("GET", "/autre/lire"),
    ("GET", "/autre"),
    ("GET", "/dev/courriels"),
    ("GET", "/%7Bslug%7D/lire"),
    ("GET", "//dossiers/12"),
)


async def test_each_address_has_the_answer_it_would_have_unsorted() -> None:
    plain, table = application(), application()
    sort_routes(table)

    @table.get("/apres")
    async def later() -> str:
        return "declared later"

    async def ask(app: FastAPI, method: str, path: str) -> tuple[int, str, str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://essai") as client:
            answer = await client.request(method, f"http://essai{path}")
        return answer.status_code, answer.text, answer.headers.get("allow", "")

    for method, path in PATHS:
        assert await ask(table, method, path) == await ask(plain, method, path), path
    assert (await ask(table, "GET", "/apres"))[1] == '"declared later"'
