"""A rule in readable French: « la nature est « Benne » et la date de début est dans plus de 15 jours »."""

import re
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from app.demarches.expressions.analyse import analyser
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
from app.demarches.expressions.ecriture import ecrire
from app.demarches.expressions.environnement import Environnement
from app.demarches.expressions.environnement import Nom as NomConnu
from app.demarches.expressions.menus import operateurs_de
from app.demarches.expressions.rangees import rangee_de
from app.socle.calendrier import afficher_date

NB = "\u00a0"
_SIGNES = {
    "=": "est",
    "!=": "n’est pas",
    "<": "est moins que",
    "<=": "est au plus",
    ">": "est plus que",
    ">=": "est au moins",
    "contient": "contient",
    "+": "plus",
    "-": "moins",
    "*": "fois",
    "/": "divisé par",
}
_FONCTIONS = {
    "renseigne": "{0} a une réponse",
    "valeur_ou": "{0} (à défaut, {1})",
    "nombre": "le nombre de lignes de {0}",
    "tous": "pour chaque ligne de {0}, {1}",
    "au_moins_un": "pour au moins une ligne de {0}, {1}",
    "aucun": "pour aucune ligne de {0}, {1}",
    "choisies": "le nombre de réponses choisies à {0}",
    "age": "l’âge d’après {0}",
    "annee": "l’année de {0}",
    "longueur": "le nombre de caractères de {0}",
    "abs": "l’écart à zéro de {0}",
    "arrondi": "l’arrondi de {0}",
    "jours_entre": "le nombre de jours entre {0} et {1}",
    "jours_ouvres_entre": "le nombre de jours ouvrés entre {0} et {1}",
    "mois_entre": "le nombre de mois entre {0} et {1}",
    "minutes_entre": "le nombre de minutes entre {0} et {1}",
    "commence_par": "{0} commence par {1}",
    "est_ouvre": "{0} est un jour ouvré",
    "jour_semaine": "le jour de la semaine de {0} (1 pour lundi)",
    "mois_annee": "le mois de {0}",
    "jours": "{0} jours",
    "mois": "{0} mois",
    "ans": "{0} ans",
    "jours_ouvres": "{0} jours ouvrés",
}
_SUR_LIGNES = {
    "somme": "le total de {1} dans {0}",
    "min": "la plus petite valeur de {1} dans {0}",
    "max": "la plus grande valeur de {1} dans {0}",
}


def phrase(texte: str, env: Environnement) -> str:
    """A rule in French, to be put after « si »; ExpressionRefuseeError when it is no rule."""
    return _contracter(_dire(analyser(texte), env))


def _contracter(dit: str) -> str:
    """« de les enfants » is « des enfants »."""
    for full, short in (("de les ", "des "), ("de le ", "du "), ("à les ", "aux "), ("à le ", "au ")):
        dit = re.sub(rf"\b{full}", short, dit)
    return dit


def _dire(arbre: Arbre, env: Environnement) -> str:
    row = _rangee(arbre, env)
    if row is not None:
        return row
    match arbre:
        case Litteral() | Nom():
            return _simple(arbre, env)
        case Groupe():
            return _groupe(arbre, env)
        case Unaire(signe="non"):
            return _contraire(arbre.operande, env)
        case Unaire():
            return f"moins {_dire(arbre.operande, env)}"
        case Compare() | Calcul():
            return f"{_dire(arbre.gauche, env)} {_SIGNES[arbre.signe]} {_dire(arbre.droite, env)}"
        case Parmi():
            values = " ou ".join(_dire(value, env) for value in arbre.valeurs)
            return f"{_dire(arbre.gauche, env)} est {values}"
        case Appel():
            return _appel(arbre, env)
        case Si():
            parts = [_dire(part, env) for part in (arbre.condition, arbre.alors, arbre.sinon)]
            return "{1} si {0}, sinon {2}".format(*parts)


def _simple(arbre: Litteral | Nom, env: Environnement) -> str:
    if isinstance(arbre, Litteral):
        return _litteral(arbre, None)
    return _dire_nom(arbre.chemin, env)


def _dire_nom(chemin: str, env: Environnement) -> str:
    found = env[chemin]
    return found.libelle or chemin if found else chemin


