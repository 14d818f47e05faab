"""What a collectivité offers and who works there: démarches open or closed, agents' rights, FranceConnect keys."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.collectivites import reglages, repository
from app.collectivites.saisie import ROLES, franceconnect_of_form, invitation_of_form
from app.demarches.definitions import THEMES
from app.demarches.service import catalogue
from app.identite import cles
from app.portail.console.commun import agent_shown, page_collectivite, read_collectivite
from app.socle.contexte import Contexte, FormulaireDep, OpsnDep
from app.socle.vues import Option
from app.socle.web import once, redirect

router = APIRouter()


@router.get("/collectivites/{slug}/demarches")
async def demarches(ctx: OpsnDep, slug: str) -> Response:
    """Every démarche of the catalogue, open or closed here."""
    found, site = await read_collectivite(ctx, slug)
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        choices = await catalogue.list_choices(session, found.id)
    themes: dict[str, list[dict[str, Any]]] = {}
    for definition, ouverte in choices:
        themes.setdefault(THEMES[definition.theme], []).append(
            {
                "slug": definition.slug,
                "titre": definition.titre,
                "en_ligne": definition.genre == "teleservice",
                "ouverte": ouverte,
            }
        )
    return page_collectivite(ctx, "demarches", found, site, "/demarches", themes=themes)


@router.post("/collectivites/{slug}/demarches")
async def save_demarches(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """Opens what is ticked and closes the rest; the public site follows within a second."""
    suite = f"/collectivites/{slug}/demarches?fait=demarches"
    if not await once(ctx, form, suite):
        ticked = {str(value) for value in form.getlist("ouvertes")}
        async with reglages.acting(ctx, slug, "demarches:adoption:changer") as acte:
            opened, closed = await catalogue.open_only(acte.session, acte.collectivite.id, ticked, ctx.now)
            acte.details.update(ouvertes=opened, fermees=closed)
    return redirect(ctx, suite)


@router.get("/collectivites/{slug}/agents")
async def agents(ctx: OpsnDep, slug: str) -> Response:
    """Who works for the collectivité, and the form that invites somebody."""
    return await _agents(ctx, slug, {"role": "agent"})


async def _agents(
    ctx: Contexte, slug: str, valeurs: dict[str, str], erreurs: dict[str, str] | None = None
) -> Response:
    found, site = await read_collectivite(ctx, slug)
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        rows = await repository.list_agents(session, found.id)
    names = ("courriel", "prenom", "nom", "qualite", "service", "role")
    return page_collectivite(
        ctx,
        "agents",
        found,
        site,
        "/agents",
        erreurs,
        agents=[{**agent_shown(row), "retirable": True} for row in rows],
        administre=True,
        valeurs={name: valeurs.get(name, "") for name in names},
        roles=[Option(role, label) for role, label in ROLES.items()],
    )


@router.post("/collectivites/{slug}/agents")
async def invite(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """Opens a right and sends the e-mail that says so."""
    values, erreurs = invitation_of_form(form)
    if erreurs:
        return await _agents(ctx, slug, values, erreurs)
    suite = f"/collectivites/{slug}/agents?fait=invitation"
    if not await once(ctx, form, suite):
        await reglages.invite(ctx, slug, values)
    return redirect(ctx, suite)


@router.post("/collectivites/{slug}/agents/{agent_id}/retirer")
async def revoke(ctx: OpsnDep, form: FormulaireDep, slug: str, agent_id: UUID) -> Response:
    """Takes a right away, at once."""
    suite = f"/collectivites/{slug}/agents?fait=retrait"
    if not await once(ctx, form, suite):
        await reglages.revoke(ctx, slug, agent_id)
    return redirect(ctx, suite)


@router.get("/collectivites/{slug}/franceconnect")
async def franceconnect(ctx: OpsnDep, slug: str) -> Response:
    """The collectivité's own client at FranceConnect; its secret is written, never shown."""
    return await _franceconnect(ctx, slug)


async def _franceconnect(
    ctx: Contexte, slug: str, valeurs: dict[str, str] | None = None, erreurs: dict[str, str] | None = None
) -> Response:
    found, site = await read_collectivite(ctx, slug)
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        client = await cles.get_franceconnect(session, found.id)
    settings = ctx.noyau.settings
    connexion = settings.service_host("connexion")
    issuer, client_id = client or ("", "")
    return page_collectivite(
        ctx,
        "franceconnect",
        found,
        site,
        "/franceconnect",
        erreurs,
        connu=client is not None,
        valeurs=valeurs or {"issuer": issuer, "client_id": client_id},
        retour_url=settings.url_of(connexion, "/franceconnect/retour"),
        deconnexion_url=settings.url_of(connexion, "/franceconnect/deconnexion/retour"),
    )


@router.post("/collectivites/{slug}/franceconnect")
async def save_franceconnect(ctx: OpsnDep, form: FormulaireDep, slug: str) -> Response:
    """Keeps the client; an empty secret leaves the one that is there."""
    found, _ = await read_collectivite(ctx, slug)
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        known = await cles.get_franceconnect(session, found.id) is not None
    values, erreurs = franceconnect_of_form(form, known=known)
    if erreurs:
        return await _franceconnect(ctx, slug, values, erreurs)
    suite = f"/collectivites/{slug}/franceconnect?fait=franceconnect"
    if not await once(ctx, form, suite):
        await cles.set_franceconnect(ctx.noyau, slug, **values, acteur=ctx.acteur, requete=ctx.requete)
    return redirect(ctx, suite)
