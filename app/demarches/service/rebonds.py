"""Messages that came back: each failure is written on the e-mail it is about, where agents see refusals."""

from dataclasses import dataclass
from uuid import UUID

import anyio.to_thread
import structlog

from app.demarches.repository import dossiers as repository
from app.socle.audit import record_as
from app.socle.noyau import Noyau
from app.socle.rebonds import Avis, Boite, BoiteIndisponibleError, lire_avis, lire_jeton, make_boite
from app.socle.tenancy import Perimetre

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Releve:
    """What a reading of the mailbox gave: messages read, e-mails marked as not delivered, messages left there."""

    lus: int = 0
    non_remis: int = 0
    laisses: int = 0


async def relever(noyau: Noyau) -> Releve:
    """Reads the mailbox of KUMUN_MAIL_REBONDS_BOITE; nothing when none is set.

    BoiteIndisponibleError when it does not answer. A message goes from the box only once what it says is committed,
    so a run that dies is taken up by the next one.
    """
    url = noyau.settings.mail_rebonds_boite.get_secret_value()
    if not url:
        return Releve()
    try:
        return await _relever(noyau, await anyio.to_thread.run_sync(make_boite, url))
    except BoiteIndisponibleError as error:
        log.warning("bounces_unread", error=str(error))
        raise


async def _relever(noyau: Noyau, boite: Boite) -> Releve:
    lus = non_remis = laisses = 0
    messages = boite.messages()
    try:
        while found := await anyio.to_thread.run_sync(next, messages, None):
            nom, brut = found
            lus += 1
            avis = lire_avis(brut)
            envoi_id = _envoi_of(noyau, avis) if avis else None
            if avis and envoi_id:
                non_remis += await _mark(noyau, envoi_id, avis)
                await anyio.to_thread.run_sync(boite.retirer, nom)
            else:
                laisses += 1
                await anyio.to_thread.run_sync(boite.laisser, nom)
    finally:
        await anyio.to_thread.run_sync(boite.fermer)
    return Releve(lus, non_remis, laisses)


def _envoi_of(noyau: Noyau, avis: Avis) -> UUID | None:
    return next((found for adresse in avis.adresses if (found := lire_jeton(noyau.sceau, adresse))), None)


async def _mark(noyau: Noyau, envoi_id: UUID, avis: Avis) -> bool:
    """Writes the failure on an e-mail that had left; False when it is gone, or already known to have failed."""
    async with noyau.db.hors_cloison("collectivité of a returned message") as session:
        envoi = await repository.get_envoi(session, envoi_id)
    if envoi is None or envoi.etat != "envoye":
        return False
    now = noyau.clock.now()
    async with noyau.db.session(Perimetre.pour_instruction(envoi.collectivite_id)) as session:
        await repository.update_envoi(session, envoi_id, etat="refuse", detail=f"Non remis : {avis.detail}")
        await record_as(
            session,
            now,
            "systeme",
            "demarches:courriel:retour",
            str(envoi.dossier_id),
            collectivite_id=envoi.collectivite_id,
            statut=avis.statut[:20],
        )
    return True
