"""Finds a route by the first part of its path, so that a request is not compared with every route of its host.

What answers does not change: the routes that could match are tried in the order in which they were declared. An
endpoint that can be called straight away is (`appels`); FastAPI has all the rest, whatever is not found among them.
"""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from app.socle.appels import Appel, appel_of


def _first(path: str) -> str | None:
    """The first part of a path, None when it is a parameter."""
    part = path.split("/", 2)[1] if "/" in path else ""
    return None if "{" in part else part


class Table:
    """The routes of an application, sorted by the first part of their paths."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._sorted: dict[str, tuple[APIRouter, _Directes]] = {}
        self._others: tuple[APIRouter, _Directes] = APIRouter(), _Directes([])
        self._number = -1

    def _sort(self) -> None:
        routes = self._router.routes
        firsts = [_first(path) if (path := getattr(route, "path", None)) else None for route in routes]

        def those_of(part: str | None) -> tuple[APIRouter, _Directes]:
            kept: list[BaseRoute] = [
                route for route, first in zip(routes, firsts, strict=True) if first in (None, part)
            ]
            return APIRouter(routes=kept, default=self._router.default), _Directes(kept)

        self._sorted = {part: those_of(part) for part in set(firsts) if part is not None}
        self._others = those_of(None)
        self._number = len(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request to the routes that may answer it."""
        if scope["type"] != "http":
            await self._router.app(scope, receive, send)
            return
        if self._number != len(self._router.routes):
            self._sort()
        part = _first(scope["path"])
        router, directes = self._sorted.get(part or "", self._others)
        if not scope.get("root_path"):
            request = Request(scope, receive, send)
            answer = directes.answer(request)
            if answer is not None:
                response = await answer
                await response(scope, receive, send)
                return
        await router.app(scope, receive, send)


class _Directes:
    """The routes of one first part, as far as they can be called without FastAPI."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes: list[tuple[Any, Any, Any, Appel | None]] = [
            (found.path_regex, found.methods, found.endpoint, appel_of(found))
            for found in iter_route_contexts(routes)
        ]

    def answer(self, request: Request) -> Any:
        """What will answer, or None: FastAPI says."""
        scope = request.scope
        for regex, methods, endpoint, appel in self._routes:
            match = regex.match(scope["path"])
            if match is None or (methods and scope["method"] not in methods):
                continue
            if appel is None:
                return None
            scope["path_params"] = path = match.groupdict()
            scope["endpoint"] = endpoint
            return appel(request, path)
        return None


def sort_routes(application: FastAPI) -> None:
    """Makes an application, whose routers are all included, find its routes by that table."""
    application.router.middleware_stack = Table(application.router)
