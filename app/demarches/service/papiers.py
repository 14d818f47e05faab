"""The papers of a dossier: what each says, taken from the frozen answers and the definition it pins.

A paper is made by a job and may be made twice: its id is computed from the fact it attests, so the second time finds
the first.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.demarches.definitions import Definition
from app.demarches.documents import (
    AccuseReception,
    AttestationEnregistrement,
    DecisionActe,
    DemandeComplement,
    Depot,
    EffetDelai,
    Evenement,
    Forme,
    PieceDemandee,
    RecapDossier,
    Reponse,
    Section,
    Sens,
    SilenceAcceptation,
    SilenceRejet,
)
from app.demarches.documents import PieceRecue as PieceSurPapier
from app.demarches.domain import (
    afficher,
    afficher_date,
    afficher_numero,
    jour_local,
    nommer,
    parties_repondues,
    remplir_modele,
    silence_de,
)
from app.demarches.domain.representation import mention_represente, nom_represente
from app.demarches.models import Complement, Decision, Dossier, Piece
from app.demarches.pdf import pdf_accuse, pdf_attestation, pdf_decision, pdf_demande_complement, pdf_dossier
from app.demarches.repository import dossiers as repository
from app.demarches.service.depot import nom_de
from app.socle.articles import de
from app.socle.courriers import institution
from app.socle.crypto.keystore import KeyOwner
from app.socle.hosts import CollectiviteVue
from app.socle.langues import N_
from app.socle.lettres import Auteur, Destinataire, EnTete, VoiesRecours
from app.socle.noyau import Noyau
from app.socle.storage import ObjectExistsError
from app.socle.tenancy import Perimetre

CANAUX = {
    "web": N_("en ligne"),
    "guichet": N_("au guichet"),
    "telephone": N_("par téléphone"),
    "courrier": N_("par courrier"),
    "aidant": N_("avec l’aide d’un aidant"),
}
# Administrative courts by département (code de justice administrative, article R221-3).
_RENNES = ("Tribunal administratif de Rennes", ("3 contour de la Motte", "CS 44416", "35044 Rennes Cedex"))
TRIBUNAUX = {"22": _RENNES, "29": _RENNES, "35": _RENNES, "56": _RENNES}
_AUTRE = (
    "Tribunal administratif dont dépend votre commune",
    ("Adresse et dépôt en ligne : www.telerecours.fr",),
)


def en_tete_of(noyau: Noyau, collectivite: CollectiviteVue, service: str) -> EnTete:
    """The letterhead of a collectivité; complete even before anybody has entered its address."""
    details = collectivite.coordonnees
    horaires = " ; ".join(f"{ligne['jours']} {ligne['heures']}" for ligne in details.get("horaires", ()))
    return EnTete(
        collectivite=institution(collectivite),
        service=service,
        adresse=tuple(details.get("adresse") or (institution(collectivite),)),
        telephone=details.get("telephone") or noyau.settings.opsn_telephone,
        courriel=details.get("courriel", ""),
        horaires=horaires,
        site=noyau.settings.url_of(collectivite.hote, ""),
        couleur=collectivite.theme.principale,
        fuseau=collectivite.fuseau,
    )


async def with_emblem(noyau: Noyau, collectivite: CollectiviteVue, en_tete: EnTete) -> EnTete:
    """The letterhead with the collectivité's logo, which is read for a paper and for nothing else."""
    return replace(en_tete, embleme_svg=await noyau.ports.emblemes.svg_of(noyau, collectivite))


def autorite_of(collectivite: CollectiviteVue) -> str:
    """Whom an administrative appeal is addressed to."""
    if collectivite.genre == "commune":
        return f"le maire {de(collectivite.nom)}"
    return f"le président {de(collectivite.nom)}"


def recours_of(collectivite: CollectiviteVue) -> VoiesRecours:
    """Ways and time limits of appeal against this collectivité's decisions (CJA R421-1)."""
    tribunal, adresse = TRIBUNAUX.get(collectivite.departement, _AUTRE)
    return VoiesRecours(autorite=autorite_of(collectivite), tribunal=tribunal, tribunal_adresse=adresse)


def adresse_de(demandeur: dict[str, Any], reponses: dict[str, Any]) -> tuple[str, ...]:
    """The applicant's postal address, from the first answer that is one."""
    for valeur in (demandeur.get("adresse"), *reponses.values()):
        if isinstance(valeur, dict) and valeur.get("code_postal"):
            lignes = (
                valeur.get("ligne"),
                valeur.get("complement"),
                f"{valeur['code_postal']} {valeur.get('commune', '')}",
            )
            return tuple(str(ligne) for ligne in lignes if ligne)
    return ()


def sections_of(definition: Definition, reponses: dict[str, Any]) -> tuple[Section, ...]:
    """The answers as a person reads them, page by page; questions without answer are left out."""
    sections = []
    for titre, champs in parties_repondues(definition, reponses):
        lignes = tuple(Reponse(libelle=c.libelle, valeur=afficher(c, reponses[c.id])) for c in champs)
        sections.append(Section(titre=titre, reponses=lignes))
    return tuple(sections)


