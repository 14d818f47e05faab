"""Calls of outside addresses as agents see them: on a dossier, and in the log of a collectivité."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.demarches.models_exterieur import Appel
from app.socle import vues

ETATS = {
    "a_faire": vues.Etiquette("En cours", "attente"),
    "livre": vues.Etiquette("Livré", "succes"),
    "echec": vues.Etiquette("Échec", "refus"),
    "passe": vues.Etiquette("Non envoyé", "neutre"),
}


def appels_of(appels: Sequence[Appel], base: str, *, mine: bool) -> list[dict[str, Any]]:
    """The calls of one dossier; making one again is any agent's, going on without one is for who holds the lease."""
    return [
        {
            **_line(item),
            "action_url": f"{base}/appels/{item.id}" if item.etat in ("echec", "a_faire") else "",
            "refaire": item.etat == "echec" or (item.etat == "a_faire" and item.essais > 0),
            "passer": mine and item.bloquant,
        }
        for item in appels
    ]


def journal_of(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """The log: each call, its dossier, what became of it."""
    return [{**_line(item), "numero": numero, "url": f"/dossiers/{item.dossier_id}"} for item, numero in rows]


def _line(item: Appel) -> dict[str, Any]:
    return {
        "libelle": item.libelle,
        "point": item.point,
        "etiquette": ETATS[item.etat],
        "detail": item.detail,
        "essais": item.essais,
        "le": item.dernier_le or item.cree_le,
    }
