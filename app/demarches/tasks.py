"""Jobs of the module: the receipt, the letters, the e-mails, the objects to destroy. Each may run twice."""

import contextlib
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition
from app.demarches.definitions.parcours import ActionCourriel
from app.demarches.domain import afficher_numero, remplir_modele
from app.demarches.models import Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.repository import exports, mesures
from app.demarches.repository import parcours as transmissions
from app.demarches.service import ecriture, papiers, publication, rebonds
from app.demarches.service.catalogue import definition_of
from app.demarches.service.mesures import opinion_path
from app.demarches.service.pieces import vignette_id
from app.socle.audit import record_as
from app.socle.courriers import send_mail
from app.socle.crypto.keystore import KeyOwner
from app.socle.errors import NotFoundError
from app.socle.expediteurs import Issue
from app.socle.gabarits import date_longue, moment
from app.socle.hosts import CollectiviteVue, list_vues
from app.socle.ids import uuid7
from app.socle.jobs import emit, tache
from app.socle.lettres import Auteur
from app.socle.mail import PieceJointe
from app.socle.noyau import Noyau
from app.socle.rebonds import BoiteIndisponibleError
from app.socle.tenancy import Perimetre

# The paper that goes with an e-mail.
JOINTS = {"demande_deposee": "accuse", "depot_guichet": "accuse"}


async def load(
    session: AsyncSession, collectivite_id: UUID, dossier_id: UUID
) -> tuple[CollectiviteVue, Dossier, Definition]:
    """The collectivité, the dossier and the definition that it pins; NotFoundError for none."""
    dossier = await repository.get_dossier(session, collectivite_id, dossier_id)
    if dossier is None:
        raise NotFoundError("dossier")
    definition = await definition_of(session, dossier.version_id, dossier.surcouche_id)
    vues = await list_vues(session, [collectivite_id])
    return vues[collectivite_id], dossier, definition


async def owe_mail(session: AsyncSession, dossier: Dossier, evenement: str, now: Any) -> None:
    """An e-mail to the demandeur, if there is an address."""
    courriel = str(dossier.demandeur.get("courriel") or "")
    if courriel:
        envoi_id = uuid7()
        await repository.add_envoi(
            session, dossier, id=envoi_id, evenement=evenement, destinataire=courriel, cree_le=now
        )
        await emit(session, "demarches:envoyer", collectivite_id=dossier.collectivite_id, envoi_id=envoi_id)


