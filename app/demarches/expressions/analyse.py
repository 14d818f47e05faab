"""Reads the text of an expression into its tree, by precedence climbing.

From loosest to tightest: `si`, `ou`, `et`, `non`, comparisons (not chained), `+ -`, `* /`, unary `-`.
"""

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

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
    Unite,
    hauteur,
    parcourir,
)
from app.demarches.expressions.erreurs import ExpressionRefuseeError, Faute
from app.demarches.expressions.lexique import Jeton, decouper
from app.demarches.expressions.valeurs import Duree

# Levels of parentheses, and levels of the tree: far above any rule that a person can read.
LIMITE_PROFONDEUR = 40
LIMITE_HAUTEUR = 80

FORCES: dict[str, int] = {"ou": 1, "et": 2, "+": 5, "-": 5, "*": 6, "/": 6}
FORCE_NON, FORCE_COMPARAISON, FORCE_MOINS = 3, 4, 7
COMPARAISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "contient", "parmi"})

_UNITES: dict[str, Unite] = {
    "euro": "euros",
    "euros": "euros",
    "jour": "jours",
    "jours": "jours",
    "semaine": "semaines",
    "semaines": "semaines",
    "mois": "mois",
    "an": "ans",
    "ans": "ans",
    "annee": "ans",
    "annees": "ans",
    "jour_ouvre": "jours_ouvres",
    "jours_ouvres": "jours_ouvres",
}


@lru_cache(maxsize=4096)
def analyser(texte: str) -> Arbre:
    """The tree of a text; ExpressionRefuseeError says in French what is wrong, where, and what to do."""
    lecteur = _Lecteur(decouper(texte))
    arbre = lecteur.expression(0)
    reste = lecteur.courant
    if reste.genre != "fin":
        raise ExpressionRefuseeError([_en_trop(reste)])
    if hauteur(arbre) > LIMITE_HAUTEUR:
        raise ExpressionRefuseeError(
            [
                Faute(
                    "Coupez cette règle en plusieurs : elle enchaîne trop d’opérations.",
                    arbre.debut,
                    arbre.fin,
                )
            ]
        )
    return arbre


def noms_cites(texte: str) -> frozenset[str]:
    """The fields (before any dot) that a text names, those of rows and words of context among them."""
    return frozenset(
        part.chemin.partition(".")[0] for part in parcourir(analyser(texte)) if isinstance(part, Nom)
    )


def _en_trop(jeton: Jeton) -> Faute:
    if jeton.valeur in COMPARAISONS:
        phrase = "Séparez ces deux comparaisons par « et » ou par « ou »."
    elif jeton.valeur == ")":
        phrase = "Retirez cette parenthèse, que rien n’ouvre."
    elif jeton.valeur == ",":
        phrase = "Retirez cette virgule : elle sépare les éléments d’une liste ou d’une fonction."
    else:
        phrase = f"Ajoutez « et », « ou » ou un signe avant « {_dire(jeton)} », ou retirez-le."
    return Faute(phrase, jeton.debut, jeton.fin)


def _dire(jeton: Jeton) -> str:
    return str(jeton.valeur)


