"""Sample contexts of every page template: invented people and dossiers, used by the gallery and by the tests."""

from datetime import UTC, date, datetime
from types import SimpleNamespace as Vue
from typing import Any

from app.socle.theme import SAMPLE_THEMES
from app.socle.vues import (
    Champ,
    Coordonnees,
    Erreur,
    Etiquette,
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

PAGES: dict[str, tuple[str, Portail, dict[str, Any]]] = {
    "remplir": ("demarches/remplir.html", portail(personne=ANNE), REMPLIR),
}
for _commune in SAMPLE_THEMES:
    PAGES[f"accueil-{_commune}"] = ("portail/accueil_commune.html", portail(_commune), ACCUEIL)
