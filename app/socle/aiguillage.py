"""The front door: one ASGI application that sends each request to the application of its host.

It does what must happen before any route: knows the host (or answers 404), gives the request its id, refuses bodies
that are too big and forms that come from elsewhere, answers cached public pages, adds the security headers, counts.
"""

import functools
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.socle.errors import BusinessError, ForbiddenError, InvalidInputError, NotFoundError
from app.socle.hosts import HoteResolu
from app.socle.ids import uuid7
from app.socle.langues import N_, phrase
from app.socle.noyau import Noyau

log = structlog.get_logger()

REQUESTS = Counter("kumun_requests_total", "Requests answered", ["service", "status"])
LATENCY = Histogram("kumun_request_seconds", "Time to the end of the answer", ["service"])

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
SECURITY_HEADERS: list[tuple[bytes, bytes]] = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
]
FORM_LIMIT = 1024 * 1024
UPLOAD_LIMIT = 26 * 1024 * 1024
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@functools.cache
def _answered(service: str, status: int) -> Counter:
    """The counter of one kind of answer: finding it by its labels costs more than counting."""
    return REQUESTS.labels(service, str(status))


@functools.cache
def _latency(service: str) -> Histogram:
    return LATENCY.labels(service)


Render = Callable[[Scope, BusinessError], Awaitable[ASGIApp]]


# What a suspended site still serves: the looks of the page that says so, and its state for the watch.
LOOKS = ("/theme/", "/blason/", "/sante")
SUSPENDED = N_(
    "Les démarches en ligne de cette collectivité sont suspendues pour l’instant. "
    "Ce que vous avez déposé est gardé, et la mairie vous répond."
)


class SuspendedError(BusinessError):
    """The collectivité's public site is closed for now; its agents and its residents' own space are not."""

    status = 503
    code = "suspendue"


class BodyTooLargeError(InvalidInputError):
    """The body is larger than this path takes."""

    status = 413
    code = "trop_volumineux"

    def __init__(self, limit: int) -> None:
        super().__init__(
            phrase(
                N_(
                    "L’envoi dépasse %(taille)s Mo, et rien n’en a été reçu. Revenez à la page précédente : joignez "
                    "des fichiers plus légers, ou un à la fois."
                ),
                taille=limit // 1024 // 1024,
            )
        )


class Aiguillage:
    """Dispatches by host to one application per kind of host; owns start and stop of the kernel."""

    def __init__(
        self, noyau: Noyau, applications: Mapping[str, ASGIApp], static: ASGIApp, render_error: Render
    ) -> None:
        self.noyau = noyau
        # Bound once: a logger that is found anew at each request costs more than its line.
        self._log = log.bind()
        self.applications = applications
        self._static = static
        self._render_error = render_error
        self._cookie = b"__Host-kumun=" if noyau.settings.secure else b"kumun="
        self._borne = self._cookie[:-1] + b"-borne="
        port = urlsplit(noyau.settings.base_url).port
        self._suffix = f":{port}" if port else ""
        self._scheme = "https" if noyau.settings.secure else "http"
        self._headers = [*SECURITY_HEADERS]
        if tiles := urlsplit(noyau.settings.tuiles_url).netloc:
            csp = CSP.replace("img-src 'self'", f"img-src 'self' https://{tiles}")
            self._headers[0] = (b"content-security-policy", csp.encode())
        if noyau.settings.secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        await self._http(scope, receive, send)

    def closing(self) -> None:
        """The server is about to stop: those who wait for news are let go."""
        self.noyau.annonces.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.noyau.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.noyau.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers = Headers(scope=scope)
        name = headers.get("host", "").rsplit(":", 1)[0].lower().rstrip(".")
        hote = await self.noyau.hosts.resolve(name)
        requete = str(uuid7())
        scope.setdefault("state", {}).update({"hote": hote, "requete": requete})
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(message, requete)
            await send(message)

        try:
            await self._answer(scope, receive, answer, headers, hote)
        finally:
            service = hote.genre if hote else "inconnu"
            elapsed = time.perf_counter() - began
            _answered(service, status).inc()
            if not scope["state"].get("flux"):
                _latency(service).observe(elapsed)
            self._log.info(
                "request",
                id=requete,
                service=service,
                collectivite=hote.collectivite.slug if hote and hote.collectivite else None,
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(elapsed * 1000, 1),
            )

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, hote: HoteResolu | None
    ) -> None:
        if hote is None:
            refusal = NotFoundError("Cette adresse ne correspond à aucune collectivité de ce portail.")
            await (await self._render_error(scope, refusal))(scope, receive, send)
            return
        if scope["path"].startswith("/static/"):
            await self._static(scope, receive, send)
            return
        if hote.collectivite and not hote.collectivite.active and not scope["path"].startswith(LOOKS):
            await (await self._render_error(scope, SuspendedError(SUSPENDED)))(scope, receive, send)
            return
        if scope["method"] in SAFE_METHODS:
            if await self._cached(scope, send, headers, hote):
                return
        else:
            try:
                self._check_origin(headers, hote)
                receive = self._limit(scope, receive, headers)
            except BusinessError as refusal:
                await (await self._render_error(scope, refusal))(scope, receive, send)
                return
        await self.applications[hote.genre](scope, receive, send)

    def _complete(self, message: MutableMapping[str, Any], requete: str) -> None:
        present = {name for name, _ in message["headers"]}
        message["headers"] = [
            *message["headers"],
            *(pair for pair in self._headers if pair[0] not in present),
            (b"x-request-id", requete.encode()),
        ]

    def _check_origin(self, headers: Headers, hote: HoteResolu) -> None:
        """Refuses a form posted from another site, sibling hosts included (each host has its own sessions)."""
        own = f"{self._scheme}://{hote.nom}{self._suffix}"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin not in (None, own) or (site not in (None, "same-origin", "none")):
            raise ForbiddenError(
                "Ce formulaire vient d’une autre adresse. Revenez à la page de votre collectivité et recommencez.",
                code="origine",
            )

    def _limit(self, scope: Scope, receive: Receive, headers: Headers) -> Receive:
        path = scope["path"]
        limit = UPLOAD_LIMIT if path.endswith("/pieces") or "/etapes/" in path else FORM_LIMIT
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > limit:
            raise BodyTooLargeError(limit)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLargeError(limit)
            return message

        return counted

    async def _cached(self, scope: Scope, send: Send, headers: Headers, hote: HoteResolu) -> bool:
        """Answers a public page from memory, for a visitor who is not signed in."""
        if hote.collectivite is None or scope["query_string"] or self.noyau.maintenance:
            return False
        cookie = headers.get("cookie", "").encode("latin-1")
        if self._cookie in cookie or self._borne in cookie or "hx-request" in headers:
            return False
        page = self.noyau.pages.get((hote.nom, scope["path"], langue_of(cookie)), hote.collectivite.version)
        if page is None:
            return False
        common = [(b"etag", page.etag), (b"cache-control", b"no-cache"), (b"vary", b"Cookie, HX-Request")]
        if headers.get("if-none-match", "").encode("latin-1") == page.etag:
            await send({"type": "http.response.start", "status": 304, "headers": common})
            await send({"type": "http.response.body", "body": b""})
            return True
        common.append((b"content-type", b"text/html; charset=utf-8"))
        common.append((b"content-length", str(len(page.body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": common})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page.body})
        return True


def langue_of(cookie: bytes) -> str:
    """The language chosen by the visitor's cookie; French unless said otherwise."""
    for langue in (b"br", b"en"):
        if b"kumun-langue=" + langue in cookie:
            return langue.decode()
    return "fr"
