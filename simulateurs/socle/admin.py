"""The local API that declares services, switches unverified rules and starts outages: `/_simulateur/`.

It answers callers of this machine only, unless the application was made with `open_admin`. Changes are PUTs
of JSON, which a page of another site cannot send without a preflight that is never granted.
"""

import ipaddress
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from simulateurs.socle.clients import PROVIDERS, declared, reason
from simulateurs.socle.context import Context, Outage
from simulateurs.socle.rules import UnknownRuleError, VerifiedRuleError


class LocalOnly:
    """Refuses callers of other machines with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass local callers on."""
        if scope["type"] == "http" and not _is_loopback((scope.get("client") or ("",))[0]):
            await _error(403, "l’administration du simulateur n’est ouverte qu’à cette machine")(
                scope, receive, send
            )
            return
        await self.app(scope, receive, send)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"erreur": message}, status)


class Admin:
    """Handlers of the admin API."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def app(self, *, open_to_all: bool) -> Starlette:
        """The API as an application to mount."""
        routes = [
            Route("/", self.state),
            Route("/{service}/clients/{client_id}", self.put_client, methods=["PUT"]),
            Route("/{service}/panne", self.put_outage, methods=["PUT"]),
            Route("/regles/{nom}", self.put_rule, methods=["PUT"]),
        ]
        return Starlette(routes=routes, middleware=[] if open_to_all else [Middleware(LocalOnly)])

    async def state(self, request: Request) -> Response:
        """Declared services (never their secrets), rules, outages and the latest refusals."""
        return JSONResponse(
            {
                "services": {
                    provider: {
                        "issuer": f"{self.context.base_url}/{provider}/api/v2",
                        "panne": self.context.outages.get(provider, Outage.NONE),
                        "clients": [
                            client.model_dump(mode="json", exclude={"client_secret"})
                            for client in self.context.clients.all_of(provider)
                        ],
                    }
                    for provider in PROVIDERS
                },
                "fichier_clients": self.context.clients.file_error or "ok",
                "regles": self.context.rules.describe(),
                "refus": list(self.context.refusals),
            }
        )

    async def put_client(self, request: Request) -> Response:
        """Declare or replace a service: 201 when new, 200 when replaced, 422 with the reason otherwise."""
        provider = request.path_params["service"]
        if provider not in PROVIDERS:
            return _error(404, "service inconnu")
        body = await _json_object(request)
        if body is None:
            return _error(400, "un objet JSON est attendu")
        client_id = request.path_params["client_id"]
        if body.pop("client_id", client_id) != client_id:
            return _error(422, "client_id diffère de l’adresse")
        try:
            client = declared(provider, client_id, body)
        except ValueError as error:
            return _error(422, reason(error))
        created = self.context.clients.put(provider, client)
        return JSONResponse(
            client.model_dump(mode="json", exclude={"client_secret"}), 201 if created else 200
        )

    async def put_outage(self, request: Request) -> Response:
        """Start or end an outage: `{"mode": "aucune" | "503" | "muette"}`."""
        provider = request.path_params["service"]
        body = await _json_object(request)
        if provider not in (*PROVIDERS, "sms", "webhooks"):
            return _error(404, "service inconnu")
        try:
            mode = Outage(str((body or {}).get("mode")))
        except ValueError:
            return _error(422, f"mode : {', '.join(Outage)}")
        self.context.outages[provider] = mode
        return JSONResponse({"panne": mode})

    async def put_rule(self, request: Request) -> Response:
        """Apply or suspend a switchable rule: `{"active": true | false}`; 409 for another."""
        body = await _json_object(request)
        active = (body or {}).get("active")
        if not isinstance(active, bool):
            return _error(422, "active : true ou false")
        name = request.path_params["nom"]
        try:
            self.context.rules.switch(name, active=active)
        except UnknownRuleError:
            return _error(404, "règle inconnue")
        except VerifiedRuleError:
            return _error(409, "règle établie, qui s’applique toujours")
        return JSONResponse({"regle": name, "active": active})


async def _json_object(request: Request) -> dict[str, Any] | None:
    """The decoded body, if it is declared as JSON and is an object."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
