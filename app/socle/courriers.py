"""Sending an e-mail from a job: rendered from three files, under the collectivité's name, once per key.

A message refused for good is returned as such (somebody sees it); one to be tried again raises, and the job waits.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.socle.articles import de
from app.socle.errors import UnavailableError
from app.socle.expediteurs import Envoi, Issue, sender_address
from app.socle.hosts import CollectiviteVue
from app.socle.mail import Emetteur, Evenement, InvalidAddressError, PieceJointe, rendre_courriel
from app.socle.models import Agent
from app.socle.noyau import Noyau
from app.socle.rebonds import adresse_retour
from app.socle.tenancy import essayeur


def emetteur_of(noyau: Noyau, collectivite: CollectiviteVue | None) -> Emetteur:
    """Who writes: the mairie, through the OPSN's domain; the portal itself where no collectivité is concerned."""
    adresse = sender_address(noyau.settings)
    opsn = noyau.settings.opsn_nom
    if collectivite is None:
        return Emetteur(nom="Mon espace", opsn=opsn, adresse=adresse, telephone=noyau.settings.opsn_telephone)
    details = collectivite.coordonnees
    horaires = " ; ".join(f"{h['jours']} : {h['heures']}" for h in details.get("horaires", ()))
    return Emetteur(
        nom=institution(collectivite),
        opsn=opsn,
        adresse=adresse,
        telephone=details.get("telephone") or noyau.settings.opsn_telephone,
        repondre_a=details.get("courriel", ""),
        horaires=horaires,
        couleur=collectivite.theme.principale,
    )


def institution(collectivite: CollectiviteVue) -> str:
    """« Mairie de Guingamp », « Mairie d’Ouessant »; the name alone for an EPCI."""
    if collectivite.genre != "commune":
        return collectivite.nom
    return f"Mairie {de(collectivite.nom)}"


async def _address_of(noyau: Noyau, agent_id: str) -> str:
    async with noyau.db.hors_cloison("address of whoever plays a test") as session:
        query = select(Agent.courriel).where(Agent.id == UUID(agent_id))
        return (await session.execute(query)).scalar_one()


async def send_mail(
    noyau: Noyau,
    evenement: str,
    *,
    a: str,
    collectivite: CollectiviteVue | None,
    cle: str,
    pieces: tuple[PieceJointe, ...] = (),
    langue: str = "fr",
    envoi_id: UUID | None = None,
    **contexte: Any,
) -> Envoi:
    """Sends one message; UnavailableError when it must be tried again.

    With `envoi_id`, a refusal that comes back later tells which message it is about (app/socle/rebonds). In test mode
    it goes to whoever plays the test, and to nobody else.
    """
    if testeur := essayeur.get():
        a = await _address_of(noyau, testeur)
    boite = noyau.settings.mail_rebonds
    langue = langue if langue in noyau.gabarits else "fr"
    try:
        courriel = rendre_courriel(
            noyau.gabarits[langue],
            Evenement(evenement),
            contexte,
            emetteur=emetteur_of(noyau, collectivite),
            destinataire=a,
            cle=f"{evenement}:{cle}",
            date=noyau.clock.now(),
            langue=langue,
            pieces=pieces,
            retour=adresse_retour(noyau.sceau, boite, envoi_id) if boite and envoi_id else boite,
        )
    except InvalidAddressError as error:
        return Envoi(Issue.REFUSE, detail=error.message)
    envoi = await noyau.expediteur.envoyer(courriel)
    if envoi.issue is Issue.A_REESSAYER:
        raise UnavailableError(f"SMTP: {envoi.code} {envoi.detail}"[:200])
    return envoi  # type: ignore[no-any-return]
