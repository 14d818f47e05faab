"""The one typed language of rules: visibility, requirement, checks, computed values, price, eligibility, routing.

Pure: nothing here knows a form, the database or the time. See docs/guides/regles.md for those who write rules.
"""

from app.demarches.expressions.analyse import analyser, noms_cites
from app.demarches.expressions.compilation import Expression, compiler, valeurs_de
from app.demarches.expressions.ecriture import ecrire
from app.demarches.expressions.environnement import Circonstances, Environnement, Nom
from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute
from app.demarches.expressions.lexique import RESERVES
from app.demarches.expressions.menus import Operateur, operateurs, operateurs_de, sujets, type_du_sujet
from app.demarches.expressions.phrases import phrase, unite_de
from app.demarches.expressions.rangees import (
    Rangee,
    Rangees,
    depuis_rangees,
    fautes_des_rangees,
    non_dite,
    places,
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
    "fautes_des_rangees",
    "lignes",
    "liste",
    "noms_cites",
    "non_dite",
    "operateurs",
    "operateurs_de",
    "phrase",
    "places",
    "sujets",
    "type_du_sujet",
    "unite_de",
    "valeurs_de",
    "vers_rangees",
]
