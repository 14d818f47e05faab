"""Sample contexts of the residents' pages: invented people and dossiers, for the gallery and the tests."""

from datetime import UTC, date, datetime
from types import SimpleNamespace as Vue
from typing import Any

from app.socle.theme import SAMPLE_THEMES
from app.socle.vues import (
    Champ,
    Coordonnees,
    Erreur,
    Fichier,
    Horaire,
    Langue,
    Lien,
    Ligne,
    Option,
    Personne,
    Portail,
    Section,
)

MATIN = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SEMAINE = Horaire("Du lundi au vendredi", "8 h 30 – 12 h, 13 h 30 – 17 h 30")
MAIRIES = {
    "guingamp": Coordonnees(
        ("1 place du Champ-au-Roy", "22200 Guingamp"), "0296406440", "accueil@guingamp.example", (SEMAINE,)
    ),
    "loc-envel": Coordonnees(
        ("Le Bourg", "22810 Loc-Envel"), "0296450000", "", (Horaire("Mardi et vendredi", "9 h – 12 h"),)
    ),
    "rennes": Coordonnees(
        ("Place de la Mairie", "35000 Rennes"), "0299000000", "", (SEMAINE, Horaire("Samedi", "9 h – 12 h"))
    ),
    "ouessant": Coordonnees(("Bourg de Lampaul", "29242 Ouessant"), "0298480000", "", (SEMAINE,)),
}
NOMS = {"guingamp": "Guingamp", "loc-envel": "Loc-Envel", "rennes": "Rennes", "ouessant": "Ouessant"}
ANNE = Personne("Anne Le Goff", "/deconnexion", "/mon-espace")
SERVICE = Coordonnees(("1 place du Champ-au-Roy", "22200 Guingamp"), "0296406441", "", (SEMAINE,))
FIL = (Lien("Démarches", "/demarches"), Lien("Enfance et école", "/demarches?theme=enfance"))
CANTINE = "Inscrire mon enfant à la cantine"


def portail(commune: str = "guingamp", *, type: str = "commune", personne: Personne | None = None) -> Portail:
    """The host of a sample commune, or the desk and Mon espace dressed as the OPSN's."""
    own = type == "commune"
    menus = {
        "agents": ("Dossiers", "Rendez-vous", "Paiements", "Réglages"),
        "mon": ("Mes dossiers", "Mes papiers", "Mon compte"),
    }
    libelles = menus.get(type, ("Démarches", "Rendez-vous", "Payer", "Mon espace"))
    noms = {"agents": "Kumun", "mon": "Mon espace", "connexion": "Connexion"}
    return Portail(
        nom=NOMS[commune] if own else noms[type],
        type=type,
        theme_url=f"/theme/{commune}.css" if own else None,
        blason_url=SAMPLE_THEMES[commune].blason if own else "/static/blasons/kumun.svg",
        navigation=[Lien(texte, "/demarches", courant=i == 0) for i, texte in enumerate(libelles)],
        coordonnees=MAIRIES[commune] if own else None,
        langues=(
            Langue("fr", "Français", "?langue=fr", True),
            Langue("br", "Brezhoneg", "?langue=br"),
            Langue("en", "English", "?langue=en"),
        ),
        personne=personne,
        jeton_csrf="exemple",
    )


def _carte(titre: str, resume: str, *, en_ligne: bool = True, duree: str = "5 minutes") -> Vue:
    return Vue(
        titre=titre, resume=resume, en_ligne=en_ligne, duree=duree if en_ligne else "", url="/demarches/x"
    )


THEMES = [
    Vue(
        titre="Enfance et école",
        url="/demarches?theme=enfance",
        demarches=[
            _carte(CANTINE, "Repas, garderie et centre de loisirs, en un seul dossier."),
            _carte(
                "Inscrire mon enfant à l’école",
                "Première inscription ou changement d’école.",
                duree="10 minutes",
            ),
            _carte("Calculer mon quotient familial", "Ce qu’il faut apporter et où.", en_ligne=False),
        ],
    ),
    Vue(
        titre="Papiers et état civil",
        url="/demarches?theme=papiers",
        demarches=[
            _carte("Demander un acte de naissance", "Copie ou extrait, gratuit, envoyé par la poste."),
            _carte("Recensement citoyen à 16 ans", "Dans les trois mois qui suivent l’anniversaire."),
            _carte("Carte d’identité et passeport", "Pièces à préparer, puis rendez-vous.", en_ligne=False),
            _carte("S’inscrire sur la liste électorale", "Nouvelle adresse ou première inscription."),
        ],
    ),
    Vue(
        titre="Rue, voisinage, événements",
        url="/demarches?theme=rue",
        demarches=[
            _carte(
                "Signaler un problème dans la rue",
                "Lampadaire, nid-de-poule, dépôt sauvage.",
                duree="2 minutes",
            ),
            _carte("Réserver une salle", "Salle des fêtes, salle de réunion, gymnase."),
            _carte("Ouvrir un débit de boissons temporaire", "Pour les associations, 15 jours avant."),
        ],
    ),
]

