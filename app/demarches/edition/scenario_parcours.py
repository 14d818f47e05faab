"""The instruction of an automated test: the steps that a test dossier went through, and what each one set off.

Replaying is pure: each way must still be there for the same answers, and each step ask the same opinions, waits,
letters and calls.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from app.demarches.definitions import FIN, Definition, Etape
from app.demarches.definitions.parcours import (
    ActionAttente,
    ActionAvis,
    ActionCourriel,
    ActionDocument,
    ActionSms,
    ActionWebhook,
)
from app.demarches.domain.conditions import holds
from app.demarches.domain.dessin import LIBELLE_FIN

Trajet = list[dict[str, Any]]


def actions_de(etape: Etape) -> list[str]:
    """What a step sets off, in words: what it asks, awaits, writes, sends and calls."""
    found: list[str] = []
    for action in etape.actions:
        match action:
            case ActionAvis():
                found.append(f"l’avis «\u00a0{action.nom}\u00a0»")
            case ActionAttente():
                found.append(f"l’attente «\u00a0{action.libelle}\u00a0»")
            case ActionDocument():
                found.append(f"le document «\u00a0{action.titre}\u00a0»")
            case ActionCourriel():
                found.append(f"le courriel «\u00a0{action.objet}\u00a0»")
            case ActionWebhook():
                found.append(f"l’appel «\u00a0{action.libelle}\u00a0»")
            case ActionSms():
                found.append("un SMS")
    return found


def tracer(definition: Definition, reponses: Mapping[str, Any], vers: Sequence[str]) -> Trajet:
    """The steps gone through, from the first one by the ways in `vers`, as far as they are still there."""
    if definition.parcours is None:
        return []
    first = definition.parcours.premiere
    trajet: Trajet = [{"etape": first.id, "actions": actions_de(first)}]
    for wanted in vers:
        if not _mene(definition, reponses, trajet[-1]["etape"], wanted):
            break
        after = definition.parcours.etape(wanted)
        trajet.append({"etape": wanted, "actions": actions_de(after) if after else []})
    return trajet


def comparer_trajets(definition: Definition, reponses: Mapping[str, Any], attendu: Trajet) -> list[str]:
    """What is no longer as it was played, a sentence each; empty when all is, or when no step was played."""
    if not attendu:
        return []
    found = tracer(definition, reponses, [one["etape"] for one in attendu[1:]])
    if not found or found[0]["etape"] != attendu[0]["etape"]:
        return [f"L’instruction ne commence plus par l’étape {_nom(definition, attendu[0]['etape'])}."]
    faults: list[str] = []
    for before, now in itertools.zip_longest(attendu, found):
        if now is None:
            last = _nom(definition, found[-1]["etape"])
            faults.append(
                f"L’étape {last} ne mène plus à {_nom(definition, before['etape'])} pour ces réponses."
            )
            break
        here = _nom(definition, now["etape"])
        faults += [
            f"L’étape {here} ne donne plus {one}." for one in before["actions"] if one not in now["actions"]
        ]
        faults += [
            f"L’étape {here} donne maintenant {one}."
            for one in now["actions"]
            if one not in before["actions"]
        ]
    return faults


def _mene(definition: Definition, reponses: Mapping[str, Any], depuis: str, vers: str) -> bool:
    etape = definition.parcours.etape(depuis) if definition.parcours else None
    return etape is not None and any(
        suite.vers == vers and (suite.si is None or holds(definition, suite.si, reponses))
        for suite in etape.suites
    )


def _nom(definition: Definition, etape_id: str) -> str:
    found = definition.parcours.etape(etape_id) if definition.parcours else None
    title = found.titre if found else LIBELLE_FIN if etape_id == FIN else etape_id
    return f"«\u00a0{title}\u00a0»"
