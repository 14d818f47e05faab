"""Pages of a trial installation that show the messages which would have left; mounted only if it is local.

A message's HTML is served apart, sandboxed, without script, network or origin, as a mail client would.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from app.socle.errors import NotFoundError

MAX_LISTED = 200
_BASE = "/dev/courriels"
_HTML_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_STYLE = """
body { margin: 0; background: #f6f7f8; color: #1a1a1a; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
table { width: 100%; border-collapse: collapse; background: #fff; }
th, td { text-align: left; padding: 0.5rem; border-bottom: 1px solid #b9c0c7; overflow-wrap: anywhere; }
dl div { display: flex; gap: 1rem; }
dt { min-width: 9rem; font-weight: bold; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: #fff; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
iframe { width: 100%; height: 45rem; border: 1px solid #b9c0c7; background: #fff; }
"""


@dataclass(frozen=True, slots=True)
class _Line:
    identifiant: str
    date: str
    a: str
    objet: str


@dataclass(frozen=True, slots=True)
class _Page:
    identifiant: str
    objet: str
    entetes: tuple[tuple[str, str], ...]
    texte: str
    liens: tuple[str, ...]
    pieces: tuple[str, ...]


def make_visionneuse(dossier: Path, env: Environment) -> APIRouter:
    """Router of `/dev/courriels`, reading the .eml files of `dossier` only, with `env`'s templates."""
    router = APIRouter(prefix=_BASE, include_in_schema=False)

    @router.get("")
    async def list_messages() -> HTMLResponse:
        lines = await to_thread.run_sync(_list, dossier)
        return HTMLResponse(env.get_template("visionneuse/liste.html").render(messages=lines, base=_BASE))

    @router.get("/visionneuse.css")
    async def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @router.get("/{identifiant}")
    async def show_message(identifiant: str) -> HTMLResponse:
        message = await to_thread.run_sync(_read, dossier, identifiant)
        page = _page(identifiant, message)
        return HTMLResponse(env.get_template("visionneuse/courriel.html").render(message=page, base=_BASE))

    @router.get("/{identifiant}/html")
    async def show_html(identifiant: str) -> HTMLResponse:
        message = await to_thread.run_sync(_read, dossier, identifiant)
        headers = {"Content-Security-Policy": _HTML_POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(_content(message, "html"), headers=headers)

    @router.get("/{identifiant}/pieces/{rang}")
    async def download(identifiant: str, rang: int) -> Response:
        message = await to_thread.run_sync(_read, dossier, identifiant)
        pieces = list(message.iter_attachments())
        if not 0 <= rang < len(pieces):
            raise NotFoundError("Cette pièce jointe n’existe pas.")
        body = pieces[rang].get_payload(decode=True)
        headers = {
            "Content-Disposition": "attachment; filename=" + f"piece-{rang}{_suffix(pieces[rang])}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(body, media_type=pieces[rang].get_content_type(), headers=headers)

    return router


def _list(dossier: Path) -> list[_Line]:
    paths = sorted(dossier.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    lines = []
    for path in paths[:MAX_LISTED]:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        lines.append(
            _Line(path.stem, f"{written:%d/%m/%Y %H:%M:%S} UTC", str(message["To"]), str(message["Subject"]))
        )
    return lines


def _read(dossier: Path, identifiant: str) -> EmailMessage:
    """The stored message; NotFoundError for anything that is not one of our file names."""
    path = dossier / f"{identifiant}.eml"
    if not re.fullmatch(r"[0-9a-f]{40}", identifiant) or not path.is_file():
        raise NotFoundError("Ce message n’existe pas ou plus.")
    return message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)


def _page(identifiant: str, message: EmailMessage) -> _Page:
    names = ("From", "To", "Reply-To", "Date", "Message-ID")
    texte = _content(message, "plain")
    return _Page(
        identifiant=identifiant,
        objet=str(message["Subject"]),
        entetes=tuple((name, str(message[name])) for name in names if message[name]),
        texte=texte,
        liens=tuple(dict.fromkeys(re.findall(r"https?://[^\s<>\"]+", texte))),
        pieces=tuple(part.get_filename() or "piece" for part in message.iter_attachments()),
    )


def _content(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part else ""


def _suffix(part: EmailMessage) -> str:
    found = re.search(r"\.[A-Za-z0-9]{1,5}$", part.get_filename() or "")
    return found.group() if found else ""
