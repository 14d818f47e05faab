"""Mon espace: a person's own dossiers and drafts, across every collectivité of their account."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.domain.representation import phrase_represente
from app.demarches.presentation import etiquette_of
from app.demarches.presentation_suite import reste_vu
from app.demarches.service import reste, suivi
from app.demarches.service.reste import Reste
from app.socle.contexte import Contexte, UsagerDep
from app.socle.langues import N_
from app.socle.web import page

router = APIRouter()


@router.get("/")
@router.get("/dossiers")
async def home(ctx: UsagerDep) -> Response:
    """What is to do, what is under way, what is done."""
    rows, communes = await suivi.list_own(ctx)
    unfinished, confies, vues = await reste.list_unfinished(ctx)
    settings = ctx.noyau.settings
    brouillons = [_draft(ctx, one) for one in unfinished]
    invitations = [
        {
            "demarche": row.titre,
            "commune": vues[row.collectivite_id].nom,
            "url": settings.url_of(vues[row.collectivite_id].hote, f"/dossiers/{row.id}/reprendre"),
            "modifie_le": row.modifie_le,
            "expire_le": suivi.expires_on(row.modifie_le, row.brouillon_jours or 0),
        }
        for row in confies
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
        ctx,
        "portail/mon_espace.html",
        block="contenu",
        brouillons=brouillons,
        invitations=invitations,
        dossiers=dossiers,
        message="",
    )


def _draft(ctx: Contexte, one: Reste) -> dict[str, Any]:
    """A draft and what it misses, each with the address of its question on the collectivité's own host."""
    dossier, vue = one.brouillon.dossier, one.brouillon.collectivite

    def there(path: str) -> str:
        return str(ctx.noyau.settings.url_of(vue.hote, path))

    return {
        "demarche": dossier.titre,
        "commune": vue.nom,
        "pour": phrase_represente(dossier.beneficiaire),
        "url": there(f"/demarches/{dossier.slug}/remplir"),
        "modifie_le": dossier.modifie_le,
        "expire_le": suivi.expires_on(dossier.modifie_le, one.brouillon.definition.brouillon_jours),
        "reste": reste_vu(one, there(f"/dossiers/{dossier.id}")),
    }
