"""Checks the types of a tree and gives its typed form; every fault is told once, in French, with its place."""

import difflib
from collections.abc import Callable, Sequence
from decimal import Decimal

from app.demarches.expressions.arbre import (
    Appel,
    Arbre,
    Calcul,
    Compare,
    Groupe,
    Litteral,
    Nom,
    Parmi,
    Si,
    Unaire,
)
from app.demarches.expressions.coeur import RIEN, Coeur
from app.demarches.expressions.environnement import Environnement
from app.demarches.expressions.environnement import Nom as NomConnu
from app.demarches.expressions.erreurs import Faute
from app.demarches.expressions.fonctions import FONCTIONS, PARTICULIERES
from app.demarches.expressions.typage_fonctions import typer_fonction
from app.demarches.expressions.valeurs import (
    BOOLEEN,
    DATE,
    DUREE,
    HEURE,
    LIBELLES,
    NOMBRE,
    TEXTE,
    Duree,
    Type,
    liste,
)

_ORDONNES = ("nombre", "date", "heure")
# Rows within rows: a block may hold one more level of block.
LIMITE_BLOCS = 2


class Typeur:
    """One check of one tree; `fautes` gathers what is wrong."""

    def __init__(self, env: Environnement) -> None:
        self.env = env
        self.fautes: list[Faute] = []
        # The blocks whose rows are being looked at, outermost first: (key, names of a row).
        self.lignes: list[tuple[str, dict[str, NomConnu]]] = []

    def refuser(self, arbre: Arbre, phrase: str) -> Coeur:
        """Notes a fault of this part; what comes back fits anywhere, so that it is told once."""
        self.fautes.append(Faute(phrase, arbre.debut, arbre.fin))
        return RIEN

    def typer(self, arbre: Arbre) -> Coeur:
        """The typed form of a part."""
        return _TYPEURS[type(arbre)](self, arbre)

    def attendre(self, arbre: Arbre, attendu: Type, ou: str) -> Coeur:
        """The typed form of a part that must be of a type; `ou` says what asks for it."""
        coeur = self.typer(arbre)
        if not compatible(coeur.type, attendu):
            wanted, found = LIBELLES[attendu.genre], LIBELLES[coeur.type.genre]
            return self.refuser(arbre, f"Mettez {wanted} {ou} : {_quoi(arbre)} donne {found}.")
        return coeur


def compatible(trouve: Type, attendu: Type) -> bool:
    """Whether a value of one type may stand where another is awaited; one answer of a list is also a text."""
    if "inconnu" in (trouve.genre, attendu.genre):
        return True
    if trouve.textuel and attendu.genre == "texte":
        return True
    return trouve.genre == attendu.genre


def _quoi(arbre: Arbre) -> str:
    return f"« {arbre.chemin} »" if isinstance(arbre, Nom) else "cette partie"


def _litteral(_: Typeur, arbre: Litteral) -> Coeur:
    valeur = arbre.valeur
    kinds: list[tuple[type, Type]] = [
        (bool, BOOLEEN),
        (Decimal, NOMBRE),
        (str, TEXTE),
        (Duree, DUREE),
    ]
    found = next((kind for cls, kind in kinds if isinstance(valeur, cls)), None)
    if found is None:
        found = DATE if hasattr(valeur, "year") else HEURE
    return Coeur("lit", found, (), valeur)


def _nom(t: Typeur, arbre: Nom) -> Coeur:
    for cle, noms in reversed(t.lignes):
        if arbre.chemin in noms:
            known = noms[arbre.chemin]
            return Coeur("ligne", known.type, (), (cle, arbre.chemin, known))
    found = t.env[arbre.chemin]
    if found is not None:
        return Coeur("nom", found.type, (), (arbre.chemin, found))
    return t.refuser(arbre, _nom_inconnu(t, arbre.chemin))


