"""SQL of the planning: what the agents of some collectivités have on these days, each list in one statement.

Everything is read under the perimeter of the agent: the collectivités that they serve.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_VISITES = text(
    """
SELECT r.id, r.collectivite_id, r.debut, r.fin, r.fuseau, r.etat, r.mode, r.canal, r.personnes, r.contact,
  r.predemandes, r.arrive_le, m.nom AS motif, l.nom AS lieu, c.nom AS commune,
  array_agg(o.ressource_id) FILTER (WHERE o.ressource_id IS NOT NULL) AS ressources
FROM rendezvous_rendezvous r
JOIN rendezvous_motif m ON m.collectivite_id = r.collectivite_id AND m.id = r.motif_id
JOIN rendezvous_lieu l ON l.collectivite_id = r.collectivite_id AND l.id = r.lieu_id
JOIN socle_collectivite c ON c.id = r.collectivite_id
LEFT JOIN rendezvous_occupation o ON o.collectivite_id = r.collectivite_id AND o.rendezvous_id = r.id
WHERE r.collectivite_id = ANY (:communes) AND r.debut >= :du AND r.debut < :au
  AND r.etat IN ('retenu', 'confirme', 'honore', 'absent')
GROUP BY r.collectivite_id, r.id, m.nom, l.nom, c.nom ORDER BY r.debut, r.id
"""
)
_LIBRES = text(
    "SELECT ressource_id, lieu_id, debut, fin FROM rendezvous_libre WHERE collectivite_id = ANY (:communes)"
    " AND fin > :du AND debut < :au ORDER BY debut"
)
_ABSENCES = text(
    "SELECT a.id, a.collectivite_id, a.occupant_id, a.debut, a.fin, a.libelle FROM rendezvous_absence a"
    " WHERE a.collectivite_id = ANY (:communes) AND a.fin > :du AND a.debut < :au ORDER BY a.debut"
)
_RESSOURCES = text(
    "SELECT r.id, r.collectivite_id, r.nom, r.genre, r.occupant_id, r.actif, c.nom AS commune"
    " FROM rendezvous_ressource r JOIN socle_collectivite c ON c.id = r.collectivite_id"
    " WHERE r.collectivite_id = ANY (:communes) ORDER BY r.genre, sans_accents(r.nom), r.id"
)
_MOTIFS = text(
    "SELECT m.id, m.collectivite_id, m.nom, m.modes, m.personnes_max, m.predemande, c.nom AS commune"
    " FROM rendezvous_motif m JOIN socle_collectivite c ON c.id = m.collectivite_id"
    " WHERE m.collectivite_id = ANY (:communes) AND m.actif ORDER BY c.nom, sans_accents(m.nom), m.id"
)


@dataclass(frozen=True, slots=True)
class Fenetre:
    """Collectivités and instants that a list is about."""

    communes: tuple[UUID, ...]
    du: datetime
    au: datetime


async def _rows(session: AsyncSession, query: Any, fenetre: Fenetre) -> list[Any]:
    values = {"communes": list(fenetre.communes), "du": fenetre.du, "au": fenetre.au}
    return list((await session.execute(query, values)).all())


async def list_visites(session: AsyncSession, fenetre: Fenetre) -> list[Any]:
    """Rendez-vous that begin in the window, with what they occupy."""
    return await _rows(session, _VISITES, fenetre)


async def list_libres(session: AsyncSession, fenetre: Fenetre) -> list[Any]:
    """Free time that touches the window."""
    return await _rows(session, _LIBRES, fenetre)


async def list_absences(session: AsyncSession, fenetre: Fenetre) -> list[Any]:
    """Absences that touch the window."""
    return await _rows(session, _ABSENCES, fenetre)


async def list_ressources(session: AsyncSession, communes: tuple[UUID, ...]) -> list[Any]:
    """Every ressource of these collectivités, those out of use too."""
    return list((await session.execute(_RESSOURCES, {"communes": list(communes)})).all())


async def list_motifs(session: AsyncSession, communes: tuple[UUID, ...]) -> list[Any]:
    """The motifs in use in these collectivités."""
    return list((await session.execute(_MOTIFS, {"communes": list(communes)})).all())


async def list_during(session: AsyncSession, occupant_id: UUID, debut: datetime, fin: datetime) -> list[Any]:
    """The rendez-vous, in the perimeter, that occupy somebody or something between two instants."""
    query = text(
        "SELECT r.id, r.collectivite_id, r.debut, r.fin, r.fuseau, r.contact, r.personnes, m.nom AS motif,"
        " c.nom AS commune FROM rendezvous_occupation o"
        " JOIN rendezvous_rendezvous r ON r.collectivite_id = o.collectivite_id AND r.id = o.rendezvous_id"
        " JOIN rendezvous_motif m ON m.collectivite_id = r.collectivite_id AND m.id = r.motif_id"
        " JOIN socle_collectivite c ON c.id = r.collectivite_id"
        " WHERE o.occupant_id = :occupant AND r.etat IN ('retenu', 'confirme') AND r.debut < :fin AND r.fin > :debut"
        " ORDER BY r.debut, r.id"
    )
    values = {"occupant": occupant_id, "debut": debut, "fin": fin}
    return list((await session.execute(query, values)).all())