def depot_of(
    noyau: Noyau, collectivite: CollectiviteVue, dossier: Dossier, definition: Definition, pieces: list[Piece]
) -> Depot:
    """What was filed, for any paper that says it."""
    reponses = dossier.reponses or {}
    if dossier.depose_le is None or dossier.numero is None:
        raise ValueError("a draft has no paper")
    return Depot(
        en_tete=en_tete_of(noyau, collectivite, definition.service.nom),
        numero=afficher_numero(dossier.numero),
        demarche=definition.titre,
        recu_le=dossier.depose_le,
        canal=CANAUX[dossier.canal],
        demandeur=Destinataire(
            nom=nom_de(dossier.demandeur), adresse=adresse_de(dossier.demandeur, reponses)
        ),
        depose_par=str((dossier.mandataire or {}).get("nom", "")),
        transmission=_first_receipt(collectivite, dossier),
        represente=mention_represente(dossier.beneficiaire),
        sections=sections_of(definition, reponses),
        pieces=tuple(
            PieceSurPapier(libelle=champ.libelle, fichier=p.nom, precision=nommer(champ, p.decrit))
            for p in pieces
            for champ in (definition.champ(p.champ_id),)
        ),
    )


async def _paper_of(
    noyau: Noyau, collectivite: CollectiviteVue, dossier: Dossier, definition: Definition, pieces: list[Piece]
) -> Depot:
    depot = depot_of(noyau, collectivite, dossier, definition, pieces)
    return replace(depot, en_tete=await with_emblem(noyau, collectivite, depot.en_tete))


def _first_receipt(collectivite: CollectiviteVue, dossier: Dossier) -> str:
    """Who received it before: the day from which a refusal by silence runs (L114-3)."""
    if dossier.recu_initial_le is None:
        return ""
    day = jour_local(dossier.recu_initial_le, ZoneInfo(collectivite.fuseau))
    return f"une première administration, qui l’a reçue le {afficher_date(day)}"


async def make_receipt(
    noyau: Noyau, collectivite: CollectiviteVue, dossier: Dossier, definition: Definition, pieces: list[Piece]
) -> bytes:
    """The accusé de réception, or the plain attestation where the law asks for none (CRPA R112-4)."""
    depot = await _paper_of(noyau, collectivite, dossier, definition, pieces)
    legal, rule = definition.legal, silence_de(definition, dossier.reponses)
    if legal is None or not legal.accuse.delivre or rule is None or dossier.silence_le is None:
        return await pdf_attestation(AttestationEnregistrement(depot=depot, suite=definition.textes.apres))
    if rule.regime == "acceptation":
        silence: SilenceAcceptation | SilenceRejet = SilenceAcceptation(
            echeance=dossier.silence_le, fondement=rule.fondement
        )
    else:
        silence = SilenceRejet(
            echeance=dossier.silence_le, fondement=rule.fondement, recours=recours_of(collectivite)
        )
    return await pdf_accuse(AccuseReception(depot=depot, silence=silence))


async def make_dossier(
    noyau: Noyau,
    collectivite: CollectiviteVue,
    dossier: Dossier,
    definition: Definition,
    pieces: list[Piece],
    historique: Sequence[Evenement],
    *,
    statut: str,
    imprime_le: datetime,
    imprime_par: str,
) -> bytes:
    """The whole dossier on paper: identity, answers, names of the pieces, history; nothing internal."""
    return await pdf_dossier(
        RecapDossier(
            depot=await _paper_of(noyau, collectivite, dossier, definition, pieces),
            statut=statut,
            historique=tuple(historique),
            imprime_le=imprime_le,
            imprime_par=imprime_par,
        )
    )


async def make_complement(
    noyau: Noyau,
    collectivite: CollectiviteVue,
    dossier: Dossier,
    definition: Definition,
    complements: Sequence[Complement],
    auteur: Auteur,
) -> bytes:
    """The letter of one demand, that asks for several pieces again."""
    rule = silence_de(definition, dossier.reponses)
    effet = EffetDelai.AUCUN
    if rule is not None and any(item.indispensable for item in complements):
        effet = EffetDelai.NE_COURT_PAS if rule.regime == "acceptation" else EffetDelai.SUSPENDU
    return await pdf_demande_complement(
        DemandeComplement(
            en_tete=await with_emblem(
                noyau, collectivite, en_tete_of(noyau, collectivite, definition.service.nom)
            ),
            numero=afficher_numero(dossier.numero or ""),
            demarche=definition.titre,
            destinataire=destinataire_of(dossier),
            etablie_le=complements[0].demande_le,
            pieces=tuple(
                PieceDemandee(libelle=definition.champ(item.champ_id).libelle, motif=item.motif)
                for item in complements
            ),
            avant_le=complements[0].avant_le,
            effet=effet,
            agent=auteur,
        )
    )


