"""Sample contexts of the pages that follow a dossier, and the list of all samples."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace as Vue
from typing import Any

from app.socle.theme import SAMPLE_THEMES
from app.socle.vues import Champ, Erreur, Etiquette, Lien, Ligne, Option, Personne, Portail
from outils import exemples as e

ATTENTE = Etiquette("Chez le service", "attente")
ACTION = Etiquette("À vous de jouer", "action")
ACCORD = Etiquette("Accepté", "succes")
AGENT = Personne("Nolwenn Tanguy", "/deconnexion", "/moi")
AGENT_MENU = e.portail(type="agents", personne=AGENT)


def _jours(n: int) -> datetime:
    return e.MATIN - timedelta(days=n)


def _mien(demarche: str, commune: str, etiquette: Etiquette, jours: int, action: str = "") -> Vue:
    return Vue(
        numero=f"48271935{6041 + jours}",
        demarche=demarche,
        commune=commune,
        url="/dossiers/x",
        etiquette=etiquette,
        depose_le=_jours(jours),
        action=action,
        action_url="/dossiers/x#demande-1",
    )


MON_ESPACE: dict[str, Any] = {
    "message": "",
    "brouillons": [
        Vue(
            demarche="Réserver une salle",
            commune="Loc-Envel",
            url="/dossiers/y",
            modifie_le=_jours(2),
            expire_le=_jours(-28),
        )
    ],
    "dossiers": [
        _mien(
            e.CANTINE,
            "Guingamp",
            ACTION,
            3,
            "Envoyer une attestation d’assurance lisible avant le 30 novembre",
        ),
        _mien("Demander un acte de naissance", "Rennes", ATTENTE, 6),
        _mien("S’inscrire sur la liste électorale", "Guingamp", ACCORD, 40),
    ],
}
HISTORIQUE = [
    Vue(le=_jours(0), libelle="Pièce redemandée", detail="Attestation d’assurance"),
    Vue(le=_jours(1), libelle="Pris en charge par le service Enfance", detail=""),
    Vue(le=_jours(3), libelle="Dossier déposé", detail="Accusé de réception envoyé"),
]
MESSAGES = [
    Vue(
        auteur="Nolwenn Tanguy, service Enfance",
        le=_jours(1),
        texte="Bonjour, la photo est floue.",
        de_moi=False,
    ),
    Vue(auteur="Anne Le Goff", le=_jours(0), texte="Bonjour, je la refais ce soir.\nMerci !", de_moi=True),
]
MON_DOSSIER: dict[str, Any] = {
    "message": "Votre message est envoyé.",
    "dossier": Vue(
        numero="482719356041",
        demarche=e.CANTINE,
        commune="Guingamp",
        depose_le=_jours(3),
        etiquette=ACTION,
        recu_url="/recu.pdf",
        silence=e.SILENCE,
    ),
    "fil": [Lien("Mes dossiers", "/mon-espace")],
    "demandes": [
        Vue(
            libelle="Une pièce à remplacer",
            raison="La photo de l’attestation est floue : le nom de l’enfant ne se lit pas.",
            avant_le=date(2026, 11, 30),
            champ=Champ("assurance", "piece", "Attestation d’assurance", taille_max=10_000_000),
            action_url="/dossiers/x/pieces",
        )
    ],
    "decision": None,
    "messages": MESSAGES,
    "reponse": Vue(action_url="/dossiers/x/messages", valeur="", erreur="", cle_idempotence="k"),
    "historique": HISTORIQUE,
    "sections": e.LU_SECTIONS,
    "pieces": e.LU_PIECES,
    "consultations": [Vue(qui="Nolwenn Tanguy, service Enfance", le=_jours(1))],
    "service_nom": "Service Enfance",
    "service": e.SERVICE,
}
DECIDE: dict[str, Any] = {
    **MON_DOSSIER,
    "message": "",
    "demandes": [],
    "decision": Vue(
        libelle="Votre demande est acceptée",
        le=_jours(0),
        auteur="Nolwenn Tanguy, responsable du service Enfance",
        url="/decision.pdf",
        taille=184_000,
        recours="",
    ),
}


def _ligne(
    demarche: str, qui: str, commune: str, reste: int | None, par: str, etat: Etiquette, n: int
) -> Vue:
    return Vue(
        numero=f"{482719356041 + n * 7919}",
        url="/dossiers/x",
        demarche=demarche,
        personne=qui,
        commune=commune,
        canal="En ligne" if n % 3 else "Guichet",
        recu_le=_jours(n),
        jours_restants=reste,
        echeance=None if reste is None else date(2026, 11, 20) + timedelta(days=reste),
        pris_par=par,
        bail=bool(par),
        pris_par_moi=par == "moi",
        etiquette=etat,
    )


NOUVEAU = Etiquette("Nouveau", "info")
LIGNES = [
    _ligne("Occupation du domaine public", "SARL Kerbat", "Guingamp", -2, "", NOUVEAU, 62),
    _ligne("Réserver une salle", "Amicale laïque", "Loc-Envel", 0, "moi", ATTENTE, 60),
    _ligne(e.CANTINE, "Anne Le Goff", "Guingamp", 5, "moi", Etiquette("Pièce attendue", "attente"), 3),
    _ligne("Débit de boissons temporaire", "Comité des fêtes", "Loc-Envel", 12, "", NOUVEAU, 1),
    _ligne(
        "Inscrire mon enfant à l’école", "Yann Kerguélen-Dubois", "Guingamp", 41, "Erwan Prigent", ATTENTE, 9
    ),
    _ligne("Signaler un problème dans la rue", "Anonyme", "Guingamp", None, "", NOUVEAU, 0),
    _ligne("Liste électorale", "Mariam Diallo", "Guingamp", None, "Erwan Prigent", ACCORD, 15),
]
TOUT = Option("", "Toutes")
BUREAU: dict[str, Any] = {
    "message": "",
    "bureau_url": "/dossiers",
    "compteurs": [
        Vue(libelle="à prendre", nombre=3, url="#", courant=True),
        Vue(libelle="à moi", nombre=2, url="#", courant=False),
        Vue(libelle="urgents", nombre=3, url="#", courant=False),
        Vue(libelle="en attente de pièces", nombre=1, url="#", courant=False),
    ],
    "filtres": Vue(q="", commune="", demarche="", etat=""),
    "communes": [TOUT, Option("guingamp", "Guingamp"), Option("loc-envel", "Loc-Envel")],
    "demarches": [TOUT, Option("cantine", "Cantine")],
    "etats": [Option("", "Tous"), Option("nouveau", "Nouveau")],
    "lignes": LIGNES,
    "saisies": [
        Vue(
            url="/saisir/x",
            abandonner_url="/saisir/x/abandonner",
            demarche="Demander un acte de naissance",
            personne="Marie-Jeanne Malgorn",
            commune="Loc-Envel",
            canal="au guichet",
            par="Nolwenn Tanguy",
            le=_jours(0),
        )
    ],
    "actualiser_url": "/?page=2&vu=x",
    "vide": "Aucun dossier en cours.",
    "total": 47,
    "page": 2,
    "pages": 5,
    "page_url": "?page=",
}
DOSSIER_AGENT: dict[str, Any] = {
    "message": "",
    "dossier": Vue(
        numero="482719356041",
        demarche=e.CANTINE,
        commune="Guingamp",
        personne="Anne Le Goff",
        canal="En ligne, FranceConnect",
        recu_le=_jours(3),
        etiquette=Etiquette("Pièce attendue", "attente"),
        jours_restants=5,
        echeance=date(2026, 11, 25),
        silence="Le silence vaudra acceptation",
        saisi_par="",
        aidant="",
        clos=False,
    ),
    "identite": Vue(
        preuve="Identité vérifiée par FranceConnect",
        prouvee=True,
        sans_courriel=False,
        lignes=[Ligne("Nom de naissance", ("Le Goff",)), Ligne("Prénoms", ("Anne",))],
    ),
    "attendues": [
        Vue(
            id="assurance_recue",
            libelle="Attestation d’assurance",
            raison="La photo est floue.",
            avant_le=date(2026, 11, 30),
            par="Nolwenn Tanguy, responsable",
            erreur="",
        )
    ],
    "reception_url": "/dossiers/x/pieces",
    "documents": [Vue(libelle="Accusé de réception", url="/documents/x", taille=90_000, le=_jours(3))],
    "envois": [
        Vue(
            libelle="Accusé de réception",
            a="anne@courriel.example",
            le=_jours(3),
            etiquette=Etiquette("Envoyé", "succes"),
            detail="",
        )
    ],
    "rendue": None,
    "conflit": "",
    "nouveautes": [],
    "imprimer_url": "/dossiers/x/imprimer",
    "ouvert_le": "2026-11-20T08:00:00+00:00",
    "fil": [Lien("Dossiers", "/dossiers")],
    "prise": Vue(
        par="Nolwenn Tanguy",
        par_moi=True,
        jusqu_a=_jours(-1),
        action_url="/dossiers/x/prise",
        reprendre_url="/dossiers/x/reprendre",
    ),
    "sections": e.LU_SECTIONS,
    "pieces": e.LU_PIECES,
    "messages": [Vue(auteur=m.auteur, le=m.le, texte=m.texte, de_moi=not m.de_moi) for m in MESSAGES],
    "notes": [Vue(auteur="Erwan Prigent", le=_jours(1), texte="Appelée le 19 : rappelle lundi.")],
    "historique": HISTORIQUE,
    "erreurs_formulaire": [Erreur("raison", "Dites pourquoi la pièce est redemandée")],
    "demande": Vue(
        action_url="/dossiers/x/demande",
        pieces=[Option("assurance", "Attestation d’assurance")],
        valeurs=Vue(piece="assurance", raison="", avant_le={"jour": "30", "mois": "11", "annee": "2026"}),
    ),
    "decision": Vue(
        action_url="/dossiers/x/decision",
        choix=[
            Option("accord", "Accepter"),
            Option("refus", "Refuser"),
            Option("sans_suite", "Classer sans suite"),
        ],
        valeurs=Vue(sens="", motif=""),
        auteur="Nolwenn Tanguy, Responsable du service, Service Enfance",
        manque=[],
    ),
    "message_form": Vue(action_url="/dossiers/x/messages", valeur=""),
    "note_form": Vue(action_url="/dossiers/x/notes", valeur=""),
    "erreur_de": {"raison": "Dites pourquoi la pièce est redemandée"},
    "version": 4,
    "cle_idempotence": "k",
}

DECONNEXION = {"url": "https://fournisseur.example/fin", "chez": True}
ANNE = e.portail(personne=e.ANNE)
MON = e.portail(type="mon", personne=e.ANNE)
PAGES: dict[str, tuple[str, Portail, dict[str, Any]]] = {
    **{f"accueil-{c}": ("portail/accueil_commune.html", e.portail(c), e.ACCUEIL) for c in SAMPLE_THEMES},
    "liste": ("demarches/liste.html", e.portail(), e.LISTE),
    "liste-vide": ("demarches/liste.html", e.portail("loc-envel"), e.RIEN),
    "demarche": ("demarches/demarche.html", e.portail(), e.DEMARCHE),
    "fiche": ("demarches/fiche.html", e.portail("rennes"), e.FICHE),
    "remplir": ("demarches/remplir.html", ANNE, e.REMPLIR),
    "recapitulatif": ("demarches/recapitulatif.html", ANNE, e.RECAPITULATIF),
    "depose": ("demarches/depose.html", ANNE, e.DEPOSE),
    "connexion": ("identite/connexion.html", e.portail("ouessant"), e.CONNEXION),
    "code": ("identite/code.html", e.portail("ouessant"), e.CODE),
    "deconnexion": ("identite/deconnexion.html", ANNE, DECONNEXION),
    "erreur": (
        "base/erreur.html",
        replace(e.portail(), maintenance="Maintenance ce soir de 22 h à 23 h."),
        e.ERREUR,
    ),
    "mon-espace": ("portail/mon_espace.html", MON, MON_ESPACE),
    "mon-dossier": ("portail/mon_dossier.html", MON, MON_DOSSIER),
    "mon-dossier-decide": ("portail/mon_dossier.html", MON, DECIDE),
    "bureau": ("portail/bureau.html", AGENT_MENU, BUREAU),
    "dossier-agent": ("demarches/dossier_agent.html", AGENT_MENU, DOSSIER_AGENT),
}
