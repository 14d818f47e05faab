"""The attestation of an implicit acceptance, asked for by the person or made for them by an agent (CRPA L232-3)."""

from uuid import UUID

from app.demarches.models import Dossier
from app.demarches.service import suivi
from app.demarches.service.catalogue import definition_of
from app.demarches.service.horloge import lieu_of, tacite_du
from app.demarches.service.prise import access
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError
from app.socle.jobs import emit


async def request(ctx: Contexte, dossier: Dossier) -> None:
    """Sets the attestation off; ConflictError where silence has not accepted. Asked twice, it is made once."""
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    lieu = await lieu_of(ctx.db, dossier.collectivite_id)
    found = tacite_du(dossier, definition, lieu, ctx.now)
    if found is None or found.regime != "acceptation":
        raise ConflictError(
            "Le silence de l’administration n’a pas valu acceptation de cette demande.", code="pas_tacite"
        )
    await emit(ctx.db, "demarches:attester", collectivite_id=dossier.collectivite_id, dossier_id=dossier.id)
    await record(ctx, "demarches:attestation:demander", str(dossier.id), dossier.collectivite_id)


async def request_as_agent(ctx: Contexte, dossier_id: UUID) -> None:
    """By an agent of the collectivité."""
    await request(ctx, await access(ctx, dossier_id))


async def request_as_owner(ctx: Contexte, dossier_id: UUID) -> None:
    """By the person whose dossier it is."""
    await request(ctx, await suivi.access_own(ctx, dossier_id))
