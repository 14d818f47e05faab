"""The web process: one application per kind of host behind one front door.

`python -m app.main` serves on PORT; `create_app` is what tests and servers take.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from app.bootstrap import make_noyau
from app.collectivites import routes as collectivites
from app.config import ROOT, load_settings
from app.demarches.routes import acces as demarches_acces
from app.demarches.routes import agent as demarches_agent
from app.demarches.routes import agent_parcours as demarches_parcours
from app.demarches.routes import avis as demarches_avis
from app.demarches.routes import edition as demarches_edition
from app.demarches.routes import (
    edition_adoption,
    edition_chantier,
    edition_essais,
    edition_liste,
    edition_publication,
    edition_regles,
)
from app.demarches.routes import exports as demarches_exports
from app.demarches.routes import exterieur as demarches_exterieur
from app.demarches.routes import gestes as demarches_gestes
from app.demarches.routes import listes as demarches_listes
from app.demarches.routes import lots as demarches_lots
from app.demarches.routes import partage as demarches_partage
from app.demarches.routes import pilotage as demarches_pilotage
from app.demarches.routes import places as demarches_places
from app.demarches.routes import public as demarches_public
from app.demarches.routes import remplir as demarches_remplir
from app.demarches.routes import saisie as demarches_saisie
from app.demarches.routes import suggestions as demarches_suggestions
from app.demarches.routes import suivi as demarches_suivi
from app.demarches.routes import tacite as demarches_tacite
from app.demarches.routes.deposer import ManquesError
from app.identite import routes as identite
from app.portail import accueil, bornes, bureau, console, espace, incidents, ma_collectivite, pages, sante
from app.rendezvous import routes as rendezvous
from app.socle.aiguillage import Aiguillage
from app.socle.errors import BusinessError, SignInRequiredError
from app.socle.expediteurs import mail_folder
from app.socle.journaux import configure_logs
from app.socle.noyau import Noyau
from app.socle.serveur import listen_address, serve
from app.socle.table import sort_routes
from app.socle.visionneuse import make_visionneuse

EDITION = (
    edition_liste.router,
    edition_adoption.router,
    edition_publication.router,
    edition_essais.router,
    edition_chantier.router,
    edition_regles.router,
    demarches_edition.router,
)
# The routers of each kind of host, in the order they are tried.
ROUTERS: Mapping[str, tuple[APIRouter, ...]] = {
    "collectivite": (
        accueil.collectivite,
        bornes.collectivite,
        accueil.commun,
        identite.usager,
        identite.commun,
        identite.collectivite,
        collectivites.collectivite,
        demarches_public.router,
        demarches_acces.router,
        demarches_gestes.router,
        demarches_gestes.collectivite,
        demarches_suivi.router,
        demarches_tacite.router,
        demarches_avis.router,
        demarches_pilotage.usager,
        demarches_remplir.router,
        demarches_remplir.pages,
        demarches_suggestions.router,
        *rendezvous.COLLECTIVITE,
    ),
    "mon": (
        espace.router,
        *rendezvous.MON,
        accueil.commun,
        identite.usager,
        identite.commun,
        identite.mon,
        demarches_gestes.router,
        demarches_suivi.router,
        demarches_tacite.router,
    ),
    "agents": (
        bureau.router,
        ma_collectivite.router,
        bornes.agents,
        demarches_lots.router,
        demarches_exterieur.router,
        demarches_places.router,
        demarches_partage.router,
        demarches_listes.router,
        demarches_pilotage.router,
        accueil.commun,
        identite.agents,
        identite.commun,
        demarches_agent.router,
        demarches_parcours.router,
        demarches_saisie.router,
        *EDITION,
        demarches_exports.router,
        demarches_suggestions.router,
    ),
    "opsn": (*console.ROUTERS, accueil.commun, identite.agents, identite.commun, *EDITION),
    "connexion": (accueil.commun, identite.connexion),
    "base": (accueil.commun, sante.base),
}

Handler = Callable[[Request, Any], Awaitable[Response]]


class StaticAssets(StaticFiles):
    """Files of `static/`, kept for ever by browsers when the address carries their hash."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, with its time to live."""
        response = super().file_response(*args, **kwargs)
        scope: Scope = args[2] if len(args) > 2 else kwargs["scope"]
        hashed = b"v=" in scope.get("query_string", b"")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response


def make_application(noyau: Noyau, genre: str) -> FastAPI:
    """The application of one kind of host."""
    application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    application.state.noyau = noyau
    application.state.genre = genre
    for router in (sante.router, pages.router, *ROUTERS[genre]):
        # Not include_router: it would search each router again, one inside the other, at each request.
        application.router.routes.extend(router.routes)
    if genre == "base" and noyau.settings.local:
        application.include_router(make_visionneuse(mail_folder(noyau.settings), noyau.gabarits["fr"]))
    sort_routes(application)
    handlers: dict[Any, Handler] = {
        BusinessError: incidents.business_error,
        SignInRequiredError: incidents.sign_in_required,
        ManquesError: incidents.review_again,
        RequestValidationError: incidents.invalid_request,
        HTTPException: incidents.http_error,
        Exception: incidents.unexpected,
    }
    for kind, handler in handlers.items():
        application.add_exception_handler(kind, handler)
    return application


def create_app(noyau: Noyau | None = None) -> Aiguillage:
    """The whole portal as one ASGI application; `applications` holds the one of each kind of host."""
    if noyau is None:
        settings = load_settings()
        configure_logs(settings.log_format)
        noyau = make_noyau(settings)
    applications = {genre: make_application(noyau, genre) for genre in ROUTERS}

    async def render_error(scope: Scope, error: BusinessError) -> ASGIApp:
        request = Request({**scope, "app": applications["base"]})
        if request.state.hote is None:
            return incidents.unknown_host(noyau, error)
        return await incidents.business_error(request, error)

    static = StaticAssets(directory=ROOT / "static")

    async def serve_static(scope: Scope, receive: Any, send: Any) -> None:
        await static({**scope, "root_path": "/static"}, receive, send)

    return Aiguillage(noyau, applications, serve_static, render_error)


if __name__ == "__main__":
    # Each request has its line already, with its id and without the visitor's address.
    serve(
        create_app(),
        *listen_address(),
        access_log=False,
        forwarded_allow_ips=load_settings().trusted_proxies,
    )
