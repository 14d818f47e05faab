"""SQL of the instruction beside the dossier itself: proposals, opinions, waits, handing over, alerts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Alerte, Attente, Avis, Dossier, DuDossier, Proposition, Transmission
from app.demarches.models_exterieur import Appel
from app.demarches.repository.direct import from_json, under_dossier
from app.demarches.repository.places import PlaceTenue
from app.socle.db import fetch


@dataclass
class Travail:
    """What hangs under a dossier for its agents alone."""

    avis: list[Avis] = field(default_factory=list)
    attentes: list[Attente] = field(default_factory=list)
    proposition: Proposition | None = None
    transmission: Transmission | None = None
    alertes: list[Alerte] = field(default_factory=list)
    appels: list[Appel] = field(default_factory=list)
    collegues: list[tuple[str, str]] = field(default_factory=list)
    etiquettes: list[dict[str, str]] = field(default_factory=list)
    places: list[PlaceTenue] = field(default_factory=list)


# Who may be given the dossier, the labels of its collectivité, the places that it holds.
_PARTAGE = """
, (SELECT coalesce(json_agg(json_build_array(x.id, x.nom) ORDER BY x.nom), '[]') FROM (
    SELECT DISTINCT a.id, btrim(a.prenom || ' ' || a.nom) AS nom FROM socle_habilitation h
    JOIN socle_agent a ON a.id = h.agent_id WHERE h.collectivite_id = $1 AND a.actif) x WHERE x.nom <> '')
, (SELECT coalesce(json_agg(json_build_object('id', e.id, 'nom', e.nom, 'ton', e.ton) ORDER BY lower(e.nom)), '[]')
    FROM demarches_etiquette e WHERE e.collectivite_id = $1 AND e.active)
, (SELECT coalesce(json_agg(json_build_array(q.champ_id, q.option, q.saison, p.etat, p.rang)), '[]')
    FROM demarches_place p JOIN demarches_quota q ON q.collectivite_id = p.collectivite_id AND q.id = p.quota_id
    WHERE p.collectivite_id = $1 AND p.dossier_id = $2)
"""
_TRAVAIL = "SELECT {}".format(
    ", ".join(
        (
            under_dossier(Avis, "t.demande_le, t.id"),
            under_dossier(Attente, "t.ouverte_le, t.id"),
            under_dossier(Proposition, "t.proposee_le"),
            under_dossier(Transmission, "t.transmis_le"),
            under_dossier(Alerte, "t.creee_le"),
            under_dossier(Appel, "t.cree_le, t.id"),
        )
    )
    + _PARTAGE
)


async def load_travail(session: AsyncSession, dossier: Dossier) -> Travail:
    """All of it in one statement, whatever the numbers."""
    (row,) = await fetch(session, _TRAVAIL, dossier.collectivite_id, dossier.id)
    avis, attentes, propositions, transmissions, alertes, appels, collegues, etiquettes, places = row
    return Travail(
        [from_json(Avis, item) for item in avis],
        [from_json(Attente, item) for item in attentes],
        next((from_json(Proposition, item) for item in propositions), None),
        next((from_json(Transmission, item) for item in transmissions), None),
        [from_json(Alerte, item) for item in alertes],
        [from_json(Appel, item) for item in appels],
        [(id_, nom) for id_, nom in collegues],
        etiquettes,
        [PlaceTenue(*item) for item in places],
    )


async def save_proposition(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """The prepared decision; the one before it, if any, is replaced."""
    statement = insert(Proposition).values(
        collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Proposition.collectivite_id, Proposition.dossier_id], set_=values
        )
    )


async def get_proposition(session: AsyncSession, dossier: Dossier) -> Proposition | None:
    """The prepared decision, if there is one."""
    query = select(Proposition).where(
        Proposition.collectivite_id == dossier.collectivite_id, Proposition.dossier_id == dossier.id
    )
    return (await session.execute(query)).scalar_one_or_none()


async def delete_proposition(session: AsyncSession, dossier: Dossier) -> None:
    """Once it is decided."""
    await session.execute(
        delete(Proposition).where(
            Proposition.collectivite_id == dossier.collectivite_id, Proposition.dossier_id == dossier.id
        )
    )


async def add_row(session: AsyncSession, model: type[DuDossier], dossier: Dossier, **values: Any) -> None:
    """One more row of a table that hangs under a dossier."""
    await session.execute(
        insert(model).values(collectivite_id=dossier.collectivite_id, dossier_id=dossier.id, **values)
    )


async def get_avis(session: AsyncSession, avis_id: UUID, dossier_id: UUID | None = None) -> Avis | None:
    """An opinion that the transaction may see, of that dossier when one is given."""
    query = select(Avis).where(Avis.id == avis_id).execution_options(populate_existing=True)
    if dossier_id is not None:
        query = query.where(Avis.dossier_id == dossier_id)
    return (await session.execute(query)).scalar_one_or_none()


async def update_avis(session: AsyncSession, avis: Avis, **values: Any) -> bool:
    """Changes an opinion that is still awaited; False when it is not any more."""
    result = await session.execute(
        update(Avis)
        .where(
            Avis.collectivite_id == avis.collectivite_id,
            Avis.id == avis.id,
            Avis.rendu_le.is_(None),
            Avis.revoque_le.is_(None),
        )
        .values(**values)
        .returning(Avis.id)
        .execution_options(synchronize_session=False)
    )
    return result.first() is not None


async def count_awaited(session: AsyncSession, dossier: Dossier, etape: str) -> int:
    """How many opinions, things and calls that a step waits for have not come yet."""
    query = text(
        "SELECT (SELECT count(*) FROM demarches_avis WHERE collectivite_id = :c AND dossier_id = :d AND etape = :e"
        " AND rendu_le IS NULL AND revoque_le IS NULL) + (SELECT count(*) FROM demarches_attente"
        " WHERE collectivite_id = :c AND dossier_id = :d AND etape = :e AND close_le IS NULL)"
        " + (SELECT count(*) FROM demarches_appel WHERE collectivite_id = :c AND dossier_id = :d AND etape = :e"
        " AND bloquant AND etat NOT IN ('livre', 'passe'))"
    )
    values = {"c": dossier.collectivite_id, "d": dossier.id, "e": etape}
    return int((await session.execute(query, values)).scalar_one())


async def close_attente(session: AsyncSession, attente_id: UUID, now: datetime, par: str) -> Attente | None:
    """What was awaited has come; None when it is not there, or has come already."""
    closed = await session.execute(
        update(Attente)
        .where(Attente.id == attente_id, Attente.close_le.is_(None))
        .values(close_le=now, close_par=par)
        .returning(Attente)
    )
    return closed.scalar_one_or_none()


async def read_avis_outside(
    session: AsyncSession, avis_id: UUID, code: bytes, now: datetime
) -> dict[str, Any] | None:
    """What an outside expert is shown, by the hash of the code; None when it opens nothing."""
    query = text("SELECT lire_avis(:id, :code, :maintenant)")
    found: dict[str, Any] | None = (
        await session.execute(query, {"id": avis_id, "code": code, "maintenant": now})
    ).scalar_one()
    return found


async def give_avis_outside(session: AsyncSession, **values: Any) -> bool:
    """Records an outside expert's opinion, once; False when the code opens nothing or it was given already."""
    query = text(
        "SELECT rendre_avis(:id, :code, :maintenant, :favorable, :texte, :fichier_id, :fichier_nom, :fichier_type,"
        " :fichier_taille)"
    )
    return bool((await session.execute(query, values)).scalar_one())


