"""The instruction as its agent sees it: step, what is awaited, opinions, documents to examine, handing over."""

from datetime import date
from typing import Any

from markupsafe import Markup
from starlette.datastructures import FormData

from app.demarches.definitions.parcours import FIN, ActionAvis
from app.demarches.domain import RAISONS, Lieu, ajouter, jour_local, silence_de
from app.demarches.domain.calendrier import REGLES
from app.demarches.domain.dessin import LIBELLE_FIN, decrire, dessiner
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.models import Attente, Avis, Dossier
from app.demarches.presentation_exterieur import appels_of
from app.demarches.repository.parcours import Travail
from app.demarches.service import etapes, examen, horloge
from app.demarches.service.avis import is_late
from app.demarches.service.suivi import Suivi
from app.demarches.service.transmission import competence_sentence
from app.socle import vues
from app.socle.contexte import Contexte
from app.socle.permissions import Droit

EXAMENS = (
    vues.Option("jointe", "À examiner"),
    vues.Option("acceptee", "Accepté"),
    *(vues.Option(code, f"Refusé : {phrase}") for code, phrase in RAISONS.items()),
)
ABSENT = {
    "paiement": "Le paiement en ligne n’est pas installé ici : vérifiez-le vous-même, puis dites que c’est fait.",
    "rendez_vous": "Les rendez-vous en ligne ne sont pas installés ici : convenez-en, puis dites que c’est fait.",
    "signature": "La signature électronique n’est pas installée ici : faites signer, puis dites que c’est fait.",
}
ALERTES = {
    "silence": "Le silence décide bientôt",
    "tacite": "Le silence a décidé",
    "complement": "Pièces demandées non reçues à la date",
    "avis": "Avis non rendu à la date",
    "accuse": "Accusé de réception en retard",
}


def instruction_of(
    ctx: Contexte, found: Suivi, travail: Travail, droit: Droit, typed: FormData, *, mine: bool
) -> dict[str, Any]:
    """What the page shows of the instruction beside the dossier itself; forms only for who holds the lease (`mine`)."""
    lieu = Lieu.de(found.collectivite.fuseau, found.collectivite.departement)
    today = jour_local(ctx.now, lieu.zone)
    base, closed = f"/dossiers/{found.dossier.id}", Etat(found.dossier.etat) in ETATS_FINAUX
    return {
        "horloge": _clock(ctx, found, lieu, base, closed=closed),
        "etape": _step(found, travail, droit, base, mine=mine),
        "attendu": [] if closed else _awaited(found, travail, today),
        "alertes": []
        if closed
        else [{"libelle": ALERTES[a.genre], "le": a.echeance} for a in travail.alertes],
        "avis": [_opinion(item, today, base, mine=mine, closed=closed) for item in travail.avis],
        "avis_form": _ask_form(found, travail, typed, today, lieu, base) if mine and _open(found) else None,
        "examen": _examination(found, typed, base) if mine and _open(found) else None,
        "appels": appels_of(travail.appels, base, mine=mine and not closed),
        "proposition": _proposal(travail),
        "transmission": _handed_over(travail),
        "transmettre_url": f"{base}/transmettre" if mine else "",
        "origine": _origin(found),
        "competence": _competence(found) if mine else "",
    }


def _open(found: Suivi) -> bool:
    return Etat(found.dossier.etat) in (Etat.EN_INSTRUCTION, Etat.EN_ATTENTE)


def _clock(ctx: Contexte, found: Suivi, lieu: Lieu, base: str, *, closed: bool) -> dict[str, Any] | None:
    """Which rule of silence, until when, and what it has done."""
    rule = silence_de(found.definition, found.dossier.reponses)
    if rule is None or closed:
        return None
    tacite = horloge.tacite_du(found.dossier, found.definition, lieu, ctx.now)
    attestation = found.document("attestation_tacite")
    accepts = rule.regime == "acceptation"
    return {
        "sens": "acceptation" if accepts else "refus",
        "delai": rule.delai,
        "fondement": rule.fondement,
        "comptage": REGLES["silence"].article,
        "le": found.dossier.silence_le,
        "initial_le": found.dossier.recu_initial_le,
        "tacite": None if tacite is None else {"le": tacite.nee_le, "limite": tacite.limite},
        "attestation_action": f"{base}/attestation" if tacite and accepts and not attestation else "",
        "attestation_url": f"/documents/{attestation.id}" if attestation else "",
    }


