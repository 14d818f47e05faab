"""Pages of the simulators: one Jinja environment, security headers, and the provider's error page.

The policy names no form-action on purpose: a sign-in form is answered by a redirect to the service's host,
which a browser blocks when form-action is restricted. Referrer-Policy is same-origin because no-referrer
turns the Origin header of our own forms into "null".
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from simulateurs.socle.refusals import PageRefusal

ROOT = Path(__file__).resolve().parent.parent
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_environment = Environment(
    loader=FileSystemLoader(ROOT / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """An HTML page of the simulators, never stored by the browser."""
    body = _environment.get_template(template).render(**values)
    return HTMLResponse(body, status, {**HEADERS, **(headers or {})})


def error_page(service: str, refusal: PageRefusal) -> HTMLResponse:
    """The provider's error page: its code, its message, and the rule with its evidence for the developer."""
    return page(
        "erreur.html",
        status=refusal.status,
        headers={"X-Simulateur-Regle": refusal.rule.name},
        service=service,
        refusal=refusal,
        back_url="",
        client_name="",
    )


def redirect(url: str, *, rule: str = "") -> RedirectResponse:
    """A 303 that no cache keeps."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if rule:
        headers["X-Simulateur-Regle"] = rule
    return RedirectResponse(url, 303, headers)


def from_our_page(request: Request) -> bool:
    """Whether a form comes from this host: an Origin header, when there is one, must be ours."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
