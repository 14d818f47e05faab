"""What differs between two versions of a démarche, in French, part by part: texts, pages, questions, legal data.

Also says which questions changed in substance, so that their effect on dossiers can be reckoned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.demarches.definitions import Champ, Definition, Page
from app.demarches.edition.attributs import parties
from app.demarches.edition.libelles import NOMS_PARTIES, VALEURS, libelle_de, type_de
from app.demarches.expressions import noms_cites

# Attributes of a question that change its wording alone: no answer becomes wrong, none is missing.
DE_FORME = frozenset({"libelle", "aide", "sujet", "autocomplete", "prerempli", "lien"})


@dataclass(frozen=True, slots=True)
class Changement:
    """One difference: where, what kind (ajout, retrait, modification, deplacement), a sentence, before and after.

    `cle` names the part for an overlay to be compared with: `resume`, `service.nom`, `champ:nombre`.
    """

    partie: str
    lieu: str
    nature: str
    phrase: str
    avant: str = ""
    apres: str = ""
    cle: str = ""


def comparer(avant: Definition, apres: Definition) -> list[Changement]:
    """Every difference, in the order of the definition; none when both are the same version."""
    return [*_parties(avant, apres), *_pages(avant, apres), *_champs(avant, apres)]


def _dump(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_defaults=True)


def _parties(avant: Definition, apres: Definition) -> Iterator[Changement]:
    former, later = _dump(avant), _dump(apres)
    for partie, noms in parties(apres.genre).items():
        for nom in noms:
            for way, a, b in _feuilles(nom, former.get(nom), later.get(nom)):
                yield _modifie(NOMS_PARTIES.get(partie, partie), "", way, a, b, cle=way)


def _feuilles(way: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    """The leaves that differ under two values."""
    if a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for cle in dict.fromkeys((*a, *b)):
            yield from _feuilles(f"{way}.{cle}", a.get(cle), b.get(cle))
    else:
        yield way, a, b


def _modifie(partie: str, lieu: str, way: str, a: Any, b: Any, cle: str) -> Changement:
    nom = libelle_de(way)
    if vide(a):
        nature, phrase = "ajout", f"{nom} : ajouté"
    elif vide(b):
        nature, phrase = "retrait", f"{nom} : retiré"
    else:
        nature, phrase = "modification", f"{nom} : modifié"
    return Changement(partie, lieu, nature, phrase, ecrire(a), ecrire(b), cle)


def vide(value: Any) -> bool:
    """Whether nothing is said; « no » is something."""
    return value in (None, "", [], {})


def ecrire(value: Any) -> str:
    """A value of a definition, as a person reads it; items one a line."""
    if vide(value):
        return ""
    if value is True:
        return "oui"
    if value is False:
        return "non"
    if isinstance(value, list):
        return "\n".join(ecrire(item) for item in value)
    if isinstance(value, dict):
        if "libelle" in value and "valeur" in value:
            return f"{value['libelle']} ({value['valeur']})"
        return ", ".join(f"{libelle_de(str(cle)).lower()} : {ecrire(item)}" for cle, item in value.items())
    return VALEURS.get(str(value), str(value))


def _pages(avant: Definition, apres: Definition) -> Iterator[Changement]:
    former = {page.id: page for page in avant.pages}
    later = {page.id: page for page in apres.pages}
    partie = NOMS_PARTIES["pages"]
    for page in avant.pages:
        if page.id not in later:
            yield Changement(partie, page.titre, "retrait", "Page retirée", page.titre, cle=f"page:{page.id}")
    for page in apres.pages:
        if page.id not in former:
            yield Changement(
                partie, page.titre, "ajout", "Page ajoutée", apres=page.titre, cle=f"page:{page.id}"
            )
            continue
        yield from _page(partie, former[page.id], page)
    common = [page.id for page in avant.pages if page.id in later]
    if common != [page.id for page in apres.pages if page.id in former]:
        before = "\n".join(page.titre for page in avant.pages)
        after = "\n".join(page.titre for page in apres.pages)
        yield Changement(partie, "", "deplacement", "Ordre des pages changé", before, after, cle="pages")


def _page(partie: str, a: Page, b: Page) -> Iterator[Changement]:
    former, later = _dump(a), _dump(b)
    for nom in dict.fromkeys((*former, *later)):
        if nom != "champs" and former.get(nom) != later.get(nom):
            yield _modifie(partie, b.titre, nom, former.get(nom), later.get(nom), cle=f"page:{b.id}")


def _champs(avant: Definition, apres: Definition) -> Iterator[Changement]:
    former, later = _places(avant), _places(apres)
    partie = NOMS_PARTIES["pages"]
    for champ_id, (page, _, champ) in former.items():
        if champ_id not in later:
            yield Changement(
                partie, page.titre, "retrait", f"Question retirée : {champ.libelle}", cle=f"champ:{champ_id}"
            )
    for champ_id, (page, _, champ) in later.items():
        if champ_id not in former:
            kind = type_de(champ.type).lower() + (", réponse obligatoire" if champ.obligatoire else "")
            yield Changement(
                partie,
                page.titre,
                "ajout",
                f"Question ajoutée : {champ.libelle} ({kind})",
                cle=f"champ:{champ_id}",
            )
            continue
        yield from _champ(partie, page, former[champ_id][2], champ)
    yield from _deplaces(partie, former, later)


Places = dict[str, tuple[Page, int, Champ]]


def _places(definition: Definition) -> Places:
    return {champ.id: (page, n, champ) for page in definition.pages for n, champ in enumerate(page.champs)}


def _champ(partie: str, page: Page, a: Champ, b: Champ) -> Iterator[Changement]:
    former, later = _dump(a), _dump(b)
    for nom in dict.fromkeys((*former, *later)):
        x, y = former.get(nom), later.get(nom)
        if x == y:
            continue
        if nom == "type":
            x, y = type_de(str(x)), type_de(str(y))
        made = _modifie(partie, f"{page.titre} › {b.libelle}", nom, x, y, cle=f"champ:{b.id}")
        yield Changement(
            made.partie, made.lieu, made.nature, made.phrase, made.avant, made.apres, f"champ:{b.id}"
        )


def _deplaces(partie: str, former: Places, later: Places) -> Iterator[Changement]:
    """A question is moved when its page differs, or its neighbours that both versions have."""
    for champ_id, (page, _, champ) in later.items():
        if champ_id in former and former[champ_id][0].id != page.id:
            source = former[champ_id][0].titre
            phrase = f"Question déplacée : {champ.libelle}"
            yield Changement(
                partie, page.titre, "deplacement", phrase, source, page.titre, f"champ:{champ_id}"
            )
    for page_id in dict.fromkeys(page.id for page, _, _ in later.values()):
        stay = [
            c
            for c, (page, _, _) in later.items()
            if page.id == page_id and c in former and former[c][0].id == page_id
        ]
        if stay != sorted(stay, key=lambda c: former[c][1]):
            titre = later[stay[0]][0].titre
            yield Changement(
                partie, titre, "deplacement", "Ordre des questions changé", cle=f"page:{page_id}"
            )


def champs_touches(avant: Definition, apres: Definition) -> set[str]:
    """Questions of either version whose substance changed: asked or not, obligatory or not, what answers are right.

    A page whose rules changed touches all its questions.
    """
    former, later = _places(avant), _places(apres)
    touched = set(former) ^ set(later)
    for champ_id in set(former) & set(later):
        a, b = (
            {cle: v for cle, v in _dump(found).items() if cle not in DE_FORME}
            for found in (former[champ_id][2], later[champ_id][2])
        )
        before, after = (_regles(found[champ_id][0]) for found in (former, later))
        if a != b or before != after:
            touched.add(champ_id)
    if avant.eligibilite != apres.eligibilite and apres.pages:
        # Who may file has changed: told on the first question, read in those that the rules name.
        named = {name for one in (*avant.eligibilite, *apres.eligibilite) for name in noms_cites(one.regle)}
        touched |= {apres.pages[0].champs[0].id, *(named & set(later))}
    return touched


def _regles(page: Page) -> Any:
    return page.model_dump(mode="json", exclude={"id", "titre", "intro", "champs"})
