"""One collectivité: its card, its contact details, its looks, and whether its site is open."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from app.collectivites import reglages, repository
from app.collectivites.blason import sanitise
from app.collectivites.routes import blason_response
from app.collectivites.saisie import coordonnees_of_form, theme_of_form
from app.demarches.service import catalogue
from app.identite import cles
from app.portail.console.commun import (
    contact_values,
    habitants,
    page_collectivite,
    read_collectivite,
    receive_file,
)
from app.socle.contexte import Contexte, FormulaireDep, OpsnDep
from app.socle.errors import BusinessError, NotFoundError
from app.socle.gabarits import statique
from app.socle.theme import MOTIFS, InvalidThemeError, Theme, check_theme, theme_css
from app.socle.vues import Option
from app.socle.web import coordonnees_of, once, redirect

router = APIRouter()
NOMS_MOTIFS = {
    "bocage": "Bocage",
    "ville": "Ville",
    "mer": "Bord de mer",
    "aucun": "Aucun motif",
}
Couleur = Annotated[str, Query(pattern=r"^([0-9a-f]{6})?$")]


@router.get("/collectivites/{slug}")
async def show(ctx: OpsnDep, slug: str) -> Response:
    """The card: what is set, and what a resident would miss."""
    found, site = await read_collectivite(ctx, slug)
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        agents = await repository.list_agents(session, found.id)
        choices = await catalogue.list_choices(session, found.id)
        client = await cles.get_franceconnect(session, found.id)
    shown = coordonnees_of(found.coordonnees)
    missing = [
        words
        for words, value in (
            ("l’adresse", shown and shown.adresse),
            ("le téléphone", shown and shown.telephone),
            ("le courriel", shown and shown.courriel),
            ("les horaires", shown and shown.horaires),
        )
        if not value
    ]
    return page_collectivite(
        ctx,
        "fiche",
        found,
        site,
        "",
        coordonnees=shown,
        habitants=habitants(found.population),
        manque=", ".join(missing),
        a_theme="principale" in found.theme,
        blason_url=_blason_url(found.slug, found.theme),
        ouvertes=sum(1 for _, ouverte in choices if ouverte),
        demarches=len(choices),
        agents=len(agents),
        client_id=client[1] if client else "",
    )


def _blason_url(slug: str, theme: dict[str, Any]) -> str:
    """Where the console shows the logo: the commune's own host serves it to residents."""
    address = str(theme.get("blason", ""))
    return f"/collectivites/{slug}{address}" if address.startswith("/blason/") else address


