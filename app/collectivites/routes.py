"""A collectivité's logo, on its own host: an image and nothing else, kept for ever under its hash."""

from fastapi import APIRouter
from starlette.responses import Response

from app.collectivites import reglages
from app.collectivites.models import Blason
from app.socle.contexte import ContexteDep

collectivite = APIRouter()


def blason_response(blason: Blason) -> Response:
    """The logo under a sandbox: opened by itself, even a drawing that escaped our checks could run and load nothing."""
    headers = {
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline",
        "cache-control": "public, max-age=31536000, immutable",
    }
    return Response(blason.contenu, media_type=blason.type_mime, headers=headers)


@collectivite.get("/blason/{empreinte}")
async def logo(ctx: ContexteDep, empreinte: str) -> Response:
    """The logo of this host's collectivité."""
    return blason_response(await reglages.read_blason(ctx, empreinte))