async def get_transmission(session: AsyncSession, dossier: Dossier) -> Transmission | None:
    """Where a dossier was handed over to, if it was."""
    query = (
        select(Transmission)
        .where(Transmission.collectivite_id == dossier.collectivite_id, Transmission.dossier_id == dossier.id)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def update_transmission(session: AsyncSession, dossier: Dossier, **values: Any) -> None:
    """What became of it."""
    await session.execute(
        update(Transmission)
        .where(Transmission.collectivite_id == dossier.collectivite_id, Transmission.dossier_id == dossier.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def add_alerte(session: AsyncSession, **values: Any) -> bool:
    """An alert, once; False when it was given already."""
    inserted = await session.execute(
        insert(Alerte).values(**values).on_conflict_do_nothing().returning(Alerte.dossier_id)
    )
    return inserted.first() is not None


_DUE = """
WITH d AS (SELECT collectivite_id, id, agent_id, depose_le, silence_le FROM demarches_dossier
  WHERE depose_le IS NOT NULL AND clos_le IS NULL AND NOT essai)
SELECT d.id, d.agent_id, d.depose_le, 'silence' AS genre, d.silence_le AS echeance FROM d WHERE silence_le <= :horizon
UNION ALL SELECT d.id, d.agent_id, d.depose_le, 'complement', max(c.avant_le) FROM d JOIN demarches_complement c
  ON c.collectivite_id = d.collectivite_id AND c.dossier_id = d.id AND c.satisfait_le IS NULL AND c.avant_le < :today
  GROUP BY d.id, d.agent_id, d.depose_le
UNION ALL SELECT d.id, d.agent_id, d.depose_le, 'avis', max(a.avant_le) FROM d JOIN demarches_avis a
  ON a.collectivite_id = d.collectivite_id AND a.dossier_id = d.id AND a.rendu_le IS NULL AND a.revoque_le IS NULL
    AND a.avant_le < :today
  GROUP BY d.id, d.agent_id, d.depose_le
UNION ALL SELECT d.id, d.agent_id, d.depose_le, 'accuse', NULL FROM d WHERE NOT EXISTS (
  SELECT FROM demarches_document p
  WHERE p.collectivite_id = d.collectivite_id AND p.dossier_id = d.id AND p.genre = 'accuse')
"""


async def list_due(session: AsyncSession, today: date, horizon: date) -> Sequence[Row[Any]]:
    """What ends between long ago and `horizon` in the collectivité of the transaction: (genre, echeance, dossier row).

    Silence to come or come, complements and opinions whose day has passed, receipts that were never made.
    """
    query = text(_DUE)
    return (await session.execute(query, {"today": today, "horizon": horizon})).all()


async def list_avis_to_remind(session: AsyncSession, until: date) -> list[Avis]:
    """Outside opinions whose day comes, and that were not recalled yet."""
    query = select(Avis).where(
        Avis.rendu_le.is_(None),
        Avis.revoque_le.is_(None),
        Avis.relance_le.is_(None),
        Avis.courriel != "",
        Avis.avant_le <= until,
    )
    return list((await session.execute(query)).scalars())
