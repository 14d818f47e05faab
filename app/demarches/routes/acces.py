"""Codes: finding a request again without an account, filling it with somebody, handing it over."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.domain.code import afficher_code
from app.demarches.models import Acces
from app.demarches.repository.acces import CodeLu
from app.demarches.routes.public import fil
from app.demarches.service import acces, brouillons, depot
from app.socle import vues
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, Visite
from app.socle.errors import BusinessError, SignInRequiredError, TooManyRequestsError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import once, page, redirect

router = APIRouter()
# The code just made is shown on this browser for that long (seconds), and kept nowhere else.
SHOWN = 1800
COOKIE = "kumun-code"


def show_later(visit: Visite, response: Response, dossier_id: UUID, code: str) -> Response:
    """The answer, with the code for the page that it leads to."""
    visit.set_cookie(response, COOKIE, f"{dossier_id}.{code}", max_age=SHOWN)
    return response


def code_shown(visit: Visite, dossier_id: UUID) -> str:
    """The code of that dossier that this browser has just been given, as it is written down; else nothing."""
    kept = visit.request.cookies.get(visit.cookie_name(COOKIE), "")
    owner, _, code = kept.partition(".")
    return afficher_code(code) if owner == str(dossier_id) and len(code) == 10 and code.isalnum() else ""


@router.get("/suivi")
async def ask(ctx: ContexteDep) -> Response:
    """Where a code is typed."""
    return _ask(ctx)


def _ask(ctx: Contexte, typed: str = "", erreur: str = "", status: int = 200) -> Response:
    return page(
        ctx,
        "demarches/suivi.html",
        block="contenu",
        status=status,
        valeur=typed[:40],
        erreurs_formulaire=[vues.Erreur("code", erreur)] if erreur else [],
    )


@router.post("/suivi")
async def use(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """A follow-up code opens its dossier at once; the others are explained first, and accepted by another button."""
    typed = str(form.get("code") or "")
    try:
        if form.get("accepter") != "oui":
            _, found = await acces.read(ctx, typed)
            if found.genre != "suivi":
                return _explain(ctx, found, typed)
        found, dossier_id = await acces.accept(ctx, typed)
    except SignInRequiredError:
        raise
    except BusinessError as refusal:
        if isinstance(refusal, TooManyRequestsError):
            raise
        return _ask(ctx, typed, refusal.message, 422)
    return await _lead(ctx, dossier_id)


@router.get("/dossiers/{dossier_id}/reprendre")
async def resume(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """Back to a draft, one's own or one that was shared, where it was left."""
    return await _lead(ctx, dossier_id)


async def _lead(ctx: Contexte, dossier_id: UUID) -> Response:
    """To the dossier, or to the first page of a draft that is not finished."""
    dossier = await brouillons.open_any(ctx, dossier_id)
    if dossier.etat != "brouillon":
        return redirect(ctx, f"/dossiers/{dossier_id}")
    draft = await brouillons.load(ctx, dossier)
    manques = depot.manques_of(ctx, draft)
    here = f"/dossiers/{dossier_id}"
    return redirect(ctx, f"{here}/etapes/{manques[0][0]}" if manques else f"{here}/recapitulatif")


_EXPLICATIONS = {
    "invitation": (
        N_("Remplir ce dossier à plusieurs"),
        N_("Vous pourrez lire et compléter les réponses de ce dossier, et y joindre des documents."),
        N_("La personne qui vous invite le déposera elle-même ; elle verra ce que vous avez écrit."),
        N_("Accepter l’invitation"),
    ),
    "transfert": (
        N_("Reprendre ce dossier"),
        N_("Ce dossier passera à votre compte : vous le suivrez, et la mairie vous répondra."),
        N_("La personne qui vous le confie n’y aura plus accès."),
        N_("Reprendre ce dossier"),
    ),
}


