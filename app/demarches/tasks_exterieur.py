"""Jobs that reach outside: calls of addresses, text messages. Each may run twice: an outside sees the same id again."""

from uuid import UUID

from app.demarches.definitions.parcours import ActionSms
from app.demarches.domain import remplir_modele
from app.demarches.repository import dossiers as repository
from app.demarches.service import appels, papiers
from app.demarches.tasks import load
from app.socle.errors import UnavailableError
from app.socle.expediteurs import Issue
from app.socle.jobs import emit, tache
from app.socle.noyau import Noyau
from app.socle.sms import ecrire, envoyer_sms
from app.socle.tenancy import Perimetre


@tache("demarches:appeler")
async def call(noyau: Noyau, collectivite_id: str, appel_id: str) -> None:
    """Calls an outside address once; the next try, if one is due, is another job."""
    await appels.deliver(noyau, UUID(collectivite_id), UUID(appel_id))


@tache("demarches:envoyer_sms")
async def send_sms(noyau: Noyau, collectivite_id: str, envoi_id: str) -> None:
    """Sends a text message that a step owes, when the hour allows; a refusal is kept and shown to the agents."""
    collectivite = UUID(collectivite_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        envoi = await repository.get_envoi(session, UUID(envoi_id))
        if envoi is None or envoi.etat != "a_envoyer":
            return
        vue, dossier, definition = await load(session, collectivite, envoi.dossier_id)
    _, etape_id, rang = envoi.evenement.split(":")
    etape = definition.parcours.etape(etape_id) if definition.parcours else None
    action = etape.actions[int(rang)] if etape else None
    if not isinstance(action, ActionSms):
        raise LookupError("text message of the parcours")
    texte = remplir_modele(definition, action.texte, dossier.reponses or {}, papiers.mots_of(vue, dossier))
    sent = await envoyer_sms(
        noyau,
        collectivite=vue,
        a=envoi.destinataire,
        texte=ecrire(f"{vue.nom} : {texte}"),
        cle=envoi_id,
        urgent=action.urgent,
    )
    if sent.pas_avant is not None or sent.envoi is None:
        async with noyau.db.session(perimetre) as session:
            await emit(
                session,
                "demarches:envoyer_sms",
                quand=sent.pas_avant,
                collectivite_id=collectivite_id,
                envoi_id=envoi_id,
            )
        return
    if sent.envoi.issue is Issue.A_REESSAYER:
        raise UnavailableError(f"SMS: {sent.envoi.code} {sent.envoi.detail}"[:200])
    accepted = sent.envoi.issue is Issue.ACCEPTE
    async with noyau.db.session(perimetre) as session:
        await repository.update_envoi(
            session,
            UUID(envoi_id),
            etat="envoye" if accepted else "refuse",
            detail=sent.envoi.detail[:500],
            envoye_le=noyau.clock.now(),
        )
