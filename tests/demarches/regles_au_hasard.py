"""Random rules, forms and answers, and a slow plain reading of rules to compare with."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.demarches.definitions import Definition, load_catalogue
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

JOUR = date(2026, 3, 2)
OPTIONS = ("a", "b", "c")
_BASE = next(d for d in load_catalogue() if d.slug == "acte-naissance")

# id, type, what a rule may say of it
TYPES = ("choix", "oui_non", "entier", "date", "choix_multiple", "texte")
# What a form may also hold: rows, a table, a value that a rule computes.
COMPOSES = ("bloc", "tableau", "calcul")


def comparaison(champ: str, genre: str, autres: list[str]) -> st.SearchStrategy[str]:
    """A comparison of one field with a value, or with another field of its type."""
    option = st.sampled_from([f'"{o}"' for o in OPTIONS])
    small = st.integers(-2, 8).map(str)
    if genre == "bloc":
        return lignes(champ)
    other = st.sampled_from(autres)
    sign = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    known = st.sampled_from([f"renseigne({champ})", f"non renseigne({champ})"])
    if genre == "choix":
        several = st.lists(option, min_size=1, max_size=3).map(lambda o: f"{champ} parmi ({', '.join(o)})")
        return st.one_of(
            st.builds(lambda s, o: f"{champ} {s} {o}", st.sampled_from(["=", "!="]), option), several, known
        )
    if genre == "oui_non":
        return st.one_of(st.sampled_from([champ, f"non {champ}", f"{champ} = non"]), known)
    if genre == "entier":
        return st.one_of(
            st.builds(lambda s, n: f"{champ} {s} {n}", sign, small),
            st.builds(lambda s, o, n: f"{champ} {s} {o} + {n}", sign, other, st.integers(0, 3)),
            st.builds(lambda s, o, n: f"{champ} * 2 {s} {o} / {n}", sign, other, st.integers(0, 3)),
            st.builds(lambda s, n: f"valeur_ou({champ}, 1) {s} {n}", sign, small),
        )
    if genre == "date":
        days = st.integers(-4, 12).map(lambda n: f"aujourdhui {'-' if n < 0 else '+'} {abs(n)} jours")
        months = st.integers(0, 2).map(lambda n: f"aujourdhui + {n} mois")
        return st.builds(lambda s, d: f"{champ} {s} {d}", sign, st.one_of(days, months, other))
    if genre == "choix_multiple":
        return st.one_of(option.map(lambda o: f"{champ} contient {o}"), known)
    return st.one_of(
        st.sampled_from([f'{champ} = "Mot"', f'{champ} != "mot"', f'{champ} contient "o"']), known
    )


def lignes(bloc: str) -> st.SearchStrategy[str]:
    """What a rule may say of the rows of a block."""
    sign, small = st.sampled_from(["=", "<", ">="]), st.integers(0, 6).map(str)
    row = st.one_of(
        st.builds(lambda s, n: f"jours {s} {n}", sign, small),
        st.sampled_from(["interne", "non interne", 'formule = "a"', "renseigne(formule)"]),
    )
    body = st.one_of(
        row, st.builds(lambda a, lien, b: f"({a} {lien} {b})", row, st.sampled_from(["et", "ou"]), row)
    )
    return st.one_of(
        st.builds(lambda s, n: f"nombre({bloc}) {s} {n}", sign, small),
        st.builds(
            lambda f, s, n: f"{f}({bloc}.jours) {s} {n}",
            st.sampled_from(["somme", "min", "max"]),
            sign,
            small,
        ),
        st.builds(lambda f, b: f"{f}({bloc}, {b})", st.sampled_from(["tous", "au_moins_un"]), body),
        st.sampled_from([f"renseigne({bloc})", f"non renseigne({bloc})"]),
    )


def regle(champs: list[tuple[str, str]]) -> st.SearchStrategy[str]:
    """A rule over some fields, given as (id, type)."""
    by_type = {genre: [c for c, g in champs if g == genre] for _, genre in champs}
    leaf = st.sampled_from(champs).flatmap(lambda c: comparaison(c[0], c[1], by_type[c[1]]))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: " et ".join(f"({p})" for p in parts)),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: " ou ".join(f"({p})" for p in parts)),
            inner.map(lambda part: f"non ({part})"),
            st.tuples(inner, inner, inner).map(lambda t: f"si {t[0]} alors ({t[1]}) sinon ({t[2]})"),
        ),
        max_leaves=5,
    )


@st.composite
def formulaires(draw: st.DrawFn) -> Definition:
    """A form of three pages whose fields, sections and pages have rules."""
    known: list[tuple[str, str]] = []
    pages = []
    for number in range(draw(st.integers(2, 3))):
        page: dict[str, Any] = {"id": f"page{number}", "titre": f"Page {number}", "champs": []}
        if known and draw(st.booleans()):
            page["si"] = draw(regle(known))
        if known and number and draw(st.booleans()):
            page["sections"] = [{"id": "s", "titre": "Partie", "si": draw(regle(known))}]
        for place in range(draw(st.integers(1, 3))):
            champ = _champ(draw, f"c{number}{place}", known)
            if page.get("sections") and place:
                champ["section"] = "s"
            page["champs"].append(champ)
            if champ["type"] != "tableau":
                known.append((champ["id"], "entier" if champ["type"] == "calcul" else champ["type"]))
        if known and draw(st.booleans()):
            page["controles"] = [{"regle": draw(regle(known)), "phrase": "Non."}]
        pages.append(page)
    data = _BASE.model_dump() | {"pages": pages, "decision": None}
    return Definition.model_validate(data)


def _champ(draw: st.DrawFn, champ_id: str, known: list[tuple[str, str]]) -> dict[str, Any]:
    counted = [c for c, g in known if g == "entier"]
    genre = draw(st.sampled_from([t for t in TYPES + COMPOSES if t != "calcul" or counted]))
    champ: dict[str, Any] = {"id": champ_id, "type": genre, "libelle": champ_id.upper()}
    if genre in ("choix", "choix_multiple"):
        champ["options"] = [{"valeur": o, "libelle": o} for o in OPTIONS]
    if genre == "entier":
        champ |= {"min": 0, "max": 5}
    if genre == "date":
        champ |= {"date_min": "aujourdhui", "date_max": "aujourdhui+9"}
        dates = [c for c, g in known if g == "date"]
        if dates and draw(st.booleans()):
            champ["date_min"] = dates[-1]
    if genre in COMPOSES:
        champ |= _compose(draw, genre, counted, known)
    if known and draw(st.booleans()):
        champ["si"] = draw(regle(known))
    if genre == "calcul":
        return champ
    champ["obligatoire"] = draw(st.booleans())
    if known and draw(st.booleans()):
        champ["obligatoire_si"] = draw(regle(known))
    return champ


def _compose(draw: st.DrawFn, genre: str, counted: list[str], known: list[tuple[str, str]]) -> dict[str, Any]:
    if genre == "calcul":
        rule = st.builds(
            lambda a, s, b, n: f"valeur_ou({a}, {n}) {s} {b}",
            st.sampled_from(counted),
            st.sampled_from("+-*/"),
            st.sampled_from(counted),
            st.integers(0, 3),
        )
        return {"calcul": draw(rule)}
    if genre == "tableau":
        return {
            "lignes": [{"id": "l1", "libelle": "Un"}, {"id": "l2", "libelle": "Deux"}],
            "colonnes": [{"id": "euros", "libelle": "Euros", "genre": "montant"}],
        }
    options = [{"valeur": o, "libelle": o} for o in OPTIONS]
    parts: list[dict[str, Any]] = [
        {"id": "jours", "type": "entier", "libelle": "Jours", "min": 0, "max": 5, "obligatoire": True},
        {"id": "interne", "type": "oui_non", "libelle": "Interne"},
        {"id": "formule", "type": "choix", "libelle": "Formule", "options": options},
    ]
    row = [(part["id"], part["type"]) for part in parts]
    for place, part in enumerate(parts[1:], 1):
        if draw(st.booleans()):
            part["si"] = draw(regle(known + row[:place]))
            part["obligatoire"] = draw(st.booleans())
        if draw(st.booleans()):
            part["obligatoire_si"] = draw(regle(known + row))
    return {"champs": parts}


_LIGNE = st.fixed_dictionaries(
    {"jours": st.integers(0, 5)},
    optional={"interne": st.booleans(), "formule": st.sampled_from(OPTIONS)},
)
_BLOC = st.lists(_LIGNE, min_size=1, max_size=3).map(
    lambda rows: [{"_id": f"r{n}", **row} for n, row in enumerate(rows)]
)
_TABLEAU = st.dictionaries(
    st.sampled_from(["l1", "l2"]), st.fixed_dictionaries({"euros": st.integers(0, 90_000)}), min_size=1
).map(lambda rows: {"lignes": {key: rows[key] for key in sorted(rows)}})


def reponse(genre: str) -> st.SearchStrategy[Any]:
    """An answer to a field of that type, or none."""
    values: dict[str, st.SearchStrategy[Any]] = {
        "choix": st.sampled_from(OPTIONS),
        "oui_non": st.booleans(),
        "entier": st.integers(0, 5),
        "date": st.integers(0, 9).map(lambda n: (JOUR + timedelta(days=n)).isoformat()),
        "choix_multiple": st.lists(st.sampled_from(OPTIONS), min_size=1, unique=True).map(sorted),
        "texte": st.sampled_from(["Mot", "mot", "autre"]),
        "bloc": _BLOC,
        "tableau": _TABLEAU,
        "calcul": st.none(),
    }
    return st.none() | values[genre]


def reponses(definition: Definition) -> st.SearchStrategy[dict[str, Any]]:
    """Answers to every field of a form, asked or not."""
    return st.fixed_dictionaries({champ.id: reponse(champ.type) for champ in definition.champs()}).map(
        lambda found: {key: value for key, value in found.items() if value is not None}
    )


def lire_naivement(arbre: Arbre, valeurs: dict[str, Any]) -> Any:
    """What a tree is worth, by the plainest reading of the guide."""
    go = lambda part: lire_naivement(part, valeurs)  # noqa: E731
    match arbre:
        case Litteral():
            return arbre.valeur
        case Nom():
            return valeurs.get(arbre.chemin)
        case Unaire(signe="non"):
            value = go(arbre.operande)
            return None if value is None else not value
        case Groupe():
            values = [go(part) for part in arbre.parties]
            stop = arbre.lien == "ou"
            return stop if stop in values else None if None in values else not stop
        case Si():
            test = go(arbre.condition)
            return None if test is None else go(arbre.alors if test else arbre.sinon)
        case Appel(fonction="renseigne"):
            return go(arbre.arguments[0]) is not None
        case Appel(fonction="valeur_ou"):
            first = go(arbre.arguments[0])
            return go(arbre.arguments[1]) if first is None else first
        case Parmi():
            value = go(arbre.gauche)
            return None if value is None else value in [go(part) for part in arbre.valeurs]
        case Compare() | Calcul():
            left, right = go(arbre.gauche), go(arbre.droite)
            return None if left is None or right is None else _operer(arbre.signe, left, right)
    raise AssertionError(arbre)


def _operer(signe: str, left: Any, right: Any) -> Any:
    if isinstance(left, str):
        left, right = left.lower(), right.lower()
    if hasattr(right, "ouvres"):
        months = (left.month - 1 + right.mois) % 12
        moved = left.replace(month=months + 1, year=left.year + (left.month - 1 + right.mois) // 12)
        return moved + timedelta(days=right.jours) * (1 if signe == "+" else -1)
    if signe == "/":
        return None if not right else round(Decimal(left) / right, 9)
    operations = {
        "=": lambda: left == right,
        "!=": lambda: left != right,
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "contient": lambda: right in left,
    }
    return operations[signe]()