def _nom_inconnu(t: Typeur, chemin: str) -> str:
    root = chemin.split(".")[0]
    if why := t.env.absents.get(root):
        return why
    within = t.env[root]
    if "." in chemin and within is not None and within.type.genre == "lignes":
        return (
            f"Utilisez « {chemin} » dans une fonction sur les lignes : somme({chemin}), "
            f"min({chemin}), max({chemin}), tous({root}, …) ou au_moins_un({root}, …)."
        )
    names = [*t.env.noms, *(name for _, noms in t.lignes for name in noms)]
    near = difflib.get_close_matches(chemin, names, 1)
    hint = (
        f" Vouliez-vous « {near[0]} » ?" if near else " Utilisez l’identifiant d’une question du formulaire."
    )
    return f"« {chemin} » n’est pas une question de ce formulaire.{hint}"


def _unaire(t: Typeur, arbre: Unaire) -> Coeur:
    if arbre.signe == "non":
        return Coeur("non", BOOLEEN, (t.attendre(arbre.operande, BOOLEEN, "après « non »"),))
    return Coeur("oppose", NOMBRE, (t.attendre(arbre.operande, NOMBRE, "après le signe moins"),))


def _groupe(t: Typeur, arbre: Groupe) -> Coeur:
    where = f"de chaque côté de « {arbre.lien} »"
    return Coeur(arbre.lien, BOOLEEN, tuple(t.attendre(part, BOOLEEN, where) for part in arbre.parties))


def _compare(t: Typeur, arbre: Compare) -> Coeur:
    if arbre.signe == "contient":
        return _contient(t, arbre)
    left, right = t.typer(arbre.gauche), t.typer(arbre.droite)
    if "inconnu" in (left.type.genre, right.type.genre):
        return RIEN
    for side, part in ((left, arbre.gauche), (right, arbre.droite)):
        if side.type.genre in ("liste", "lignes", "compose", "duree"):
            return t.refuser(part, _non_comparable(side.type, part))
    if not _meme(left.type, right.type):
        both = f"{LIBELLES[left.type.genre]} à {LIBELLES[right.type.genre]}"
        return t.refuser(arbre, f"Comparez des valeurs de même sorte : ici, {both}.")
    if arbre.signe not in ("=", "!=") and left.type.genre not in _ORDONNES:
        kind = LIBELLES[left.type.genre]
        return t.refuser(arbre, f"Remplacez « {arbre.signe} » par = ou != : {kind} n’a pas d’ordre.")
    _verifier_option(t, left, right, arbre.droite)
    _verifier_option(t, right, left, arbre.gauche)
    return Coeur(arbre.signe, BOOLEEN, (left, right))


def _meme(left: Type, right: Type) -> bool:
    return left.genre == right.genre or (left.textuel and right.textuel)


def _non_comparable(kind: Type, part: Arbre) -> str:
    what = _quoi(part)
    return {
        "liste": f"Utilisez « contient » avec {what}, qui a plusieurs réponses.",
        "lignes": f"Utilisez nombre(…), somme(…), tous(…) ou au_moins_un(…) avec {what}, qui a plusieurs lignes.",
        "compose": f"Précisez la partie de {what} après un point, par exemple adresse.commune.",
        "duree": "Comparez des dates, ou des nombres : jours_entre(debut, fin) >= 15.",
    }[kind.genre]


def _verifier_option(t: Typeur, choix: Coeur, autre: Coeur, place: Arbre) -> None:
    """A text compared with a closed list must be one of its answers."""
    options = choix.type.options
    if options is None or autre.op != "lit" or autre.type.genre != "texte" or autre.valeur in options:
        return
    near = difflib.get_close_matches(autre.valeur, options, 1)
    hint = f' Vouliez-vous "{near[0]}" ?' if near else f" Réponses possibles : {_enumerer(options)}."
    t.refuser(place, f'"{autre.valeur}" n’est pas une réponse possible ici.{hint}')


def _enumerer(options: Sequence[str]) -> str:
    shown = ", ".join(f'"{option}"' for option in options[:8])
    return f"{shown}…" if len(options) > 8 else shown


def _contient(t: Typeur, arbre: Compare) -> Coeur:
    left, right = t.typer(arbre.gauche), t.attendre(arbre.droite, TEXTE, "après « contient »")
    if left.type.genre not in ("liste", "texte", "choix", "inconnu"):
        kind = LIBELLES[left.type.genre]
        return t.refuser(arbre.gauche, f"Mettez une liste ou un texte avant « contient », non {kind}.")
    if left.type.genre == "liste":
        _verifier_option(t, left, right, arbre.droite)
    return Coeur("contient", BOOLEEN, (left, right))


