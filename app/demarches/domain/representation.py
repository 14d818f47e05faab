"""For whom a request is made: oneself, one's child, somebody who gave a written mandate.

Civil code: 371-1 and 382 (parents act for their minor child), 1984 (mandate). Words only: who may is the démarche's
to say (`representation`), and what is declared is the service's to check.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.socle.calendrier import afficher_date
from app.socle.langues import N_

GENRES = ("enfant", "mandat")
# In what quality somebody acts, by kind of representation.
QUALITES: dict[str, dict[str, str]] = {
    "enfant": {
        "mere": N_("Sa mère"),
        "pere": N_("Son père"),
        "tuteur": N_("Son tuteur ou sa tutrice"),
        "autre": N_("Une autre personne qui a l’autorité parentale"),
    },
    "mandat": {
        "famille": N_("Quelqu’un de sa famille"),
        "proche": N_("Un proche ou un voisin"),
        "protection": N_("Son curateur ou son tuteur"),
        "association": N_("Une association ou un service d’aide"),
        "professionnel": N_("Un professionnel qu’elle a chargé de la démarche"),
    },
}
ATTESTATIONS = {
    "enfant": N_("J’exerce l’autorité parentale sur cet enfant, et je fais cette démarche pour lui."),
    "mandat": N_(
        "J’ai un mandat écrit et signé de cette personne pour cette démarche. Je le montrerai si la mairie le demande."
    ),
}


def genre_de(beneficiaire: Mapping[str, Any] | None) -> str:
    """Soi, enfant or mandat: the word that rules know."""
    return str((beneficiaire or {}).get("genre") or "soi")


def nom_represente(beneficiaire: Mapping[str, Any] | None) -> str:
    """First names and birth name of the person represented; '' for oneself."""
    found = beneficiaire or {}
    return " ".join([*found.get("prenoms", ()), found.get("nom_naissance", "")]).strip()


def phrase_represente(beneficiaire: Mapping[str, Any] | None) -> str:
    """« Malo LE GALLOU, né(e) le 3 avril 2015 », in French; '' for oneself."""
    nom, naissance = nom_represente(beneficiaire), (beneficiaire or {}).get("naissance")
    return f"{nom}, né(e) le {afficher_date(date.fromisoformat(naissance))}" if nom and naissance else nom


def qualite_de(beneficiaire: Mapping[str, Any] | None) -> str:
    """In what quality the person acts, in French; '' for oneself."""
    found = beneficiaire or {}
    return QUALITES.get(genre_de(found), {}).get(str(found.get("qualite")), "")


def mention_represente(beneficiaire: Mapping[str, Any] | None) -> str:
    """What papers say: who is represented, on what ground and by whom; '' for oneself."""
    grounds = {"enfant": "enfant représenté par", "mandat": "par mandat écrit donné à"}
    ground = grounds.get(genre_de(beneficiaire), "")
    quality = qualite_de(beneficiaire)
    return (
        f"{phrase_represente(beneficiaire)} ({ground} {quality[:1].lower()}{quality[1:]})" if ground else ""
    )
