"""Turns a provider into a mounted application: its outage, its refusals, and the origin of its forms."""

import asyncio

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from simulateurs.socle.context import Context, Outage
from simulateurs.socle.pages import from_our_page, redirect
from simulateurs.socle.provider import Provider
from simulateurs.socle.refusals import AlreadyDone, EndpointRefusal, PageRefusal


class OutageSwitch:
    """While an outage lasts, answers 503, or keeps the caller waiting and then answers 503."""

    def __init__(self, app: ASGIApp, *, context: Context, kind: str) -> None:
        self.app = app
        self.context = context
        self.kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, unless an outage lasts."""
        outage = self.context.outages.get(self.kind, Outage.NONE)
        if scope["type"] != "http" or outage is Outage.NONE:
            await self.app(scope, receive, send)
            return
        if outage is Outage.SILENT:
            await asyncio.sleep(self.context.silence)
        await PlainTextResponse("Service indisponible (panne simulée)", 503)(scope, receive, send)


class OwnForms:
    """Refuses with 403 a form of the sign-in pages that another origin sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not a form of a sign-in page, or comes from one."""
        form = scope["type"] == "http" and scope["method"] == "POST" and "/interaction/" in scope["path"]
        if form and not from_our_page(Request(scope)):
            await PlainTextResponse("Formulaire envoyé par un autre site", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def mounted_service(context: Context, kind: str, routes: list[BaseRoute]) -> Starlette:
    """Routes of a service that signs nobody in, behind its outage."""
    return Starlette(routes=routes, middleware=[Middleware(OutageSwitch, context=context, kind=kind)])


def mounted(provider: Provider, routes: list[BaseRoute]) -> Starlette:
    """The provider's routes as an application; page and endpoint refusals become answers here."""

    async def on_page(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, PageRefusal)  # noqa: S101 - Starlette types handlers with Exception
        return provider.show(refusal, request.query_params.get("client_id", ""))

    async def on_endpoint(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, EndpointRefusal)  # noqa: S101 - same
        return provider.answer(refusal)

    async def on_second_click(request: Request, done: Exception) -> Response:
        assert isinstance(done, AlreadyDone)  # noqa: S101 - same
        return redirect(done.url)

    return Starlette(
        routes=routes,
        middleware=[
            Middleware(OutageSwitch, context=provider.context, kind=provider.kind),
            Middleware(OwnForms),
        ],
        exception_handlers={PageRefusal: on_page, EndpointRefusal: on_endpoint, AlreadyDone: on_second_click},
    )
