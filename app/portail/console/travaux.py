"""Jobs that failed for good, each with a button, and the message that the OPSN puts on top of every page."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.collectivites.saisie import text_of
from app.portail.console.commun import FAITS, erreurs_of
from app.socle import reglages, travaux
from app.socle.audit import record_as
from app.socle.contexte import Contexte, FormulaireDep, OpsnDep
from app.socle.ids import new_token
from app.socle.web import once, page, redirect

router = APIRouter()
PAGE = 25
# What the jobs are, in words; one that is not here is shown by its name in the queue.
NOMS = {
    "collectivites:inviter": "Courriel d’invitation à un agent",
    "collectivites:purger": "Oubli des fichiers de communes non confirmés",
    "demarches:accuser": "Accusé de réception d’un dossier",
    "demarches:ecrire_complement": "Courrier de demande de complément",
    "demarches:notifier_decision": "Courrier de décision",
    "demarches:envoyer": "Courriel à un usager",
    "identite:envoyer_code": "Code de connexion par courriel",
    "identite:purger": "Oubli des connexions terminées",
}


@router.get("/travaux")
async def show(ctx: OpsnDep, numero: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1) -> Response:
    """What failed, with its reason; how much waits."""
    async with ctx.noyau.db.hors_cloison("console: jobs") as session:
        counts = await travaux.count_jobs(session, ctx.now)
        rows = await travaux.list_failed(session, start=(numero - 1) * PAGE, size=PAGE)
    return page(
        ctx,
        "collectivites/travaux.html",
        comptes={"attente": counts.attente, "plus_tard": counts.plus_tard, "en_cours": counts.en_cours},
        total=counts.en_echec,
        lignes=[
            {
                "id": row.id,
                "nom": NOMS.get(row.task_name, row.task_name),
                "tache": row.task_name,
                "quand": row.quand,
                "essais": row.attempts,
                "raison": row.raison,
            }
            for row in rows
        ],
        page=numero,
        pages=max(1, -(-counts.en_echec // PAGE)),
        page_url="/travaux?page=",
        message=FAITS.get(ctx.request.query_params.get("fait", ""), ""),
        cle_idempotence=new_token(),
    )


@router.post("/travaux/{job_id}/relancer")
async def retry(ctx: OpsnDep, form: FormulaireDep, job_id: int) -> Response:
    """Puts a job back in the queue; one that somebody else put back already stays as it is."""
    suite = "/travaux?fait=relance"
    if not await once(ctx, form, suite):
        async with ctx.noyau.db.hors_cloison("console: a failed job is tried again") as session:
            task = await travaux.retry(session, job_id, ctx.now)
            if task is not None:
                await record_as(
                    session,
                    ctx.now,
                    ctx.acteur,
                    "socle:travail:relancer",
                    str(job_id),
                    requete=ctx.requete,
                    tache=task,
                )
    return redirect(ctx, suite)


@router.get("/bandeau")
async def banner(ctx: OpsnDep) -> Response:
    """The message on top of every page."""
    async with ctx.noyau.db.hors_cloison("console: settings") as session:
        kept = await reglages.read(session, reglages.BANDEAU)
    return _banner(ctx, ctx.noyau.settings.maintenance if kept is None else kept)


def _banner(ctx: Contexte, texte: str, erreurs: dict[str, str] | None = None) -> Response:
    return page(
        ctx,
        "collectivites/bandeau.html",
        status=422 if erreurs else 200,
        texte=texte,
        erreurs_formulaire=erreurs_of(erreurs or {}),
        erreur_de=erreurs or {},
        message="" if erreurs else FAITS.get(ctx.request.query_params.get("fait", ""), ""),
        cle_idempotence=new_token(),
    )


@router.post("/bandeau")
async def save_banner(ctx: OpsnDep, form: FormulaireDep) -> Response:
    """Shows it, changes it or takes it away, in every process within a second."""
    texte = text_of(form, "bandeau")
    if len(texte) > 300:
        return _banner(
            ctx, texte, {"bandeau": "Tenez ce message en 300 caractères : il est en haut de chaque page."}
        )
    suite = "/bandeau?fait=bandeau"
    if not await once(ctx, form, suite):
        async with ctx.noyau.db.hors_cloison("console: message on top of pages") as session:
            await reglages.write(session, reglages.BANDEAU, texte, ctx.now)
            await record_as(
                session, ctx.now, ctx.acteur, "socle:bandeau:changer", "bandeau", requete=ctx.requete
            )
    return redirect(ctx, suite)
