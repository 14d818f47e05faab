"""A démarche with every type of field, for tests only: what a form can ask, walked through the pages.

`python -m tests.toutes_questions` publishes it on a portal that runs (KUMUN_VAR), for Guingamp.
"""

import asyncio
from typing import Any

from sqlalchemy import text

from app.bootstrap import make_noyau
from app.config import load_settings
from app.demarches.definitions import Definition
from app.demarches.service.catalogue import adopt_all, publish
from app.socle.noyau import Noyau

SLUG = "toutes-les-questions"
DEUX = [{"valeur": "un", "libelle": "Premier"}, {"valeur": "deux", "libelle": "Second"}]
LISTES = [
    {"valeur": "voirie", "libelle": "Voirie", "options": [{"valeur": "trou", "libelle": "Nid-de-poule"}]},
    {"valeur": "eau", "libelle": "Eau", "options": [{"valeur": "fuite", "libelle": "Fuite"}]},
]
BUDGET = {
    "lignes": [{"id": "achats", "libelle": "Achats"}, {"id": "salaires", "libelle": "Salaires"}],
    "colonnes": [{"id": "prevu", "libelle": "Prévu"}, {"id": "realise", "libelle": "Réalisé"}],
}
ENFANTS = {
    "ligne": "Enfant",
    "ajouter": "Ajouter un enfant",
    "lignes_max": 5,
    "champs": [
        {"id": "prenom", "type": "texte", "libelle": "Prénom", "sujet": "le prénom", "obligatoire": True},
        {"id": "naissance", "type": "date", "libelle": "Date de naissance", "sujet": "la date de naissance"},
        {"id": "cantine", "type": "oui_non", "libelle": "Mange à la cantine ?"},
        {
            "id": "regime",
            "type": "texte",
            "libelle": "Régime alimentaire",
            "sujet": "le régime alimentaire",
            "obligatoire": True,
            "si": "cantine",
        },
        {"id": "ecole", "type": "referentiel", "libelle": "École", "referentiel": "ecoles"},
    ],
}

LIBRE = {"facultatives": ["telephone"]}
DOMICILE = {
    "moins_de_mois": 3,
    "nombre_max": 3,
    "natures": [
        {"valeur": "facture", "libelle": "Facture d’énergie"},
        {"valeur": "hebergement", "libelle": "Attestation d’hébergement", "avec": "identite_hote"},
        {"valeur": "identite_hote", "libelle": "Identité de l’hébergeur", "moins_de_mois": 0},
    ],
}


def _champ(type_: str, libelle: str, **attributs: Any) -> dict[str, Any]:
    return {"id": f"q_{type_}", "type": type_, "libelle": libelle, **attributs}


PAGES: list[dict[str, Any]] = [
    {
        "id": "simples",
        "titre": "Questions simples",
        "champs": [
            _champ("explication", "Un texte entre deux questions."),
            _champ("texte", "Objet", obligatoire=True, sujet="l’objet"),
            _champ("texte_long", "Description"),
            _champ("entier", "Nombre de personnes", min=1),
            _champ("decimal", "Surface", unite="m²"),
            _champ("montant", "Prix"),
            _champ("oui_non", "Déjà venu ?"),
            _champ("choix", "Ordre", options=DEUX),
            _champ("choix_multiple", "Rangs", options=DEUX),
            _champ("listes_liees", "Problème", options=LISTES, niveaux=["Famille", "Objet"]),
            _champ("date", "Jour"),
            _champ("heure", "Heure d’arrivée"),
            _champ("periode", "Dates"),
            _champ("consentement", "J’accepte que la photo soit publiée"),
        ],
    },
    {
        "id": "personnes",
        "titre": "Personnes et numéros",
        "champs": [
            _champ("civilite", "Civilité"),
            _champ("courriel", "Adresse électronique"),
            _champ("telephone", "Téléphone"),
            _champ("adresse", "Adresse du chantier", sur_place=True),
            _champ("commune", "Commune de naissance", anciennes=True),
            _champ("departement", "Département"),
            _champ("pays", "Pays de naissance", anciennes=True),
            _champ("carte", "Lieu du chantier", formes=["point", "surface"], cadastre=True),
            _champ("referentiel", "Rue du chantier", sujet="la rue", referentiel="rues"),
            _champ("siret", "Numéro SIRET"),
            _champ("rna", "Numéro RNA"),
            _champ("iban", "IBAN"),
            _champ("nir", "Numéro de sécurité sociale"),
            _champ("numero_caf", "Numéro d’allocataire"),
            _champ("predemande_ants", "Numéro de pré-demande"),
            _champ("immatriculation", "Immatriculation"),
            _champ("formate", "Référence", motif="AA-9{4}", exemple="AB-2026"),
        ],
    },
    {
        "id": "composees",
        "titre": "Questions composées",
        "champs": [
            _champ("identite", "Vous", demande=["naissance", "telephone"], prerempli="identite", **LIBRE),
            _champ("enfant", "L’enfant", demande=["sexe"]),
            _champ("bloc", "Fratrie", **ENFANTS),
            _champ("tableau", "Budget", aide="En euros.", **BUDGET),
            _champ("calcul", "Dépenses prévues", calcul="q_tableau.total_prevu", resultat="montant"),
            _champ("piece", "Justificatif de domicile", piece=DOMICILE),
            _champ("signature", "Signature"),
        ],
    },
]
DEFINITION = Definition.model_validate(
    {
        "genre": "teleservice",
        "slug": SLUG,
        "titre": "Toutes les questions",
        "theme": "famille",
        "resume": "Une démarche d’essai qui pose chaque sorte de question.",
        "pour_qui": "Pour les essais.",
        "cout": "Gratuit",
        "duree_minutes": 10,
        "service": {"nom": "Service des essais"},
        "identites": ["aucune"],
        "pages": PAGES,
        "legal": {
            "accuse": {"delivre": False, "fondement": "Démarche d’essai."},
        },
        "declaration": "Je certifie que ces réponses sont exactes.",
        "conservation": {
            "brouillon_jours": 30,
            "base_active_mois": 12,
            "dua_annees": 1,
            "sort_final": "destruction",
        },
    }
)


async def ouvrir(noyau: Noyau, slug: str = "guingamp") -> None:
    """Publishes the démarche and opens it for one commune."""
    async with noyau.db.hors_cloison("essai") as session:
        rows = await session.execute(
            text("SELECT id FROM socle_collectivite WHERE slug = :slug"), {"slug": slug}
        )
        ids = [row.id for row in rows]
        published = await publish(session, [DEFINITION], noyau.clock.now())
        await adopt_all(session, ids, published)


if __name__ == "__main__":
    asyncio.run(ouvrir(make_noyau(load_settings())))
