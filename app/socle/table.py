"""Finds a route by the first part of its path, so that a request is not compared with every route of its host.

What answers does not change: the routes that could match are tried in the order in which they were declared. An
endpoint that can be called straight away is (`appels`); FastAPI has all the rest, whatever is not found among them.
"""

from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.socle.appels import Appel, appel_of

# Where an error waits for the middlewares that know what to say of it.
_ERREUR = "kumun.erreur"


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
        error = scope.pop(_ERREUR, None)
        if error is not None:
            raise error
        await self._routes_of(scope)[0].app(scope, receive, send)

    def _routes_of(self, scope: Scope) -> "tuple[APIRouter, _Directes]":
        if self._number != len(self._router.routes):
            self._sort()
        return self._sorted.get(_first(scope["path"]) or "", self._others)

    def answer(self, request: Request) -> Awaitable[Response] | None:
        """What an endpoint that is called straight away will answer; None where FastAPI is needed."""
        if request.scope.get("root_path"):
            return None
        return self._routes_of(request.scope)[1].answer(request)


class _Directes:
    """The routes of one first part, as far as they can be called without FastAPI."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes: list[tuple[Any, Any, Any, Appel | None]] = [
            (found.path_regex, found.methods, found.endpoint, appel_of(found))
            for found in iter_route_contexts(routes)
        ]

    def answer(self, request: Request) -> Awaitable[Response] | None:
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


class _Devant:
    """Stands before the middlewares of an application, for the endpoints that are called straight away.

    Only what fails goes through them, where each error has its page.
    """

    def __init__(self, application: FastAPI, table: Table) -> None:
        self._application, self._table = application, table
        self._stack: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the application."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        if scope["type"] == "http":
            answer = self._table.answer(Request(scope, receive, send))
            if answer is not None:
                try:
                    response = await answer
                    await response(scope, receive, watched)
                except Exception as error:
                    if begun:
                        raise
                    scope[_ERREUR] = error
                else:
                    return
        if self._stack is None:
            self._stack = self._application.build_middleware_stack()
        await self._stack(scope, receive, send)


def sort_routes(application: FastAPI) -> None:
    """Makes an application, whose routers are all included, find its routes by that table.

    Its handlers of errors may be added until its first request; it takes no middleware afterwards.
    """
    table = Table(application.router)
    application.router.middleware_stack = table
    application.middleware_stack = _Devant(application, table)