def _groupe(groupe: Groupe, env: Environnement) -> str:
    parts = [_dire(part, env) for part in groupe.parties]
    inner = [
        f"({text})" if isinstance(part, Groupe) else text
        for part, text in zip(groupe.parties, parts, strict=True)
    ]
    return f" {groupe.lien} ".join(inner)


def _appel(appel: Appel, env: Environnement) -> str:
    inside = _lignes(appel, env)
    parts = [_dire(part, inside if index else env) for index, part in enumerate(appel.arguments)]
    if appel.fonction in ("somme", "min", "max"):
        if len(parts) == 1 and isinstance(appel.arguments[0], Nom):
            bloc, _, rest = appel.arguments[0].chemin.partition(".")
            row = env.dans(bloc)
            return _SUR_LIGNES[appel.fonction].format(_dire(Nom(bloc), env), _dire(Nom(rest), row))
        if inside is not env and len(parts) == 2:
            return _SUR_LIGNES[appel.fonction].format(*parts)
        words = "le plus petit de " if appel.fonction == "min" else "le plus grand de "
        return words + " et ".join(parts)
    name = appel.fonction
    if name == "nombre" and isinstance(appel.arguments[0], Nom):
        known = env[appel.arguments[0].chemin]
        name = "choisies" if known is not None and known.type.genre == "liste" else name
    model = _FONCTIONS.get(name)
    return model.format(*parts) if model else ecrire(appel)


def _contraire(arbre: Arbre, env: Environnement) -> str:
    if isinstance(arbre, Appel) and arbre.fonction == "au_moins_un":
        return _appel(replace(arbre, fonction="aucun"), env)
    if isinstance(arbre, Groupe) and arbre.lien == "ou":
        return f"rien de ceci n’est vrai{NB}: {_groupe(arbre, env)}"
    return f"il n’est pas vrai que {_dire(arbre, env)}"


def _lignes(appel: Appel, env: Environnement) -> Environnement:
    """What the second part of a function over rows may name."""
    first = appel.arguments[0] if appel.arguments else None
    return env.dans(first.chemin) if isinstance(first, Nom) else env


def _rangee(arbre: Arbre, env: Environnement) -> str | None:
    row = rangee_de(arbre, env)
    sujet = analyser(row.champ) if row is not None else None
    if row is None or sujet is None or (isinstance(sujet, Appel) and row.operateur in ("oui", "non")):
        return None
    nom = env[row.champ]
    operateur = next(op for op in operateurs_de(sujet, env) if op.code == row.operateur)
    subject = _appel(sujet, env) if isinstance(sujet, Appel) else _dire_nom(row.champ, env)
    values = row.valeurs or ((row.valeur,) if row.valeur else ())
    if operateur.attend in ("option", "options", "texte"):
        said = [_citer(value, nom) for value in values]
    else:
        said = [_dire(analyser(value), env) for value in values]
    bare = operateur.attend == "nombre" and re.fullmatch(r"-?[\d,.]+", values[0])
    unit = f"{NB}{unite_de(sujet, env)}" if bare else ""
    return " ".join([subject, operateur.libelle, " ou ".join(said)]).strip() + unit.rstrip(NB)


def unite_de(sujet: Arbre, env: Environnement) -> str:
    """What a number at the head of a row is counted in; empty when nothing says it."""
    if isinstance(sujet, Nom):
        known = env[sujet.chemin]
        return known.unite if known is not None else ""
    if isinstance(sujet, Appel):
        return {"age": "ans", "longueur": "caractères"}.get(sujet.fonction, "")
    return ""


def _citer(valeur: str, nom: NomConnu | None) -> str:
    label = nom.libelles.get(valeur, valeur) if nom else valeur
    return f"«{NB}{label}{NB}»"


def _litteral(litteral: Litteral, nom: NomConnu | None) -> str:
    valeur: Any = litteral.valeur
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, str):
        return _citer(valeur, nom)
    if isinstance(valeur, date):
        return afficher_date(valeur)
    if isinstance(valeur, time):
        return f"{valeur.hour}{NB}h{NB}{valeur.minute:02d}"
    text = ecrire(litteral).replace("jours_ouvres", "jours ouvrés")
    if isinstance(valeur, Decimal):
        return text.replace("euros", "€").replace(" ", NB)
    return text.replace(" ", NB)
