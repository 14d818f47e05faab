"""Mon espace: a person's own dossiers and drafts, across every collectivité of their account."""

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.presentation import etiquette_of
from app.demarches.service import suivi
from app.socle.contexte import UsagerDep
from app.socle.langues import N_
from app.socle.web import page

router = APIRouter()


@router.get("/")
@router.get("/dossiers")
async def home(ctx: UsagerDep) -> Response:
    """What is to do, what is under way, what is done."""
    rows, communes = await suivi.list_own(ctx)
    settings = ctx.noyau.settings
    brouillons = [
        {
            "demarche": row.titre,
            "commune": communes[row.collectivite_id].nom,
            "url": settings.url_of(communes[row.collectivite_id].hote, f"/demarches/{row.slug}/remplir"),
            "modifie_le": row.modifie_le,
            "expire_le": suivi.expires_on(row.modifie_le, row.brouillon_jours),
        }
        for row in rows
        if row.etat == "brouillon"
    ]
    dossiers = [
        {
            "numero": row.numero,
            "demarche": row.titre,
            "commune": communes[row.collectivite_id].nom,
            "url": f"/dossiers/{row.id}",
            "etiquette": etiquette_of(row.etat),
            "depose_le": row.depose_le,
            "action": N_("Envoyer ce qui est demandé") if row.etat == "en_attente" else "",
            "action_url": f"/dossiers/{row.id}",
        }
        for row in rows
        if row.etat != "brouillon"
    ]
    return page(
        ctx, "portail/mon_espace.html", block="contenu", brouillons=brouillons, dossiers=dossiers, message=""
    )
