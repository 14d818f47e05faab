"""Trying a work in progress: test dossiers to play from end to end, and automated tests made of them."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.edition.fautes import verifier_contenu
from app.demarches.presentation_agent import etiquette_agent
from app.demarches.routes.edition_commun import RACINE, base_of, common
from app.demarches.service import essais, publication
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep
from app.socle.errors import BusinessError, InvalidInputError, NotFoundError
from app.socle.vues import Erreur
from app.socle.web import once, page, redirect

router = APIRouter()


@router.get(f"{RACINE}/{{chantier_id}}/essais")
async def show(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """Test dossiers and automated tests, replayed on the work as it is now."""
    return await _show(ctx, chantier_id)


async def _show(ctx: Contexte, chantier_id: UUID, refusal: str = "") -> Response:
    async with publication.open_publication(ctx, chantier_id) as (atelier, chantier):
        definition, fautes = verifier_contenu(chantier.contenu)
        played = await essais.list_played(atelier, chantier.slug)
        return page(
            ctx,
            "demarches/edition/essais.html",
            status=422 if refusal else 200,
            **common(ctx, chantier, fautes, "Essais"),
            erreurs_formulaire=[Erreur("commencer", refusal)] if refusal else [],
            jouable=definition is not None and definition.genre == "teleservice",
            dossiers=[{**one, "etiquette": etiquette_agent(one["etat"])} for one in played],
            essais=await essais.replay(atelier, chantier.slug, definition),
            action_url=f"{base_of(chantier)}/essais",
        )


@router.post(f"{RACINE}/{{chantier_id}}/essais")
async def start(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID) -> Response:
    """Begins a test dossier of the work as it is now."""
    here = f"{RACINE}/{chantier_id}/essais"
    if await once(ctx, form, here):
        return redirect(ctx, here)
    async with publication.open_publication(ctx, chantier_id) as (atelier, chantier):
        definition, _ = verifier_contenu(chantier.contenu)
        if definition is None or definition.genre != "teleservice":
            raise InvalidInputError(
                "Corrigez d’abord les points signalés : l’essai joue un formulaire complet."
            )
        await essais.start(atelier, definition)
    return redirect(ctx, here)


@router.post(f"{RACINE}/{{chantier_id}}/essais/{{essai_id}}")
async def act(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID, essai_id: UUID) -> Response:
    """Makes an automated test of a test dossier; or drops one, or has it expect what the work now gives."""
    here = f"{RACINE}/{chantier_id}/essais"
    action = str(form.get("action", ""))
    if await once(ctx, form, here):
        return redirect(ctx, here)
    try:
        async with publication.open_publication(ctx, chantier_id) as (atelier, chantier):
            if action == "enregistrer":
                await essais.keep_scenario(atelier, chantier.slug, essai_id, str(form.get("nom", "")))
            else:
                definition, _ = verifier_contenu(chantier.contenu)
                await essais.change_scenario(atelier, chantier.slug, essai_id, action, definition)
    except NotFoundError:
        raise
    except BusinessError as refusal:
        return await _show(ctx, chantier_id, refusal.message)
    return redirect(ctx, f"{here}?fait=essai" if action == "enregistrer" else here)
