"""The desk's list: the open dossiers of every collectivité an agent serves, by urgency of their legal clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.demarches.domain import NumeroIncorrectError, lire_numero
from app.demarches.repository import listes
from app.socle.contexte import Contexte
from app.socle.hosts import Nommee, list_nommees

PAGE = 50
FOUND = 200
SAISIES = 20


@dataclass(frozen=True, slots=True)
class Filtres:
    """What the agent wants to see; an empty value does not filter."""

    q: str = ""
    commune: str = ""
    demarche: str = ""
    etat: str = ""
    miens: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Bureau:
    """One page of the desk."""

    lignes: Sequence[Any]
    compteurs: Sequence[Any]
    collectivites: dict[UUID, Nommee]
    total: int
    saisies: Sequence[Any]


async def load(ctx: Contexte, filtres: Filtres) -> Bureau:
    """The desk, in four statements (five for a search) whatever the number of dossiers, collectivités and agents."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        return Bureau([], [], {}, 0, [])
    communes = await list_nommees(ctx.db, ctx.personne.collectivites)
    wanted = [id_ for id_ in ctx.personne.collectivites if filtres.commune in ("", str(id_))]
    counts = await listes.count_desk(ctx.db, wanted, ctx.personne.agent_id)
    saisies = await listes.list_saisies(ctx.db, wanted, SAISIES)
    if filtres.q.strip():
        ids = await listes.search_dossiers(ctx.db, _words(filtres.q), FOUND)
        rows = await listes.list_desk_by_ids(ctx.db, ids)
        rows = [
            row
            for row in rows
            if row.collectivite_id in wanted
            and filtres.etat in ("", row.etat)
            and filtres.demarche in ("", row.slug)
            and (not filtres.miens or row.agent_id == ctx.personne.agent_id)
        ]
        return Bureau(rows, counts, communes, len(rows), saisies)
    rows = await listes.list_desk(
        ctx.db,
        wanted,
        etat=filtres.etat,
        slug=filtres.demarche,
        agent_id=ctx.personne.agent_id if filtres.miens else None,
        limit=PAGE,
        start=(max(1, filtres.page) - 1) * PAGE,
    )
    total = sum(
        (row.miens if filtres.miens else row.nombre)
        for row in counts
        if filtres.etat in ("", row.etat) and filtres.demarche in ("", row.slug)
    )
    return Bureau(rows, counts, communes, total, saisies)


def _words(typed: str) -> str:
    """What to look for: a number told on the phone or copied with its dashes is one word."""
    try:
        return lire_numero(typed)
    except NumeroIncorrectError:
        return typed


def days_left(silence_le: date | None, today: date) -> int | None:
    """Days before silence decides; negative once it has."""
    return None if silence_le is None else (silence_le - today).days
