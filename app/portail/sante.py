"""What machines ask: is it alive, and the metrics."""

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.socle.errors import BusinessError, NotFoundError
from app.socle.noyau import Noyau

router = APIRouter()
base = APIRouter()


@router.get("/sante")
async def health(request: Request) -> Response:
    """The state of each component; 503 when the database does not answer."""
    noyau: Noyau = request.app.state.noyau
    state: dict[str, Any] = {"base": await _database(noyau), "objets": await _objects(noyau)}
    state["annonces"] = "ok" if noyau.hosts.listening else "interrompues"
    well = state["base"] == "ok"
    body = {"etat": "ok" if well else "en panne", "composants": state}
    return JSONResponse(body, 200 if well else 503, headers={"cache-control": "no-store"})


async def _database(noyau: Noyau) -> str:
    return "ok" if await noyau.db.answers() else "en panne"


async def _objects(noyau: Noyau) -> str:
    try:
        await noyau.objets.store.check()
    except (BusinessError, OSError):
        return "en panne"
    return "ok"


@base.get("/")
async def home(request: Request) -> Response:
    """The installation's own address leads to Mon espace."""
    settings = request.app.state.noyau.settings
    return RedirectResponse(settings.url_of(settings.service_host("mon")), 303)


@base.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus metrics of this process, for the machines named by KUMUN_TRUSTED_PROXIES only."""
    settings = request.app.state.noyau.settings
    address = request.client.host if request.client else ""
    if address not in {item.strip() for item in settings.trusted_proxies.split(",")}:
        raise NotFoundError("Cette page n’existe pas.")
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
