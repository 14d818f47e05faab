"""One field of each type, as the tests of types fill them, and how a browser would send what is typed."""

from datetime import date
from typing import Any

from app.demarches.definitions import Champ

JOUR = date(2026, 3, 1)
NB = "\u00a0"
NIVEAUX = [
    {
        "valeur": "voirie",
        "libelle": "Voirie",
        "options": [{"valeur": "trou", "libelle": "Trou"}, {"valeur": "panneau", "libelle": "Panneau"}],
    },
    {"valeur": "eau", "libelle": "Eau", "options": [{"valeur": "fuite", "libelle": "Fuite"}]},
]


def champ(type_: str, **attributs: Any) -> Champ:
    return Champ.model_validate(
        {"id": "x", "type": type_, "libelle": "Question", "sujet": "ceci", **attributs}
    )


CHAMPS = {
    "texte": champ("texte"),
    "texte_long": champ("texte_long"),
    "entier": champ("entier", min=0, unite="m"),
    "decimal": champ("decimal"),
    "montant": champ("montant", min="0.5", max=5000),
    "oui_non": champ("oui_non"),
    "choix": champ("choix", options=NIVEAUX[0]["options"]),
    "choix_multiple": champ("choix_multiple", options=NIVEAUX[0]["options"]),
    "listes_liees": champ("listes_liees", options=NIVEAUX, niveaux=["Famille", "Objet"]),
    "date": champ("date"),
    "heure": champ("heure", heure_min="08:00", heure_max="22:30"),
    "periode": champ("periode", date_min="aujourdhui"),
    "civilite": champ("civilite"),
    "courriel": champ("courriel"),
    "telephone": champ("telephone"),
    "adresse": champ("adresse"),
    "siret": champ("siret"),
    "rna": champ("rna"),
    "iban": champ("iban"),
    "nir": champ("nir"),
    "numero_caf": champ("numero_caf"),
    "predemande_ants": champ("predemande_ants"),
    "immatriculation": champ("immatriculation"),
    "formate": champ("formate", motif="AA-9{3}[-/]X?", exemple="AB-123-"),
    "consentement": champ("consentement"),
    "signature": champ("signature"),
    "identite": champ("identite", demande=["civilite", "naissance", "adresse"]),
    "enfant": champ("enfant", demande=["sexe"]),
    "tableau": champ(
        "tableau",
        lignes=[{"id": "achats", "libelle": "Achats"}, {"id": "salaires", "libelle": "Salaires"}],
        colonnes=[
            {"id": "prevu", "libelle": "Prévu"},
            {"id": "heures", "libelle": "Heures", "genre": "nombre"},
        ],
    ),
    "commune": champ("commune"),
    "departement": champ("departement"),
    "pays": champ("pays", anciennes=True),
    "carte": champ("carte", formes=["point", "ligne", "surface"], cadastre=True),
    "referentiel": champ("referentiel", referentiel="ecoles"),
    "calcul": champ("calcul", calcul="2 + 2", resultat="montant"),
    "bloc": champ(
        "bloc",
        lignes_max=200,
        ligne="Enfant",
        champs=[
            {"id": "prenom", "type": "texte", "libelle": "Prénom", "obligatoire": True},
            {"id": "naissance", "type": "date", "libelle": "Naissance", "date_max": "aujourdhui"},
            {
                "id": "repas",
                "type": "bloc",
                "libelle": "Repas",
                "champs": [{"id": "nombre", "type": "entier", "libelle": "Nombre"}],
            },
        ],
    ),
}
PERIODE = {
    "x-debut-jour": "1",
    "x-debut-mois": "mars",
    "x-debut-annee": "2026",
    "x-fin-jour": "3",
    "x-fin-mois": "4",
    "x-fin-annee": "2026",
}
IBAN = "FR7630006000011234567890189"
NIR = "269054958815780"


def brut_de(typed: str | dict[str, str]) -> dict[str, list[str]]:
    return {name: [text] for name, text in (typed if isinstance(typed, dict) else {"x": typed}).items()}
