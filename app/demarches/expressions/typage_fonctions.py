"""Checks the types of function calls, those over the rows of a repeated block among them."""

from typing import TYPE_CHECKING

from app.demarches.expressions.arbre import Appel, Arbre, Nom
from app.demarches.expressions.coeur import RIEN, Coeur
from app.demarches.expressions.fonctions import FONCTIONS, PARTICULIERES
from app.demarches.expressions.valeurs import BOOLEEN, LIBELLES, NOMBRE, Type

if TYPE_CHECKING:
    from app.demarches.expressions.typage import Typeur

_ORDONNES = ("nombre", "date", "heure")


def typer_fonction(t: "Typeur", arbre: Appel) -> Coeur:
    """The typed form of a call to a function that exists."""
    nom = arbre.fonction
    if nom in FONCTIONS:
        return _simple(t, arbre)
    if nom in ("min", "max") and len(arbre.arguments) >= 2 and not _bloc_nomme(t, arbre.arguments[0]):
        return _extreme(t, arbre)
    if nom in ("somme", "min", "max", "tous", "au_moins_un"):
        return _agregat(t, arbre)
    return {"renseigne": _renseigne, "valeur_ou": _valeur_ou, "nombre": _nombre}[nom](t, arbre)


def _mal_appelee(t: "Typeur", arbre: Appel) -> Coeur:
    nom = arbre.fonction
    example = FONCTIONS[nom].exemple if nom in FONCTIONS else PARTICULIERES[nom]
    return t.refuser(
        arbre,
        f"Vérifiez ce que « {nom} » prend entre parenthèses, séparé par une virgule et une espace ; "
        f"par exemple {example}.",
    )


def _simple(t: "Typeur", arbre: Appel) -> Coeur:
    fonction = FONCTIONS[arbre.fonction]
    if not fonction.minimum <= len(arbre.arguments) <= len(fonction.parametres):
        return _mal_appelee(t, arbre)
    where = f"dans {arbre.fonction}(…)"
    args = [
        t.attendre(part, kind, where)
        for part, kind in zip(arbre.arguments, fonction.parametres, strict=False)
    ]
    if arbre.fonction == "age" and len(args) == 1:
        args.append(t.typer(Nom("aujourdhui")))
    return Coeur(arbre.fonction, fonction.resultat, tuple(args))


def _renseigne(t: "Typeur", arbre: Appel) -> Coeur:
    if len(arbre.arguments) != 1:
        return _mal_appelee(t, arbre)
    if not isinstance(arbre.arguments[0], Nom):
        return t.refuser(arbre.arguments[0], "Mettez le nom d’une question dans renseigne(…).")
    return Coeur("renseigne", BOOLEEN, (t.typer(arbre.arguments[0]),))


def _valeur_ou(t: "Typeur", arbre: Appel) -> Coeur:
    from app.demarches.expressions.typage import unir

    if len(arbre.arguments) != 2:
        return _mal_appelee(t, arbre)
    value, other = (t.typer(part) for part in arbre.arguments)
    kind = unir(value.type, other.type)
    if kind is None or kind.genre in ("compose", "lignes"):
        return t.refuser(
            arbre, "Donnez deux valeurs de même sorte à valeur_ou(…) : une réponse et ce qui la remplace."
        )
    return Coeur("valeur_ou", kind, (value, other))


def _nombre(t: "Typeur", arbre: Appel) -> Coeur:
    if len(arbre.arguments) != 1:
        return _mal_appelee(t, arbre)
    of = t.typer(arbre.arguments[0])
    if of.type.genre not in ("lignes", "liste", "inconnu"):
        found = LIBELLES[of.type.genre]
        phrase = f"Mettez un bloc de lignes ou une liste de choix dans nombre(…), non {found}."
        return t.refuser(arbre.arguments[0], phrase)
    return Coeur("nombre", NOMBRE, (of,))


def _extreme(t: "Typeur", arbre: Appel) -> Coeur:
    args = tuple(t.typer(part) for part in arbre.arguments)
    known = [arg.type for arg in args if arg.type.genre != "inconnu"]
    if not known:
        return RIEN
    if known[0].genre not in _ORDONNES or any(kind.genre != known[0].genre for kind in known):
        return t.refuser(arbre, f"Donnez à {arbre.fonction}(…) des nombres, ou des dates, ou des heures.")
    return Coeur(arbre.fonction, Type(known[0].genre), args)


def _bloc_nomme(t: "Typeur", arbre: Arbre) -> bool:
    return isinstance(arbre, Nom) and _bloc(t, arbre.chemin) is not None


def _bloc(t: "Typeur", chemin: str) -> Coeur | None:
    """The repeated block of that name, in the rows looked at or in the form."""
    for _, noms in t.lignes:
        if chemin in noms and noms[chemin].type.genre == "lignes":
            return t.typer(Nom(chemin))
    found = t.env[chemin]
    return t.typer(Nom(chemin)) if found is not None and found.type.genre == "lignes" else None


def _agregat(t: "Typeur", arbre: Appel) -> Coeur:
    """`somme(bloc.champ)` or `somme(bloc, expression)`: the second is looked at inside each row."""
    split = _separer(arbre)
    bloc = _bloc(t, split[0].chemin) if split else None
    if split is None or bloc is None:
        return _mal_appelee(t, arbre)
    if len(t.lignes) >= 2:
        return t.refuser(arbre, "Ne mettez pas plus de deux fonctions sur des lignes l’une dans l’autre.")
    key = f"{split[0].chemin}#{len(t.lignes)}"
    t.lignes.append((key, dict(bloc.type.noms)))
    try:
        body = _corps(t, arbre.fonction, split[1])
    finally:
        t.lignes.pop()
    kind = BOOLEEN if arbre.fonction in ("tous", "au_moins_un") else Type(body.type.genre)
    return Coeur(f"agg:{arbre.fonction}", kind, (bloc, body), key)


def _separer(arbre: Appel) -> tuple[Nom, Arbre] | None:
    args = arbre.arguments
    if len(args) == 2 and isinstance(args[0], Nom):
        return args[0], args[1]
    if len(args) == 1 and isinstance(args[0], Nom) and "." in args[0].chemin:
        root, _, rest = args[0].chemin.partition(".")
        place = {"debut": args[0].debut, "fin": args[0].fin}
        return Nom(root, **place), Nom(rest, **place)
    return None


def _corps(t: "Typeur", fonction: str, arbre: Arbre) -> Coeur:
    if fonction == "somme":
        return t.attendre(arbre, NOMBRE, "dans somme(…)")
    if fonction in ("tous", "au_moins_un"):
        return t.attendre(arbre, BOOLEEN, f"dans {fonction}(…)")
    body = t.typer(arbre)
    if body.type.genre not in (*_ORDONNES, "inconnu"):
        return t.refuser(arbre, f"Donnez à {fonction}(…) des nombres, des dates ou des heures.")
    return body
