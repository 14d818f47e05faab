"""Rows of menus as they are typed: read from a form, added, grouped and removed, turned into a rule and back.

What is typed may be incomplete or wrong: it is kept as it is, and `fautes_des_rangees` says what each row lacks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.demarches.expressions import (
    Duree,
    Environnement,
    ExpressionRefuseeError,
    Operateur,
    Rangee,
    Rangees,
    analyser,
    ecrire,
    operateurs_de,
    unite_de,
)
from app.demarches.expressions.arbre import Arbre, Calcul, Litteral
from app.demarches.expressions.ecriture import nombre

MAX_NOEUDS = 200
UNITES: dict[str, str] = {
    "jours": "jours",
    "semaines": "semaines",
    "mois": "mois",
    "ans": "ans",
    "jours_ouvres": "jours ouvrés",
}
COMPAREES = ("nombre", "date", "heure")
_CHEMIN = re.compile(r"r(?:\.\d{1,3}){0,8}")


@dataclass
class Ligne:
    """One row: `source` is another question that the value is taken from, `ecart unite` how far from it (`sens`)."""

    champ: str = ""
    operateur: str = ""
    valeurs: list[str] = field(default_factory=list)
    source: str = ""
    ecart: str = ""
    unite: str = "jours"
    sens: str = "+"

    @property
    def valeur(self) -> str:
        """The one value typed."""
        return self.valeurs[0] if self.valeurs else ""


@dataclass
class Groupe:
    """Rows and groups: `lien` as in `Rangees`; `sur` a block whose rows are looked at, `quantite` how many."""

    lien: str = "tous"
    parties: list["Ligne | Groupe"] = field(default_factory=list)
    sur: str = ""
    quantite: str = "au_moins_un"


def lire(brut: Mapping[str, Sequence[str]]) -> Groupe:
    """What a form says, in its order; nodes that hang under nothing are left out."""
    root = Groupe()
    nodes: dict[str, Ligne | Groupe] = {"r": root}

    def one(nom: str, chemin: str) -> str:
        return (brut.get(f"{nom}-{chemin}") or [""])[0].strip()

    _remplir(root, "r", one)
    for chemin in list(brut.get("noeud", ()))[:MAX_NOEUDS]:
        parent = nodes.get(chemin.rpartition(".")[0])
        if not _CHEMIN.fullmatch(chemin) or not isinstance(parent, Groupe) or chemin in nodes:
            continue
        node: Ligne | Groupe
        if f"lien-{chemin}" in brut:
            node = Groupe()
            _remplir(node, chemin, one)
        else:
            values = [value.strip() for value in brut.get(f"valeur-{chemin}", ()) if value.strip()]
            node = Ligne(one("champ", chemin), one("operateur", chemin), values, one("source", chemin))
            node.ecart, node.sens = one("ecart", chemin), "-" if one("sens", chemin) == "-" else "+"
            node.unite = one("unite", chemin) if one("unite", chemin) in UNITES else "jours"
        nodes[chemin] = node
        parent.parties.append(node)
    return root


def _remplir(groupe: Groupe, chemin: str, one: Callable[[str, str], str]) -> None:
    groupe.lien = one("lien", chemin) if one("lien", chemin) in ("tous", "un", "aucun") else "tous"
    groupe.sur = one("sur", chemin)
    wished = one("quantite", chemin)
    groupe.quantite = wished if wished in ("au_moins_un", "tous", "aucun") else "au_moins_un"


def noeud(racine: Groupe, chemin: str) -> tuple[Groupe, int] | None:
    """The group that holds the node at a place, and its index there; None for the whole, or for what is not there."""
    indexes = [int(part) for part in chemin.split(".")[1:]]
    group = racine
    for depth, index in enumerate(indexes):
        if index >= len(group.parties):
            return None
        if depth == len(indexes) - 1:
            return group, index
        inner = group.parties[index]
        if not isinstance(inner, Groupe):
            return None
        group = inner
    return None


def agir(racine: Groupe, geste: str, chemin: str, bloc: str = "") -> None:
    """One step on the rows, in place; one that makes no sense there does nothing.

    `ajouter` and `grouper_ici` add a row or a group to the group there, `lignes` a group on the rows of `bloc`;
    `grouper` puts a row in a group of its own, `degrouper` undoes one, `retirer` removes.
    """
    found = noeud(racine, chemin)
    target = racine if chemin == "r" else found[0].parties[found[1]] if found else None
    if isinstance(target, Groupe) and geste in ("ajouter", "grouper_ici", "lignes"):
        new: Ligne | Groupe = Ligne()
        if geste != "ajouter":
            new = Groupe("un" if geste == "grouper_ici" else "tous", [Ligne()], bloc)
        target.parties.append(new)
    elif found is None:
        return
    elif geste == "retirer":
        found[0].parties.pop(found[1])
    elif geste == "grouper" and target is not None:
        found[0].parties[found[1]] = Groupe("un" if found[0].lien == "tous" else "tous", [target, Ligne()])
    elif geste == "degrouper" and isinstance(target, Groupe) and not target.sur:
        found[0].parties[found[1] : found[1] + 1] = target.parties


def en_rangees(groupe: Groupe, env: Environnement) -> Rangees:
    """The rows of a rule that what was typed says."""
    inner = env.dans(groupe.sur) if groupe.sur else env
    parts: list[Rangee | Rangees] = []
    for part in groupe.parties:
        parts.append(en_rangees(part, inner) if isinstance(part, Groupe) else _en_rangee(part, inner))
    return Rangees(groupe.lien, tuple(parts), groupe.sur, groupe.quantite)  # type: ignore[arg-type]


def sujet(texte: str) -> Arbre | None:
    """The tree of what a row looks at; None for what is none."""
    try:
        return analyser(texte) if texte else None
    except ExpressionRefuseeError:
        return None


def operateurs_ici(ligne: Ligne, env: Environnement) -> tuple[Operateur, ...]:
    """What may be said of what a row looks at."""
    known = sujet(ligne.champ)
    return operateurs_de(known, env) if known is not None else ()


def operateur_choisi(ligne: Ligne, env: Environnement) -> Operateur | None:
    """What a row says; the first thing possible when what it said before has no sense here."""
    offered = operateurs_ici(ligne, env)
    return next((op for op in offered if op.code == ligne.operateur), offered[0] if offered else None)


def _en_rangee(ligne: Ligne, env: Environnement) -> Rangee:
    operateur = operateur_choisi(ligne, env)
    if operateur is None or operateur.attend == "rien":
        return Rangee(ligne.champ, operateur.code if operateur else "")
    if operateur.attend == "options":
        return Rangee(ligne.champ, operateur.code, "", tuple(ligne.valeurs))
    return Rangee(ligne.champ, operateur.code, _valeur(ligne, operateur, env))


def _valeur(ligne: Ligne, operateur: Operateur, env: Environnement) -> str:
    if operateur.attend == "duree":
        return f"{ligne.valeur} {ligne.unite}" if ligne.valeur else ""
    if operateur.attend in COMPAREES and ligne.source:
        if operateur.attend == "date" and ligne.ecart:
            return f"{ligne.source} {ligne.sens} {ligne.ecart} {ligne.unite}"
        return ligne.source
    if operateur.attend == "nombre":
        plain = re.sub(r"[\s\u202f\u00a0]", "", ligne.valeur).removesuffix("€").removesuffix("euros")
        known = sujet(ligne.champ)
        euros = known is not None and unite_de(known, env) == "€"
        return f"{plain} euros" if plain and euros and not plain.startswith("-") else plain
    return ligne.valeur


def de_rangees(rangees: Rangees, env: Environnement) -> Groupe:
    """The rows of a rule as they are shown to be typed again."""
    inner = env.dans(rangees.sur) if rangees.sur else env
    parts: list[Ligne | Groupe] = [
        de_rangees(part, inner) if isinstance(part, Rangees) else _de_rangee(part, inner)
        for part in rangees.parties
    ]
    return Groupe(rangees.lien, parts, rangees.sur, rangees.quantite)


def _de_rangee(rangee: Rangee, env: Environnement) -> Ligne:
    ligne = Ligne(rangee.champ, rangee.operateur, list(rangee.valeurs))
    operateur = operateur_choisi(ligne, env)
    if operateur is None or operateur.attend in ("rien", "options"):
        return ligne
    if operateur.attend in ("option", "texte"):
        ligne.valeurs = [rangee.valeur]
        return ligne
    value = sujet(rangee.valeur)
    if isinstance(value, Litteral):
        _poser_litteral(ligne, value)
    elif isinstance(value, Calcul) and isinstance(value.droite, Litteral):
        ligne.source, ligne.sens = ecrire(value.gauche), value.signe
        ligne.ecart, _, ligne.unite = ecrire(value.droite).partition(" ")
    else:
        ligne.source = rangee.valeur
    return ligne


def _poser_litteral(ligne: Ligne, value: Litteral) -> None:
    if isinstance(value.valeur, Duree):
        count, _, ligne.unite = ecrire(value).partition(" ")
        ligne.valeurs = [count]
    elif isinstance(value.valeur, Decimal):
        ligne.valeurs = [nombre(value.valeur, value.unite).removesuffix(" euros")]
    else:
        ligne.valeurs = [ecrire(value)]
