"""What a person does with a dossier of their own: keep it as PDF, withdraw it, begin another one from it."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.documents import Evenement
from app.demarches.domain.etats import LIBELLES_ETAT, Etat
from app.demarches.presentation import histoire_of
from app.demarches.routes.suivi import require_reader
from app.demarches.service import copies, papiers, suivi
from app.demarches.service.depot import nom_de
from app.socle import vues
from app.socle.contexte import ContexteDep, FormulaireDep
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.televersement import inert_headers
from app.socle.web import once, page, redirect

router = APIRouter()
collectivite = APIRouter()


@router.get("/dossiers/{dossier_id}/imprimer")
async def print_dossier(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """The whole dossier as PDF, made on the spot and kept nowhere."""
    require_reader(ctx)
    found = await suivi.load(ctx, dossier_id)
    dossier = found.dossier
    lines = histoire_of(e for e in found.evenements if not e.interne)
    pdf = await papiers.make_dossier(
        ctx.noyau,
        found.collectivite,
        dossier,
        found.definition,
        found.pieces,
        [Evenement(instant=line["le"], libelle=line["libelle"], auteur=line["detail"]) for line in lines],
        statut=LIBELLES_ETAT[Etat(dossier.etat)],
        imprime_le=ctx.now,
        imprime_par=nom_de(dossier.demandeur),
    )
    nom = papiers.file_name("dossier", dossier.numero, ctx.today(found.collectivite.fuseau))
    return Response(pdf, media_type="application/pdf", headers=inert_headers(nom))


@router.get("/dossiers/{dossier_id}/retirer")
async def confirm_withdrawal(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """Asks before the request is taken back."""
    require_reader(ctx)
    dossier = await suivi.access_own(ctx, dossier_id)
    return page(
        ctx,
        "demarches/confirmer.html",
        block="contenu",
        fil=[],
        titre=ctx.traduire(N_("Retirer cette demande ?")),
        phrases=[
            f"« {dossier.titre} »",
            ctx.traduire(N_("La mairie cessera de l’instruire. Vous pourrez en déposer une autre.")),
        ],
        action_url=f"/dossiers/{dossier_id}/retirer",
        bouton_libelle=ctx.traduire(N_("Retirer ma demande")),
        champs_caches={},
        retour=vues.Lien(ctx.traduire(N_("Revenir au dossier")), f"/dossiers/{dossier_id}"),
        cle_idempotence=new_token(),
    )


@router.post("/dossiers/{dossier_id}/retirer")
async def withdraw(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Takes the request back."""
    require_reader(ctx)
    here = f"/dossiers/{dossier_id}"
    if not await once(ctx, form, here):
        await suivi.withdraw(ctx, dossier_id)
    return redirect(ctx, here)


@collectivite.post("/dossiers/{dossier_id}/refaire")
async def redo(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A new draft with the answers of this dossier that still fit."""
    require_reader(ctx)
    dossier = await suivi.access_own(ctx, dossier_id)
    next_page = f"/demarches/{dossier.slug}/remplir"
    if not await once(ctx, form, next_page):
        await copies.redo(ctx, dossier_id)
    return redirect(ctx, next_page)
