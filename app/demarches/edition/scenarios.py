"""Automated tests of a form and its workflow, written by playing it: what was seen once must be seen again.

A scenario keeps the answers of a test dossier and what the form made of them: pages and questions asked, obligatory
ones, refusals, answers that count, the date of silence, the states and the steps gone through. Replaying is pure.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from app.demarches.definitions import Definition
from app.demarches.domain import a_completer, date_silence, silence_de
from app.demarches.domain.conditions import en_json, etat_du_formulaire, router
from app.demarches.domain.etats import (
    Etat,
    TransitionRefuseeError,
    classer_sans_suite,
    completer,
    decider,
    demander_complement,
    deposer,
    prendre_en_charge,
    retirer,
)
from app.demarches.edition.scenario_parcours import comparer_trajets, tracer
from app.demarches.expressions import Circonstances

PARIS = ZoneInfo("Europe/Paris")
_ACTES = (
    deposer,
    prendre_en_charge,
    demander_complement,
    completer,
    lambda etat: decider(etat, "accepte"),
    lambda etat: decider(etat, "refuse"),
    classer_sans_suite,
    retirer,
)


def observer(
    definition: Definition, reponses: Mapping[str, Any], pieces: Collection[str], jour: date
) -> dict[str, Any]:
    """What the form makes of these answers on that day, as plain JSON."""
    around = Circonstances(aujourdhui=jour, depot=jour)
    etat = etat_du_formulaire(definition, reponses, around)
    asked = [champ for seen in etat.pages for champ in seen.champs]
    moment = datetime.combine(jour, time(12), PARIS)
    silence = date_silence(silence_de(definition, etat.reponses), moment)
    return {
        "pages": [seen.page.id for seen in etat.pages],
        "questions": [champ.id for champ in asked],
        "obligatoires": [champ.id for champ in asked if champ.id in etat.obligatoires],
        "refus": {
            champ_id: phrase for _, champ_id, phrase in a_completer(definition, reponses, pieces, around)
        },
        "reponses": etat.reponses,
        "groupe": router(definition, reponses, around) or "",
        "prix": "" if etat.prix is None else en_json(etat.prix),
        "silence": silence.isoformat() if silence else "",
    }


def enregistrer(
    definition: Definition,
    reponses: Mapping[str, Any],
    pieces: Collection[str],
    jour: date,
    etats: Sequence[str],
    etapes: Sequence[str] = (),
) -> dict[str, Any]:
    """A scenario to keep; `etapes` are the ways taken from step to step, once it was taken on."""
    expected = observer(definition, reponses, pieces, jour)
    taken = Etat.EN_INSTRUCTION in etats
    return {
        "reponses": dict(reponses),
        "pieces": sorted(pieces),
        "jour": jour.isoformat(),
        "etats": list(etats),
        "parcours": tracer(definition, expected["reponses"], etapes) if taken else [],
        "attendu": expected,
    }


def rejouer(definition: Definition, scenario: Mapping[str, Any]) -> list[str]:
    """What is no longer as it was, a sentence each; empty when all is."""
    jour = date.fromisoformat(scenario["jour"])
    expected = scenario["attendu"]
    found = observer(definition, scenario["reponses"], scenario["pieces"], jour)
    titles = {champ.id: champ.libelle for champ in definition.champs()}
    titles |= {page.id: page.titre for page in definition.pages}

    def nom(id_: str) -> str:
        return f"« {titles[id_]} »" if id_ in titles else f"« {id_} »"

    faults: list[str] = []
    for cle, plus, moins in (
        ("pages", "La page {} s’affiche, alors qu’elle ne le devrait pas.", "La page {} ne s’affiche plus."),
        (
            "questions",
            "La question {} est posée, alors qu’elle ne l’était pas.",
            "La question {} n’est plus posée.",
        ),
        ("obligatoires", "La question {} est devenue obligatoire.", "La question {} n’est plus obligatoire."),
    ):
        faults += [plus.format(nom(id_)) for id_ in found[cle] if id_ not in expected[cle]]
        faults += [moins.format(nom(id_)) for id_ in expected[cle] if id_ not in found[cle]]
    faults += _refus(found["refus"], expected["refus"], nom)
    for id_ in dict.fromkeys((*found["reponses"], *expected["reponses"])):
        if found["reponses"].get(id_) != expected["reponses"].get(id_):
            faults.append(f"La réponse retenue à {nom(id_)} n’est plus la même.")
    for cle, nom_cle in (("groupe", "Le groupe d’agents"), ("prix", "Le prix")):
        if found[cle] != expected.get(cle, ""):
            faults.append(f"{nom_cle} est « {found[cle]} » au lieu de « {expected.get(cle, '')} ».")
    if found["silence"] != expected["silence"]:
        faults.append(
            f"La date du silence est {found['silence'] or 'absente'} au lieu de {expected['silence'] or 'aucune'}."
        )
    faults += comparer_trajets(definition, found["reponses"], scenario.get("parcours", []))
    return faults + _etats(definition, scenario["etats"])


def _refus(found: dict[str, str], expected: dict[str, str], nom: Any) -> list[str]:
    faults = [f"{nom(id_)} est refusée : {found[id_]}" for id_ in found if id_ not in expected]
    return faults + [
        f"{nom(id_)} est acceptée, alors qu’elle était refusée." for id_ in expected if id_ not in found
    ]


def _etats(definition: Definition, etats: Sequence[str]) -> list[str]:
    """The states gone through must still follow one another, and a decision still have its model."""
    for before, after in itertools.pairwise(etats):
        if after not in _suivants(Etat(before)):
            return [f"L’état « {after} » ne peut plus suivre « {before} »."]
    if {"accepte", "refuse"} & set(etats) and definition.decision is None:
        return ["La démarche n’a plus de modèle de décision."]
    return []


def _suivants(etat: Etat) -> set[str]:
    found = set()
    for acte in _ACTES:
        try:
            found.add(acte(etat).value)
        except TransitionRefuseeError:
            continue
    return found