@router.post("/collectivites/{slug}/etat")
async def change_etat(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """Suspends the public site, or opens it again."""
    etat = str(form.get("etat", ""))
    suite = f"/collectivites/{slug}?fait={'suspension' if etat == 'suspendue' else 'reouverture'}"
    if not await once(ctx, form, suite):
        await reglages.change_etat(ctx, slug, etat)
    return redirect(ctx, suite)


@router.get("/collectivites/{slug}/coordonnees")
async def coordonnees(ctx: OpsnDep, slug: str) -> Response:
    """How residents reach the mairie."""
    found, site = await read_collectivite(ctx, slug)
    valeurs = contact_values(found.coordonnees)
    return page_collectivite(ctx, "coordonnees", found, site, "/coordonnees", valeurs=valeurs)


@router.post("/collectivites/{slug}/coordonnees")
async def save_coordonnees(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """Keeps them; the public pages show them within a second."""
    values, erreurs = coordonnees_of_form(form)
    if erreurs:
        found, site = await read_collectivite(ctx, slug)
        names = ("adresse", "telephone", "courriel", "horaires", "accueil")
        valeurs = {name: form.get(name, "") for name in names}
        return page_collectivite(ctx, "coordonnees", found, site, "/coordonnees", erreurs, valeurs=valeurs)
    suite = f"/collectivites/{slug}?fait=coordonnees"
    if not await once(ctx, form, suite):
        await reglages.save_coordonnees(ctx, slug, values)
    return redirect(ctx, suite)


@router.get("/collectivites/{slug}/theme")
async def theme(ctx: OpsnDep, slug: str) -> Response:
    """The colours and the logo."""
    found, site = await read_collectivite(ctx, slug)
    return _theme_page(ctx, found, site, Theme(**found.theme))


def _theme_page(
    ctx: Contexte,
    found: Any,
    site: str,
    current: Theme | None,
    erreurs: dict[str, str] | None = None,
    saisie: FormData | None = None,
    apercu: bool = False,
) -> Response:
    shown = current or Theme(**found.theme)
    valeurs = {
        "principale": shown.principale,
        "accent": shown.accent,
        "fonce": shown.profonde,
        "fonce_choisie": "oui" if shown.fonce else "",
        "rayon": str(shown.rayon),
        "motif": shown.motif,
    }
    if saisie is not None:
        valeurs = {name: str(saisie.get(name, "")) for name in valeurs}
    return page_collectivite(
        ctx,
        "theme",
        found,
        site,
        "/theme",
        erreurs,
        block="apercu" if apercu else None,
        valeurs=valeurs,
        motifs=[Option(motif, NOMS_MOTIFS[motif]) for motif in MOTIFS],
        apercu_url=_preview_url(found.slug, shown),
        apercu_seul=apercu,
        blason_url=_blason_url(found.slug, found.theme),
        contraste=check_theme(shown),
    )


def _preview_url(slug: str, theme: Theme) -> str:
    query = {
        "principale": theme.principale[1:],
        "accent": theme.accent[1:],
        "fonce": theme.fonce[1:],
        "rayon": theme.rayon,
        "motif": theme.motif,
    }
    return f"/collectivites/{slug}/apercu.css?{urlencode(query)}"


@router.get("/collectivites/{slug}/apercu.css")
async def preview_css(
    ctx: OpsnDep,
    slug: str,
    principale: Couleur,
    accent: Couleur,
    motif: Annotated[str, Query(max_length=20)],
    rayon: Annotated[int, Query(ge=0, le=20)],
    fonce: Couleur = "",
) -> Response:
    """Colours that are not saved, for the sample on the page of the theme and nothing else."""
    try:
        trial = Theme(f"#{principale}", f"#{accent}", f"#{fonce}" if fonce else "", rayon, motif)
    except InvalidThemeError:
        raise NotFoundError("Ces couleurs n’existent pas.") from None
    css = theme_css(trial, statique).replace(":root", ".k-apercu", 1)
    return Response(css, media_type="text/css", headers={"cache-control": "private, max-age=3600"})


@router.post("/collectivites/{slug}/apercu")
async def preview(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """The sample in the colours typed so far, and what lacks contrast; nothing is kept."""
    found, site = await read_collectivite(ctx, slug)
    typed, erreurs = theme_of_form(form, "")
    return _theme_page(ctx, found, site, typed, erreurs, form, apercu=True)


@router.post("/collectivites/{slug}/theme")
async def save_theme(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """Keeps the theme, or refuses it with one sentence per pair of colours that lacks contrast; or only shows it."""
    found, site = await read_collectivite(ctx, slug)
    typed, erreurs = theme_of_form(form, str(found.theme.get("blason", "")))
    shown = form.get("action") == "apercu"
    if erreurs or shown or typed is None:
        return _theme_page(ctx, found, site, typed, erreurs, form, apercu=shown)
    suite = f"/collectivites/{slug}/theme?fait=theme"
    if not await once(ctx, form, suite):
        await reglages.save_theme(ctx, slug, typed)
    return redirect(ctx, suite)


@router.post("/collectivites/{slug}/logo")
async def save_logo(ctx: OpsnDep, slug: str) -> Response:
    """Makes a logo safe and keeps it, or takes it away."""
    form, file = await receive_file(ctx)
    removed = form.get("action") == "retirer"
    suite = f"/collectivites/{slug}/theme?fait={'blason-retire' if removed else 'blason'}"
    try:
        safe = None if removed else await sanitise(file.content() if file else b"")
    except BusinessError as refusal:
        found, site = await read_collectivite(ctx, slug)
        return _theme_page(ctx, found, site, None, {"logo": refusal.message})
    if not await once(ctx, form, suite):
        await reglages.save_blason(ctx, slug, safe)
    return redirect(ctx, suite)


@router.get("/collectivites/{slug}/blason/{empreinte}")
async def logo(ctx: OpsnDep, slug: str, empreinte: str) -> Response:
    """The logo, for the console's own pages."""
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        found = await repository.get_blason(session, (await reglages.access(session, slug)).id)
    if found is None or found.empreinte != empreinte:
        raise NotFoundError("Cette image n’existe plus.")
    return blason_response(found)
