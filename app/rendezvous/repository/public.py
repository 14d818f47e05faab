"""SQL of what residents do by themselves: what is offered, a rendez-vous by its link, their own, reminders due."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import any_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous.models import Besoin, Lieu, Motif, Plage, RendezVous


async def get_offert(
    session: AsyncSession, collectivite_id: UUID, motif_id: UUID
) -> tuple[Motif, list[Lieu]] | None:
    """A motif that residents may book by themselves and the lieux that open for it, in one statement."""
    opens = (
        select(Plage.id)
        .join(
            Besoin,
            (Besoin.collectivite_id == Plage.collectivite_id) & (Besoin.ressource_id == Plage.ressource_id),
        )
        .where(
            Plage.collectivite_id == Motif.collectivite_id,
            Plage.lieu_id == Lieu.id,
            Besoin.motif_id == Motif.id,
            or_(Plage.motifs.is_(None), Motif.id == any_(Plage.motifs)),
        )
        .exists()
    )
    query = (
        select(Motif, Lieu)
        .outerjoin(Lieu, (Lieu.collectivite_id == Motif.collectivite_id) & Lieu.actif & opens)
        .where(Motif.collectivite_id == collectivite_id, Motif.id == motif_id, Motif.actif, Motif.en_ligne)
        .order_by(Lieu.nom)
    )
    rows = (await session.execute(query)).all()
    if not rows:
        return None
    return rows[0][0], [row[1] for row in rows if row[1] is not None]


async def get_by_jeton(session: AsyncSession, jeton: bytes, *, lock: bool = False) -> RendezVous | None:
    """The rendez-vous of a link, as it stands after its moves."""
    query = select(RendezVous).where(RendezVous.jeton_empreinte == jeton, ~RendezVous.deplace)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def list_own(session: AsyncSession, usager_id: UUID, limit: int = 200) -> list[RendezVous]:
    """The rendez-vous of an account in every collectivité, the latest first; what was moved is told once."""
    query = (
        select(RendezVous)
        .where(
            RendezVous.usager_id == usager_id,
            RendezVous.etat.not_in(("retenu", "expire")),
            ~RendezVous.deplace,
        )
        .order_by(RendezVous.debut.desc())
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def lock_quota(session: AsyncSession, motif_id: UUID, jour: date) -> None:
    """Of those who book a motif on one day, one at a time: a daily quota is counted, not constrained."""
    key = text("SELECT pg_advisory_xact_lock(hashtextextended(:cle, 36))")
    await session.execute(key, {"cle": f"{motif_id} {jour}"})


# Not soon after the booking itself, which was told then; nor when the next reminder is due.
_RAPPELS = text(
    """
SELECT r.collectivite_id, r.id, g.genre FROM rendezvous_rendezvous r
JOIN (VALUES ('deux_jours', interval '48 hours', interval '2 hours', interval '12 hours'),
             ('deux_heures', interval '2 hours', interval '0', interval '1 hour')) AS g (genre, avant, fin, recul)
  ON r.debut - g.avant <= :maintenant AND r.debut - g.fin > :maintenant
  AND r.modifie_le < r.debut - g.avant - g.recul
WHERE r.etat = 'confirme' AND r.debut > :maintenant AND r.debut <= :bientot
  AND NOT EXISTS (SELECT FROM rendezvous_rappel x WHERE x.collectivite_id = r.collectivite_id
    AND x.rendezvous_id = r.id AND x.genre = g.genre)
ORDER BY r.debut LIMIT :limite
"""
)


async def list_rappels(session: AsyncSession, now: datetime, limit: int) -> list[tuple[UUID, UUID, str]]:
    """(collectivité, rendez-vous, which) of the reminders that are due and nobody asked for (platform role)."""
    rows = await session.execute(
        _RAPPELS, {"maintenant": now, "bientot": now + timedelta(hours=48), "limite": limit}
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def add_rappel(session: AsyncSession, found: RendezVous, genre: str, now: datetime) -> bool:
    """Notes that a reminder is asked for; False when it was already."""
    query = text(
        "INSERT INTO rendezvous_rappel (collectivite_id, rendezvous_id, genre, demande_le)"
        " VALUES (:c, :id, :genre, :maintenant) ON CONFLICT DO NOTHING RETURNING true"
    )
    values = {"c": found.collectivite_id, "id": found.id, "genre": genre, "maintenant": now}
    return (await session.execute(query, values)).scalar_one_or_none() is not None


async def forget_contacts(session: AsyncSession, before: datetime) -> int:
    """Empties who came to what is long over (platform role); what is left counts, and names nobody."""
    query = text(
        "UPDATE rendezvous_rendezvous SET contact = '{}', predemandes = '{}'"
        " WHERE fin < :avant AND (contact <> '{}' OR predemandes <> '{}')"
    )
    result = await session.execute(query, {"avant": before})
    return int(result.rowcount)  # type: ignore[attr-defined]


async def forget_expired(session: AsyncSession, before: datetime) -> int:
    """Removes the holds that nobody confirmed, with what was typed in them (platform role); returns how many."""
    query = text("DELETE FROM rendezvous_rendezvous WHERE etat = 'expire' AND modifie_le < :avant")
    result = await session.execute(query, {"avant": before})
    return int(result.rowcount)  # type: ignore[attr-defined]


async def list_en_ligne(session: AsyncSession, collectivite_id: UUID) -> list[Motif]:
    """The motifs that residents may book by themselves, by name."""
    query = (
        select(Motif)
        .where(Motif.collectivite_id == collectivite_id, Motif.actif, Motif.en_ligne)
        .order_by(Motif.nom)
    )
    return list((await session.execute(query)).scalars())