def destinataire_of(dossier: Dossier) -> Destinataire:
    """Whom the letters of a dossier are for."""
    return Destinataire(
        nom=nom_de(dossier.demandeur), adresse=adresse_de(dossier.demandeur, dossier.reponses or {})
    )


def mots_of(collectivite: CollectiviteVue, dossier: Dossier) -> dict[str, str]:
    """What the dossier gives to models, beside its answers."""
    filed = dossier.recu_initial_le or dossier.depose_le
    return {
        "demandeur": nom_de(dossier.demandeur),
        "personne_concernee": nom_represente(dossier.beneficiaire) or nom_de(dossier.demandeur),
        "numero": afficher_numero(dossier.numero or ""),
        "date_depot": afficher_date(jour_local(filed, ZoneInfo(collectivite.fuseau))) if filed else "",
        "commune": collectivite.nom,
    }


async def make_decision(
    noyau: Noyau, collectivite: CollectiviteVue, dossier: Dossier, definition: Definition, decision: Decision
) -> bytes:
    """The act, from the démarche's model; it names its author, or it is not made."""
    model = definition.decision
    reponses = dossier.reponses or {}
    mots = mots_of(collectivite, dossier)
    accepted = decision.sens == "accepte"
    articles = () if model is None else (model.articles_acceptation if accepted else model.articles_refus)
    arrete = model is not None and model.nature == "arrete" and decision.sens != "sans_suite"
    if decision.sens == "sans_suite" or not articles:
        articles = (_DISPOSITIF[decision.sens],)

    def filled(texte: str) -> str:
        return remplir_modele(definition, texte, reponses, mots)

    return await pdf_decision(
        DecisionActe(
            en_tete=await with_emblem(
                noyau, collectivite, en_tete_of(noyau, collectivite, decision.auteur_service)
            ),
            forme=Forme.ARRETE if arrete else Forme.COURRIER,
            sens=Sens.FAVORABLE if accepted else Sens.DEFAVORABLE,
            objet=definition.titre,
            autorite=autorite_of(collectivite).capitalize() if arrete else "",
            numero_dossier=afficher_numero(dossier.numero or ""),
            destinataire=destinataire_of(dossier),
            visas=tuple(filled(texte) for texte in model.visas) if model and arrete else (),
            motifs=_reasons(dossier, decision),
            dispositif=tuple(filled(texte) for texte in articles),
            lieu=collectivite.nom,
            signee_le=decision.rendue_le,
            auteur=Auteur(
                prenom=decision.auteur_prenom,
                nom=decision.auteur_nom,
                qualite=decision.auteur_qualite,
                service=decision.auteur_service,
            ),
            recours=None if accepted else recours_of(collectivite),
            represente=mention_represente(dossier.beneficiaire),
        )
    )


def _reasons(dossier: Dossier, decision: Decision) -> tuple[str, ...]:
    """Why, as the agent wrote it; a withdrawal names the decision of silence that it takes back (L242-1)."""
    given = (decision.motif,) if decision.motif else ()
    if not decision.retire_tacite or dossier.silence_le is None:
        return given
    born = afficher_date(dossier.silence_le)
    return (f"la décision implicite d’acceptation née le {born} est illégale et doit être retirée", *given)


_DISPOSITIF = {
    "accepte": "Votre demande est acceptée.",
    "refuse": "Votre demande est refusée.",
    "sans_suite": "Votre demande est classée sans suite.",
}


async def keep(
    noyau: Noyau, dossier: Dossier, genre: str, fait: str, nom: str, pdf: bytes, fait_le: datetime
) -> dict[str, Any]:
    """Stores a paper; returns the row that records it. Its id comes from the dossier and the fact."""
    document_id = document_id_of(dossier.id, fait)
    owner = KeyOwner("collectivite", dossier.collectivite_id)
    try:
        depose = await noyau.objets.deposer(owner, document_id, pdf)
    except ObjectExistsError:
        # A former run stored the bytes and died before the row: nobody points at them yet.
        await noyau.objets.detruire(document_id)
        depose = await noyau.objets.deposer(owner, document_id, pdf)
    return {
        "collectivite_id": dossier.collectivite_id,
        "id": document_id,
        "dossier_id": dossier.id,
        "genre": genre,
        "nom": nom,
        "taille": len(pdf),
        "empreinte": depose.empreinte,
        "cree_le": fait_le,
    }


def document_id_of(dossier_id: UUID, fait: str) -> UUID:
    """The id of the paper of a fact."""
    return uuid5(dossier_id, fait)


async def has_document(noyau: Noyau, collectivite_id: UUID, document_id: UUID) -> bool:
    """Whether a paper was already made and recorded."""
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        return await repository.get_document(session, document_id) is not None


def file_name(genre: str, numero: str | None, day: date) -> str:
    """What a paper is called when it is downloaded."""
    return f"{genre}-{numero}-{day.isoformat()}.pdf"
