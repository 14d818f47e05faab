"""One dossier as its agent sees it: from what was read to the plain objects that the template draws."""

import functools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from app.demarches.domain import etat_du_formulaire, jour_local, silence_de
from app.demarches.domain.etats import ETATS_FINAUX, LIBELLES_ETAT, Etat
from app.demarches.domain.representation import mention_represente
from app.demarches.models import Document, Dossier, Envoi
from app.demarches.presentation import etiquette_of, histoire_of, messages_of, sections_of
from app.demarches.presentation_parcours import instruction_of, partage_of
from app.demarches.presentation_pieces import pieces_of
from app.demarches.repository.parcours import Travail
from app.demarches.service import instruction
from app.demarches.service.brouillons import circonstances_of
from app.demarches.service.bureau import days_left
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX, adresse_de
from app.demarches.service.suivi import Suivi
from app.socle import vues
from app.socle.contexte import Contexte
from app.socle.gabarits import telephone
from app.socle.permissions import Droit

CHOIX = (
    vues.Option("accepte", "Accepter"),
    vues.Option("refuse", "Refuser"),
    vues.Option("sans_suite", "Classer sans suite"),
)
DECISIONS = {
    "accepte": "Demande acceptée",
    "refuse": "Demande refusée",
    "sans_suite": "Classée sans suite",
}
PREUVES = {
    "franceconnect": "Identité vérifiée par FranceConnect",
    "courriel": "Identité déclarée, adresse électronique vérifiée par un code",
    "declaree": "Identité déclarée, non vérifiée",
    "guichet": "Pièce d’identité vue au guichet",
}
DOCUMENTS = {
    "accuse": "Accusé de réception",
    "complement": "Demande de pièce",
    "decision": "Décision",
    "transmission": "Lettre de transmission",
    "attestation_tacite": "Attestation d’acceptation",
    "etape": "Courrier",
}
COURRIELS = {
    "demande_deposee": "Accusé de réception",
    "depot_guichet": "Accusé de réception (saisie par un agent)",
    "complement_demande": "Pièce redemandée",
    "message_recu": "Annonce d’un message",
    "decision_rendue": "Annonce de la décision",
    "demande_transmise": "Annonce de la transmission",
    "etape": "Courriel d’une étape",
    "place_obtenue": "Annonce d’une place libérée",
    "suppression_annoncee": "Annonce de la suppression",
}
ENVOIS = {
    "a_envoyer": vues.Etiquette("En cours d’envoi", "attente"),
    "envoye": vues.Etiquette("Envoyé", "succes"),
    "refuse": vues.Etiquette("Refusé", "refus"),
}


def dossier_of(
    ctx: Contexte,
    found: Suivi,
    travail: Travail,
    droit: Droit,
    typed: FormData,
    erreurs: dict[str, str],
    *,
    since: datetime | None,
) -> dict[str, Any]:
    """The context of the page; a form that this agent may not use now is None."""
    dossier, definition = found.dossier, found.definition
    base, reponses = f"/dossiers/{dossier.id}", dossier.reponses or {}
    closed = Etat(dossier.etat) in ETATS_FINAUX
    mine = instruction.is_mine(dossier, ctx) and not closed
    return {
        "fuseau": ZoneInfo(found.collectivite.fuseau),
        "dossier": _head(ctx, found, closed=closed),
        "identite": _identity(dossier),
        "prise": None
        if closed
        else {
            "par": instruction.holder(dossier, ctx) or "",
            "par_moi": mine,
            "jusqu_a": dossier.bail_jusqu_a,
            "action_url": f"{base}/prise",
            "reprendre_url": f"{base}/reprendre",
        },
        "partage": partage_of(dossier, travail, base, closed=closed),
        "sections": sections_of(definition, reponses),
        "pieces": pieces_of(definition, found.pieces, agent=True),
        "attendues": [_awaited(found, item, erreurs) for item in found.demandes],
        "reception_url": f"{base}/pieces" if mine and found.demandes else "",
        "messages": messages_of(found.messages, agent=True),
        "notes": [{"auteur": m.auteur, "le": m.quand, "texte": m.texte} for m in found.messages if m.interne],
        "historique": histoire_of(found.evenements, agent=True),
        "documents": [
            {"libelle": _paper(d), "url": f"/documents/{d.id}", "taille": d.taille, "le": d.cree_le}
            for d in found.documents
        ],
        "envois": envois_of(found.envois),
        "demande": _demand(base, found, typed) if mine else None,
        "decision": _decision(base, found, travail, typed, droit)
        if mine and dossier.etat != Etat.DEPOSE
        else None,
        "rendue": _given(found),
        "instruction": instruction_of(ctx, found, travail, droit, typed, mine=mine),
        "message_form": {"action_url": f"{base}/messages", "valeur": typed.get("message", "")},
        "note_form": {"action_url": f"{base}/notes", "valeur": typed.get("note", "")},
        "nouveautes": _news(found, since) if since else [],
        "imprimer_url": f"{base}/imprimer",
        "version": dossier.revision,
        "ouvert_le": ctx.now.isoformat(),
    }


