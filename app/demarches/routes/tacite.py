"""The person asks for the attestation of an implicit acceptance, on their dossier's page (CRPA L232-3)."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.service import tacite
from app.socle.contexte import ContexteDep, FormulaireDep
from app.socle.web import once, redirect

router = APIRouter()


@router.post("/dossiers/{dossier_id}/attestation")
async def attest(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Asks for it; the paper is made by a job, and shown on the page a moment later."""
    here = f"/dossiers/{dossier_id}"
    if not await once(ctx, form, here):
        await tacite.request_as_owner(ctx, dossier_id)
    return redirect(ctx, here)
