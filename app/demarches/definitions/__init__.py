"""The immutable content of a version of a démarche: shape, content address, overlays, shipped ones."""

from app.demarches.definitions.champs import (
    TYPES_SANS_REPONSE,
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
from app.demarches.definitions.legal import (
    Accuse,
    Competence,
    Conservation,
    Decision,
    ExceptionSilence,
    Legal,
    Service,
    Silence,
)
from app.demarches.definitions.parcours import FIN, Etape, Parcours, Suite
from app.demarches.definitions.surcouche import Surcouche, SurcoucheRefuseeError, appliquer

__all__ = [
    "FIN",
    "THEMES",
    "TYPES_SANS_REPONSE",
    "Accuse",
    "CatalogueError",
    "Champ",
    "Competence",
    "Condition",
    "Conservation",
    "Decision",
    "Definition",
    "Etape",
    "ExceptionSilence",
    "Groupe",
    "Legal",
    "Option",
    "Page",
    "Parcours",
    "ReglesPiece",
    "Service",
    "Silence",
    "Suite",
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
