"""What an export writes: columns of a démarche through its versions, and one writer per format, in constant memory."""

from app.demarches.exports.classeurs import RedacteurOds, RedacteurXlsx
from app.demarches.exports.colonnes import Feuille, Plan
from app.demarches.exports.redacteurs import Redacteur, RedacteurCsv, RedacteurJson

REDACTEURS: dict[str, type[Redacteur]] = {
    "csv": RedacteurCsv,
    "xlsx": RedacteurXlsx,
    "ods": RedacteurOds,
    "json": RedacteurJson,
}

__all__ = ["REDACTEURS", "Feuille", "Plan", "Redacteur"]
