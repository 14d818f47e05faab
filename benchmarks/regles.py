"""What rules cost: one evaluation of a form of 300 fields and 100 rules, pure computation on one core."""

import time
from datetime import date
from statistics import median
from typing import Any

from app.demarches.definitions import Definition, load_catalogue, verifier
from app.demarches.domain import etat_du_formulaire
from app.demarches.expressions import Circonstances
from benchmarks.essais import Chiffre

CHAMPS, REGLES, TOURS = 300, 100, 60
JOUR = date(2026, 3, 2)


def formulaire() -> tuple[Definition, dict[str, Any]]:
    """Ten pages of thirty fields, every third with a rule of several comparisons; and an answer to each field."""
    kinds = ("entier", "choix", "oui_non", "date", "texte")
    options = [{"valeur": value, "libelle": value} for value in ("a", "b", "c")]
    fields, answers = [], dict[str, Any]()
    for number in range(CHAMPS):
        kind = kinds[number % 5]
        field: dict[str, Any] = {"id": f"c{number}", "type": kind, "libelle": f"Question {number}"}
        if kind == "choix":
            field["options"] = options
        if number >= 5 and number % 3 == 0 and number // 3 <= REGLES:
            first = number - number % 5 - 5
            field["si"] = (
                f'(c{first} + 1 > 2 ou c{first + 1} parmi ("a", "b")) et renseigne(c{first + 2}) '
                f'et c{first + 3} >= aujourdhui - 30 jours et c{first + 4} ≠ "non"'
            )
        fields.append(field)
        answers[f"c{number}"] = {
            "entier": 7,
            "choix": "b",
            "oui_non": True,
            "date": "2026-03-01",
            "texte": "Texte",
        }[kind]
    pages = [
        {"id": f"page{n}", "titre": f"Page {n}", "champs": fields[n * 30 : n * 30 + 30]} for n in range(10)
    ]
    base = next(d for d in load_catalogue() if d.slug == "acte-naissance")
    return Definition.model_validate(base.model_dump() | {"pages": pages, "decision": None}), answers


def rules() -> list[Chiffre]:
    """One evaluation, reading the definition, and its proofs."""
    definition, answers = formulaire()
    around = Circonstances(JOUR, JOUR, "web")
    number = sum(1 for _ in definition.plan.expressions())
    spent = []
    for _ in range(TOURS):
        start = time.process_time()
        etat_du_formulaire(definition, answers, around)
        spent.append((time.process_time() - start) * 1000)
    start = time.process_time()
    Definition.model_validate(definition.model_dump())
    read = (time.process_time() - start) * 1000
    start = time.process_time()
    verifier(definition)
    proved = (time.process_time() - start) * 1000
    name = f"Formulaire de {CHAMPS} questions et {number} règles"
    return [
        Chiffre(f"{name}, une évaluation", round(median(spent), 2), 5, "ms"),
        Chiffre(f"{name}, lecture", round(read, 1), None, "ms"),
        Chiffre(f"{name}, preuves", round(proved, 1), None, "ms"),
    ]
