"""Which pages and fields are asked, given the answers: conditions look back only, so one pass is enough.

An answer to a field that is no longer asked stays in the draft (it comes back if the person changes her mind)
but counts for nothing: `reponses_effectives` is what is checked, shown and frozen.
"""

from collections.abc import Mapping
from typing import Any

from app.demarches.definitions.champs import Champ, Condition, Test
from app.demarches.definitions.definition import Definition, Page


def visible(element: Champ | Page, reponses: Mapping[str, Any]) -> bool:
    """Whether a field or a page is asked, `reponses` being the effective answers to what comes before it."""
    return element.si is None or holds(element.si, reponses)


def champs_visibles(page: Page, reponses: Mapping[str, Any]) -> tuple[Champ, ...]:
    """The fields of a page that are asked, in order.

    Answers on the same page to fields that are not asked are ignored; for those of other pages, pass
    `reponses_effectives`.
    """
    known = dict(reponses)
    asked: list[Champ] = []
    for champ in page.champs:
        if visible(champ, known):
            asked.append(champ)
        else:
            known.pop(champ.id, None)
    return tuple(asked)


def pages_applicables(definition: Definition, reponses: Mapping[str, Any]) -> tuple[Page, ...]:
    """The pages to go through, in order: those whose condition holds and that ask or explain something."""
    effective = reponses_effectives(definition, reponses)
    return tuple(
        page for page in definition.pages if visible(page, effective) and champs_visibles(page, effective)
    )


def reponses_effectives(definition: Definition, reponses: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that count, in form order: fields that exist and are asked, empty ones left out."""
    kept: dict[str, Any] = {}
    for page in definition.pages:
        if not visible(page, kept):
            continue
        for champ in page.champs:
            if champ.repond and visible(champ, kept) and is_answered(reponses.get(champ.id)):
                kept[champ.id] = reponses[champ.id]
    return kept


def is_answered(valeur: Any) -> bool:
    """Whether a typed value is an answer: 0 and "non" (False) are, an empty text or list is not."""
    return valeur is not None and valeur != "" and valeur != [] and valeur != {}


def holds(condition: Condition, reponses: Mapping[str, Any]) -> bool:
    """Whether a condition holds, given the answers."""
    if isinstance(condition, Test):
        return _passes(condition, reponses.get(condition.champ))
    if condition.tous:
        return all(holds(part, reponses) for part in condition.tous)
    return any(holds(part, reponses) for part in condition.un)


def _passes(test: Test, valeur: Any) -> bool:
    answered = is_answered(valeur)
    if test.renseigne is not None:
        return answered is test.renseigne
    if not answered:
        return False
    if test.contient is not None:
        return isinstance(valeur, list) and test.contient in valeur
    if test.egal is not None:
        return bool(valeur == test.egal)
    return bool(valeur != test.different)


def facultatif(definition: Definition, prerempli: str) -> Definition:
    """The same form where the fields that ask this identity datum may stay empty."""
    pages = tuple(
        page.model_copy(
            update={
                "champs": tuple(
                    champ.model_copy(update={"obligatoire": False}) if champ.prerempli == prerempli else champ
                    for champ in page.champs
                )
            }
        )
        for page in definition.pages
    )
    return definition.model_copy(update={"pages": pages})
