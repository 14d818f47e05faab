"""The home of a collectivité, its stylesheet, and the pages that every host has."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from app.demarches.presentation import familles_of
from app.demarches.routes.public import list_offres
from app.rendezvous.routes.public import list_offerts
from app.socle.contexte import VisiteDep
from app.socle.errors import NotFoundError
from app.socle.langues import LANGUES
from app.socle.vues import Lien
from app.socle.web import page_publique, safe_suite

collectivite = APIRouter()
commun = APIRouter()

# What people come for most, in a town hall that does not count it yet.
COURANTES = ("acte-naissance", "carte-identite-passeport", "inscription-periscolaire", "signalement-voirie")


@collectivite.get("/")
async def home(visit: VisiteDep) -> Response:
    """The commune's own page: its démarches by theme, a search box, its hours, who can help."""
    offres = await list_offres(visit)
    motifs = await list_offerts(visit)
    online = sorted((o for o in offres if o.en_ligne), key=lambda o: o.definition.slug not in COURANTES)
    shortcuts = online[: len(COURANTES)]
    return page_publique(
        visit,
        "portail/accueil_commune.html",
        recherche_url="/demarches",
        accroche=visit.collectivite.coordonnees.get("accueil", ""),
        raccourcis=[
            Lien(o.definition.titre_en(visit.langue), f"/demarches/{o.definition.slug}") for o in shortcuts
        ],
        rendez_vous_url="/rendez-vous" if motifs else "",
        annonce=None,
        themes=familles_of(offres, visit.langue),
        aide=[],
    )


@collectivite.get("/theme/{empreinte}.css")
async def theme(visit: VisiteDep, empreinte: str) -> Response:
    """The collectivité's colours; the address holds their hash, so browsers keep it for ever."""
    current = visit.collectivite
    if empreinte != current.theme_hash:
        return RedirectResponse(f"/theme/{current.theme_hash}.css", 302)
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(current.theme_css, media_type="text/css", headers=headers)


@commun.get("/langue/{code}")
async def choose_language(
    visit: VisiteDep, code: str, suite: Annotated[str, Query(max_length=500)] = "/"
) -> Response:
    """Remembers the language on this browser, and goes back."""
    if code not in {known for known, _ in LANGUES}:
        raise NotFoundError("Cette langue n’est pas proposée.")
    response = RedirectResponse(safe_suite(suite), 303)
    visit.set_cookie(response, "kumun-langue", code, max_age=365 * 86400)
    return response