ACCUEIL: dict[str, Any] = {
    "recherche_url": "/demarches",
    "accroche": "",
    "raccourcis": [Lien("Cantine", "#"), Lien("Acte de naissance", "#"), Lien("Réserver une salle", "#")],
    "annonce": Vue(
        titre="Inscriptions scolaires ouvertes",
        texte="Pour la rentrée de septembre, inscrivez votre enfant avant le 31 mars.",
        url="/demarches/x",
    ),
    "themes": THEMES,
    "aide": [Lien("Nous écrire", "/contact"), Lien("Trouver un conseiller numérique", "/aide")],
}

CHAMPS = [
    Champ("nom", "texte", "Nom de l’enfant", valeur="Le Goff", provenance="Donné par FranceConnect"),
    Champ(
        "prenom",
        "texte",
        "Prénom de l’enfant",
        aide="Tel qu’il figure sur le livret de famille.",
        erreur="Écrivez le prénom de l’enfant",
    ),
    Champ("naissance", "date", "Date de naissance", aide="Par exemple, 27 3 2019"),
    Champ(
        "repas",
        "choix",
        "Quel repas ?",
        erreur="Choisissez un repas",
        options=(
            Option("classique", "Classique", "Un menu végétarien par semaine"),
            Option("sans_viande", "Sans viande"),
            Option("pai", "Régime médical (PAI)", "Nous vous demanderons le protocole signé."),
        ),
    ),
    Champ(
        "jours",
        "cases",
        "Quels jours ?",
        valeur=("lundi", "jeudi"),
        obligatoire=False,
        options=tuple(Option(j, j.capitalize()) for j in ("lundi", "mardi", "jeudi", "vendredi")),
    ),
    Champ("garde", "oui_non", "L’enfant a-t-il deux foyers ?", valeur="non"),
    Champ(
        "ecole", "liste", "École", options=(Option("madeleine", "La Madeleine"), Option("pasteur", "Pasteur"))
    ),
    Champ("adresse", "adresse", "Adresse de l’enfant"),
    Champ("revenu", "montant", "Revenu fiscal de référence", valeur="24 500", obligatoire=False),
    Champ(
        "telephone",
        "telephone",
        "Téléphone",
        aide="Pour vous joindre dans la journée.",
        valeur="06 12 34 56 78",
    ),
    Champ("remarque", "texte_long", "Autre chose à nous dire ?", obligatoire=False),
    Champ(
        "assurance",
        "piece",
        "Attestation d’assurance",
        aide="De l’année scolaire en cours.",
        taille_max=10_000_000,
        fichiers=(
            Fichier("f1", "attestation-maif-2026.pdf", 2_412_000, url="#"),
            Fichier(
                "f2",
                "IMG_20261120_photo-du-livret.heic",
                312_000,
                "refuse",
                "Photo floue : reprenez-la de près.",
            ),
        ),
    ),
]

REMPLIR: dict[str, Any] = {
    "pour": None,
    "demarche_titre": CANTINE,
    "fil": FIL,
    "etape": Vue(numero=2, total=4, titre="Votre enfant", suivante="Vos coordonnées"),
    "champs": CHAMPS,
    "erreurs_formulaire": [
        Erreur("prenom", "Écrivez le prénom de l’enfant"),
        Erreur("repas", "Choisissez un repas"),
    ],
    "action_url": "/dossiers/x/2",
    "precedent_url": "/dossiers/x/1",
    "brouillon_url": "/dossiers/x/brouillon",
    "enregistre_le": MATIN,
    "cle_idempotence": "k",
    "version": 3,
    "service_nom": "Service Enfance",
    "service": SERVICE,
}

LISTE: dict[str, Any] = {
    "recherche_url": "/demarches",
    "q": "",
    "filtres": [Lien("Tout", "#", courant=True), *(Lien(t.titre, t.url) for t in THEMES)],
    "themes": THEMES,
    "total": 10,
}
RIEN: dict[str, Any] = {**LISTE, "q": "permis de pêche", "themes": [], "total": 0, "filtres": []}

