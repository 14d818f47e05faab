"""Jobs of the instruction: letters of a step, a handing over, silence; opinions asked outside. Each may run twice."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.contrats.attentes import LEVEE
from app.demarches.definitions.parcours import ActionDocument
from app.demarches.documents import Evenement
from app.demarches.domain import afficher_date, afficher_numero, jour_local
from app.demarches.domain.etats import LIBELLES_ETAT, Etat
from app.demarches.models import Dossier
from app.demarches.presentation import histoire_of
from app.demarches.repository import agents
from app.demarches.repository import dossiers as repository
from app.demarches.repository import parcours as lignes
from app.demarches.service import avis as opinions
from app.demarches.service import courriers, horloge, papiers, transmission
from app.demarches.tasks import author_of, load, owe_mail
from app.socle.articles import de
from app.socle.courriers import send_mail
from app.socle.crypto.keystore import KeyOwner
from app.socle.expediteurs import Issue
from app.socle.ids import uuid7
from app.socle.jobs import tache
from app.socle.lettres import Auteur
from app.socle.mail import MAX_ATTACHMENTS, PieceJointe
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre


@tache("demarches:document_etape")
async def write_step_letter(
    noyau: Noyau,
    collectivite_id: str,
    dossier_id: str,
    etape: str,
    rang: str,
    entree_id: str,
    agent_id: str,
) -> None:
    """Makes the letter that a step asks for, signed by the agent who made the dossier enter it."""
    collectivite, fact = UUID(collectivite_id), f"etape:{entree_id}:{rang}"
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        vue, dossier, definition = await load(session, collectivite, UUID(dossier_id))
        if await repository.get_document(session, papiers.document_id_of(dossier.id, fact)):
            return
        author = await agents.get_author(session, UUID(agent_id))
    found = definition.parcours.etape(etape) if definition.parcours else None
    action = found.actions[int(rang)] if found else None
    if not isinstance(action, ActionDocument) or author is None:
        return
    auteur = Auteur(
        prenom=author.prenom,
        nom=author.nom,
        qualite=author.qualite or "agent",
        service=author.service or definition.service.nom,
    )
    pdf = await courriers.make_etape(noyau, vue, dossier, definition, action, auteur)
    now = noyau.clock.now()
    nom = papiers.file_name(f"courrier-{etape}", dossier.numero, now.date())
    row = await papiers.keep(noyau, dossier, "etape", fact, nom, pdf, now)
    async with noyau.db.session(perimetre) as session:
        await repository.add_document(session, **row)


@tache("demarches:ecrire_avis")
async def write_to_expert(noyau: Noyau, collectivite_id: str, avis_id: str) -> None:
    """Sends the outside expert the link and the code; nothing when the opinion is given or was taken back."""
    collectivite = UUID(collectivite_id)
    async with noyau.db.session(Perimetre.pour_instruction(collectivite)) as session:
        avis = await lignes.get_avis(session, UUID(avis_id))
        if avis is None or avis.rendu_le is not None or avis.revoque_le is not None:
            return
        vue, dossier, definition = await load(session, collectivite, avis.dossier_id)
    code = opinions.code_of(noyau, avis.id)
    sent = await send_mail(
        noyau,
        "avis_demande",
        a=avis.courriel,
        collectivite=vue,
        cle=f"{avis_id}:{avis.relance_le.isoformat() if avis.relance_le else ''}",
        nom=avis.nom,
        de_collectivite=de(vue.nom),
        demarche=definition.titre,
        avant_le=afficher_date(avis.avant_le),
        code=" ".join(code[start : start + 4] for start in (0, 4, 8)),
        rappel=avis.relance_le is not None,
        lien=noyau.settings.url_of(vue.hote, f"/avis/{avis.id}"),
    )
    if sent.issue is not Issue.ACCEPTE:
        async with noyau.db.session(Perimetre.pour_instruction(collectivite)) as session:
            await repository.add_evenement(
                session,
                dossier,
                id=uuid7(),
                quand=noyau.clock.now(),
                genre="avis_refuse",
                auteur="messagerie",
                interne=True,
                donnees={"libelle": avis.nom},
            )


@tache(LEVEE)
async def close_wait(noyau: Noyau, collectivite_id: str, attente_id: str) -> None:
    """What a step waited for has come, says the module that was asked for it."""
    async with noyau.db.session(Perimetre.pour_instruction(UUID(collectivite_id))) as session:
        now = noyau.clock.now()
        closed = await lignes.close_attente(session, UUID(attente_id), now, "automatique")
        if closed is None:
            return
        dossier = await repository.get_dossier(session, UUID(collectivite_id), closed.dossier_id, lock=True)
        if dossier is None:
            return
        await repository.update_dossier(session, dossier, now)
        await repository.add_evenement(
            session,
            dossier,
            id=uuid7(),
            quand=now,
            genre="attente_levee",
            auteur="",
            donnees={"libelle": closed.libelle},
        )


@tache("demarches:ecrire_transmission")
async def write_transmission(noyau: Noyau, collectivite_id: str, dossier_id: str) -> None:
    """Tells the person, by letter and e-mail, who has the dossier now (CRPA L114-2)."""
    collectivite = UUID(collectivite_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        vue, dossier, definition = await load(session, collectivite, UUID(dossier_id))
        found = await lignes.get_transmission(session, dossier)
        if found is None or await repository.get_document(
            session, papiers.document_id_of(dossier.id, "transmission")
        ):
            return
    auteur = author_of(found.par, definition)
    pdf = await courriers.make_transmission(noyau, vue, dossier, definition, found, auteur)
    nom = papiers.file_name("transmission", dossier.numero, found.transmis_le.date())
    row = await papiers.keep(noyau, dossier, "transmission", "transmission", nom, pdf, found.transmis_le)
    async with noyau.db.session(perimetre) as session:
        if await repository.add_document(session, **row):
            await owe_mail(session, dossier, "demande_transmise", noyau.clock.now())


@tache("demarches:remettre")
async def deliver(noyau: Noyau, collectivite_id: str, dossier_id: str) -> None:
    """Makes the dossier at the collectivité that is competent."""
    await transmission.deliver(noyau, UUID(collectivite_id), UUID(dossier_id))


@tache("demarches:remettre_dehors")
async def deliver_outside(noyau: Noyau, collectivite_id: str, dossier_id: str) -> None:
    """Sends the whole dossier, and the pieces that fit, to a body outside; on paper, the agent prints and posts it."""
    collectivite = UUID(collectivite_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        vue, dossier, definition = await load(session, collectivite, UUID(dossier_id))
        found = await lignes.get_transmission(session, dossier)
        pieces = await repository.list_pieces(session, dossier)
        evenements = await repository.list_evenements(session, dossier)
    if found is None or not found.courriel or found.remis_le is not None:
        return
    lines = histoire_of(e for e in evenements if not e.interne)
    pdf = await papiers.make_dossier(
        noyau,
        vue,
        dossier,
        definition,
        pieces,
        [Evenement(instant=item["le"], libelle=item["libelle"], auteur=item["detail"]) for item in lines],
        statut=LIBELLES_ETAT[Etat(dossier.etat)],
        imprime_le=found.transmis_le,
        imprime_par=found.par,
    )
    joined, apart = await _attachments(noyau, dossier, pieces, pdf)
    zone = ZoneInfo(vue.fuseau)
    sent = await send_mail(
        noyau,
        "transmission",
        a=found.courriel,
        collectivite=vue,
        cle=dossier_id,
        pieces=joined,
        numero=afficher_numero(dossier.numero or ""),
        demarche=definition.titre,
        de_collectivite=de(vue.nom),
        recu_le=afficher_date(
            jour_local(dossier.recu_initial_le or dossier.depose_le or found.transmis_le, zone)
        ),
        motif=found.motif,
        pieces_a_part=", ".join(apart),
    )
    async with noyau.db.session(perimetre) as session:
        accepted = sent.issue is Issue.ACCEPTE
        if accepted:
            await lignes.update_transmission(session, dossier, remis_le=noyau.clock.now())
        await repository.add_evenement(
            session,
            dossier,
            id=uuid7(),
            quand=noyau.clock.now(),
            genre="remise" if accepted else "remise_refusee",
            auteur="messagerie",
            interne=True,
            donnees={"libelle": found.courriel},
        )


async def _attachments(
    noyau: Noyau, dossier: Dossier, pieces: list[Any], pdf: bytes
) -> tuple[tuple[PieceJointe, ...], list[str]]:
    """What one message carries, in order, and the names of what is too heavy for it."""
    joined = [PieceJointe(nom=f"dossier-{dossier.numero}.pdf", contenu=pdf)]
    room, apart = MAX_ATTACHMENTS - len(pdf), []
    for piece in pieces:
        if piece.taille > room:
            apart.append(piece.nom)
            continue
        objet = await noyau.objets.lire(KeyOwner("collectivite", dossier.collectivite_id), piece.id)
        joined.append(PieceJointe(nom=piece.nom, contenu=await objet.read(), type_mime=piece.type_mime))
        room -= piece.taille
    return tuple(joined), apart


@tache("demarches:attester")
async def attest(noyau: Noyau, collectivite_id: str, dossier_id: str) -> None:
    """Makes the attestation of an implicit acceptance (CRPA L232-3); nothing when silence has accepted nothing."""
    collectivite, fact = UUID(collectivite_id), "attestation_tacite"
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        vue, dossier, definition = await load(session, collectivite, UUID(dossier_id))
        if await repository.get_document(session, papiers.document_id_of(dossier.id, fact)):
            return
        lieu = await horloge.lieu_of(session, collectivite)
    tacite = horloge.tacite_du(dossier, definition, lieu, noyau.clock.now())
    if tacite is None or tacite.regime != "acceptation":
        return
    pdf = await courriers.make_attestation(noyau, vue, dossier, definition)
    now = noyau.clock.now()
    nom = papiers.file_name("attestation-acceptation", dossier.numero, now.date())
    row = await papiers.keep(noyau, dossier, fact, fact, nom, pdf, now)
    async with noyau.db.session(perimetre) as session:
        await repository.add_document(session, **row)
