"""The démarches of whoever may change them: shared ones on the console, a collectivité's on the desk; and new ones."""

from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.edition.gestes import GesteRefuseError
from app.demarches.routes.edition_commun import RACINE
from app.demarches.service import edition, surcouches
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep
from app.socle.errors import NotFoundError
from app.socle.ids import new_token
from app.socle.vues import Erreur, Lien, Option
from app.socle.web import once, page, redirect

router = APIRouter()
FAITS = {
    "publiee": "Version publiée.",
    "abandonne": "Chantier abandonné : ce qui est publié n’a pas changé.",
    "surcouche": "Adaptation enregistrée : le site la montre dès maintenant.",
    "version": "Choix enregistré.",
    "adoptee": "Démarche adoptée : elle est ouverte aux habitants.",
}


def owner_of(form: FormData) -> UUID | None:
    """For which collectivité; None on the console."""
    try:
        return UUID(str(form.get("collectivite"))) if form.get("collectivite") else None
    except ValueError:
        raise NotFoundError("Cette collectivité n’existe pas.") from None


@router.get("/demarches")
async def show(ctx: ContexteDep) -> Response:
    """What there is, its versions, works in progress, and on the desk what has to be chosen."""
    return await _show(ctx)


async def _show(ctx: Contexte, erreurs: dict[str, str] | None = None) -> Response:
    console = ctx.hote.genre == "opsn"
    context = await (surcouches.overview_opsn(ctx) if console else surcouches.overview_agent(ctx))
    return page(
        ctx,
        "demarches/edition/liste.html",
        status=422 if erreurs else 200,
        fil=[Lien("Collectivités" if console else "Bureau", "/")],
        console=console,
        racine=RACINE,
        message=FAITS.get(ctx.request.query_params.get("fait", ""), ""),
        erreurs_formulaire=[Erreur(cible, phrase) for cible, phrase in (erreurs or {}).items()],
        erreur_de=erreurs or {},
        genres=[
            Option("teleservice", "Téléservice", "un formulaire à remplir en ligne"),
            Option("fiche", "Fiche pratique", "quoi apporter, où et quand"),
        ],
        cle_idempotence=new_token(),
        **context,
    )


@router.post(RACINE)
async def begin(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Begins a démarche, or the next version of one; when it is in progress already, goes there."""
    if suite := await once(ctx, form, "/demarches"):
        return redirect(ctx, suite)
    slug, titre = str(form.get("slug", "")), str(form.get("titre", ""))[:200]
    try:
        async with edition.open_atelier(ctx, owner_of(form)) as atelier:
            if slug:
                chantier_id = await edition.begin_next(atelier, slug)
            else:
                service = "Mairie" if atelier.proprietaire else "Service à l’habitant"
                chantier_id = await edition.begin_new(atelier, str(form.get("genre", "")), titre, service)
    except GesteRefuseError as refusal:
        return await _show(ctx, {"titre": refusal.message})
    return redirect(ctx, f"{RACINE}/{chantier_id}?fait=ouvert")