DEMARCHE: dict[str, Any] = {
    "demarche": Vue(
        titre=CANTINE,
        resume="Repas, garderie et centre de loisirs, en un seul dossier pour l’année.",
        pour_qui="Les enfants scolarisés à Guingamp",
        duree="5 minutes",
        delai="Sous 10 jours",
        prix="De 0,80\u00a0€ à 4,20\u00a0€ le repas",
        pieces=[
            Vue(libelle="Attestation d’assurance scolaire", aide="De l’année en cours"),
            Vue(
                libelle="Quotient familial de la CAF ou de la MSA",
                aide="Sans lui, le tarif le plus haut s’applique",
            ),
            Vue(libelle="Carnet de vaccination", aide=""),
        ],
        a_savoir=[
            "Vous pouvez vous arrêter à tout moment : vos réponses sont gardées.",
            "Un dossier par enfant ; les réponses communes sont reprises.",
        ],
        silence="Sans réponse dans les deux mois, votre demande est acceptée.",
        texte=Lien("Code des relations entre le public et l’administration, L231-1", "#"),
    ),
    "fil": FIL,
    "service_nom": "Service Enfance",
    "service": SERVICE,
    "commencer": Vue(
        continuer_url="",
        brouillon_le=None,
        direct_url="",
        franceconnect_url="/connexion/franceconnect",
        code_url="/connexion/code",
    ),
}
FICHE: dict[str, Any] = {
    "demarche": Vue(
        titre="Carte d’identité et passeport",
        resume="La demande se commence en ligne sur le site de l’État, puis se termine en mairie.",
        texte=["Chaque personne vient avec son propre dossier. La présence de l’enfant est obligatoire."],
        quoi_apporter=[
            Vue(libelle="Le numéro de pré-demande", aide="Dix caractères, reçus à la fin de la pré-demande"),
            Vue(libelle="Une photo de moins de six mois", aide="Sans lunettes, fond clair"),
            Vue(libelle="Un justificatif de domicile de moins d’un an", aide=""),
        ],
        ou="À l’accueil de la mairie",
        delai="Trois semaines environ",
        prix="Gratuit (carte), 86 € (passeport)",
        liens=[Lien("Faire la pré-demande", "#")],
    ),
    "fil": FIL[:1],
    "service_nom": "État civil",
    "service": SERVICE,
    "rendez_vous_url": "/rendez-vous/titres",
}

SECTIONS = [
    Section(
        "Votre enfant",
        (
            Ligne("Nom", ("Le Goff",), "/1", "Donné par FranceConnect"),
            Ligne("Prénom", ("Maël",), "/1"),
            Ligne("Jours", ("Lundi", "Jeudi"), "/1"),
            Ligne("Allergies", (), "/1"),
        ),
    ),
    Section("Vos coordonnées", (Ligne("Adresse", ("12 rue Notre-Dame\n22200 Guingamp",), "/2"),)),
]
PIECES = [
    Vue(
        libelle="Attestation d’assurance",
        fichiers=[Fichier("f1", "attestation-maif-2026.pdf", 2_412_000, url="#")],
        modifier_url="/3",
    ),
    Vue(libelle="Carnet de vaccination", fichiers=[], modifier_url="/3"),
]
LU_SECTIONS = [
    Section(s.titre, tuple(Ligne(x.libelle, x.valeurs, "", x.provenance) for x in s.lignes)) for s in SECTIONS
]
LU_PIECES = [Vue(libelle=p.libelle, fichiers=p.fichiers, modifier_url="") for p in PIECES]

RECAPITULATIF: dict[str, Any] = {
    "pour": None,
    "demarche_titre": CANTINE,
    "fil": FIL,
    "etape": Vue(numero=4, total=4),
    "sections": SECTIONS,
    "pieces": PIECES,
    "erreurs_formulaire": [Erreur("declaration", "Cochez la case pour déposer votre dossier")],
    "declaration_cochee": False,
    "action_url": "/dossiers/x/depot",
    "precedent_url": "/3",
    "cle_idempotence": "k",
    "version": 8,
    "service_nom": "Service Enfance",
    "service": SERVICE,
}
SILENCE = Vue(
    sens="accord",
    date=date(2027, 1, 20),
    texte="Sans réponse à cette date, votre demande est acceptée, si le dossier est complet. "
    "Vous pourrez demander une attestation.",
)
DEPOSE: dict[str, Any] = {
    "numero": "482719356041",
    "depose_le": MATIN,
    "demarche_titre": CANTINE,
    "courriel": "anne.legoff@exemple.bzh",
    "recu_url": "/recu.pdf",
    "dossier_url": "/dossiers/x",
    "suites": [
        "Le service Enfance lit votre dossier, en général sous 10 jours.",
        "S’il manque quelque chose, vous recevez un message et rien n’est perdu.",
        "La réponse arrive dans Mon espace et par courriel.",
    ],
    "silence": SILENCE,
    "service_nom": "Service Enfance",
    "service": SERVICE,
}
CONNEXION: dict[str, Any] = {
    "pourquoi": "Pour retrouver vos dossiers et vos brouillons.",
    "franceconnect_url": "/connexion/franceconnect",
    "action_url": "/connexion/code",
    "courriel": "anne.legoff",
    "erreurs_formulaire": [Erreur("courriel", "Écrivez une adresse complète, par exemple anne@exemple.bzh")],
    "suite": "/mon-espace",
}
CODE: dict[str, Any] = {
    "courriel": "anne.legoff@exemple.bzh",
    "valide_minutes": 10,
    "action_url": "/connexion/code/verifier",
    "renvoyer_url": "/connexion/code",
    "changer_url": "/connexion",
    "erreurs_formulaire": [],
    "suite": "/mon-espace",
}
ERREUR: dict[str, Any] = {
    "statut": 404,
    "titre": "Cette page n’existe pas",
    "message": "Le lien est peut-être ancien, ou l’adresse mal recopiée.",
    "actions": [Lien("Chercher une démarche", "/demarches"), Lien("Revenir à l’accueil", "/")],
    "reference": "7F3A-91",
}