def _step(found: Suivi, travail: Travail, droit: Droit, base: str, *, mine: bool) -> dict[str, Any] | None:
    parcours, dossier = found.definition.parcours, found.dossier
    if parcours is None:
        return None
    here = parcours.etape(dossier.etape)
    waiting = sum(item.etape == dossier.etape for item in _pending(travail)) + _calls(travail, dossier.etape)
    return {
        "titre": here.titre if here else LIBELLE_FIN if dossier.etape == FIN else "",
        "consigne": here.consigne if here else "",
        "depuis": dossier.etape_le,
        "action_url": f"{base}/etape",
        "suites": [
            {
                "vers": suite.vers,
                "libelle": suite.libelle,
                "fermee": _shut(suite.attend_tout and waiting, etapes.may_follow(suite, droit)),
            }
            for suite in (etapes.ways(found.definition, dossier) if mine and _open(found) else ())
        ],
        "dessin": Markup(dessiner(parcours, dossier.etape)),  # noqa: S704 - every text in it is escaped
        "texte": decrire(parcours),
    }


def _shut(waits: object, allowed: bool) -> str:
    if not allowed:
        return "réservé à un administrateur"
    return "attend ce qui est demandé à cette étape" if waits else ""


def _calls(travail: Travail, etape: str) -> int:
    return sum(a.bloquant and a.etape == etape and a.etat in ("a_faire", "echec") for a in travail.appels)


def _pending(travail: Travail) -> list[Avis | Attente]:
    opinions = [item for item in travail.avis if item.rendu_le is None and item.revoque_le is None]
    return [*opinions, *(item for item in travail.attentes if item.close_le is None)]


def _awaited(found: Suivi, travail: Travail, today: date) -> list[dict[str, Any]]:
    """What the dossier waits for, from whom, until when: pieces, opinions, things of other modules."""
    base = f"/dossiers/{found.dossier.id}"
    lines: list[dict[str, Any]] = [
        {
            "quoi": found.definition.champ(item.champ_id).libelle,
            "qui": "le demandeur" + ("" if item.indispensable else " (sans arrêter l’instruction)"),
            "avant_le": item.avant_le,
            "retard": item.avant_le < today,
            "precision": "",
            "action_url": "",
        }
        for item in found.demandes
    ]
    for item in _pending(travail):
        outside = isinstance(item, Attente)
        lines.append(
            {
                "quoi": item.libelle if isinstance(item, Attente) else f"Avis : {item.objet}",
                "qui": "" if isinstance(item, Attente) else item.nom,
                "avant_le": None if isinstance(item, Attente) else item.avant_le,
                "retard": not isinstance(item, Attente) and is_late(item, today),
                "precision": ABSENT[item.genre] if isinstance(item, Attente) and not item.automatique else "",
                "action_url": f"{base}/attentes/{item.id}" if outside else "",
            }
        )
    return lines


def _opinion(item: Avis, today: date, base: str, *, mine: bool, closed: bool) -> dict[str, Any]:
    pending = item.rendu_le is None and item.revoque_le is None
    url = f"{base}/avis/{item.id}"
    sens = {True: "favorable", False: "défavorable", None: ""}[item.favorable]
    return {
        "id": str(item.id),
        "nom": item.nom,
        "courriel": item.courriel,
        "objet": item.objet,
        "oui_non": item.oui_non,
        "confidentiel": item.confidentiel,
        "demande_le": item.demande_le,
        "avant_le": item.avant_le,
        "retard": is_late(item, today),
        "etat": "rendu" if item.rendu_le else "annulé" if item.revoque_le else "attendu",
        "rendu_le": item.rendu_le,
        "rendu_par": item.rendu_par,
        "sens": sens,
        "texte": item.texte,
        "fichier": item.fichier_nom,
        "fichier_url": f"{url}/fichier" if item.fichier_id else "",
        "rendre_url": f"{url}/rendre" if pending and not item.courriel and not closed else "",
        "relancer_url": f"{url}/relancer" if pending and item.courriel and mine else "",
        "revoquer_url": f"{url}/revoquer" if pending and mine else "",
    }


