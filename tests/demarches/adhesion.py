"""A small démarche for tests of filling: for oneself, a child or by mandate, prefilled, with a table and a document."""

import io
from typing import Any

from PIL import Image
from sqlalchemy import text

from app.demarches.definitions import Definition
from app.demarches.service.catalogue import adopt_all, publish
from app.socle.noyau import Noyau

SLUG = "adhesion-mediatheque"
CHAMPS: list[dict[str, Any]] = [
    {"id": "nom", "type": "texte", "libelle": "Nom de l’abonné", "obligatoire": True,
     "prerempli": "beneficiaire.nom_naissance"},
    {"id": "prenoms", "type": "texte", "libelle": "Prénoms de l’abonné", "obligatoire": True,
     "prerempli": "beneficiaire.prenoms"},
    {"id": "naissance", "type": "date", "libelle": "Date de naissance", "prerempli": "beneficiaire.date_naissance"},
    {"id": "courriel", "type": "courriel", "libelle": "Votre adresse électronique", "prerempli": "identite.courriel"},
    {"id": "accord", "type": "consentement", "libelle": "L’enfant peut rentrer seul",
     "si": 'representation = "enfant"'},
]  # fmt: skip
SUITE: list[dict[str, Any]] = [
    {"id": "formule", "type": "choix", "libelle": "Formule", "obligatoire": True, "lien": True,
     "options": [{"valeur": "an", "libelle": "Un an"}, {"valeur": "mois", "libelle": "Un mois"}]},
    {"id": "motif", "type": "texte_long", "libelle": "Motif", "lien": True, "longueur_max": 200},
    {"id": "secret", "type": "texte", "libelle": "Numéro de carte"},
    {"id": "budget", "type": "tableau", "libelle": "Budget", "lignes": [{"id": "achats", "libelle": "Achats"},
     {"id": "dons", "libelle": "Dons"}], "colonnes": [{"id": "prevu", "libelle": "Prévu"}]},
    {"id": "photo", "type": "piece", "libelle": "Photographie", "obligatoire": True},
]  # fmt: skip
DEFINITION: dict[str, Any] = {
    "genre": "teleservice",
    "slug": SLUG,
    "titre": "S’abonner à la médiathèque",
    "theme": "famille",
    "resume": "Empruntez des livres.",
    "pour_qui": "Tous.",
    "cout": "Gratuit.",
    "duree_minutes": 5,
    "service": {"nom": "Médiathèque"},
    "identites": ["franceconnect", "courriel", "aucune"],
    "representation": ["enfant", "mandat"],
    "declaration": "Je certifie.",
    "legal": {"accuse": {"delivre": False, "fondement": "article R. 112-4"}},
    "conservation": {"brouillon_jours": 30, "base_active_mois": 6, "dua_annees": 1, "sort_final": "destruction"},
    "pages": [
        {"id": "abonne", "titre": "L’abonné", "champs": CHAMPS},
        {"id": "formule", "titre": "La formule", "champs": SUITE},
    ],
}  # fmt: skip


async def ouvrir(noyau: Noyau, **change: Any) -> None:
    """Publishes it and opens it for Guingamp."""
    definition = Definition.model_validate({**DEFINITION, **change})
    async with noyau.db.hors_cloison("essai") as session:
        rows = await session.execute(text("SELECT id FROM socle_collectivite WHERE slug = 'guingamp'"))
        published = await publish(session, [definition], noyau.clock.now())
        await adopt_all(session, [row.id for row in rows], published)


def image() -> bytes:
    """A small true photograph."""
    out = io.BytesIO()
    Image.effect_noise((60, 40), 40).save(out, "JPEG")
    return out.getvalue()
