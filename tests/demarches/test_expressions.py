"""The language of rules: what it reads, refuses and computes, and that nothing unknown or odd makes it fail."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.demarches.expressions import (
    BOOLEEN,
    COMPOSE,
    DATE,
    HEURE,
    NOMBRE,
    TEXTE,
    Circonstances,
    Environnement,
    ExpressionRefuseeError,
    Nom,
    Rangee,
    Rangees,
    Type,
    analyser,
    choix,
    compiler,
    depuis_rangees,
    ecrire,
    fautes_des_rangees,
    lignes,
    liste,
    non_dite,
    operateurs,
    phrase,
    places,
    vers_rangees,
)

NB = "\u00a0"
ENV = Environnement(
    {
        "nature": Nom(choix("benne", "grue"), "nature"),
        "urgence": Nom(BOOLEEN, "urgence"),
        "surface": Nom(NOMBRE, "surface"),
        "debut": Nom(DATE, "debut"),
        "fin": Nom(DATE, "fin"),
        "heure": Nom(HEURE, "heure"),
        "motif": Nom(TEXTE, "motif"),
        "formules": Nom(liste("midi", "soir"), "formules"),
        "adresse": Nom(COMPOSE, "adresse"),
        "adresse.commune": Nom(TEXTE, "adresse"),
        "enfants": Nom(
            lignes({"jours": Nom(NOMBRE, "jours"), "naissance": Nom(DATE, "naissance")}), "enfants"
        ),
    }
)
JOUR = date(2026, 3, 2)


def _valeur(texte: str, **valeurs: Any) -> Any:
    """What a text is worth, answers being given as values."""
    around = Circonstances(JOUR, canal="web", population=900).valeurs()
    return compiler(texte, ENV, Type("inconnu")).evaluer(around | valeurs)


ENFANTS = (
    {"jours": Decimal(2), "naissance": date(2020, 3, 2)},
    {"jours": Decimal(3), "naissance": date(2023, 3, 3)},
)
CALCULS: list[tuple[str, dict[str, Any], Any]] = [
    (
        'nature = "benne" et (debut >= aujourdhui + 15 jours ou non urgence)',
        {"nature": "benne", "urgence": False},
        True,
    ),
    ('nature = "benne" et urgence', {"nature": "grue"}, False),
    ('nature = "benne" et urgence', {"nature": "benne"}, None),
    ('nature ≠ "benne"', {"nature": "grue"}, True),
    ('nature parmi ("benne", "grue")', {"nature": "grue"}, True),
    ("non urgence", {}, None),
    ("urgence = non", {"urgence": False}, True),
    ('formules contient "midi"', {"formules": ("soir", "midi")}, True),
    ('motif contient "ÉTÉ"', {"motif": "Fête d’été"}, True),
    ('motif = "Guingamp"', {"motif": " GUINGAMP "}, True),
    ('motif parmi ("Île", "Lac")', {"motif": "ile"}, True),
    ('commence_par(motif, "22")', {"motif": "22200"}, True),
    ("longueur(motif)", {"motif": "abc"}, 3),
    ("1 / 0", {}, None),
    ("surface / 3 * 3", {"surface": Decimal(9)}, 9),
    ("1 + 2 * 3 - -4", {}, 11),
    ("surface * surface", {"surface": Decimal(10) ** 14}, None),
    ("arrondi(surface * 1,205, 2)", {"surface": Decimal(1)}, Decimal("1.21")),
    ("abs(2 - 5,5)", {}, Decimal("3.5")),
    ("si urgence alors 10,50 euros sinon 2 euros", {"urgence": True}, Decimal("10.5")),
    ("si urgence alors 1 sinon 2", {}, None),
    ("nombre(enfants)", {"enfants": ENFANTS}, 2),
    ("nombre(enfants)", {}, 0),
    ("nombre(formules)", {"formules": ("midi",)}, 1),
    ("somme(enfants.jours)", {"enfants": ENFANTS}, 5),
    ("somme(enfants, jours * 2)", {"enfants": ENFANTS}, 10),
    ("somme(enfants.jours)", {"enfants": ({"jours": None},)}, None),
    ("somme(enfants, valeur_ou(jours, 1))", {"enfants": ({"jours": None},)}, 1),
    ("somme(enfants.jours)", {}, 0),
    ("tous(enfants, age(naissance) >= 3)", {"enfants": ENFANTS}, False),
    ("au_moins_un(enfants, age(naissance) >= 6)", {"enfants": ENFANTS}, True),
    ("tous(enfants, jours > surface)", {"enfants": ENFANTS, "surface": Decimal(1)}, True),
    ("tous(enfants, nombre(enfants) = 2)", {"enfants": ENFANTS}, True),
    ("max(enfants.naissance)", {"enfants": ENFANTS}, date(2023, 3, 3)),
    ("min(enfants.jours)", {}, None),
    ("min(3, surface)", {"surface": Decimal(2)}, 2),
    ("age(debut)", {"debut": date(2008, 3, 3)}, 17),
    ("age(debut, 2026-03-03)", {"debut": date(2008, 3, 3)}, 18),
    ("annee(debut)", {"debut": JOUR}, 2026),
    ("jours_entre(aujourdhui, 2026-03-05)", {}, 3),
    ("mois_entre(2026-01-31, 2026-03-30)", {}, 1),
    ("2026-01-31 + 1 mois", {}, date(2026, 2, 28)),
    ("2024-02-29 + 1 an", {}, date(2025, 2, 28)),
    ("2026-04-30 + 2 jours_ouvres", {}, date(2026, 5, 5)),
    ("2026-05-04 - 1 jour_ouvré", {}, date(2026, 4, 30)),
    ("jours_ouvres_entre(2026-04-30, 2026-05-05)", {}, 2),
    ("debut + jours(surface)", {"debut": JOUR, "surface": Decimal(3)}, date(2026, 3, 5)),
    ("9999-12-31 + 1 jour", {}, None),
    ("minutes_entre(18:30, heure)", {}, None),
    ("minutes_entre(18h30, 20:00)", {}, 90),
    ("est_ouvre(2026-05-14)", {}, False),
    ("renseigne(motif)", {}, False),
    ("renseigne(adresse) ou adresse.commune = motif", {"adresse": {"commune": "x"}}, True),
    ('canal = "web" et collectivite.population < 1000', {}, True),
    ("collectivite.code_insee = motif", {"motif": "22070"}, None),
    ("depot = aujourdhui", {}, True),
]


@pytest.mark.parametrize(("texte", "valeurs", "attendu"), CALCULS)
def test_a_rule_is_worth_what_it_says(texte: str, valeurs: dict[str, Any], attendu: Any) -> None:
    assert _valeur(texte, **valeurs) == attendu


REFUS = {
    'nature = "bene"': 'Vouliez-vous "benne"',
    'nature = "pelle"': 'Réponses possibles : "benne", "grue"',
    'formules contient "matin"': "n’est pas une réponse possible",
    "surfce > 3": "Vouliez-vous « surface »",
    "xyz": "n’est pas une question de ce formulaire",
    'surface > "a"': "un nombre à un texte",
    'motif > "a"': "n’a pas d’ordre",
    "urgence = nature = motif": "Séparez ces deux comparaisons",
    "surface + debut": "Calculez avec des nombres",
    "fin - debut": "jours_entre",
    "debut + 15": "Précisez l’unité",
    'formules = "midi"': "Utilisez « contient »",
    'formules parmi ("midi")': "Utilisez « contient »",
    "nature parmi (motif)": "des valeurs écrites",
    "nature parmi ()": "au moins une valeur",
    "adresse = motif": "Précisez la partie",
    "enfants.jours > 3": "somme(enfants.jours)",
    "enfants = enfants": "nombre(…)",
    "somme(surface)": "par exemple somme(enfants.jours)",
    "max(1,2)": "une virgule et une espace",
    "ages(debut)": "Vouliez-vous « age »",
    "si urgence alors 1": "Écrivez « sinon »",
    "si urgence alors 1 sinon debut": "de même sorte dans les deux cas",
    "urgence et surface": "un oui ou non de chaque côté de « et »",
    "nature = 'benne'": "guillemets droits",
    'nature = "benne': "Fermez le texte",
    "2026-02-30 = debut": "n’est pas du calendrier",
    "(urgence": "Fermez la parenthèse",
    "urgence)": "que rien n’ouvre",
    "surface # 3": "Retirez le signe",
    "1234567890123456": "15 chiffres au plus",
    "": "Complétez cette règle",
    "urgence et": "à la fin",
    "et urgence": "avant « et »",
    "renseigne(1 + 1)": "le nom d’une question",
    "15,5 jours = 2": "un nombre entier",
    "(" * 60 + "1" + ")" * 60: "trop de parenthèses",
    "1" + " + 1" * 200: "trop d’opérations",
    "x" * 5000: "Raccourcissez cette règle",
    "non " * 500 + "urgence": "Coupez cette règle",
}


@pytest.mark.parametrize(("texte", "raison"), REFUS.items(), ids=[texte[:30] for texte in REFUS])
def test_what_is_wrong_is_told_in_french_with_its_place(texte: str, raison: str) -> None:
    with pytest.raises(ExpressionRefuseeError) as caught:
        compiler(texte, ENV, Type("inconnu"))
    said = str(caught.value).replace(NB, " ")
    assert raison in said
    assert all(0 <= faute.debut <= faute.fin <= len(texte) for faute in caught.value.fautes)


def test_every_fault_of_a_rule_is_told_once_in_the_order_of_the_text() -> None:
    with pytest.raises(ExpressionRefuseeError) as caught:
        compiler('inconnu = 1 et nature = "pelle" et urgence', ENV, BOOLEEN)
    assert [faute.debut for faute in caught.value.fautes] == [0, 24]


def test_a_rule_must_give_what_its_place_awaits() -> None:
    with pytest.raises(ExpressionRefuseeError, match="qui donne un nombre"):
        compiler("urgence", ENV, NOMBRE)


def test_a_rule_says_what_it_reads() -> None:
    rule = compiler('adresse.commune = "Guingamp" et somme(enfants.jours) > surface', ENV, BOOLEEN)
    assert rule.champs == {"adresse", "enfants", "surface"}
    assert compiler("age(debut) > 3", ENV, BOOLEEN).contexte == {"aujourdhui"}


@pytest.mark.parametrize(
    ("texte", "canonique"),
    [
        ("  NATURE=“benne”ou(urgence)", 'nature = "benne" ou urgence'),
        ("a et (b et c)", "a et b et c"),
        ("a et (b ou c)", "a et (b ou c)"),
        ("non (a = b)", "non a = b"),
        ("(non a) = b", "(non a) = b"),
        ("urgence = non", "urgence = non"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("-(-1)", "1"),
        ("-(-a)", "-(-a)"),
        ("10.50 euros", "10,50 euros"),
        ("10,50", "10,5"),
        ("2 semaines", "2 semaines"),
        ("renseigné(x)", "renseigne(x)"),
        ("9h05", "09:05"),
        ("1 + (si a alors 1 sinon 2)", "1 + (si a alors 1 sinon 2)"),
        ("a != b; ", None),
    ],
)
def test_the_text_of_a_rule_has_one_form(texte: str, canonique: str | None) -> None:
    if canonique is None:
        with pytest.raises(ExpressionRefuseeError):
            analyser(texte)
        return
    assert ecrire(analyser(texte)) == canonique
    assert analyser(canonique) == analyser(texte)


ROWS = [
    'nature = "benne" et debut > aujourdhui + 15 jours',
    'nature parmi ("benne", "grue") ou (urgence et non urgence)',
    'non nature parmi ("benne")',
    "surface >= 12,5 et surface < surface",
    "debut >= 2026-03-01 et debut <= fin et age(debut) >= 18",
    "heure >= 09:30",
    'formules contient "midi" et non formules contient "soir"',
    "nombre(enfants) >= 2",
    "renseigne(adresse) et non renseigne(adresse.commune)",
    'commence_par(motif, "x v \\"y\\"") ou motif ≠ "v"',
    "urgence",
    "tous(enfants, jours > 1) et urgence",
    "au_moins_un(enfants, jours > 1 et (jours < 5 ou urgence))",
    "non au_moins_un(enfants, jours = 2)",
    "non (urgence ou surface > 3) et non (urgence et urgence)",
    "somme(enfants.jours) > 3 ou surface <= somme(enfants.jours)",
    "longueur(motif) > 20 et nombre(formules) = 2",
    "debut >= fin + 2 mois et debut ≠ aujourdhui - 3 semaines",
]


@pytest.mark.parametrize("texte", ROWS)
def test_a_rule_of_comparisons_goes_to_rows_and_comes_back_the_same(texte: str) -> None:
    rows = vers_rangees(texte, ENV)
    assert rows is not None
    assert depuis_rangees(rows, ENV) == compiler(texte, ENV, BOOLEEN).texte


def test_a_rule_that_rows_cannot_say_stays_text() -> None:
    for texte, part in (
        ("surface + 1 > 2", "surface + 1 > 2"),
        ("urgence et non (surface * 2 > 3 ou urgence)", "surface * 2 > 3"),
        ("tous(enfants, jours + 1 > 2)", "jours + 1 > 2"),
    ):
        assert vers_rangees(texte, ENV) is None
        assert non_dite(texte, ENV) == part


def test_each_row_says_what_it_lacks_at_its_place() -> None:
    inner = Rangees("un", (Rangee("jours", "plus", ""), Rangee("nature", "egal", "benne")), "enfants")
    rows = Rangees(
        "tous", (Rangee("surface", "plus", "beaucoup"), inner, Rangees("un", ()), Rangee("urgence", "oui"))
    )
    found = fautes_des_rangees(rows, ENV)
    assert sorted(found) == ["r.0", "r.1.0", "r.2"]
    assert "Donnez une valeur" in found["r.1.0"]


def test_rows_know_where_they_stand_in_the_text() -> None:
    texte = "urgence et tous(enfants, jours > 1 et jours < 4)"
    rows = vers_rangees(texte, ENV)
    assert rows is not None
    assert {path: texte[start:end] for path, start, end in places(rows)} == {
        "r": texte,
        "r.0": "urgence",
        "r.1": "tous(enfants, jours > 1 et jours < 4)",
        "r.1.0": "jours > 1",
        "r.1.1": "jours < 4",
    }


@pytest.mark.parametrize(
    ("row", "raison"),
    [
        (Rangee("pelle", "egal", "x"), "une question de ce formulaire"),
        (Rangee("nature", "plus", "benne"), "Choisissez ce que vous dites"),
        (Rangee("nature", "egal", ""), "Donnez une valeur"),
        (Rangee("nature", "parmi"), "Donnez une valeur"),
        (Rangee("nature", "egal", "pelle"), "n’est pas une réponse possible"),
        (Rangee("surface", "plus", "beaucoup"), "n’est pas une question"),
        (Rangee("surface", "plus", "1) ou (1 = 1"), "Fermez|Retirez|Ajoutez"),
        (Rangees("un", ()), "au moins une ligne"),
    ],
)
def test_a_row_that_lacks_something_says_what(row: Rangee | Rangees, raison: str) -> None:
    with pytest.raises(ExpressionRefuseeError, match=raison):
        depuis_rangees(Rangees("tous", (row,)), ENV)


def test_each_type_has_its_operators() -> None:
    codes = {
        genre: [op.code for op in operateurs(kind)] for genre, kind in (("b", BOOLEEN), ("c", choix("a")))
    }
    assert codes["b"] == ["oui", "non", "renseigne", "vide"]
    assert codes["c"] == ["egal", "different", "parmi", "hors", "renseigne", "vide"]


@pytest.mark.parametrize(
    ("texte", "dit"),
    [
        (
            'nature = "benne" et debut > aujourdhui + 15 jours',
            "la nature est « Benne » et la date de début est dans plus de 15 jours",
        ),
        (
            "urgence ou (urgence et non urgence)",
            "l’urgence est oui ou (l’urgence est oui et l’urgence est non)",
        ),
        ("nombre(enfants) >= 2", "le nombre de lignes des enfants est au moins 2"),
        (
            "tous(enfants, age(naissance) >= 3)",
            "pour chaque ligne des enfants, l’âge d’après sa naissance est au moins 3 ans",
        ),
        (
            "somme(enfants.jours) * 10 euros",
            "le total de ses jours dans les enfants fois 10 €",
        ),
        (
            "non (urgence ou nombre(enfants) > 3)",
            "rien de ceci n’est vrai : l’urgence est oui ou le nombre de lignes des enfants est plus de 3",
        ),
        (
            "non au_moins_un(enfants, age(naissance) < 3)",
            "pour aucune ligne des enfants, l’âge d’après sa naissance est moins de 3 ans",
        ),
        ("debut = 2026-03-01", "la date de début est 1er mars 2026"),
        ("si urgence alors 1 sinon 2", "1 si l’urgence est oui, sinon 2"),
    ],
)
def test_a_rule_reads_as_french(texte: str, dit: str) -> None:
    row = {
        "jours": Nom(NOMBRE, "jours", libelle="ses jours"),
        "naissance": Nom(DATE, "n", libelle="sa naissance"),
    }
    env = Environnement(
        {
            "nature": Nom(choix("benne"), "nature", libelle="la nature", libelles={"benne": "Benne"}),
            "debut": Nom(DATE, "debut", libelle="la date de début"),
            "urgence": Nom(BOOLEEN, "urgence", libelle="l’urgence"),
            "enfants": Nom(lignes(row), "enfants", libelle="les enfants"),
        }
    )
    assert phrase(texte, env).replace(NB, " ") == dit