def _ask_form(
    found: Suivi, travail: Travail, typed: FormData, today: date, lieu: Lieu, base: str
) -> dict[str, Any]:
    """The form that asks an opinion, filled with what the present step wants asked outside and is not yet."""
    parcours = found.definition.parcours
    here = parcours.etape(found.dossier.etape) if parcours else None
    asked = {item.objet for item in travail.avis if item.etape == found.dossier.etape}
    wanted = next(
        (
            action
            for action in (here.actions if here else ())
            if isinstance(action, ActionAvis) and action.externe and action.objet not in asked
        ),
        None,
    )
    limit = ajouter(today, wanted.delai if wanted else "15 jours", lieu.departement)
    day = {"jour": str(limit.day), "mois": str(limit.month), "annee": str(limit.year)}
    return {
        "action_url": f"{base}/avis",
        "prevu": wanted.nom if wanted else "",
        "valeurs": {
            "objet": typed.get("avis_question", wanted.objet if wanted else ""),
            "nom": typed.get("avis_nom", wanted.nom if wanted else ""),
            "courriel": typed.get("avis_courriel", ""),
            "texte_seul": "avis_texte_seul" in typed or bool(wanted and not wanted.oui_non),
            "confidentiel": "avis_confidentiel" in typed or bool(wanted and wanted.confidentiel),
            "avant_le": {part: typed.get(f"avis_avant_le-{part}", value) for part, value in day.items()},
        },
    }


def _examination(found: Suivi, typed: FormData, base: str) -> dict[str, Any] | None:
    """The documents one by one, and the one letter that asks again for those refused."""
    lines = []
    for piece in found.pieces:
        if piece.etat not in ("jointe", "acceptee", "refusee"):
            continue
        said = piece.raison if piece.etat == "refusee" else piece.etat
        lines.append(
            {
                "id": str(piece.id),
                "nom": piece.nom,
                "libelle": found.definition.champ(piece.champ_id).libelle,
                "url": f"/pieces/{piece.id}",
                "valeur": typed.get(f"examen-{piece.id}", said),
                "motif": typed.get(f"motif-{piece.id}", piece.motif),
                "par": piece.examinee_par,
            }
        )
    if not lines:
        return None
    refused = examen.refused_demands(found.definition, found.pieces)
    day = {part: typed.get(f"refusees_avant_le-{part}", "") for part in ("jour", "mois", "annee")}
    return {
        "action_url": f"{base}/examen",
        "options": EXAMENS,
        "lignes": lines,
        "refusees": [found.definition.champ(item.champ_id).libelle for item in refused],
        "demande_url": f"{base}/refusees",
        "avant_le": day,
    }


def _proposal(travail: Travail) -> dict[str, Any] | None:
    given = travail.proposition
    if given is None:
        return None
    sens = {"accepte": "accepter", "refuse": "refuser", "sans_suite": "classer sans suite"}[given.sens]
    return {
        "sens": sens,
        "valeur": given.sens,
        "motif": given.motif,
        "par": given.par,
        "le": given.proposee_le,
    }


def _handed_over(travail: Travail) -> dict[str, Any] | None:
    given = travail.transmission
    if given is None:
        return None
    return {
        "organisme": given.organisme,
        "adresse": given.adresse,
        "courriel": given.courriel,
        "motif": given.motif,
        "par": given.par,
        "le": given.transmis_le,
        "remis_le": given.remis_le,
        "papier": given.vers_collectivite_id is None and not given.courriel,
    }


def _origin(found: Suivi) -> dict[str, str] | None:
    """Who handed the dossier over, and why."""
    arrival = next((item for item in found.evenements if item.genre == "arrivee"), None)
    if arrival is None:
        return None
    return {name: str(arrival.donnees.get(name, "")) for name in ("libelle", "motif")}


def _competence(found: Suivi) -> str:
    """Whom the answers say is competent, while the dossier is open."""
    if Etat(found.dossier.etat) in ETATS_FINAUX:
        return ""
    return competence_sentence(found.definition, found.dossier)


def partage_of(dossier: Dossier, travail: Travail, base: str, *, closed: bool) -> dict[str, Any]:
    """Who may be given the dossier, the labels that it bears, and those that it may be given."""
    worn = set(map(str, dossier.etiquettes))
    return {
        "action_url": f"{base}/partage",
        "agents": []
        if closed
        else [vues.Option(id_, nom) for id_, nom in travail.collegues if id_ != str(dossier.agent_id)],
        "portees": [item for item in travail.etiquettes if item["id"] in worn],
        "possibles": [
            vues.Option(item["id"], item["nom"]) for item in travail.etiquettes if item["id"] not in worn
        ],
    }
