"""Kiosk mode: a screen in the town hall where each visit is wiped at its end, and the desk's page that installs one.

A browser that is a kiosk keeps nothing (no storage, no cookie beyond the visit, no suggestion), counts down when it is
left alone, and forgets everything: session, FranceConnect's own, a form begun without an account.
"""

from collections.abc import Iterable
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.collectivites import bornes
from app.demarches.service import brouillons
from app.identite import service as identite
from app.portail.ma_collectivite import access, administer, draw
from app.socle.contexte import AgentDep, Contexte, ContexteDep, FormulaireDep, Visite
from app.socle.errors import InvalidInputError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.vues import Erreur
from app.socle.web import once, page, redirect

collectivite = APIRouter()
agents = APIRouter()
# Ten years: it stays a kiosk until an agent says otherwise.
TOUJOURS = 10 * 366 * 86400
# What a visit leaves in the browser; « kumun-borne » and the looks stay.
TRACES = ("kumun", "kumun-temoin", "kumun-code", "kumun-langue", "kumun-rendez-vous")


@collectivite.get("/borne")
async def ask(ctx: ContexteDep) -> Response:
    """Where an agent types the code that makes this screen a kiosk."""
    return _ask(ctx)


def _ask(ctx: Contexte, erreur: str = "") -> Response:
    return page(
        ctx,
        "portail/borne.html",
        status=422 if erreur else 200,
        deja=ctx.borne_id is not None,
        erreurs_formulaire=[Erreur("code", erreur)] if erreur else [],
        cle_idempotence=new_token(),
    )


@collectivite.post("/borne")
async def install(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Makes this browser a kiosk."""
    try:
        borne_id = await bornes.install(ctx, str(form.get("code") or ""))
    except InvalidInputError as refusal:
        return _ask(ctx, refusal.message)
    response = redirect(ctx, "/")
    # Whoever set the screen up used it as a browser: that is forgotten too.
    _forget(ctx, response, TRACES)
    ctx.set_cookie(response, "kumun-borne", bornes.cookie_of(ctx, borne_id), max_age=TOUJOURS)
    return response


def _forget(visit: Visite, response: Response, names: Iterable[str]) -> None:
    for name in names:
        response.delete_cookie(
            visit.cookie_name(name),
            path="/",
            secure=visit.noyau.settings.secure,
            httponly=True,
            samesite="lax",
        )


@collectivite.post("/borne/fin")
async def end(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """« Terminer et tout effacer », pressed, or sent by the page when nobody has done anything for two minutes."""
    del form
    borne_id = ctx.borne_id
    if borne_id is None:
        return redirect(ctx, "/")
    if ctx.has_temoin:
        await brouillons.discard_anonymous(ctx)
    active = await bornes.is_active(ctx.db, ctx.collectivite.id, borne_id)
    url = await identite.sign_out(ctx)
    ctx.personne = None
    ctx.temoin_neuf = False
    response = page(ctx, "portail/borne_finie.html", url=url or "/")
    doomed = TRACES if active else (*TRACES, "kumun-borne")
    _forget(ctx, response, doomed)
    # Not « cookies »: it would wipe the one that makes this screen a kiosk.
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


@agents.get("/collectivite/{slug}/bornes")
async def show(ctx: AgentDep, slug: str) -> Response:
    """The kiosks of a collectivité; with the form that adds one for an administrator."""
    return await _show(ctx, slug)


async def _show(ctx: Contexte, slug: str, *, code: str = "", nom: str = "", erreur: str = "") -> Response:
    place = await access(ctx, slug)
    found = await bornes.list_bornes(ctx.db, place.collectivite.id)
    return await draw(
        ctx,
        "bornes",
        place,
        {"nom": erreur} if erreur else None,
        bornes=[
            {
                "id": borne.id,
                "nom": borne.nom,
                "installee_le": borne.installee_le,
                "perimee": borne.installee_le is None and borne.code_expire_le < ctx.now,
            }
            for borne in found
        ],
        code=f"{code[:5]}-{code[5:]}" if code else "",
        nom=nom,
    )


@agents.post("/collectivite/{slug}/bornes")
async def add(ctx: AgentDep, form: FormulaireDep, slug: str) -> Response:
    """Adds a kiosk; its code is on the answer alone, for half an hour."""
    place = await administer(ctx, slug)
    here = f"/collectivite/{slug}/bornes"
    nom = str(form.get("nom") or "")
    if not nom.strip() or len(nom) > bornes.NOM_MAX:
        phrase = N_("Donnez un nom à la borne, en 60 caractères au plus.")
        return await _show(ctx, slug, nom=nom[: bornes.NOM_MAX], erreur=phrase)
    if await once(ctx, form, here):
        return redirect(ctx, here)
    code = await bornes.add(ctx, place.collectivite.id, nom, place.droit.nom_complet)
    return await _show(ctx, slug, code=code)


@agents.post("/collectivite/{slug}/bornes/{borne_id}/retirer")
async def revoke(ctx: AgentDep, form: FormulaireDep, slug: str, borne_id: UUID) -> Response:
    """That screen is a kiosk no longer."""
    place = await administer(ctx, slug)
    here = f"/collectivite/{slug}/bornes"
    if not await once(ctx, form, here):
        await bornes.revoke(ctx, place.collectivite.id, borne_id)
    return redirect(ctx, here)
