"""Calls an endpoint straight away, where all it takes is known: who visits, a transaction, a form, parts of the path.

FastAPI would walk its tree of dependencies at each request, which costs more than many a page. What it would do is
done, in the order of the parameters; an endpoint that takes anything else, or a request with a query or a part of
its path that is not plainly written, stays FastAPI's.
"""

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi.dependencies.models import Dependant
from starlette.convertors import StringConvertor
from starlette.requests import Request
from starlette.responses import Response

from app.socle.contexte import (
    Contexte,
    contexte,
    contexte_agent,
    contexte_opsn,
    contexte_usager,
    formulaire,
    open_contexte,
    visite,
    visite_courante,
)

Appel = Callable[[Request, Mapping[str, str]], Awaitable[Response] | None]
"""An endpoint with the parts of its path as text; None when the request is for FastAPI."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_CONTEXTES: Mapping[Any, Callable[[Contexte], Awaitable[Contexte]] | None] = {
    contexte: None,
    contexte_usager: contexte_usager,
    contexte_agent: contexte_agent,
    contexte_opsn: contexte_opsn,
}
_ONLY_READ = (str, int, bool, type(None))


class _Endpoint:
    """What an endpoint takes, sorted once."""

    def __init__(self, route: Any) -> None:
        self._call = route.dependant.call
        needs: list[Dependant] = route.dependant.dependencies
        place = next((n for n, need in enumerate(needs) if need.call in _CONTEXTES), len(needs))
        # What comes before the transaction is asked before it, so that nothing waits in it.
        self._before = tuple(needs[:place])
        self._within = tuple(needs[place:])
        self._texts = [f.alias for f in route.dependant.path_params if f.field_info.annotation is str]
        self._uuids = [f.alias for f in route.dependant.path_params if f.field_info.annotation is UUID]
        self._defaults = {f.name: f.default for f in route.dependant.query_params}

    def __call__(self, request: Request, path: Mapping[str, str]) -> Awaitable[Response] | None:
        values: dict[str, Any] = dict(self._defaults)
        if values and request.scope["query_string"]:
            return None
        for name in self._uuids:
            if not _UUID(path[name]):
                return None
            values[name] = UUID(path[name])
        for name in self._texts:
            values[name] = path[name]
        return self._answer(request, values)

    async def _answer(self, request: Request, values: dict[str, Any]) -> Response:
        for need in self._before:
            values[need.name or ""] = await _asked(request, need)
        if not self._within:
            response: Response = await self._call(**values)
            return response
        async with open_contexte(visite(request)) as ctx:
            for need in self._within:
                if need.call not in _CONTEXTES:
                    values[need.name or ""] = await _asked(request, need)
                    continue
                check = _CONTEXTES[need.call]
                values[need.name or ""] = ctx if check is None else await check(ctx)
            response = await self._call(**values)
            return response  # noqa: RET504 - it has the type of an answer


async def _asked(request: Request, need: Dependant) -> Any:
    return visite(request) if need.call is visite_courante else await formulaire(request)


def appel_of(route: Any) -> Appel | None:
    """How to call the endpoint of a route without FastAPI; None where FastAPI is needed.

    `route` is an APIRoute, or what FastAPI makes of one that comes from an included router.
    """
    dependant = getattr(route, "dependant", None)
    if dependant is None or route.body_field is not None or route.response_field is not None:
        return None
    known = (*_CONTEXTES, visite_courante, formulaire)
    plain = (
        not dependant.header_params
        and not dependant.cookie_params
        and route.status_code is None
        and route.max_body_size is None
        and all(need.call in known and need.name for need in dependant.dependencies)
        and all(f.field_info.annotation in (str, UUID) for f in dependant.path_params)
        and all(not f.field_info.metadata and f.alias == f.name for f in dependant.path_params)
        and all(isinstance(f.default, _ONLY_READ) for f in dependant.query_params)
        and all(not f.field_info.is_required() for f in dependant.query_params)
        and all(type(convertor) is StringConvertor for convertor in route.param_convertors.values())
    )
    taken = {f.name for f in (*dependant.path_params, *dependant.query_params)}
    taken |= {need.name for need in dependant.dependencies}
    if not plain or taken != inspect.signature(dependant.call).parameters.keys():
        return None
    answer = typing.get_type_hints(dependant.call).get("return")
    if not inspect.iscoroutinefunction(dependant.call) or not isinstance(answer, type):
        return None
    return _Endpoint(route) if issubclass(answer, Response) else None
