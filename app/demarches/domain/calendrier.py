"""Days as the law counts them: calendar and working days, frank delays (public holidays: `app.socle.calendrier`).

Which rule counts which delay is written once, in `REGLES`, each with its article. Règlement (CEE) 1182/71 binds acts of
the Union: it applies to none of these. The delays of silence are neither frank nor moved to a working day.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from app.socle.calendrier import ajouter_mois, is_ouvrable, is_ouvre

__all__ = ["REGLES", "Regle", "ajouter", "ajouter_mois", "echeance", "is_ouvrable", "is_ouvre"]


@dataclass(frozen=True)
class Regle:
    """How one kind of delay is counted, and the text that says so.

    `franc`: neither the first nor the last day counts. `report`: an end on a Saturday, a Sunday or a public holiday
    goes to the next working day.
    """

    article: str
    delai: str = ""
    franc: bool = False
    report: bool = False


REGLES: dict[str, Regle] = {
    "silence": Regle("CRPA L. 231-1, L. 231-4, L. 231-6 ; L. 114-3 pour le point de départ"),
    # Sources disagree: ten working days for some, seven days in the text of 1 January 2016. The stricter is kept.
    "accuse_reception": Regle("CRPA R. 112-11-1 et suivants (7 ou 10 jours selon les sources)", "7 jours"),
    "accuse_enregistrement": Regle("CRPA R. 112-11-1 et suivants", "1 jour ouvré"),
    "recours": Regle("CJA R. 421-1, R. 421-2 ; CPC art. 641 et 642", "2 mois", franc=True, report=True),
    "retrait": Regle("CRPA L. 242-1", "4 mois"),
}


def ajouter(
    jour: date, delai: str, departement: str = "", *, franc: bool = False, report: bool = False
) -> date:
    """The last day of a delay that begins with the event of `jour` (that day does not count).

    `delai` is « 2 mois », « 15 jours », « 10 jours ouvrables » (Saturdays count) or « 10 jours ouvrés » (they do not).
    ValueError for anything else.
    """
    nombre, _, unite = delai.partition(" ")
    match unite.replace("jours", "jour").rstrip("s"):
        case "moi":
            end = ajouter_mois(jour, int(nombre))
        case "jour":
            end = jour + timedelta(days=int(nombre))
        case "jour ouvrable":
            end = _working(jour, int(nombre), departement, saturdays=True)
        case "jour ouvré":
            end = _working(jour, int(nombre), departement, saturdays=False)
        case _:
            raise ValueError(f"not a delay: {delai}")
    if franc:
        end += timedelta(days=1)
    while report and not is_ouvre(end, departement):
        end += timedelta(days=1)
    return end


def echeance(regle: str, jour: date, departement: str = "") -> date:
    """The last day of a delay that the law fixes, counted by its own rule (`REGLES`)."""
    found = REGLES[regle]
    return ajouter(jour, found.delai, departement, franc=found.franc, report=found.report)


def _working(jour: date, nombre: int, departement: str, *, saturdays: bool) -> date:
    counts = is_ouvrable if saturdays else is_ouvre
    while nombre:
        jour += timedelta(days=1)
        nombre -= counts(jour, departement)
    return jour