class _Lecteur:
    def __init__(self, jetons: list[Jeton]) -> None:
        self._jetons = jetons
        self._place = 0
        self._profondeur = 0
        # The last part that parentheses closed: it may be compared again.
        self._close: Arbre | None = None

    @property
    def courant(self) -> Jeton:
        return self._jetons[self._place]

    def _avancer(self) -> Jeton:
        jeton = self.courant
        self._place += jeton.genre != "fin"
        return jeton

    def _est(self, valeur: str) -> bool:
        return self.courant.genre in ("signe", "reserve") and self.courant.valeur == valeur

    def _attendre(self, valeur: str, phrase: str) -> Jeton:
        if not self._est(valeur):
            raise ExpressionRefuseeError([Faute(phrase, self.courant.debut, self.courant.fin)])
        return self._avancer()

    def expression(self, force: int) -> Arbre:
        """The longest expression from here whose operators bind at least as tightly as `force`."""
        self._profondeur += 1
        if self._profondeur > LIMITE_PROFONDEUR:
            phrase = "Coupez cette règle en plusieurs : elle a trop de parenthèses les unes dans les autres."
            raise ExpressionRefuseeError([Faute(phrase, self.courant.debut, self.courant.fin)])
        gauche = self._debut()
        while True:
            suite = self._suite(gauche, force)
            if suite is None:
                break
            gauche = suite
        self._profondeur -= 1
        return gauche

    def _suite(self, gauche: Arbre, force: int) -> Arbre | None:
        jeton = self.courant
        if jeton.genre not in ("signe", "reserve"):
            return None
        signe = jeton.valeur
        if signe in COMPARAISONS:
            # A comparison of comparisons is refused: `a = b = c` is always a slip.
            chained = isinstance(gauche, Compare | Parmi) and gauche is not self._close
            if force > FORCE_COMPARAISON or chained:
                return None
            return self._comparaison(gauche)
        own = FORCES.get(signe)
        if own is None or own < force:
            return None
        self._avancer()
        if signe in ("et", "ou"):
            return _grouper(signe, gauche, self.expression(own + 1))
        droite = self.expression(own + 1)
        return Calcul(signe, gauche, droite, debut=gauche.debut, fin=droite.fin)

    def _comparaison(self, gauche: Arbre) -> Arbre:
        signe = self._avancer().valeur
        if signe == "parmi":
            self._attendre("(", 'Ouvrez une parenthèse après « parmi », par exemple parmi ("a", "b").')
            valeurs, fin = self._arguments("« parmi »")
            if not valeurs:
                raise ExpressionRefuseeError(
                    [Faute("Donnez au moins une valeur après « parmi ».", fin - 1, fin)]
                )
            return Parmi(gauche, valeurs, debut=gauche.debut, fin=fin)
        droite = self.expression(FORCE_COMPARAISON + 1)
        return Compare(signe, gauche, droite, debut=gauche.debut, fin=droite.fin)

    def _debut(self) -> Arbre:
        jeton = self._avancer()
        if jeton.genre == "litteral":
            return self._litteral(jeton)
        if jeton.genre == "mot":
            return self._mot(jeton)
        if jeton.genre == "reserve" and jeton.valeur in ("oui", "vrai", "faux"):
            return Litteral(jeton.valeur != "faux", debut=jeton.debut, fin=jeton.fin)
        if jeton.genre == "reserve" and jeton.valeur == "non":
            return self._non(jeton)
        if jeton.genre == "reserve" and jeton.valeur == "si":
            return self._si(jeton)
        if jeton.genre == "signe" and jeton.valeur == "-":
            operande = self.expression(FORCE_MOINS)
            if isinstance(operande, Litteral) and isinstance(operande.valeur, Decimal):
                return replace(operande, valeur=-operande.valeur, debut=jeton.debut)
            return Unaire("-", operande, debut=jeton.debut, fin=operande.fin)
        if jeton.genre == "signe" and jeton.valeur == "(":
            inner = self.expression(0)
            fin = self._attendre(")", "Fermez la parenthèse ouverte plus haut.").fin
            self._close = replace(inner, debut=jeton.debut, fin=fin)
            return self._close
        raise ExpressionRefuseeError([_manque(jeton)])

    def _non(self, jeton: Jeton) -> Arbre:
        suite = self.courant
        starts = suite.genre in ("litteral", "mot") or suite.valeur in (
            "non",
            "oui",
            "vrai",
            "faux",
            "si",
            "(",
            "-",
        )
        if suite.genre == "fin" or not starts:
            return Litteral(False, debut=jeton.debut, fin=jeton.fin)
        operande = self.expression(FORCE_NON)
        return Unaire("non", operande, debut=jeton.debut, fin=operande.fin)

    def _si(self, jeton: Jeton) -> Arbre:
        condition = self.expression(0)
        self._attendre("alors", "Écrivez « alors » après la condition : si … alors … sinon …")
        alors = self.expression(0)
        self._attendre("sinon", "Écrivez « sinon » et la valeur dans l’autre cas : si … alors … sinon …")
        sinon = self.expression(0)
        return Si(condition, alors, sinon, debut=jeton.debut, fin=sinon.fin)

    def _mot(self, jeton: Jeton) -> Arbre:
        if self.courant.genre == "signe" and self.courant.valeur == "(":
            self._avancer()
            arguments, fin = self._arguments(f"« {jeton.valeur} »")
            return Appel(jeton.valeur, arguments, debut=jeton.debut, fin=fin)
        return Nom(jeton.valeur, debut=jeton.debut, fin=jeton.fin)

    def _arguments(self, quoi: str) -> tuple[tuple[Arbre, ...], int]:
        found: list[Arbre] = []
        if self._est(")"):
            return (), self._avancer().fin
        while True:
            found.append(self.expression(0))
            if not self._est(","):
                break
            self._avancer()
        closing = f"Fermez la parenthèse de {quoi}, ou séparez ses éléments par une virgule et une espace."
        return tuple(found), self._attendre(")", closing).fin

    def _litteral(self, jeton: Jeton) -> Arbre:
        valeur = jeton.valeur
        suite = self.courant
        if isinstance(valeur, Decimal) and suite.genre == "mot" and suite.valeur in _UNITES:
            self._avancer()
            return _mesure(valeur, _UNITES[suite.valeur], jeton, suite)
        return Litteral(valeur, debut=jeton.debut, fin=jeton.fin)


def _mesure(nombre: Decimal, unite: Unite, jeton: Jeton, suite: Jeton) -> Litteral:
    if unite == "euros":
        return Litteral(nombre, "euros", debut=jeton.debut, fin=suite.fin)
    if nombre != nombre.to_integral_value() or nombre > 100_000:
        phrase = "Écrivez cette durée par un nombre entier, 100 000 au plus."
        raise ExpressionRefuseeError([Faute(phrase, jeton.debut, suite.fin)])
    count = int(nombre)
    durees = {
        "jours": Duree(jours=count),
        "semaines": Duree(jours=7 * count),
        "mois": Duree(mois=count),
        "ans": Duree(mois=12 * count),
        "jours_ouvres": Duree(ouvres=count),
    }
    return Litteral(durees[unite], unite, debut=jeton.debut, fin=suite.fin)


def _grouper(lien: str, gauche: Arbre, droite: Arbre) -> Arbre:
    parts: list[Arbre] = []
    for part in (gauche, droite):
        parts.extend(part.parties if isinstance(part, Groupe) and part.lien == lien else (part,))
    return Groupe("et" if lien == "et" else "ou", tuple(parts), debut=gauche.debut, fin=droite.fin)


def _manque(jeton: Jeton) -> Faute:
    if jeton.genre == "fin":
        return Faute("Complétez cette règle : il manque quelque chose à la fin.", jeton.debut, jeton.fin)
    phrase = f"Mettez une réponse, un nombre ou un texte avant « {_dire(jeton)} »."
    return Faute(phrase, jeton.debut, jeton.fin)
