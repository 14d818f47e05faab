"""Edits of a definition in progress: pages and fields are added, moved, duplicated, changed, removed.

A definition in progress is plain JSON, valid or not: checking it is another matter (`fautes`). Each function gives a
new value and leaves the one it was given; what cannot be done is a GesteRefuseError with a French sentence.
"""

import copy
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from app.socle.errors import InvalidInputError, NotFoundError

Brut = dict[str, Any]
MAX_PAGES = 60
MAX_CHAMPS = 500


class GesteRefuseError(InvalidInputError):
    """The edit makes no sense here."""

    code = "geste_refuse"


def nom_court(texte: str, *, separateur: str, repli: str) -> str:
    """An id made of a title: ASCII, lower case, forty characters at most."""
    plain = unicodedata.normalize("NFKD", texte.lower().replace("œ", "oe").replace("æ", "ae"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    made = separateur.join(re.findall(r"[a-z0-9]+", kept))[:34].strip(separateur)
    return made if made and made[0].isalpha() else repli


def libre(souhaite: str, pris: Iterable[str], separateur: str) -> str:
    """The wished id, or the first of its followers that nobody has."""
    taken, number, found = set(pris), 2, souhaite
    while found in taken:
        found = f"{souhaite}{separateur}{number}"
        number += 1
    return found


def pages(contenu: Brut) -> list[Brut]:
    """The pages, whatever else is wrong."""
    found = contenu.get("pages")
    return [page for page in found if isinstance(page, dict)] if isinstance(found, list) else []


def champs(page: Brut) -> list[Brut]:
    """The fields of a page, whatever else is wrong."""
    found = page.get("champs")
    return [champ for champ in found if isinstance(champ, dict)] if isinstance(found, list) else []


def ids(contenu: Brut) -> list[str]:
    """Every field id in use."""
    return [str(champ.get("id")) for page in pages(contenu) for champ in champs(page)]


def page_de(contenu: Brut, page_id: str) -> Brut:
    """The page of that id; NotFoundError when there is none."""
    for page in pages(contenu):
        if page.get("id") == page_id:
            return page
    raise NotFoundError("Cette page n’est plus dans la démarche.")


def champ_de(contenu: Brut, champ_id: str) -> Brut:
    """The field of that id; NotFoundError when there is none."""
    return _trouver(contenu, champ_id)[2]


def page_du_champ(contenu: Brut, champ_id: str) -> Brut:
    """The page on which a field stands; NotFoundError when there is none."""
    return _trouver(contenu, champ_id)[0]


def _trouver(contenu: Brut, champ_id: str) -> tuple[Brut, int, Brut]:
    for page in pages(contenu):
        for index, champ in enumerate(champs(page)):
            if champ.get("id") == champ_id:
                return page, index, champ
    raise NotFoundError("Cette question n’est plus dans la démarche.")


def _index(rangee: list[Brut], objet: Brut) -> int:
    return next(place for place, found in enumerate(rangee) if found is objet)


def ajouter_page(contenu: Brut, titre: str) -> tuple[Brut, str]:
    """A new page at the end, empty for now; returns its id."""
    new = copy.deepcopy(contenu)
    rangee = new.setdefault("pages", [])
    if len(rangee) >= MAX_PAGES:
        raise GesteRefuseError(f"Une démarche a {MAX_PAGES} pages au plus : regroupez-en.")
    taken = [str(page.get("id")) for page in pages(new)]
    page_id = libre(nom_court(titre, separateur="-", repli="page"), taken, "-")
    rangee.append({"id": page_id, "titre": titre.strip() or "Nouvelle page", "champs": []})
    return new, page_id


def ajouter_champ(
    contenu: Brut, page_id: str, type_: str, libelle: str, reserves: Iterable[str] = ()
) -> tuple[Brut, str]:
    """A new question at the end of a page; returns its id, which none of `reserves` (ids published before) has."""
    new = copy.deepcopy(contenu)
    page = page_de(new, page_id)
    used = ids(new)
    if len(used) >= MAX_CHAMPS:
        raise GesteRefuseError(f"Une démarche a {MAX_CHAMPS} questions au plus : découpez-la en deux.")
    champ_id = libre(nom_court(libelle, separateur="_", repli="question"), {*used, *reserves}, "_")
    champ: Brut = {"id": champ_id, "type": type_, "libelle": libelle.strip() or "Nouvelle question"}
    if type_ in ("choix", "choix_multiple"):
        champ["options"] = [
            {"valeur": "option_1", "libelle": "Première réponse"},
            {"valeur": "option_2", "libelle": "Deuxième réponse"},
        ]
    page.setdefault("champs", []).append(champ)
    return new, champ_id


def deplacer_page(contenu: Brut, page_id: str, pas: int) -> Brut:
    """The page one place up (-1) or down (+1); at the end of the row, nothing."""
    new = copy.deepcopy(contenu)
    rangee = new["pages"]
    here = _index(rangee, page_de(new, page_id))
    there = min(max(here + pas, 0), len(rangee) - 1)
    rangee.insert(there, rangee.pop(here))
    return new


def deplacer_champ(contenu: Brut, champ_id: str, pas: int) -> Brut:
    """The question one place up or down; from the edge of a page it goes to the neighbouring page."""
    new = copy.deepcopy(contenu)
    page, _, champ = _trouver(new, champ_id)
    rangee, toutes = page["champs"], new["pages"]
    here, numero = _index(rangee, champ), _index(toutes, page)
    if 0 <= here + pas < len(rangee):
        rangee.insert(here + pas, rangee.pop(here))
    elif 0 <= numero + pas < len(toutes):
        autre = toutes[numero + pas].setdefault("champs", [])
        autre.insert(0 if pas > 0 else len(autre), rangee.pop(here))
    return new


def changer_de_page(contenu: Brut, champ_id: str, page_id: str) -> Brut:
    """The question at the end of another page."""
    new = copy.deepcopy(contenu)
    page, _, champ = _trouver(new, champ_id)
    cible = page_de(new, page_id)
    page["champs"].pop(_index(page["champs"], champ))
    cible.setdefault("champs", []).append(champ)
    return new


def dupliquer_champ(contenu: Brut, champ_id: str, reserves: Iterable[str] = ()) -> tuple[Brut, str]:
    """A copy just below, under an id of its own."""
    new = copy.deepcopy(contenu)
    page, _, champ = _trouver(new, champ_id)
    made = copy.deepcopy(champ)
    made["id"] = libre(champ_id[:36], {*ids(new), *reserves}, "_")
    made["libelle"] = f"{champ.get('libelle', '')} (copie)"
    page["champs"].insert(_index(page["champs"], champ) + 1, made)
    return new, str(made["id"])


def dupliquer_page(contenu: Brut, page_id: str, reserves: Iterable[str] = ()) -> tuple[Brut, str]:
    """A copy of the page just after it, its questions under ids of their own; rules among them follow."""
    new = copy.deepcopy(contenu)
    page = page_de(new, page_id)
    made = copy.deepcopy(page)
    made["id"] = libre(page_id[:50], [str(p.get("id")) for p in pages(new)], "-")
    made["titre"] = f"{page.get('titre', '')} (copie)"
    taken = {*ids(new), *reserves}
    renamed: dict[str, str] = {}
    for champ in champs(made):
        former = str(champ.get("id"))
        champ["id"] = libre(former[:36], taken, "_")
        taken.add(champ["id"])
        renamed[former] = champ["id"]
    for champ in champs(made):
        for cle in champ.keys() - {"id", "type", "libelle", "aide", "sujet"}:
            champ[cle] = _renommer(champ[cle], renamed)
    new["pages"].insert(_index(new["pages"], page) + 1, made)
    return new, str(made["id"])


def _renommer(valeur: Any, noms: dict[str, str]) -> Any:
    """The same rule, about the copies: references are whole words."""
    if isinstance(valeur, dict):
        return {cle: _renommer(v, noms) for cle, v in valeur.items()}
    if isinstance(valeur, list):
        return [_renommer(v, noms) for v in valeur]
    if isinstance(valeur, str) and noms:
        return re.sub(r"\b(" + "|".join(map(re.escape, noms)) + r")\b", lambda m: noms[m[1]], valeur)
    return valeur


def retirer_page(contenu: Brut, page_id: str) -> Brut:
    """Without that page and its questions."""
    new = copy.deepcopy(contenu)
    new["pages"].pop(_index(new["pages"], page_de(new, page_id)))
    return new


def retirer_champ(contenu: Brut, champ_id: str) -> Brut:
    """Without that question."""
    new = copy.deepcopy(contenu)
    page, _, champ = _trouver(new, champ_id)
    page["champs"].pop(_index(page["champs"], champ))
    return new


def poser(objet: Brut, valeurs: Brut) -> None:
    """Writes attributes in place; an empty value takes the attribute away, so that its default holds."""
    for cle, valeur in valeurs.items():
        if valeur is None or valeur == "" or valeur == [] or valeur == {}:
            objet.pop(cle, None)
        else:
            objet[cle] = valeur


def changer_page(contenu: Brut, page_id: str, valeurs: Brut) -> Brut:
    """The page with other attributes; its fields stay, and the rules of the sections that stay."""
    new = copy.deepcopy(contenu)
    page = page_de(new, page_id)
    rules = {section.get("id"): section["si"] for section in page.get("sections") or () if section.get("si")}
    poser(page, {cle: v for cle, v in valeurs.items() if cle not in ("id", "champs")})
    for section in page.get("sections") or ():
        if section.get("id") in rules:
            section.setdefault("si", rules[section["id"]])
    return new


def changer_champ(contenu: Brut, champ_id: str, valeurs: Brut) -> Brut:
    """The question with other attributes; its id never changes."""
    new = copy.deepcopy(contenu)
    poser(champ_de(new, champ_id), {cle: v for cle, v in valeurs.items() if cle != "id"})
    return new


def changer_partie(contenu: Brut, valeurs: Brut) -> Brut:
    """The definition with other attributes of its own: texts, legal data, model of decision, retention."""
    new = copy.deepcopy(contenu)
    former = new.get("conservation")
    poser(new, {cle: v for cle, v in valeurs.items() if cle not in ("slug", "pages")})
    if isinstance(former, dict) and former.get("durees") and isinstance(new.get("conservation"), dict):
        # The rules of retention are written on their own pages.
        new["conservation"].setdefault("durees", former["durees"])
    return new


SIMPLES: dict[str, Callable[[Brut, str], Brut]] = {
    "monter_page": lambda c, cible: deplacer_page(c, cible, -1),
    "descendre_page": lambda c, cible: deplacer_page(c, cible, 1),
    "retirer_page": retirer_page,
    "monter_champ": lambda c, cible: deplacer_champ(c, cible, -1),
    "descendre_champ": lambda c, cible: deplacer_champ(c, cible, 1),
    "retirer_champ": retirer_champ,
}
