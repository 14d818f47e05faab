"""What the menus of a row hold: what may be looked at (an answer, an age, a total) and what may be said of it."""

from dataclasses import dataclass
from typing import Literal

from app.demarches.expressions.arbre import Appel, Arbre, Nom
from app.demarches.expressions.environnement import Environnement
from app.demarches.expressions.valeurs import BOOLEEN, NOMBRE, Type

Attente = Literal["rien", "option", "options", "texte", "nombre", "date", "heure", "duree"]


@dataclass(frozen=True, slots=True)
class Operateur:
    """What may be said of an answer: its code, its words, what value it takes, the rule it stands for."""

    code: str
    libelle: str
    attend: Attente
    modele: str


REPONDU = (
    Operateur("renseigne", "a une réponse", "rien", "renseigne(x)"),
    Operateur("vide", "n’a pas de réponse", "rien", "non renseigne(x)"),
)
_TEXTUELS = (
    Operateur("contient", "contient", "texte", "x contient v"),
    Operateur("ne_contient_pas", "ne contient pas", "texte", "non x contient v"),
    Operateur("commence_par", "commence par", "texte", "commence_par(x, v)"),
)


def _egalites(attend: Attente) -> tuple[Operateur, ...]:
    return (
        Operateur("egal", "est", attend, "x = v"),
        Operateur("different", "n’est pas", attend, "x != v"),
    )


def _ordres(attend: Attente, mots: tuple[str, str, str, str]) -> tuple[Operateur, ...]:
    codes = (("moins", "<"), ("au_plus", "<="), ("plus", ">"), ("au_moins", ">="))
    return tuple(
        Operateur(code, words, attend, f"x {sign} v") for (code, sign), words in zip(codes, mots, strict=True)
    )


OPERATEURS: dict[str, tuple[Operateur, ...]] = {
    "booleen": (
        Operateur("oui", "est oui", "rien", "x"),
        Operateur("non", "est non", "rien", "non x"),
    ),
    "choix": (
        *_egalites("option"),
        Operateur("parmi", "est l’un de", "options", "x parmi (v)"),
        Operateur("hors", "n’est aucun de", "options", "non x parmi (v)"),
    ),
    "liste": (
        Operateur("contient", "contient", "option", "x contient v"),
        Operateur("ne_contient_pas", "ne contient pas", "option", "non x contient v"),
    ),
    "texte": (*_egalites("texte"), *_TEXTUELS),
    "nombre": (
        *_egalites("nombre"),
        *_ordres("nombre", ("est moins de", "est au plus", "est plus de", "est au moins")),
    ),
    "date": (
        *_egalites("date"),
        *_ordres("date", ("est avant le", "est au plus tard le", "est après le", "est à partir du")),
        Operateur("dans_plus_de", "est dans plus de", "duree", "x > aujourdhui + v"),
        Operateur("dans_au_moins", "est dans au moins", "duree", "x >= aujourdhui + v"),
        Operateur("dans_moins_de", "est dans moins de", "duree", "x < aujourdhui + v"),
        Operateur("il_y_a_plus_de", "date de plus de", "duree", "x < aujourdhui - v"),
        Operateur("il_y_a_moins_de", "date de moins de", "duree", "x > aujourdhui - v"),
    ),
    "heure": (
        *_egalites("heure"),
        *_ordres("heure", ("est avant", "est au plus tard à", "est après", "est à partir de")),
    ),
}

# What a function makes of one answer, by the kind of that answer; those over rows take a part of a block.
_TIRES: dict[str, tuple[tuple[str, Type], ...]] = {
    "date": (
        ("age", NOMBRE),
        ("annee", NOMBRE),
        ("mois_annee", NOMBRE),
        ("jour_semaine", NOMBRE),
        ("est_ouvre", BOOLEEN),
    ),
    "texte": (("longueur", NOMBRE),),
    "liste": (("nombre", NOMBRE),),
    "lignes": (("nombre", NOMBRE),),
}
_SUR_LIGNES = {
    "nombre": ("somme", "min", "max"),
    "date": ("min", "max"),
    "heure": ("min", "max"),
}


def operateurs(kind: Type, *, tire: bool = False) -> tuple[Operateur, ...]:
    """What may be said of an answer of that type, in the order of the menu; `tire`: of what a function makes of one."""
    if kind.genre in ("duree", "inconnu"):
        return ()
    genre = "texte" if kind.genre == "choix" and kind.options is None else kind.genre
    return (*OPERATEURS.get(genre, ()), *(() if tire else REPONDU))


def operateurs_de(sujet: Arbre, env: Environnement) -> tuple[Operateur, ...]:
    """What may be said of a subject of a row; nothing for what is none."""
    kind = type_du_sujet(sujet, env)
    return () if kind is None else operateurs(kind, tire=isinstance(sujet, Appel))


def type_du_sujet(arbre: Arbre, env: Environnement) -> Type | None:
    """The type of what stands at the head of a row: a name, or a function of one; None for anything else."""
    if isinstance(arbre, Nom):
        found = env[arbre.chemin]
        return found.type if found is not None else None
    if not isinstance(arbre, Appel) or len(arbre.arguments) != 1 or not isinstance(arbre.arguments[0], Nom):
        return None
    chemin = arbre.arguments[0].chemin
    known = env[chemin]
    if known is not None:
        return dict(_TIRES.get(known.type.genre, ())).get(arbre.fonction)
    bloc, _, reste = chemin.partition(".")
    within = env[bloc]
    part = within.type.noms.get(reste) if within is not None and within.type.genre == "lignes" else None
    if part is None or arbre.fonction not in _SUR_LIGNES.get(part.type.genre, ()):
        return None
    return Type(part.type.genre)


def sujets(env: Environnement) -> list[str]:
    """The text of everything that may stand at the head of a row: each name, then what functions make of it."""
    found: list[str] = []
    for chemin, nom in env.noms.items():
        if nom.type.genre in ("duree", "inconnu"):
            continue
        found.append(chemin)
        found += [f"{fonction}({chemin})" for fonction, _ in _TIRES.get(nom.type.genre, ())]
        if nom.type.genre == "lignes":
            found += [
                f"{fonction}({chemin}.{part})"
                for part, inner in nom.type.noms.items()
                for fonction in _SUR_LIGNES.get(inner.type.genre, ())
            ]
    return found
