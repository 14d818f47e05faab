"""What the pages of the editor share: addresses, what surrounds each, and reading what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from app.demarches.edition.attributs import Entree, parties
from app.demarches.edition.fautes import Faute
from app.demarches.edition.libelles import NOMS_PARTIES, type_de
from app.demarches.models_edition import Chantier
from app.demarches.service import edition
from app.socle.contexte import Contexte
from app.socle.errors import InvalidInputError
from app.socle.ids import new_token
from app.socle.vues import Lien

RACINE = "/demarches/chantiers"
FAITS = {
    "ouvert": "Chantier ouvert : rien n’est visible des habitants avant la publication.",
    "enregistre": "Enregistré. Rien n’est encore publié.",
    "annule": "Dernière étape annulée.",
    "retabli": "Étape rétablie.",
    "retire": "Retiré. « Annuler » le fait revenir.",
    "importe": "Fichier importé : relisez, faites un essai, puis publiez.",
    "essai": "Essai automatique enregistré : il sera rejoué avant chaque publication.",
}


def base_of(chantier: Chantier) -> str:
    """The address of a work in progress."""
    return f"{RACINE}/{chantier.id}"


def place_of(chantier: Chantier, faute: Faute) -> str:
    """The page, and the input, where a fault is put right."""
    base, ancre = base_of(chantier), f"#{faute.cible}" if faute.cible else ""
    if faute.regle:
        return f"{base}/regles/{faute.regle}"
    if faute.champ_id:
        return f"{base}/champs/{faute.champ_id}{ancre}"
    if faute.page_id:
        return f"{base}/pages/{faute.page_id}{ancre}" if faute.cible else f"{base}#page-{faute.page_id}"
    return base if faute.partie == "pages" else f"{base}/parties/{faute.partie}{ancre}"


def common(ctx: Contexte, chantier: Chantier, fautes: Sequence[Faute], ici: str = "") -> dict[str, Any]:
    """What every page of a work in progress shows around its own part."""
    titre = str(chantier.contenu.get("titre") or "Sans titre")
    genre = str(chantier.contenu.get("genre", "teleservice"))
    base = base_of(chantier)
    tabs = [("Formulaire", base)] if genre == "teleservice" else []
    tabs += [(NOMS_PARTIES[cle], f"{base}/parties/{cle}") for cle in parties(genre)]
    fil = [Lien("Démarches", "/demarches"), Lien(titre, base if ici else "")]
    return {
        "chantier": {
            "titre": titre,
            "base": base,
            "slug": chantier.slug,
            "revision": chantier.revision,
            "annulable": bool(chantier.annuler),
            "retablissable": bool(chantier.refaire),
            "modifie_le": chantier.modifie_le,
            "modifie_par": chantier.modifie_par,
            "teleservice": genre == "teleservice",
        },
        "fil": [*fil, Lien(ici, "")] if ici else fil,
        "onglets": [Lien(nom, url, url == ctx.request.url.path) for nom, url in tabs],
        "fautes": shown_faults(chantier, fautes),
        "message": FAITS.get(ctx.request.query_params.get("fait", ""), ""),
        "cle_idempotence": new_token(),
    }


def shown_faults(chantier: Chantier, fautes: Sequence[Faute]) -> list[dict[str, str]]:
    """Each with where it is put right."""
    return [{"phrase": f.phrase, "lieu": f.lieu, "url": place_of(chantier, f)} for f in fautes]


def types_offered() -> list[str]:
    """Every type of question, by its French name."""
    return sorted(edition.TYPES_DE_CHAMP, key=lambda type_: type_de(type_))


def revision_of(form: FormData) -> int:
    """The revision that the sender was looking at."""
    try:
        return int(str(form.get("revision", "")))
    except ValueError:
        raise InvalidInputError("Ce formulaire est incomplet : rechargez la page et recommencez.") from None


def brut_of(form: FormData) -> dict[str, list[str]]:
    """What was typed, by input."""
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    return brut


def retaper(entrees: Sequence[Entree], brut: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was typed, shown again as it was."""
    shown: dict[str, Any] = {}
    for one in entrees:
        typed = list(brut.get(one.nom, ()))
        if one.genre == "case":
            shown[one.nom] = "oui" in typed
        elif one.genre == "cases":
            shown[one.nom] = typed
        elif one.genre == "rangees":
            rows, number = [], 0
            while any(f"{one.nom}.{number}.{c.nom}" in brut for c in one.colonnes):
                rows.append(
                    {c.nom: (brut.get(f"{one.nom}.{number}.{c.nom}") or [""])[0] for c in one.colonnes}
                )
                number += 1
            shown[one.nom] = [row for row in rows if any(row.values())]
        else:
            shown[one.nom] = typed[0] if typed else ""
    return shown
