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
from app.demarches.definitions.legal import Accuse, Conservation, Decision, Legal, Service, Silence
from app.demarches.definitions.surcouche import (
    ChampAjoute,
    Surcouche,
    SurcoucheRefuseeError,
    appliquer,
    cles_touchees,
    composer,
    elaguer,
)

__all__ = [
    "THEMES",
    "TYPES_SANS_REPONSE",
    "Accuse",
    "CatalogueError",
    "Champ",
    "ChampAjoute",
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
    "cles_touchees",
    "composer",
    "elaguer",
    "empreinte",
    "load_catalogue",
    "load_definition",
]
