"""Reading everything again, then submitting: what is submitted is what was shown, once."""

from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.presentation import sections_of
from app.demarches.presentation_pieces import pieces_of
from app.demarches.routes.acces import show_later
from app.demarches.routes.formulaire import around, base_of
from app.demarches.service import acces, brouillons, depot, representation
from app.demarches.service.brouillons import Brouillon, DejaDeposeError
from app.demarches.service.reponses import empreinte_of
from app.socle import vues
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, VisiteDep, open_contexte
from app.socle.errors import BusinessError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import once, page, redirect

pages = APIRouter()


@pages.get("/dossiers/{dossier_id}/recapitulatif")
async def review(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """Everything that was answered, before it is submitted."""
    try:
        draft = await brouillons.open_draft(ctx, dossier_id)
        if representation.must_ask(draft):
            return redirect(ctx, f"{base_of(ctx, dossier_id)}/pour-qui")
        return await _review(ctx, draft)
    except DejaDeposeError:
        # « Back », after submitting.
        return redirect(ctx, f"/dossiers/{dossier_id}/depose")


async def _review(
    ctx: Contexte, draft: Brouillon, *, oubli: str = "", change: bool = False, status: int = 200
) -> Response:
    manques = depot.manques_of(ctx, draft)
    base = base_of(ctx, draft.dossier.id)
    etat = draft.etat()
    applicable = tuple(seen.page for seen in etat.pages)
    erreurs = [
        vues.Erreur(f"{base}/etapes/{page_id}#{champ_id}", phrase) for page_id, champ_id, phrase in manques
    ]
    if oubli:
        erreurs.append(vues.Erreur("declaration", oubli))
    return page(
        ctx,
        "demarches/recapitulatif.html",
        block="formulaire",
        status=status,
        demarche_titre=draft.definition.titre,
        **around(ctx, draft),
        etape={"numero": len(applicable) + 1, "total": len(applicable) + 1},
        sections=sections_of(draft.definition, etat.reponses, etat=etat, modifier=f"{base}/etapes/{{page}}"),
        pieces=pieces_of(draft.definition, draft.pieces, etat=etat, modifier=f"{base}/etapes/{{page}}"),
        prix=etat.centimes,
        erreurs_formulaire=erreurs,
        declaration_cochee=False,
        change=change,
        vu=empreinte_of(draft),
        peut_deposer=acces.may_submit(ctx, draft.dossier),
        auteurs=await acces.list_authors(ctx, draft),
        declaration=draft.definition.declaration,
        action_url=f"{base}/deposer",
        precedent_url=f"{base}/etapes/{applicable[-1].id}",
        cle_idempotence=new_token(),
        version=draft.dossier.revision,
    )


@pages.post("/dossiers/{dossier_id}/deposer")
async def submit(visit: VisiteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Submits; a double click, a second tab or « back » end on the same page, once."""
    for _ in range(DRAWS):
        try:
            async with open_contexte(visit) as ctx:
                return await _submit(ctx, form, dossier_id)
        except depot.NumeroPrisError:
            continue
    raise RuntimeError("draws of a number that all existed")


# There are 10^11 numbers: another draw settles it.
DRAWS = 5


async def _submit(ctx: Contexte, form: FormData, dossier_id: UUID) -> Response:
    done = f"{base_of(ctx, dossier_id)}/depose"
    try:
        if form.get("declaration") != "oui":
            draft = await brouillons.open_draft(ctx, dossier_id)
            phrase = "Cochez cette case pour certifier vos réponses, puis déposez votre dossier."
            return await _review(ctx, draft, oubli=phrase, status=422)
        if await once(ctx, form, done):
            return redirect(ctx, done)
        dossier, manques = await depot.submit(ctx, dossier_id, vu=str(form.get("vu") or ""))
    except depot.DossierChangeError:
        await ctx.db.rollback()
        return await _review(ctx, await brouillons.open_draft(ctx, dossier_id), change=True, status=409)
    except DejaDeposeError:
        return redirect(ctx, done)
    if manques:
        await ctx.db.rollback()
        raise ManquesError(f"{base_of(ctx, dossier_id)}/recapitulatif")
    response = redirect(ctx, done)
    if dossier.usager_id is None and dossier.canal == "web":
        # Who has no account finds the request again by this code, on any device.
        show_later(ctx, response, dossier_id, await acces.issue_follow_up(ctx, dossier))
    return response


class ManquesError(BusinessError):
    """Something is missing: the review page says what, with a link to each place."""

    status = 422
    code = "incomplet"

    def __init__(self, url: str) -> None:
        super().__init__(N_("Il manque des réponses."))
        self.url = url
