"""E-mails that come back after they were accepted: each leaves with a return address of its own, which says which.

The mailbox of these returns is read by a job; only a delivery status notification (RFC 3464) that says « failed », to
an address that we signed, counts.
"""

from app.socle.rebonds.adresse import adresse_retour, lire_jeton
from app.socle.rebonds.avis import Avis, lire_avis
from app.socle.rebonds.boites import Boite, BoiteIndisponibleError, make_boite

__all__ = [
    "Avis",
    "Boite",
    "BoiteIndisponibleError",
    "adresse_retour",
    "lire_avis",
    "lire_jeton",
    "make_boite",
]
