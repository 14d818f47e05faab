"""The one typed language of rules: visibility, requirement, checks, computed values, price, eligibility, routing.

Pure: nothing here knows a form, the database or the time. See docs/guides/regles.md for those who write rules.
"""

from app.demarches.expressions.analyse import analyser, noms_cites
from app.demarches.expressions.compilation import Expression, compiler, valeurs_de
from app.demarches.expressions.ecriture import ecrire
from app.demarches.expressions.environnement import Circonstances, Environnement, Nom
from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute
from app.demarches.expressions.lexique import RESERVES
from app.demarches.expressions.phrases import phrase
from app.demarches.expressions.rangees import (
    Operateur,
    Rangee,
    Rangees,
    depuis_rangees,
    operateurs,
    vers_rangees,
)
from app.demarches.expressions.valeurs import (
    BOOLEEN,
    COMPOSE,
    DATE,
    DUREE,
    HEURE,
    NOMBRE,
    TEXTE,
    Duree,
    Type,
    choix,
    lignes,
    liste,
)

__all__ = [
    "BOOLEEN",
    "COMPOSE",
    "DATE",
    "DUREE",
    "HEURE",
    "NOMBRE",
    "RESERVES",
    "TEXTE",
    "Circonstances",
    "Duree",
    "Environnement",
    "Expression",
    "ExpressionRefuseeError",
    "Faute",
    "Nom",
    "Operateur",
    "Rangee",
    "Rangees",
    "Type",
    "analyser",
    "choix",
    "compiler",
    "depuis_rangees",
    "ecrire",
    "lignes",
    "liste",
    "noms_cites",
    "operateurs",
    "phrase",
    "valeurs_de",
    "vers_rangees",
]