def _explain(ctx: Contexte, found: CodeLu, typed: str) -> Response:
    if ctx.usager_id is None:
        raise SignInRequiredError("Identifiez-vous, puis entrez le code à nouveau.")
    titre, what, then, bouton = _EXPLICATIONS[found.genre]
    return page(
        ctx,
        "demarches/confirmer.html",
        block="contenu",
        fil=fil(),
        titre=ctx.traduire(titre),
        phrases=[f"« {found.titre} »", ctx.traduire(what), ctx.traduire(then)],
        action_url="/suivi",
        bouton_libelle=ctx.traduire(bouton),
        champs_caches={"code": typed, "accepter": "oui"},
        retour=vues.Lien(ctx.traduire(N_("Ne pas accepter")), "/"),
        cle_idempotence=new_token(),
    )


@router.get("/dossiers/{dossier_id}/code")
async def show_code(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """The code that was just made, or how to get one."""
    dossier = await brouillons.open_any(ctx, dossier_id)
    return page(
        ctx,
        "demarches/code.html",
        block="contenu",
        fil=fil(),
        demarche_titre=dossier.titre,
        code=code_shown(ctx, dossier_id),
        avec_compte=dossier.usager_id is not None,
        action_url=f"/dossiers/{dossier_id}/code",
        depose=dossier.depose_le is not None,
    )


@router.post("/dossiers/{dossier_id}/code")
async def make_code(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A new code: the one before opens nothing any more."""
    del form
    dossier = await brouillons.open_any(ctx, dossier_id)
    code = await acces.issue_follow_up(ctx, dossier)
    return show_later(ctx, redirect(ctx, f"/dossiers/{dossier_id}/code"), dossier_id, code)


@router.get("/dossiers/{dossier_id}/acces")
async def show_acces(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """Who may reach this dossier, and how to let somebody in."""
    return await _show_acces(ctx, dossier_id)


async def _show_acces(ctx: Contexte, dossier_id: UUID, erreur: str = "", typed: str = "") -> Response:
    dossier = await brouillons.open_any(ctx, dossier_id)
    acces.check_owner(ctx, dossier)
    return page(
        ctx,
        "demarches/acces.html",
        block="contenu",
        status=422 if erreur else 200,
        fil=fil(),
        demarche_titre=dossier.titre,
        code=code_shown(ctx, dossier_id),
        acces=[_line(ctx, one, dossier_id) for one in await acces.list_acces(ctx, dossier)],
        action_url=f"/dossiers/{dossier_id}/acces",
        brouillon=dossier.etat == "brouillon",
        nom=typed,
        erreurs_formulaire=[vues.Erreur("nom", erreur)] if erreur else [],
        retour_url=f"/demarches/{dossier.slug}/remplir"
        if dossier.etat == "brouillon"
        else f"/dossiers/{dossier_id}",
        cle_idempotence=new_token(),
    )


def _line(ctx: Contexte, one: Acces, dossier_id: UUID) -> dict[str, Any]:
    over = one.accepte_le is None and one.expire_le is not None and one.expire_le < ctx.now
    return {
        "nom": one.nom,
        "genre": one.genre,
        "accepte_le": one.accepte_le,
        "expire_le": one.expire_le,
        "perime": over,
        "retirer_url": f"/dossiers/{dossier_id}/acces/{one.id}/retirer",
    }


@router.post("/dossiers/{dossier_id}/acces")
async def offer(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Makes the code that lets somebody fill the draft, or take the dossier over."""
    dossier = await brouillons.open_any(ctx, dossier_id)
    here = f"/dossiers/{dossier_id}/acces"
    nom = str(form.get("nom") or "")
    if not nom.strip():
        return await _show_acces(ctx, dossier_id, N_("Indiquez le nom de la personne."))
    if await once(ctx, form, here):
        return redirect(ctx, here)
    code = await acces.offer(ctx, dossier, str(form.get("genre") or ""), nom)
    return show_later(ctx, redirect(ctx, here), dossier_id, code)


@router.post("/dossiers/{dossier_id}/acces/{acces_id}/retirer")
async def take_back(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID, acces_id: UUID) -> Response:
    """That person, or that code, no longer reaches the dossier."""
    del form
    dossier = await brouillons.open_any(ctx, dossier_id)
    await acces.revoke(ctx, dossier, acces_id)
    return redirect(ctx, f"/dossiers/{dossier_id}/acces")
