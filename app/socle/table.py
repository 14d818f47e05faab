"""Finds a route by the first part of its path, so that a request is not compared with every route of its host.

What answers does not change: the routes that could match are tried in the order in which they were declared.
"""

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send


def _first(path: str) -> str | None:
    """The first part of a path, None when it is a parameter."""
    part = path.split("/", 2)[1] if "/" in path else ""
    return None if "{" in part else part


class Table:
    """The routes of an application, sorted by the first part of their paths."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._sorted: dict[str, APIRouter] = {}
        self._others = APIRouter()
        self._number = -1

    def _sort(self) -> None:
        routes = self._router.routes
        firsts = [_first(path) if (path := getattr(route, "path", None)) else None for route in routes]

        def those_of(part: str | None) -> APIRouter:
            kept: list[BaseRoute] = [
                route for route, first in zip(routes, firsts, strict=True) if first in (None, part)
            ]
            return APIRouter(routes=kept, default=self._router.default)

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
        await self._sorted.get(part or "", self._others).app(scope, receive, send)


def sort_routes(application: FastAPI) -> None:
    """Makes an application, whose routers are all included, find its routes by that table."""
    application.router.middleware_stack = Table(application.router)
