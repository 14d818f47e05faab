"""What a new version does to a dossier made with another: nothing, an answer to give, an answer that is lost.

Pure: the answers are those of one dossier, or those that many dossiers have in common.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.demarches.definitions import Champ, Definition
from app.demarches.domain import a_completer, reponses_effectives
from app.demarches.edition.difference import DE_FORME, champs_touches
from app.demarches.expressions import Circonstances


@dataclass(frozen=True, slots=True)
class Effet:
    """Questions by id: `perdus` had an answer that counts no more, `fautifs` have a wrong one, `manquants` want one."""

    perdus: tuple[str, ...] = ()
    fautifs: tuple[str, ...] = ()
    manquants: tuple[str, ...] = ()

    @property
    def aucun(self) -> bool:
        """Whether a submitted dossier can change version without anybody doing anything."""
        return not (self.perdus or self.fautifs or self.manquants)

    @property
    def sans_perte(self) -> bool:
        """Whether a draft can: what is missing will simply be asked."""
        return not (self.perdus or self.fautifs)


def _citations(definition: Definition) -> dict[str, set[str]]:
    """For each question, the ids that its rules or its page's name."""
    ids = {champ.id for champ in definition.champs()}
    found: dict[str, set[str]] = {}
    for page in definition.pages:
        of_page = _mots(page.model_dump(mode="json", exclude={"champs", "titre", "intro", "id"})) & ids
        for champ in page.champs:
            rules = champ.model_dump(mode="json", exclude_defaults=True, exclude={"id", "type", *DE_FORME})
            found[champ.id] = (of_page | _mots(rules) & ids) - {champ.id}
    return found


def _mots(value: Any) -> set[str]:
    return set(re.findall(r"[a-z][a-z0-9_]*", json.dumps(value)))


def concernes(avant: Definition, apres: Definition) -> tuple[set[str], set[str]]:
    """(questions whose answer may be concerned, those whose answer tells): both closed under the rules."""
    rules = [_citations(avant), _citations(apres)]
    touched = champs_touches(avant, apres)
    grown = True
    while grown:
        more = {c for one in rules for c, cited in one.items() if cited & touched} - touched
        touched |= more
        grown = bool(more)
    needed, grown = set(touched), True
    while grown:
        more = {cited for one in rules for c in needed for cited in one.get(c, ())} - needed
        needed |= more
        grown = bool(more)
    return touched, needed


def effet(
    avant: Definition,
    apres: Definition,
    reponses: Mapping[str, Any],
    pieces: Collection[str],
    jour: date,
    touches: Collection[str],
) -> Effet:
    """What becomes of these answers; `touches` as `concernes` says, `jour` the day on which limits are counted."""
    around = Circonstances(aujourdhui=jour, depot=jour)
    former = reponses_effectives(avant, reponses, around)
    later = reponses_effectives(apres, reponses, around)
    types = {champ.id: champ.type for champ in avant.champs()}
    known: dict[str, Champ] = {champ.id: champ for champ in apres.champs()}
    lost = [
        c
        for c in touches
        if c in former and (c not in later or c not in known or known[c].type != types.get(c))
    ]
    lost += [c for c in touches if types.get(c) == "piece" and c in pieces and c not in known]
    kept = {c: value for c, value in reponses.items() if c not in lost}
    now = {c for _, c, _ in a_completer(apres, kept, pieces, around) if c in touches and c not in lost}
    before = {c for _, c, _ in a_completer(avant, reponses, pieces, around)}
    wrong = {c for c in now if c in later}
    return Effet(tuple(sorted(lost)), tuple(sorted(wrong)), tuple(sorted(now - wrong - before)))
