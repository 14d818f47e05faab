"""The immutable content of a version of a démarche: shape, content address, overlays, shipped ones."""

from app.demarches.definitions.base import Aiguillage, Controle
from app.demarches.definitions.champs import Champ, Option, ReglesPiece, TypeChamp
from app.demarches.definitions.chargement import CatalogueError, load_catalogue, load_definition
from app.demarches.definitions.definition import (
    THEMES,
    Definition,
    Page,
    Section,
    Theme,
    canonical_bytes,
    empreinte,
)
from app.demarches.definitions.legal import Accuse, Conservation, Decision, Legal, Service, Silence
from app.demarches.definitions.regles import Plan, Remarque
from app.demarches.definitions.surcouche import Surcouche, SurcoucheRefuseeError, appliquer

__all__ = [
    "THEMES",
    "Accuse",
    "Aiguillage",
    "CatalogueError",
    "Champ",
    "Conservation",
    "Controle",
    "Decision",
    "Definition",
    "Legal",
    "Option",
    "Page",
    "Plan",
    "ReglesPiece",
    "Remarque",
    "Section",
    "Service",
    "Silence",
    "Surcouche",
    "SurcoucheRefuseeError",
    "Theme",
    "TypeChamp",
    "appliquer",
    "canonical_bytes",
    "empreinte",
    "load_catalogue",
    "load_definition",
]
