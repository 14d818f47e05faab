"""Writes a tree back as text, in one way only: reading what is written gives the same tree."""

from datetime import date, time
from decimal import Decimal

from app.demarches.expressions.analyse import FORCE_COMPARAISON, FORCE_MOINS, FORCE_NON, FORCES
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
from app.demarches.expressions.valeurs import Duree

_SEULE = 9


def ecrire(arbre: Arbre) -> str:
    """The canonical text of a tree."""
    match arbre:
        case Litteral():
            return _litteral(arbre)
        case Nom():
            return arbre.chemin
        case Unaire():
            negation = arbre.signe == "non"
            inner = _dans(arbre.operande, FORCE_NON if negation else FORCE_MOINS + 1)
            return f"non {inner}" if negation else f"-{inner}"
        case Groupe():
            force = FORCES[arbre.lien] + 1
            return f" {arbre.lien} ".join(_dans(part, force) for part in arbre.parties)
        case Compare():
            left, right = (_dans(part, FORCE_COMPARAISON + 1) for part in (arbre.gauche, arbre.droite))
            return f"{left} {'≠' if arbre.signe == '!=' else arbre.signe} {right}"
        case Calcul():
            force = FORCES[arbre.signe]
            return f"{_terme(arbre.gauche, force)} {arbre.signe} {_terme(arbre.droite, force + 1)}"
        case Parmi():
            values = ", ".join(ecrire(part) for part in arbre.valeurs)
            return f"{_dans(arbre.gauche, FORCE_COMPARAISON + 1)} parmi ({values})"
        case Appel():
            return f"{arbre.fonction}({', '.join(ecrire(part) for part in arbre.arguments)})"
        case Si():
            parts = (ecrire(part) for part in (arbre.condition, arbre.alors, arbre.sinon))
            return "si {} alors {} sinon {}".format(*parts)


def _terme(arbre: Arbre, force: int) -> str:
    # `non` before a minus would be read as the operator.
    return "(non)" if isinstance(arbre, Litteral) and arbre.valeur is False else _dans(arbre, force)


def _dans(arbre: Arbre, force: int) -> str:
    text = ecrire(arbre)
    return text if _force(arbre) >= force else f"({text})"


def _force(arbre: Arbre) -> int:
    match arbre:
        case Si():
            return 0
        case Groupe():
            return FORCES[arbre.lien]
        case Unaire(signe="non"):
            return FORCE_NON
        case Unaire():
            return FORCE_MOINS
        case Compare() | Parmi():
            return FORCE_COMPARAISON
        case Calcul():
            return FORCES[arbre.signe]
    return _SEULE


def _litteral(litteral: Litteral) -> str:
    valeur = litteral.valeur
    match valeur:
        case bool():
            return "oui" if valeur else "non"
        case str():
            return '"' + valeur.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case date():
            return valeur.isoformat()
        case time():
            return valeur.strftime("%H:%M")
        case Duree():
            return _duree(valeur, litteral.unite)
    return nombre(valeur, "euros" if litteral.unite == "euros" else "")


def nombre(valeur: Decimal, unite: str = "") -> str:
    """A number as it is written in a rule: decimal comma, no needless zero, two decimals for euros and cents."""
    plain = format(valeur.normalize(), "f") if valeur else "0"
    whole, _, cents = plain.partition(".")
    if unite == "euros":
        cents = cents.ljust(2, "0") if cents else ""
    text = f"{whole},{cents}" if cents else whole
    return f"{text} {unite}".strip()


def _duree(duree: Duree, unite: str) -> str:
    if unite == "semaines":
        return f"{duree.jours // 7} semaines"
    if unite == "jours_ouvres":
        return f"{duree.ouvres} jours_ouvres"
    if unite == "ans":
        return f"{duree.mois // 12} ans"
    return f"{duree.mois} mois" if unite == "mois" else f"{duree.jours} jours"
