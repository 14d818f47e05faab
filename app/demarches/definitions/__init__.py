"""The immutable content of a version of a démarche: shape, content address, overlays, shipped ones."""

from app.demarches.definitions.champs import (
    Champ,
    Condition,
    Groupe,
    Option,
    ReglesPiece,
    Test,
    TypeChamp,
)
from app.demarches.definitions.chargement import CatalogueError, load_catalogue, load_definition
from app.demarches.definitions.definition import (
    THEMES,
    Definition,
    Page,
    Theme,
    canonical_bytes,
    empreinte,
)
from app.demarches.definitions.legal import Accuse, Conservation, Decision, Legal, Service, Silence
from app.demarches.definitions.surcouche import Surcouche, SurcoucheRefuseeError, appliquer

__all__ = [
    "THEMES",
    "Accuse",
    "CatalogueError",
    "Champ",
    "Condition",
    "Conservation",
    "Decision",
    "Definition",
    "Groupe",
    "Legal",
    "Option",
    "Page",
    "ReglesPiece",
    "Service",
    "Silence",
    "Surcouche",
    "SurcoucheRefuseeError",
    "Test",
    "Theme",
    "TypeChamp",
    "appliquer",
    "canonical_bytes",
    "empreinte",
    "load_catalogue",
    "load_definition",
]
