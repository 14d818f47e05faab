"""Lists of reference of a collectivité: offered to forms, and resolved when a form comes back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.demarches.definitions import Champ, Definition
from app.demarches.repository import referentiels as repository
from app.demarches.types.ecriture import nettoyer, plier
from app.socle.contexte import Contexte

PETITE = 200
SUGGESTIONS = 8
Lignes = dict[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Offert:
    """What a form may offer of a list: all its rows when it is short, else those like what was typed."""

    nombre: int
    lignes: Sequence[Mapping[str, Any]] = ()
    proches: Mapping[str, Sequence[Mapping[str, Any]]] | None = None


def champs_a_liste(definition: Definition) -> list[tuple[str, Champ]]:
    """The fields that ask for a row, with the block that they stand in ('' for none)."""
    return [found for champ in definition.champs() for found in _in(champ)]


def _in(champ: Champ) -> Iterator[tuple[str, Champ]]:
    if champ.type == "referentiel":
        yield "", champ
    for part in champ.champs:
        for _, inner in _in(part):
            yield champ.id, inner


def _answer(version: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as an answer keeps it: key, label, the other cells by title, the version of the list."""
    cells = dict(zip(version["colonnes"][2:], row["valeurs"][2:], strict=False))
    return {"cle": row["cle"], "libelle": row["libelle"], "colonnes": cells, "version": str(version["id"])}


def _typed(bloc: str, champ: Champ, brut: Mapping[str, Sequence[str]]) -> set[str]:
    """What was typed in the inputs of a field, in any row of its block."""
    ends = (champ.id, f"{champ.id}-code")
    found = set()
    for name, texts in brut.items():
        if name in ends or (
            bloc and name.startswith(f"{bloc}-") and name.endswith(tuple(f"-{e}" for e in ends))
        ):
            found |= {nettoyer(text) for text in texts[:1]}
    return found - {""}


async def resolve(
    ctx: Contexte, collectivite_id: UUID, champs: Iterable[Champ], brut: Mapping[str, Sequence[str]]
) -> Lignes:
    """The rows that the inputs of a form name, by (list, key); nothing is asked of a form without such a field."""
    asked = [(bloc, part, _typed(bloc, part, brut)) for champ in champs for bloc, part in _in(champ)]
    asked = [(bloc, part, typed) for bloc, part, typed in asked if typed]
    found: Lignes = {}
    if not asked:
        return found
    names = sorted({part.referentiel for _, part, _ in asked})
    for version in await repository.list_latest(ctx.db, collectivite_id, names):
        typed = sorted(set().union(*(t for _, part, t in asked if part.referentiel == version["nom"])))[:400]
        rows = await repository.find_rows(
            ctx.db, collectivite_id, version["id"], typed, [plier(text) for text in typed]
        )
        found |= {(version["nom"], row["cle"]): _answer(version, row) for row in rows}
    return found


async def offer(
    ctx: Contexte,
    collectivite_id: UUID,
    definition: Definition,
    brut: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[str, Offert]:
    """What a form may offer of its lists, by name; `brut` is what was typed and is no answer yet, by question."""
    asked = champs_a_liste(definition)
    if not asked:
        return {}
    found = {}
    versions = await repository.list_latest(ctx.db, collectivite_id, [c.referentiel for _, c in asked])
    for version in versions:
        if version["nombre"] <= PETITE:
            rows = await repository.list_rows(ctx.db, collectivite_id, version["id"], PETITE)
            found[version["nom"]] = Offert(version["nombre"], rows)
            continue
        near: dict[str, Sequence[Mapping[str, Any]]] = {}
        for _, champ in asked:
            for text in (
                _typed("", champ, brut.get(champ.id, {})) if champ.referentiel == version["nom"] else ()
            ):
                near[champ.id] = await repository.search_rows(
                    ctx.db, collectivite_id, version["id"], plier(text), SUGGESTIONS
                )
        found[version["nom"]] = Offert(version["nombre"], (), near)
    return found


async def suggest(ctx: Contexte, collectivite_id: UUID, nom: str, texte: str) -> list[dict[str, str]]:
    """Rows of a list like what is typed; none for a list that is not there, or less than two letters."""
    folded = plier(texte)
    versions = await repository.list_latest(ctx.db, collectivite_id, [nom]) if len(folded) > 1 else []
    if not versions:
        return []
    rows = await repository.search_rows(ctx.db, collectivite_id, versions[0]["id"], folded, SUGGESTIONS)
    return [{"libelle": row["libelle"], "code": row["cle"]} for row in rows]