def _parmi(t: Typeur, arbre: Parmi) -> Coeur:
    left = t.typer(arbre.gauche)
    if left.type.genre == "liste":
        return t.refuser(
            arbre.gauche, f"Utilisez « contient » avec {_quoi(arbre.gauche)}, qui a plusieurs réponses."
        )
    values = []
    for part in arbre.valeurs:
        if not isinstance(part, Litteral):
            return t.refuser(part, "Mettez des valeurs écrites dans la liste qui suit « parmi ».")
        value = t.typer(part)
        if left.type.genre != "inconnu" and not _meme(left.type, value.type):
            found = LIBELLES[value.type.genre]
            return t.refuser(part, f"Mettez dans cette liste {LIBELLES[left.type.genre]}, non {found}.")
        _verifier_option(t, left, value, part)
        values.append(value.valeur)
    return Coeur("parmi", BOOLEEN, (left,), tuple(values))


def _calcul(t: Typeur, arbre: Calcul) -> Coeur:
    left, right = t.typer(arbre.gauche), t.typer(arbre.droite)
    kinds = (left.type.genre, right.type.genre)
    if "inconnu" in kinds:
        return RIEN
    if kinds == ("nombre", "nombre"):
        return Coeur(arbre.signe, NOMBRE, (left, right))
    if kinds == ("date", "duree") and arbre.signe in "+-":
        return Coeur(f"{arbre.signe}duree", DATE, (left, right))
    if kinds == ("duree", "date") and arbre.signe == "+":
        return Coeur("+duree", DATE, (right, left))
    if kinds == ("date", "date"):
        return t.refuser(arbre, "Utilisez jours_entre(debut, fin) pour compter les jours entre deux dates.")
    if kinds == ("date", "nombre"):
        return t.refuser(arbre, "Précisez l’unité : date + 15 jours, ou date + jours(nombre).")
    both = f"{LIBELLES[kinds[0]]} et {LIBELLES[kinds[1]]}"
    return t.refuser(arbre, f"Calculez avec des nombres : « {arbre.signe} » n’a pas de sens entre {both}.")


def _si(t: Typeur, arbre: Si) -> Coeur:
    test = t.attendre(arbre.condition, BOOLEEN, "après « si »")
    then, other = t.typer(arbre.alors), t.typer(arbre.sinon)
    kind = unir(then.type, other.type)
    if kind is None:
        both = f"{LIBELLES[then.type.genre]} après « alors », {LIBELLES[other.type.genre]} après « sinon »"
        return t.refuser(arbre, f"Donnez des valeurs de même sorte dans les deux cas : ici, {both}.")
    return Coeur("si", kind, (test, then, other))


def unir(left: Type, right: Type) -> Type | None:
    """The type of a value that is of one type or the other; None when nothing is both."""
    if left.genre == "inconnu":
        return right
    if right.genre == "inconnu" or left == right:
        return left
    if left.textuel and right.textuel:
        return TEXTE
    if left.genre == right.genre == "liste":
        both = None if left.options is None or right.options is None else (*left.options, *right.options)
        return liste(*both) if both is not None else Type("liste")
    return left if left.genre == right.genre and left.genre != "lignes" else None


def _appel(t: Typeur, arbre: Appel) -> Coeur:
    if arbre.fonction in FONCTIONS or arbre.fonction in PARTICULIERES:
        return typer_fonction(t, arbre)
    near = difflib.get_close_matches(arbre.fonction, [*FONCTIONS, *PARTICULIERES], 1)
    hint = (
        f" Vouliez-vous « {near[0]} » ?"
        if near
        else " Voyez la liste des fonctions dans le guide des règles."
    )
    return t.refuser(arbre, f"« {arbre.fonction} » n’est pas une fonction connue.{hint}")


_TYPEURS: dict[type, Callable[..., Coeur]] = {
    Litteral: _litteral,
    Nom: _nom,
    Unaire: _unaire,
    Groupe: _groupe,
    Compare: _compare,
    Parmi: _parmi,
    Calcul: _calcul,
    Si: _si,
    Appel: _appel,
}
