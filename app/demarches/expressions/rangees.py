"""Rules as rows of menus (a question, an operator, a value; all of them, one of them, none), and back.

Rows may be gathered in groups, and a group may speak of the rows of a repeated block. A rule that rows cannot say (a
computation) stays text: `vers_rangees` answers None.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Literal

from app.demarches.expressions.analyse import analyser
from app.demarches.expressions.arbre import (
    Appel,
    Arbre,
    Calcul,
    Groupe,
    Litteral,
    Nom,
    Parmi,
    Place,
    Unaire,
)
from app.demarches.expressions.compilation import compiler
from app.demarches.expressions.ecriture import ecrire
from app.demarches.expressions.environnement import Environnement
from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute
from app.demarches.expressions.menus import OPERATEURS, REPONDU, Attente, operateurs_de, type_du_sujet
from app.demarches.expressions.valeurs import BOOLEEN, Duree

Lien = Literal["tous", "un", "aucun"]
Quantite = Literal["au_moins_un", "tous", "aucun"]
LIMITE_NIVEAUX = 6
_TROP_PROFOND = "Simplifiez cette règle\u00a0: elle a trop de groupes les uns dans les autres."


@dataclass(frozen=True, slots=True)
class Rangee:
    """One row: what it looks at, what it says of it, with what.

    `champ` is a name or `age(naissance)`; `valeur` one text (an option, a number, `15 jours`, `debut + 2 mois`, the
    id of a question), `valeurs` several. `debut` and `fin` are its place in the text that it was read from; they count
    for nothing in a comparison.
    """

    champ: str
    operateur: str
    valeur: str = ""
    valeurs: tuple[str, ...] = ()
    debut: int = field(default=0, compare=False)
    fin: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Rangees:
    """Rows and groups of rows that must all hold (`tous`), one at least (`un`) or none (`aucun`).

    With `sur`, they are asked of each row of that repeated block, and `quantite` says of how many of them.
    """

    lien: Lien = "tous"
    parties: tuple["Rangee | Rangees", ...] = field(default_factory=tuple)
    sur: str = ""
    quantite: Quantite = "au_moins_un"
    debut: int = field(default=0, compare=False)
    fin: int = field(default=0, compare=False)


def vers_rangees(texte: str, env: Environnement) -> Rangees | None:
    """A rule as rows, None when rows cannot say it; ExpressionRefuseeError when it is no rule."""
    arbre = analyser(texte)
    found = _partie(arbre, env)
    if isinstance(found, Rangee) or (found is not None and found.sur):
        return Rangees("tous", (found,), debut=arbre.debut, fin=arbre.fin)
    return found


def _partie(arbre: Arbre, env: Environnement) -> Rangee | Rangees | None:
    row = rangee_de(arbre, env)
    if row is not None:
        return row
    found: Rangees | None = None
    if isinstance(arbre, Groupe):
        parts = _parties(arbre.parties, env)
        found = Rangees("tous" if arbre.lien == "et" else "un", parts) if parts else None
    elif isinstance(arbre, Unaire) and arbre.signe == "non":
        found = _contraire(arbre.operande, env)
    elif isinstance(arbre, Appel):
        found = _sur_lignes(arbre, env)
    return found and replace(found, debut=arbre.debut, fin=arbre.fin)


def _parties(arbres: tuple[Arbre, ...], env: Environnement) -> tuple[Rangee | Rangees, ...] | None:
    parts = [_partie(part, env) for part in arbres]
    known = tuple(part for part in parts if part is not None)
    return known if len(known) == len(parts) else None


def _contraire(arbre: Arbre, env: Environnement) -> Rangees | None:
    """`non (a ou b)` is none of them; `non au_moins_un(…)` is no row of the block."""
    if isinstance(arbre, Appel) and arbre.fonction == "au_moins_un":
        found = _sur_lignes(arbre, env)
        return found and replace(found, quantite="aucun")
    either = isinstance(arbre, Groupe) and arbre.lien == "ou"
    parts = _parties(arbre.parties if isinstance(arbre, Groupe) and either else (arbre,), env)
    return Rangees("aucun", parts) if parts else None


def _sur_lignes(appel: Appel, env: Environnement) -> Rangees | None:
    if appel.fonction not in ("tous", "au_moins_un"):
        return None
    bloc, corps = _bloc_et_corps(appel)
    known = env[bloc] if bloc else None
    if corps is None or known is None or known.type.genre != "lignes":
        return None
    inner = _partie(corps, env.dans(bloc))
    if inner is None:
        return None
    quantite: Quantite = "tous" if appel.fonction == "tous" else "au_moins_un"
    if isinstance(inner, Rangee) or inner.sur:
        return Rangees("tous", (inner,), bloc, quantite)
    return replace(inner, sur=bloc, quantite=quantite)


def _bloc_et_corps(appel: Appel) -> tuple[str, Arbre | None]:
    first = appel.arguments[0] if appel.arguments else None
    if not isinstance(first, Nom):
        return "", None
    if len(appel.arguments) == 2:
        return first.chemin, appel.arguments[1]
    bloc, point, reste = first.chemin.partition(".")
    return bloc, Nom(reste, debut=first.debut, fin=first.fin) if point else None


def non_dite(texte: str, env: Environnement) -> str:
    """The first part of a rule that no row can say, as text; empty when rows can say it all."""
    return next((ecrire(part) for part in _non_dites(analyser(texte), env)), "")


def _non_dites(arbre: Arbre, env: Environnement) -> Iterator[Arbre]:
    if _partie(arbre, env) is not None:
        return
    inner: list[tuple[Arbre, Environnement]] = []
    if isinstance(arbre, Groupe):
        inner = [(part, env) for part in arbre.parties]
    elif isinstance(arbre, Unaire) and arbre.signe == "non":
        inner = [(arbre.operande, env)]
    elif isinstance(arbre, Appel) and arbre.fonction in ("tous", "au_moins_un"):
        bloc, corps = _bloc_et_corps(arbre)
        inner = [(corps, env.dans(bloc))] if corps is not None else []
    found = [wrong for part, around in inner for wrong in _non_dites(part, around)]
    yield from found or [arbre]


def rangee_de(arbre: Arbre, env: Environnement) -> Rangee | None:
    """One comparison as a row, None when no operator says it."""
    for texte, modele in _MODELES:
        liens: dict[str, Any] = {}
        if not _unifier(modele, arbre, liens):
            continue
        known = operateurs_de(liens["x"], env)
        operateur = next((op for op in known if op.modele == texte), None)
        if operateur is None or not _convient(operateur.attend, liens.get("v"), env):
            continue
        values = liens.get("v")
        several = tuple(_dire(value) for value in values) if isinstance(values, tuple) else ()
        one = _dire(values) if values is not None and not several else ""
        return Rangee(ecrire(liens["x"]), operateur.code, one, several, arbre.debut, arbre.fin)
    return None


def _unifier(modele: Any, arbre: Any, liens: dict[str, Any]) -> bool:
    """Whether a tree has the shape of a model; `liens` gets what stands for its x and v."""
    if isinstance(modele, Nom) and modele.chemin == "x":
        liens["x"] = arbre
        return isinstance(arbre, Nom | Appel)
    if isinstance(modele, Nom) and modele.chemin == "v":
        liens["v"] = arbre
        return isinstance(arbre, Litteral | Nom | Appel | Calcul)
    if type(modele) is not type(arbre):
        return False
    if isinstance(modele, Parmi):
        liens["v"] = arbre.valeurs
        return _unifier(modele.gauche, arbre.gauche, liens)
    if isinstance(modele, tuple):
        return len(modele) == len(arbre) and all(
            _unifier(m, a, liens) for m, a in zip(modele, arbre, strict=True)
        )
    if isinstance(modele, Place):
        return all(
            _unifier(getattr(modele, f.name), getattr(arbre, f.name), liens)
            for f in fields(modele)
            if f.compare
        )
    return bool(modele == arbre)


def _convient(attend: Attente, valeur: Any, env: Environnement) -> bool:
    """Whether a value can be shown in the menu of an operator."""
    if attend == "rien":
        return valeur is None
    if attend == "options":
        return isinstance(valeur, tuple) and all(
            isinstance(v, Litteral) and isinstance(v.valeur, str) for v in valeur
        )
    if isinstance(valeur, Nom):
        return attend in ("nombre", "date", "heure")
    if isinstance(valeur, Appel):
        kind = type_du_sujet(valeur, env)
        return kind is not None and attend == kind.genre
    if isinstance(valeur, Calcul):
        return attend == "date" and _relative(valeur)
    if not isinstance(valeur, Litteral):
        return False
    texts = {"option": str, "texte": str, "nombre": Decimal, "duree": Duree}
    wanted = texts.get(attend)
    return (
        isinstance(valeur.valeur, wanted)
        if wanted
        else not isinstance(valeur.valeur, str | bool | Decimal | Duree)
    )


def _relative(valeur: Calcul) -> bool:
    """A day reckoned from another: `debut + 15 jours`."""
    count = valeur.droite
    return (
        valeur.signe in "+-"
        and isinstance(valeur.gauche, Nom)
        and isinstance(count, Litteral)
        and isinstance(count.valeur, Duree)
    )


def _dire(valeur: Arbre) -> str:
    return (
        valeur.valeur if isinstance(valeur, Litteral) and isinstance(valeur.valeur, str) else ecrire(valeur)
    )


def depuis_rangees(rangees: Rangees, env: Environnement) -> str:
    """The text of the rule that rows say, checked; ExpressionRefuseeError says what a row lacks."""
    texte = _texte(rangees, env, 1)
    return compiler(texte, env, BOOLEEN).texte


def fautes_des_rangees(rangees: Rangees, env: Environnement, chemin: str = "r") -> dict[str, str]:
    """What each row lacks, in a sentence, by its place: `r` is the whole, `r.0.2` a part of its first part."""
    if chemin.count(".") >= LIMITE_NIVEAUX:
        return {chemin: _TROP_PROFOND}
    if not rangees.parties:
        return {chemin: "Ajoutez au moins une ligne à ce groupe, ou retirez-le."}
    inner, found = env, dict[str, str]()
    if rangees.sur:
        known = env[rangees.sur]
        if known is None or known.type.genre != "lignes":
            return {chemin: "Choisissez le bloc dont cette règle regarde les lignes."}
        inner = env.dans(rangees.sur)
    for index, part in enumerate(rangees.parties):
        place = f"{chemin}.{index}"
        if isinstance(part, Rangees):
            found |= fautes_des_rangees(part, inner, place)
            continue
        try:
            compiler(_texte_rangee(part, inner), inner, BOOLEEN)
        except ExpressionRefuseeError as refusal:
            found[place] = refusal.fautes[0].phrase
    return found


def places(rangees: Rangees, chemin: str = "r") -> Iterator[tuple[str, int, int]]:
    """Where each group and row stands in the text that they were read from: (place, first character, end)."""
    yield chemin, rangees.debut, rangees.fin
    for index, part in enumerate(rangees.parties):
        if isinstance(part, Rangees):
            yield from places(part, f"{chemin}.{index}")
        else:
            yield f"{chemin}.{index}", part.debut, part.fin


def _texte(rangees: Rangees, env: Environnement, niveau: int) -> str:
    if not rangees.parties:
        raise ExpressionRefuseeError([Faute("Ajoutez au moins une ligne à cette règle.")])
    if niveau > LIMITE_NIVEAUX:
        raise ExpressionRefuseeError([Faute(_TROP_PROFOND)])
    inner = env.dans(rangees.sur) if rangees.sur else env
    parts = [
        f"({_texte(part, inner, niveau + 1) if isinstance(part, Rangees) else _texte_rangee(part, inner)})"
        for part in rangees.parties
    ]
    joined = (" et " if rangees.lien == "tous" else " ou ").join(parts)
    said = f"non ({joined})" if rangees.lien == "aucun" else joined
    if not rangees.sur:
        return said
    if rangees.quantite == "tous":
        return f"tous({rangees.sur}, {said})"
    return f"{'non ' if rangees.quantite == 'aucun' else ''}au_moins_un({rangees.sur}, {said})"


def _texte_rangee(rangee: Rangee, env: Environnement) -> str:
    known = _sujet(rangee.champ)
    kind = type_du_sujet(known, env) if known is not None else None
    if known is None or kind is None:
        raise ExpressionRefuseeError([Faute("Choisissez une question de ce formulaire dans chaque ligne.")])
    nom = env[rangee.champ]
    called = (nom.libelle if nom else "") or f"«\u00a0{rangee.champ}\u00a0»"
    operateur = next((op for op in operateurs_de(known, env) if op.code == rangee.operateur), None)
    if operateur is None:
        raise ExpressionRefuseeError([Faute(f"Choisissez ce que vous dites de {called}.")])
    given = rangee.valeurs if operateur.attend == "options" else (rangee.valeur.strip(),)
    if (operateur.attend != "rien" and not all(given)) or not given:
        to = f" à {called}" if isinstance(known, Nom) else ""
        raise ExpressionRefuseeError([Faute(f"Donnez une valeur à comparer{to}.")])
    literal = operateur.attend in ("option", "options", "texte")
    values = [ecrire(Litteral(value)) if literal else ecrire(analyser(value)) for value in given if value]
    return _remplacer(operateur.modele, rangee.champ, ", ".join(values))


def _sujet(texte: str) -> Arbre | None:
    try:
        return analyser(texte)
    except ExpressionRefuseeError:
        return None


def _remplacer(modele: str, champ: str, valeur: str) -> str:
    """The text of a model with its x and v; values are put last, so that what they hold is never replaced."""
    head, sign, tail = _couper(modele)
    return re.sub(r"\bx\b", lambda _: champ, head) + (valeur + tail if sign else "")


def _couper(modele: str) -> tuple[str, bool, str]:
    for end in ("v)", "v"):
        if modele.endswith(end):
            return modele[: -len(end)], True, end[1:]
    return modele, False, ""


# The most precise first: « dans plus de 15 jours » before « après le ».
_MODELES: tuple[tuple[str, Arbre], ...] = tuple(
    (modele, analyser(modele))
    for modele in sorted(
        dict.fromkeys(op.modele for ops in (*OPERATEURS.values(), REPONDU) for op in ops),
        key=lambda modele: "aujourdhui" not in modele,
    )
)
