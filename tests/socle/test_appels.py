"""Which endpoints are called without FastAPI, which requests are left to it; errors find their page either way."""

from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Header, Query
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.main import ROUTERS
from app.socle.appels import appel_of
from app.socle.contexte import ContexteDep, FormulaireDep, UsagerDep, VisiteDep
from app.socle.errors import BusinessError, NotFoundError
from app.socle.table import sort_routes

pytestmark = pytest.mark.anyio


def application() -> FastAPI:
    made = FastAPI(openapi_url=None)

    @made.get("/a/{dossier_id}")
    async def plain(dossier_id: UUID) -> Response:
        return PlainTextResponse(str(dossier_id))

    @made.get("/b/{mot}")
    async def asked(mot: str, page: int = 1) -> Response:
        return PlainTextResponse(f"{mot} {page}")

    @made.get("/c")
    async def failing() -> Response:
        raise NotFoundError("Rien ici.")

    @made.post("/d/{dossier_id}")
    async def whole(visit: VisiteDep, form: FormulaireDep, ctx: UsagerDep, dossier_id: UUID) -> Response:
        return Response()

    @made.get("/e")
    async def headed(ctx: ContexteDep, accept: Annotated[str, Header()] = "") -> Response:
        return Response()

    @made.get("/f")
    async def needing(ctx: ContexteDep, q: Annotated[str, Query()]) -> Response:
        return Response()

    @made.get("/g")
    async def valued(ctx: ContexteDep) -> str:
        return ""

    @made.get("/h")
    def threaded() -> Response:
        return Response()

    async def refused(_request: Request, error: Any) -> Response:
        return PlainTextResponse(error.message, 404)

    made.add_exception_handler(BusinessError, refused)
    return made


def test_only_endpoints_whose_every_need_is_known_are_called_straight_away() -> None:
    found = {route.endpoint.__name__: appel_of(route) for route in iter_route_contexts(application().routes)}
    assert {name for name, appel in found.items() if appel} == {"plain", "asked", "failing", "whole"}


def test_nearly_all_of_the_portal_is_called_straight_away() -> None:
    routes = [route for routers in ROUTERS.values() for one in routers for route in one.routes]
    endpoints = list(iter_route_contexts(routes))
    assert sum(appel_of(route) is None for route in endpoints) < len(endpoints) / 10


async def test_the_answers_are_those_of_fastapi() -> None:
    straight, plain = application(), application()
    sort_routes(straight)
    id_ = uuid4()
    paths = (
        f"/a/{id_}",
        f"/a/{id_.hex}",
        "/a/moi",
        "/b/x",
        "/b/x?page=3",
        "/b/x?page=y",
        "/b/x?autre=1",
        "/c",
        "/z",
    )

    async def ask(app: FastAPI, path: str) -> tuple[int, str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://essai") as client:
            answer = await client.get(path)
        return answer.status_code, answer.text

    for path in paths:
        assert await ask(straight, path) == await ask(plain, path), path
