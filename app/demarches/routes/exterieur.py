"""What reaches outside: a collectivité's list of addresses that its parcours call, the log of calls, text messages."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.presentation_exterieur import journal_of
from app.demarches.repository import appels as repository
from app.demarches.routes.agent import act_once, version_of
from app.demarches.service import appels
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.hosts import list_nommees
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.sms import read_compte
from app.socle.web import once, page, redirect

router = APIRouter()


@router.get("/reglages/{collectivite_id}/exterieur")
async def show(ctx: AgentDep, collectivite_id: UUID) -> Response:
    """The addresses, the latest calls, and how many text messages are left this month; for administrators."""
    return await _show(ctx, collectivite_id)


async def _show(
    ctx: Contexte,
    collectivite_id: UUID,
    erreur: str = "",
    *,
    secret: tuple[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    await appels.open_points(ctx, collectivite_id)
    nommee = (await list_nommees(ctx.db, [collectivite_id]))[collectivite_id]
    recent = await repository.list_recent(ctx.db, collectivite_id, ctx.now - appels.JOURNAL, 100)
    return page(
        ctx,
        "demarches/exterieur.html",
        status=422 if erreur else 200,
        fil=[
            vues.Lien("Bureau", "/"),
            vues.Lien(ctx.traduire(N_("Réglages du bureau")), f"/reglages/{collectivite_id}"),
        ],
        commune=nommee.nom,
        action_url=f"/reglages/{collectivite_id}/exterieur",
        points=await repository.list_points(ctx.db, collectivite_id),
        journal=journal_of(recent),
        sms=await read_compte(ctx.db, ctx.noyau, collectivite_id, ctx.now),
        secret=secret,
        saisie={"cle": "", "url": "", **(typed or {})},
        erreurs_formulaire=[vues.Erreur("cle", erreur)] if erreur else [],
        erreur=erreur,
        cle_idempotence=new_token(),
    )


@router.post("/reglages/{collectivite_id}/exterieur")
async def change(ctx: AgentDep, form: FormulaireDep, collectivite_id: UUID) -> Response:
    """Adds or changes an address, whose secret is then told once, or takes one off the list."""
    await appels.open_points(ctx, collectivite_id)
    here = f"/reglages/{collectivite_id}/exterieur"
    cle, url = str(form.get("cle", "")), str(form.get("url", ""))
    try:
        async with savepoint(ctx.db):
            if await once(ctx, form, here):
                return redirect(ctx, here)
            if retired := str(form.get("retirer", "")):
                await appels.delete_point(ctx, collectivite_id, retired)
                return redirect(ctx, here)
            secret = await appels.save_point(ctx, collectivite_id, cle, url)
    except (InvalidInputError, ConflictError) as refusal:
        return await _show(ctx, collectivite_id, refusal.message, typed={"cle": cle, "url": url})
    return await _show(ctx, collectivite_id, secret=(cle.strip().lower(), secret))


@router.post("/dossiers/{dossier_id}/appels/{appel_id}")
async def act(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID, appel_id: UUID) -> Response:
    """Makes a call again, or goes on without it."""

    async def do() -> None:
        if form.get("action") == "passer":
            await appels.give_up(ctx, dossier_id, appel_id, version=version_of(form))
        else:
            await appels.retry(ctx, dossier_id, appel_id)

    return await act_once(ctx, form, dossier_id, "appel", do)
