"""How many places each option of a démarche has: set by the agents of a collectivité, for a season."""

from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.definitions import Definition
from app.demarches.repository import places as repository
from app.demarches.service import partage, places
from app.demarches.service.catalogue import get_offre, list_offres
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import InvalidInputError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import once, page, redirect

router = APIRouter()


def _fil(ctx: Contexte, base: str) -> list[vues.Lien]:
    return [vues.Lien("Bureau", "/"), vues.Lien(ctx.traduire(N_("Réglages du bureau")), base)]


@router.get("/reglages/{collectivite_id}/places")
async def choose(ctx: AgentDep, collectivite_id: UUID) -> Response:
    """The démarches whose questions have options."""
    await partage.open_settings(ctx, collectivite_id)
    base = f"/reglages/{collectivite_id}"
    offres = await list_offres(ctx.db, collectivite_id)
    return page(
        ctx,
        "demarches/places_choix.html",
        fil=_fil(ctx, base),
        demarches=[
            vues.Lien(o.definition.titre, f"{base}/places/{o.definition.slug}")
            for o in offres
            if any(places.options_of(champ) for champ in o.definition.champs())
        ],
    )


@router.get("/reglages/{collectivite_id}/places/{slug}")
async def show(ctx: AgentDep, collectivite_id: UUID, slug: str) -> Response:
    """The options of one démarche, with their places, those taken and who waits."""
    await partage.open_settings(ctx, collectivite_id)
    definition = (await get_offre(ctx.db, collectivite_id, slug)).definition
    return await _show(ctx, collectivite_id, definition)


async def _show(
    ctx: Contexte,
    collectivite_id: UUID,
    definition: Definition,
    erreur: str = "",
    typed: FormData | None = None,
) -> Response:
    base = f"/reglages/{collectivite_id}"
    quotas = {
        (q.champ_id, q.option): q
        for q in await repository.list_quotas(ctx.db, collectivite_id, definition.slug)
    }
    season = next((q.saison for q in quotas.values()), "")
    champs = []
    for champ in definition.champs():
        lines = []
        for value, libelle in places.options_of(champ).items():
            quota, nom = quotas.get((champ.id, value)), f"{champ.id}:{value}"
            present = str(quota.places) if quota else ""
            lines.append(
                {
                    "nom": nom,
                    "libelle": libelle,
                    "valeur": str(typed.get(nom, "")) if typed is not None else present,
                    "prises": quota.prises if quota else 0,
                    "attente": quota.attente if quota else 0,
                    "limite": quota is not None,
                }
            )
        if lines:
            champs.append(
                {"libelle": champ.libelle, "ouverte": any(x["limite"] for x in lines), "lignes": lines}
            )
    return page(
        ctx,
        "demarches/places.html",
        status=422 if erreur else 200,
        fil=_fil(ctx, base),
        titre_demarche=definition.titre,
        action_url=f"{base}/places/{definition.slug}",
        saison=str(typed.get("saison", "")) if typed is not None else season,
        champs=champs,
        erreur=erreur,
        erreurs_formulaire=[vues.Erreur("saison", erreur)] if erreur else [],
        cle_idempotence=new_token(),
    )


@router.post("/reglages/{collectivite_id}/places/{slug}")
async def change(ctx: AgentDep, form: FormulaireDep, collectivite_id: UUID, slug: str) -> Response:
    """Keeps the season and the figures; whoever waits gets what becomes free."""
    await partage.open_settings(ctx, collectivite_id)
    definition = (await get_offre(ctx.db, collectivite_id, slug)).definition
    here = f"/reglages/{collectivite_id}/places/{slug}"
    asked = {name: str(value) for name, value in form.items() if ":" in name}
    try:
        async with savepoint(ctx.db):
            if not await once(ctx, form, here):
                await places.save(ctx, collectivite_id, definition, str(form.get("saison", "")), asked)
    except InvalidInputError as refusal:
        return await _show(ctx, collectivite_id, definition, refusal.message, form)
    return redirect(ctx, here)
