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
    Traduction,
    Traductions,
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
from app.demarches.definitions.regles import Plan, Remarque
from app.demarches.definitions.surcouche import (
    ChampAjoute,
    Surcouche,
    SurcoucheRefuseeError,
    appliquer,
    cles_touchees,
    composer,
    elaguer,
)
from app.demarches.definitions.verification import verifier

__all__ = [
    "FIN",
    "THEMES",
    "Accuse",
    "Aiguillage",
    "CatalogueError",
    "Champ",
    "ChampAjoute",
    "Competence",
    "Conservation",
    "Controle",
    "Decision",
    "Definition",
    "Etape",
    "ExceptionSilence",
    "Legal",
    "Option",
    "Page",
    "Parcours",
    "Plan",
    "ReglesPiece",
    "Remarque",
    "Section",
    "Service",
    "Silence",
    "Suite",
    "Surcouche",
    "SurcoucheRefuseeError",
    "Theme",
    "Traduction",
    "Traductions",
    "TypeChamp",
    "appliquer",
    "canonical_bytes",
    "cles_touchees",
    "composer",
    "elaguer",
    "empreinte",
    "load_catalogue",
    "load_definition",
    "verifier",
]
