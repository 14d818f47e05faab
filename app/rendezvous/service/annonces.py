"""What a person is told of a rendez-vous, by e-mail: confirmed, moved, given up, soon. Written from jobs.

The subject and the calendar file never say what it is about; the message itself does, to its addressee.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous import repository
from app.rendezvous.domain.invitation import Invitation, Methode, ics
from app.rendezvous.models import RendezVous
from app.rendezvous.repository import public
from app.rendezvous.service.liens import chemin_of
from app.rendezvous.service.prise import code_of, is_held
from app.socle.courriers import emetteur_of, institution, send_mail
from app.socle.errors import UnavailableError
from app.socle.expediteurs import Issue
from app.socle.gabarits import date_longue, heure
from app.socle.hosts import CollectiviteVue, list_vues
from app.socle.jobs import emit
from app.socle.langues import N_, traduire
from app.socle.mail import PieceJointe
from app.socle.noyau import Noyau
from app.socle.sms import envoyer_sms
from app.socle.tenancy import Perimetre

MODES = {
    "sur_place": N_("Sur place"),
    "telephone": N_("Par téléphone"),
    "visio": N_("En visioconférence"),
    "domicile": N_("Chez vous"),
}
EVENEMENTS = {
    "confirme": "rendezvous_confirme",
    "deplace": "rendezvous_confirme",
    "annule": "rendezvous_annule",
}
# Long enough to answer whoever asks what happened; no law fixes it.
CONSERVATION = timedelta(days=365)
# Reminders looked for at once; the next turn finds the others.
LOT = 500


def url_of(noyau: Noyau, vue: CollectiviteVue, found: RendezVous) -> str:
    """The secret link, whole."""
    return str(noyau.settings.url_of(vue.hote, chemin_of(noyau, found.origine)))


def invitation_of(noyau: Noyau, vue: CollectiviteVue, found: RendezVous, methode: Methode) -> bytes:
    """The calendar file of a rendez-vous as it stands."""
    emetteur = emetteur_of(noyau, vue)
    url = url_of(noyau, vue, found)
    contact = found.contact
    on_site = found.mode == "sur_place"
    place = [found.libelles.get("lieu", ""), *found.libelles.get("adresse", [])] if on_site else []
    return ics(
        Invitation(
            uid=f"{found.origine}@{noyau.settings.base_host}",
            sequence=found.sequence,
            debut=found.debut,
            fin=found.fin,
            fuseau=found.fuseau,
            produit_le=found.modifie_le.replace(microsecond=0),
            organisateur=emetteur.nom,
            organisateur_courriel=emetteur.repondre_a or emetteur.adresse,
            invite=f"{contact.get('prenom', '')} {contact.get('nom', '')}".strip(),
            invite_courriel=str(contact.get("courriel", "")),
            resume=f"Rendez-vous : {institution(vue)}",
            lieu=[line for line in place if line] or [traduire(MODES[found.mode], found.langue)],
            description=traduire(N_("Voir, déplacer ou annuler ce rendez-vous :"), found.langue) + f" {url}",
            url=url,
        ),
        methode,
    )


async def load(
    noyau: Noyau, collectivite_id: UUID, rendezvous_id: UUID
) -> tuple[CollectiviteVue, RendezVous] | None:
    """A rendez-vous and its collectivité, for a job."""
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        found = await repository.get_rendezvous(session, rendezvous_id)
        vues = await list_vues(session, [collectivite_id])
    return (vues[collectivite_id], found) if found is not None else None


def words_of(noyau: Noyau, vue: CollectiviteVue, found: RendezVous) -> dict[str, Any]:
    """What every message says of it."""
    local = found.debut.astimezone(ZoneInfo(found.fuseau))
    return {
        "motif": found.libelles.get("motif", ""),
        "jour": date_longue(local.date(), found.langue),
        "heure": heure(found.debut, ZoneInfo(found.fuseau), found.langue),
        "mode": found.mode,
        "lieu": ", ".join([found.libelles.get("lieu", ""), *found.libelles.get("adresse", [])]),
        "acces": found.libelles.get("acces", ""),
        "consignes": found.libelles.get("consignes", ""),
        "personnes": found.personnes,
        "telephone": found.contact.get("telephone", ""),
        "lien": url_of(noyau, vue, found),
    }


async def tell(noyau: Noyau, collectivite_id: UUID, rendezvous_id: UUID, quoi: str) -> None:
    """Sends what happened, with the calendar file; nothing when the rendez-vous has gone on since."""
    loaded = await load(noyau, collectivite_id, rendezvous_id)
    if loaded is None:
        return
    vue, found = loaded
    courriel = str(found.contact.get("courriel") or "")
    stands = found.etat == ("annule" if quoi == "annule" else "confirme")
    if not courriel or not stands:
        return
    methode: Methode = "CANCEL" if quoi == "annule" else "REQUEST"
    invitation = PieceJointe(
        nom="rendez-vous.ics",
        contenu=invitation_of(noyau, vue, found, methode),
        type_mime=f'text/calendar; method={methode}; charset="utf-8"',
    )
    await send_mail(
        noyau,
        EVENEMENTS[quoi],
        a=courriel,
        collectivite=vue,
        cle=f"{rendezvous_id}:{quoi}",
        pieces=(invitation,),
        langue=found.langue,
        deplace=quoi == "deplace",
        **words_of(noyau, vue, found),
    )


async def send_code(noyau: Noyau, collectivite_id: UUID, rendezvous_id: UUID) -> None:
    """Sends the six digits of a hold, unless it is over."""
    loaded = await load(noyau, collectivite_id, rendezvous_id)
    if loaded is None or not is_held(loaded[1], noyau.clock.now()):
        return
    vue, found = loaded
    courriel = str(found.contact.get("courriel") or "")
    await send_mail(
        noyau,
        "rendezvous_code",
        a=courriel,
        collectivite=vue,
        # Asked again, the same code is another message.
        cle=f"{rendezvous_id}:{noyau.clock.now().isoformat()}",
        langue=found.langue,
        code=code_of(noyau, found.origine, courriel),
    )


async def ask_rappels(noyau: Noyau, now: datetime) -> int:
    """Enqueues the reminders that are due, each once; returns how many."""
    async with noyau.db.hors_cloison("reminders of rendez-vous") as session:
        due = await public.list_rappels(session, now, LOT)
    asked = 0
    for collectivite_id, rendezvous_id, genre in due:
        async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
            found = await repository.get_rendezvous(session, rendezvous_id, lock=True)
            if found is None or found.etat != "confirme":
                continue
            if await public.add_rappel(session, found, genre, now):
                await emit(
                    session,
                    "rendezvous:rappeler",
                    collectivite_id=collectivite_id,
                    rendezvous_id=rendezvous_id,
                    genre=genre,
                )
                if found.contact.get("sms") == "oui":
                    await _ask_sms(session, found, genre)
                asked += 1
    return asked


async def _ask_sms(
    session: AsyncSession, found: RendezVous, genre: str, quand: datetime | None = None
) -> None:
    await emit(
        session,
        "rendezvous:rappeler_sms",
        quand=quand,
        collectivite_id=found.collectivite_id,
        rendezvous_id=found.id,
        genre=genre,
    )


def _awaited(found: RendezVous, now: datetime) -> bool:
    """Whether somebody may still be reminded of it."""
    return found.etat == "confirme" and found.debut > now


async def remind_sms(noyau: Noyau, collectivite_id: UUID, rendezvous_id: UUID, genre: str) -> None:
    """Sends one reminder as a text message, by day, to whoever agreed to it; never after the fact."""
    loaded = await load(noyau, collectivite_id, rendezvous_id)
    if loaded is None or not _awaited(loaded[1], noyau.clock.now()):
        return
    vue, found = loaded
    words = words_of(noyau, vue, found)
    text = traduire(
        N_("%(mairie)s : rendez-vous le %(jour)s à %(heure)s. Le déplacer ou l’annuler : %(lien)s"),
        found.langue,
    ) % {"mairie": institution(vue), **{name: words[name] for name in ("jour", "heure", "lien")}}
    sent = await envoyer_sms(
        noyau, collectivite=vue, a=words["telephone"], texte=text, cle=f"{rendezvous_id}:{genre}"
    )
    if sent.pas_avant is not None and sent.pas_avant < found.debut:
        async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
            await _ask_sms(session, found, genre, sent.pas_avant)
    elif sent.envoi is not None and sent.envoi.issue is Issue.A_REESSAYER:
        raise UnavailableError(f"SMS: {sent.envoi.code} {sent.envoi.detail}"[:200])


async def remind(noyau: Noyau, collectivite_id: UUID, rendezvous_id: UUID, genre: str) -> None:
    """Sends one reminder, if the rendez-vous still stands and is still to come."""
    loaded = await load(noyau, collectivite_id, rendezvous_id)
    if loaded is None:
        return
    vue, found = loaded
    courriel = str(found.contact.get("courriel") or "")
    if not courriel or not _awaited(found, noyau.clock.now()):
        return
    await send_mail(
        noyau,
        "rendezvous_rappel",
        a=courriel,
        collectivite=vue,
        cle=f"{rendezvous_id}:{genre}",
        langue=found.langue,
        **words_of(noyau, vue, found),
    )


async def forget(noyau: Noyau, now: datetime) -> int:
    """Removes the holds that nobody confirmed, a day after, and the names of a year ago; returns how many rows."""
    async with noyau.db.hors_cloison("what is kept of rendez-vous") as session:
        holds = await public.forget_expired(session, now - timedelta(days=1))
        return holds + await public.forget_contacts(session, now - CONSERVATION)