def _head(ctx: Contexte, found: Suivi, *, closed: bool) -> dict[str, Any]:
    dossier = found.dossier
    silence = ""
    rule = silence_de(found.definition, dossier.reponses)
    if rule is not None and dossier.silence_le is not None and not closed:
        silence = "Le silence vaudra " + ("refus" if rule.regime == "refus" else "acceptation")
    par = dossier.mandataire or {}
    return {
        "numero": dossier.numero,
        "demarche": found.definition.titre,
        "commune": found.collectivite.nom,
        "personne": nom_de(dossier.demandeur),
        "represente": mention_represente(dossier.beneficiaire),
        "canal": CANAUX[dossier.canal],
        "saisi_par": ", ".join(str(par[k]) for k in ("nom", "qualite") if par.get(k)),
        "aidant": str(par.get("aidant", "")),
        "recu_le": dossier.depose_le,
        "etiquette": etiquette_agent(dossier.etat),
        "jours_restants": None
        if closed
        else days_left(dossier.silence_le, ctx.today(found.collectivite.fuseau)),
        "echeance": None if closed else dossier.silence_le,
        "silence": silence,
        "clos": closed,
    }


def libelle_agent(etat: Etat) -> str:
    """A state in the agent's words: « votre réponse » is the resident's side."""
    return "En attente du demandeur" if etat is Etat.EN_ATTENTE else LIBELLES_ETAT[etat]


@functools.cache
def etiquette_agent(etat: str) -> vues.Etiquette:
    """The same, in words and colour: what waits for the agent is what stands out."""
    tons = {Etat.DEPOSE: "action", Etat.EN_INSTRUCTION: "info", Etat.EN_ATTENTE: "attente"}
    known = Etat(etat)
    return vues.Etiquette(libelle_agent(known), tons.get(known) or etiquette_of(etat).ton)


def _identity(dossier: Dossier) -> dict[str, Any]:
    """Who asks, with what proves it, and how to reach them."""
    person = dossier.demandeur
    prenoms = person.get("prenoms") or []
    birth = str(person.get("naissance") or "")
    lines = [
        ("Prénoms", " ".join(prenoms) if isinstance(prenoms, list) else str(prenoms)),
        ("Nom de naissance", str(person.get("nom_naissance") or "")),
        ("Nom d’usage", str(person.get("nom_usage") or "")),
        ("Date de naissance", "/".join(reversed(birth.split("-")))),
        ("Adresse électronique", str(person.get("courriel") or "")),
        ("Téléphone", telephone(str(person.get("telephone") or ""))),
        ("Adresse postale", "\n".join(adresse_de(person, dossier.reponses or {}))),
    ]
    return {
        "preuve": PREUVES[dossier.niveau_identite],
        "prouvee": dossier.niveau_identite in ("franceconnect", "guichet"),
        "lignes": [vues.Ligne(label, (value,)) for label, value in lines if value],
        "sans_courriel": not person.get("courriel"),
    }