@tache("demarches:accuser")
async def acknowledge(noyau: Noyau, collectivite_id: str, dossier_id: str) -> None:
    """Makes the receipt as PDF, keeps it, and owes the e-mail that carries it (CRPA R112-5)."""
    collectivite, dossier_uuid = UUID(collectivite_id), UUID(dossier_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        if await repository.get_document(session, papiers.document_id_of(dossier_uuid, "accuse")):
            return
        vue, dossier, definition = await load(session, collectivite, dossier_uuid)
        pieces = await repository.list_pieces(session, dossier)
    pdf = await papiers.make_receipt(noyau, vue, dossier, definition, pieces)
    if dossier.depose_le is None:
        return
    due = definition.legal is not None and definition.legal.accuse.delivre
    nom = papiers.file_name(
        "accuse-de-reception" if due else "attestation", dossier.numero, dossier.depose_le.date()
    )
    row = await papiers.keep(noyau, dossier, "accuse", "accuse", nom, pdf, dossier.depose_le)
    async with noyau.db.session(perimetre) as session:
        if await repository.add_document(session, **row):
            evenement = "demande_deposee" if dossier.canal == "web" else "depot_guichet"
            await owe_mail(session, dossier, evenement, noyau.clock.now())


@tache("demarches:ecrire_complement")
async def write_complement(noyau: Noyau, collectivite_id: str, dossier_id: str, demande_id: str) -> None:
    """Makes the letter of one demand of pieces (CRPA L114-5)."""
    collectivite = UUID(collectivite_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        vue, dossier, definition = await load(session, collectivite, UUID(dossier_id))
        if await repository.get_document(session, papiers.document_id_of(dossier.id, demande_id)):
            return
        asked = await repository.list_complements(session, dossier)
    found = [item for item in asked if str(item.demande_id) == demande_id]
    if not found:
        return
    auteur = author_of(found[0].demande_par, definition)
    pdf = await papiers.make_complement(noyau, vue, dossier, definition, found, auteur)
    day = found[0].demande_le
    nom_fichier = papiers.file_name("demande-de-complement", dossier.numero, day.date())
    row = await papiers.keep(noyau, dossier, "complement", demande_id, nom_fichier, pdf, day)
    async with noyau.db.session(perimetre) as session:
        await repository.add_document(session, **row)


def author_of(signature: str, definition: Definition) -> Auteur:
    """The agent who signed an act, as a letter names them: « Prénom Nom, qualité » and the démarche's service."""
    nom_complet, _, qualite = signature.partition(", ")
    prenom, _, nom = nom_complet.partition(" ")
    return Auteur(prenom=prenom, nom=nom or prenom, qualite=qualite, service=definition.service.nom)


@tache("demarches:notifier_decision")
async def notify_decision(noyau: Noyau, collectivite_id: str, dossier_id: str) -> None:
    """Makes the act as PDF and owes the e-mail that tells it is there."""
    collectivite, dossier_uuid = UUID(collectivite_id), UUID(dossier_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        if await repository.get_document(session, papiers.document_id_of(dossier_uuid, "decision")):
            return
        vue, dossier, definition = await load(session, collectivite, dossier_uuid)
        decision = await repository.get_decision(session, dossier)
    if decision is None:
        return
    pdf = await papiers.make_decision(noyau, vue, dossier, definition, decision)
    nom = papiers.file_name("decision", dossier.numero, decision.rendue_le.date())
    row = await papiers.keep(noyau, dossier, "decision", "decision", nom, pdf, decision.rendue_le)
    async with noyau.db.session(perimetre) as session:
        if await repository.add_document(session, **row):
            await owe_mail(session, dossier, "decision_rendue", noyau.clock.now())


@tache("demarches:envoyer")
async def send(noyau: Noyau, collectivite_id: str, envoi_id: str) -> None:
    """Sends an e-mail that is owed; a refusal for good is kept, and shown to the agents."""
    collectivite = UUID(collectivite_id)
    perimetre = Perimetre.pour_instruction(collectivite)
    async with noyau.db.session(perimetre) as session:
        envoi = await repository.get_envoi(session, UUID(envoi_id))
        if envoi is None or envoi.etat != "a_envoyer":
            return
        vue, dossier, definition = await load(session, collectivite, envoi.dossier_id)
        documents = {item.genre: item for item in await repository.list_documents(session, dossier)}
        complements = await repository.list_complements(session, dossier)
        given = await transmissions.get_transmission(session, dossier)
        # A dossier that was handed over is followed where the person filed it: there they are known.
        origine = dossier.origine_collectivite_id
        hote = vue.hote if origine is None else (await list_vues(session, [origine]))[origine].hote
    joined: tuple[PieceJointe, ...] = ()
    document = documents.get(JOINTS.get(envoi.evenement, ""))
    if document is not None:
        lu = await noyau.objets.lire(KeyOwner("collectivite", collectivite), document.id)
        joined = (PieceJointe(nom=document.nom, contenu=await lu.read()),)
    sent = await send_mail(
        noyau,
        envoi.evenement.partition(":")[0],
        a=envoi.destinataire,
        collectivite=vue,
        cle=envoi_id,
        envoi_id=UUID(envoi_id),
        langue=dossier.langue,
        pieces=joined,
        **_words(noyau, vue, hote, dossier, definition, envoi.evenement, complements),
        **({"organisme": given.organisme} if given else {}),
    )
    async with noyau.db.session(perimetre) as session:
        accepted = sent.issue is Issue.ACCEPTE
        await repository.update_envoi(
            session,
            UUID(envoi_id),
            etat="envoye" if accepted else "refuse",
            detail="" if accepted else f"{sent.code or ''} {sent.detail}".strip()[:500],
            envoye_le=noyau.clock.now(),
        )
        if not accepted:
            await record_as(
                session,
                noyau.clock.now(),
                "systeme",
                "demarches:courriel:refuse",
                str(dossier.id),
                collectivite_id=collectivite,
                code=sent.code,
            )


@tache("demarches:relever_rebonds", cron="*/5 * * * *")
async def collect_bounces(noyau: Noyau, timestamp: str = "") -> None:
    """Reads the mailbox of returned messages, when there is one; it does not answer: the next run reads it."""
    del timestamp
    with contextlib.suppress(BoiteIndisponibleError):
        await rebonds.relever(noyau)


def _words(
    noyau: Noyau,
    vue: CollectiviteVue,
    hote: str,
    dossier: Dossier,
    definition: Definition,
    evenement: str,
    complements: list[Any],
) -> dict[str, Any]:
    """What the message says; never the content of the dossier."""
    words: dict[str, Any] = {
        "demarche": definition.titre,
        "numero": afficher_numero(dossier.numero or ""),
        "lien": noyau.settings.url_of(hote, f"/dossiers/{dossier.id}"),
    }
    if evenement == "decision_rendue":
        words["avis"] = noyau.settings.url_of(vue.hote, opinion_path(noyau, dossier.id))
    if evenement in JOINTS and dossier.depose_le is not None:
        words["recu_le"] = moment(dossier.depose_le, ZoneInfo(vue.fuseau), dossier.langue)
        words["accuse"] = definition.legal is not None and definition.legal.accuse.delivre
    if evenement == "suppression_annoncee" and dossier.suppression_le is not None:
        words["suppression_le"] = date_longue(dossier.suppression_le, dossier.langue)
    if evenement == "depot_guichet":
        words["depose_par"] = str((dossier.mandataire or {}).get("nom", ""))
    if evenement == "complement_demande":
        words["avant_le"] = date_longue(max(item.avant_le for item in complements), dossier.langue)
    if evenement.startswith("etape:"):
        words |= _words_of_step(vue, dossier, definition, evenement)
    return words


@tache("demarches:basculer")
async def follow_publication(noyau: Noyau, bascule_id: str) -> None:
    """Dossiers go to a new version, five hundred at a time; killed, it goes on where it was."""
    while await publication.move_batch(noyau, UUID(bascule_id)):
        pass


def _words_of_step(
    vue: CollectiviteVue, dossier: Dossier, definition: Definition, evenement: str
) -> dict[str, Any]:
    """Subject and paragraphs of the e-mail `etape:<step>:<rank of the action>`, from the pinned version."""
    _, etape_id, rang = evenement.split(":")
    etape = definition.parcours.etape(etape_id) if definition.parcours else None
    action = etape.actions[int(rang)] if etape else None
    if not isinstance(action, ActionCourriel):
        raise LookupError("step of the parcours")
    mots, reponses = papiers.mots_of(vue, dossier), dossier.reponses or {}

    def filled(texte: str) -> str:
        return remplir_modele(definition, texte, reponses, mots)

    return {"objet": filled(action.objet), "paragraphes": [filled(texte) for texte in action.paragraphes]}


@tache("demarches:detruire_objet")
async def destroy_object(noyau: Noyau, objet_id: str) -> None:
    """Destroys the bytes of a document that was taken off a draft, and those of its thumbnail if it has one."""
    await noyau.objets.detruire(UUID(objet_id))
    await noyau.objets.detruire(vignette_id(UUID(objet_id)))


@tache("demarches:purger_brouillons", cron="41 3 * * *")
async def purge_drafts(noyau: Noyau, timestamp: str = "") -> None:
    """Deletes drafts left untouched beyond the term that their démarche gives them, and their documents.

    The first of the three clocks of personal data; the other two begin at the decision.
    """
    del timestamp
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("purge of abandoned drafts") as session:
        await mesures.count_abandons(session, now)
        for objet_id in await repository.purge_drafts(session, now):
            await emit(session, "demarches:detruire_objet", objet_id=objet_id)


@tache("demarches:exporter")
async def export(noyau: Noyau, collectivite_id: str, export_id: str) -> None:
    """Makes an export, from wherever a killed worker left it."""
    await ecriture.make(noyau, UUID(collectivite_id), UUID(export_id))


@tache("demarches:oublier_exports", cron="17 4 * * *")
async def forget_exports(noyau: Noyau, timestamp: str = "") -> None:
    """Destroys the files of exports whose week is over."""
    del timestamp
    async with noyau.db.hors_cloison("exports whose time is over") as session:
        over = await exports.list_expired(session, noyau.clock.now(), 1000)
    for collectivite_id, export_id in over:
        await ecriture.expire(noyau, collectivite_id, export_id)
