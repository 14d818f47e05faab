"""The trial installation's mail pages: list, one message, inert HTML, attachment, only the folder."""

import gettext
from dataclasses import replace
from pathlib import Path

import html5lib
import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.config import ROOT
from app.socle.errors import NotFoundError
from app.socle.expediteurs import DossierExpediteur
from app.socle.mail import PieceJointe
from app.socle.visionneuse import make_visionneuse

from .test_mail import COURRIEL

pytestmark = pytest.mark.anyio
HOSTILE = replace(
    COURRIEL,
    cle="autre",
    texte="à bientôt\nhttps://mon.kumun.test/d/1?a=1&b=2\njavascript:alert(2)\n",
    objet="<b>Second</b>",
    html="<script>alert(1)</script><p>Bonjour</p>",
    pieces=(PieceJointe(nom="accusé.pdf", contenu=b"%PDF-1"),),
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default=True),
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_translations(gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    app = FastAPI()
    app.include_router(make_visionneuse(tmp_path, env))

    @app.exception_handler(NotFoundError)
    async def not_found(request: Request, error: NotFoundError) -> PlainTextResponse:
        return PlainTextResponse(error.message, status_code=error.status)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_an_empty_folder_says_what_to_do(client: httpx.AsyncClient) -> None:
    page = await client.get("/dev/courriels")
    assert "Aucun message pour l’instant" in page.text


async def test_messages_are_listed_newest_first_and_shown_inert(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    sender = DossierExpediteur(tmp_path)
    await sender.envoyer(COURRIEL)
    await sender.envoyer(HOSTILE)
    listed = (await client.get("/dev/courriels")).text
    assert listed.index("&lt;b&gt;Second&lt;/b&gt;") < listed.index("Saint-Jacut-de-la-Mer")
    html5lib.HTMLParser(strict=True).parse(listed)

    shown = (await client.get(f"/dev/courriels/{HOSTILE.identifiant}")).text
    html5lib.HTMLParser(strict=True).parse(shown)
    assert "à bientôt" in shown
    assert "accusé.pdf" in shown
    assert 'href="https://mon.kumun.test/d/1?a=1&amp;b=2"' in shown
    assert "alert(1)" not in shown
    assert 'href="javascript' not in shown

    inert = await client.get(f"/dev/courriels/{HOSTILE.identifiant}/html")
    assert inert.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "<p>Bonjour</p>" in inert.text


async def test_an_attachment_is_downloaded_never_shown(client: httpx.AsyncClient, tmp_path: Path) -> None:
    await DossierExpediteur(tmp_path).envoyer(HOSTILE)
    piece = await client.get(f"/dev/courriels/{HOSTILE.identifiant}/pieces/0")
    assert piece.content == b"%PDF-1"
    assert piece.headers["Content-Disposition"] == "attachment; filename=piece-0.pdf"
    assert (await client.get(f"/dev/courriels/{HOSTILE.identifiant}/pieces/1")).status_code == 404


@pytest.mark.parametrize("name", ["absent", "..%2Fsecrets", "0" * 40, "visionneuse.css%2F.."])
async def test_only_a_stored_message_can_be_named(
    client: httpx.AsyncClient, tmp_path: Path, name: str
) -> None:
    (tmp_path.parent / "secrets.eml").write_text("Subject: secret\n\nx")
    for suffix in ("", "/html", "/pieces/0"):
        assert (await client.get(f"/dev/courriels/{name}{suffix}")).status_code == 404


async def test_the_style_is_served_apart(client: httpx.AsyncClient) -> None:
    assert (await client.get("/dev/courriels/visionneuse.css")).headers["Content-Type"].startswith("text/css")
