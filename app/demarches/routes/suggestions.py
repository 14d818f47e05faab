"""Suggestions while a name or an address is typed: public lists only, nothing of anybody's."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from app.demarches.service import referentiels
from app.demarches.types.repertoires import communes
from app.socle import limites
from app.socle.contexte import ContexteDep, VisiteDep

router = APIRouter()
CENT = 100


@router.get("/suggestions/communes")
async def suggest_communes(q: str = "") -> Response:
    """Communes whose name begins like `q`."""
    found = [{"libelle": entree.libelle, "code": entree.code} for entree in communes().chercher(q[:CENT])]
    return JSONResponse(found, headers={"cache-control": "public, max-age=86400"})


@router.get("/suggestions/adresses")
async def suggest_addresses(visit: VisiteDep, q: str = "") -> Response:
    """Addresses of the national base like `q`; the outside service is asked at most so often for one visitor."""
    await limites.limit(visit.noyau, "adresses", visit.temoin, at_most=300, per=timedelta(hours=1))
    found = await visit.noyau.adresses.chercher(q[: 2 * CENT])
    return JSONResponse([asdict(item) for item in found], headers={"cache-control": "no-store"})


@router.get("/suggestions/carte")
async def describe_map(visit: VisiteDep) -> Response:
    """What a map needs to begin: the images under it, if there are any, and where the commune is."""
    settings = visit.noyau.settings
    body: dict[str, Any] = {"tuiles": settings.tuiles_url, "mention": settings.tuiles_mention}
    place = visit.hote.collectivite
    known = communes().de_code(place.code_insee) if place and place.code_insee else None
    if known is not None:
        await limites.limit(visit.noyau, "adresses", visit.temoin, at_most=300, per=timedelta(hours=1))
        found = await visit.noyau.adresses.chercher(f"{known.nom} {known.precision}")
        body |= {"centre": [found[0].lon, found[0].lat]} if found else {}
    return JSONResponse(body, headers={"cache-control": "private, max-age=86400"})


@router.get("/suggestions/referentiels/{nom}")
async def suggest_rows(ctx: ContexteDep, nom: str, q: str = "") -> Response:
    """Rows of a list of this collectivité like `q`; none on the desk, which serves several."""
    place = ctx.hote.collectivite
    found = [] if place is None else await referentiels.suggest(ctx, place.id, nom[:40], q[:CENT])
    return JSONResponse(found, headers={"cache-control": "no-store"})