def _awaited(found: Suivi, item: Any, erreurs: dict[str, str]) -> dict[str, Any]:
    return {
        "id": item.champ_id,
        "libelle": found.definition.champ(item.champ_id).libelle,
        "raison": item.motif,
        "avant_le": item.avant_le,
        "par": item.demande_par,
        "erreur": erreurs.get(item.champ_id, ""),
    }


def _paper(document: Document) -> str:
    # The law asks for no acknowledgement of some demands: the paper is then a plain certificate.
    if document.genre == "accuse" and document.nom.startswith("attestation"):
        return "Attestation de dépôt"
    return DOCUMENTS[document.genre]


def envois_of(envois: Sequence[Envoi]) -> list[dict[str, Any]]:
    """The e-mails of a dossier and what became of each."""
    return [
        {
            "libelle": "SMS d’une étape"
            if item.moyen == "sms"
            else COURRIELS.get(item.evenement.partition(":")[0], item.evenement),
            "a": item.destinataire,
            "le": item.envoye_le or item.cree_le,
            "etiquette": ENVOIS[item.etat],
            "detail": item.detail,
        }
        for item in envois
    ]


def _demand(base: str, found: Suivi, typed: FormData) -> dict[str, Any] | None:
    """The form that asks for a piece again: those of the questions that were asked, not awaited already."""
    reponses, awaited = found.dossier.reponses or {}, {item.champ_id for item in found.demandes}
    zone = ZoneInfo(found.collectivite.fuseau)
    day = jour_local(found.dossier.depose_le, zone) if found.dossier.depose_le else None
    around = circonstances_of(day, found.dossier, found.collectivite)
    options = [
        vues.Option(champ.id, champ.libelle)
        for seen in etat_du_formulaire(found.definition, reponses, around).pages
        for champ in seen.champs
        if champ.type == "piece" and champ.id not in awaited
    ]
    jour = {part: typed.get(f"avant_le-{part}", "") for part in ("jour", "mois", "annee")}
    valeurs = {"piece": typed.get("piece", ""), "raison": typed.get("raison", ""), "avant_le": jour}
    return {"action_url": f"{base}/complements", "pieces": options, "valeurs": valeurs} if options else None


def _decision(base: str, found: Suivi, travail: Travail, typed: FormData, droit: Droit) -> dict[str, Any]:
    prepared, model = travail.proposition, found.definition.decision
    return {
        "action_url": f"{base}/decision",
        "choix": CHOIX,
        "valeurs": {
            "sens": typed.get("sens", prepared.sens if prepared else ""),
            "motif": typed.get("motif", prepared.motif if prepared else ""),
            "retrait": "retrait" in typed,
        },
        "a_deux": model is not None and model.deux_agents,
        "auteur": ", ".join(part for part in (droit.nom_complet, droit.qualite, droit.service) if part),
        "manque": instruction.missing_mentions(droit),
    }


def _given(found: Suivi) -> dict[str, Any] | None:
    decision, paper = found.decision, found.document("decision")
    if decision is None:
        return None
    names = (
        f"{decision.auteur_prenom} {decision.auteur_nom}",
        decision.auteur_qualite,
        decision.auteur_service,
    )
    return {
        "libelle": DECISIONS[decision.sens],
        "auteur": ", ".join(names),
        "le": decision.rendue_le,
        "motif": decision.motif,
        "url": f"/documents/{paper.id}" if paper else "",
    }


def opened_at(form: FormData) -> datetime | None:
    """When the page that sent a form was opened, as it says itself: used only to point at what came after."""
    try:
        opened = datetime.fromisoformat(str(form.get("ouvert_le", "")))
    except ValueError:
        return None
    return opened if opened.tzinfo is not None else opened.replace(tzinfo=UTC)


def _news(found: Suivi, since: datetime) -> list[dict[str, Any]]:
    """What happened after an instant: history, messages and notes, latest first."""
    lines = histoire_of((e for e in found.evenements if e.quand > since), agent=True)
    lines += [
        {
            "le": m.quand,
            "libelle": "Note interne" if m.interne else "Message",
            "detail": f"{m.auteur} : {m.texte}",
        }
        for m in found.messages
        if m.quand > since
    ]
    return sorted(lines, key=lambda line: line["le"], reverse=True)
