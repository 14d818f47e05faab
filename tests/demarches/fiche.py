"""A démarche that is only told, not filled: the shipped catalogue has none, communes may write some."""

from typing import Any

FICHE: dict[str, Any] = {
    "genre": "fiche",
    "slug": "carte-de-peche",
    "titre": "Acheter une carte de pêche",
    "theme": "citoyennete",
    "resume": "La carte se prend chez un commerçant ou sur internet.",
    "pour_qui": "Toute personne qui veut pêcher.",
    "cout": "Selon l’âge.",
    "service": {"nom": "Accueil"},
    "apporter": ["Une pièce d’identité"],
    "ou": "Chez le marchand d’articles de pêche.",
    "contact": "L’association de pêche répond à vos questions.",
    "etapes": ["Choisissez votre carte.", "Gardez-la sur vous."],
}
