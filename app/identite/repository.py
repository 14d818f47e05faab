"""All SQL of the module."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identite.models import CleFranceConnect
from app.socle.models import Collectivite, Connexion, Habilitation, Identite, SessionOuverte


async def get_cle_franceconnect(session: AsyncSession, collectivite_id: UUID) -> CleFranceConnect | None:
    """The collectivité's FranceConnect client, if it has one."""
    return await session.get(CleFranceConnect, collectivite_id)


async def save_cle_franceconnect(session: AsyncSession, values: dict[str, Any]) -> None:
    """Makes or replaces a collectivité's client (platform role)."""
    statement = insert(CleFranceConnect).values(**values)
    changed = {k: statement.excluded[k] for k in values if k != "collectivite_id"}
    await session.execute(
        statement.on_conflict_do_update(index_elements=[CleFranceConnect.collectivite_id], set_=changed)
    )


def add_connexion(session: AsyncSession, **values: Any) -> None:
    """A sign-in begins."""
    session.add(Connexion(**values))


async def get_connexion_by_etat(session: AsyncSession, etat: bytes) -> Connexion | None:
    """The sign-in of a state."""
    return (await session.execute(select(Connexion).where(Connexion.etat == etat))).scalar_one_or_none()


async def get_connexion(session: AsyncSession, connexion_id: UUID, *, lock: bool = False) -> Connexion | None:
    """A sign-in by its id; locked when its tries are counted."""
    return await session.get(Connexion, connexion_id, with_for_update=lock)


async def update_connexion(session: AsyncSession, connexion_id: UUID, **values: Any) -> None:
    """Changes a sign-in in progress."""
    await session.execute(update(Connexion).where(Connexion.id == connexion_id).values(**values))


async def consume_connexion(
    session: AsyncSession, *, code: bytes, hote: str, temoin: bytes, now: datetime
) -> Connexion | None:
    """Uses a hand-off code, once: only on its host, by the browser that asked, before it is over."""
    return (
        await session.execute(
            update(Connexion)
            .where(
                Connexion.code == code,
                Connexion.hote == hote,
                Connexion.temoin == temoin,
                Connexion.consommee_le.is_(None),
                Connexion.expire_le > now,
            )
            .values(consommee_le=now, code=None)
            .returning(Connexion)
        )
    ).scalar_one_or_none()


async def ouvrir_compte(
    session: AsyncSession,
    *,
    new_id: UUID,
    emetteur: str,
    entite: str,
    sub: str,
    niveau: str,
    donnees: dict[str, Any],
    now: datetime,
) -> Row[Any]:
    """The account of an identity (usager_id, identite_id, nouveau), made at its first sign-in."""
    statement = text(
        "SELECT * FROM ouvrir_compte(:id, :emetteur, :entite, :sub, :niveau, :donnees, :maintenant)"
    )
    return (
        await session.execute(
            statement.bindparams(bindparam("donnees", type_=JSONB)),
            {
                "id": new_id,
                "emetteur": emetteur,
                "entite": entite,
                "sub": sub,
                "niveau": niveau,
                "donnees": donnees,
                "maintenant": now,
            },
        )
    ).one()


async def rattacher_comptes(
    session: AsyncSession, *, code: bytes, hote: str, temoin: bytes, now: datetime
) -> UUID | None:
    """Joins two proven accounts; None when the hand-off is over. IntegrityError on two drafts of one démarche."""
    joined: UUID | None = (
        await session.execute(
            text("SELECT rattacher_comptes(:code, :hote, :temoin, :maintenant)"),
            {"code": code, "hote": hote, "temoin": temoin, "maintenant": now},
        )
    ).scalar_one()
    return joined


async def reconnaitre_agent(
    session: AsyncSession, *, sub: str, courriel: str, prenom: str, nom: str, now: datetime
) -> UUID | None:
    """The agent known under that ProConnect subject, or invited under that address; None for a stranger."""
    found: UUID | None = (
        await session.execute(
            text("SELECT reconnaitre_agent(:sub, :courriel, :prenom, :nom, :maintenant)"),
            {"sub": sub, "courriel": courriel, "prenom": prenom, "nom": nom, "maintenant": now},
        )
    ).scalar_one()
    return found


async def list_sessions(session: AsyncSession, now: datetime) -> list[SessionOuverte]:
    """The person's own living sessions (row-level security sees to whose), most recent first."""
    query = (
        select(SessionOuverte)
        .where(SessionOuverte.revoquee_le.is_(None), SessionOuverte.expire_le > now)
        .order_by(SessionOuverte.vue_le.desc())
        .limit(50)
    )
    return list((await session.execute(query)).scalars())


async def revoke_session(session: AsyncSession, session_id: UUID, now: datetime) -> bytes | None:
    """Ends one of the person's own sessions; returns what the identity provider wants back at sign-out."""
    row = (
        await session.execute(
            update(SessionOuverte)
            .where(SessionOuverte.id == session_id, SessionOuverte.revoquee_le.is_(None))
            .values(revoquee_le=now)
            .returning(SessionOuverte.fournisseur)
        )
    ).one_or_none()
    return row[0] if row else None


async def list_identites(session: AsyncSession) -> list[Identite]:
    """The identities that open the person's own account."""
    return list((await session.execute(select(Identite).order_by(Identite.cree_le))).scalars())


async def count_habilitations(session: AsyncSession, agent_id: UUID) -> int:
    """How many rights an agent has."""
    query = select(func.count()).select_from(Habilitation).where(Habilitation.agent_id == agent_id)
    return (await session.execute(query)).scalar_one()


async def purge_connexions(session: AsyncSession, before: datetime) -> int:
    """Removes sign-ins that are long over; returns how many."""
    result = await session.execute(
        text("DELETE FROM socle_connexion WHERE expire_le < :avant"), {"avant": before}
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


async def get_collectivite_id(session: AsyncSession, slug_or_insee: str) -> UUID | None:
    """A collectivité by its slug or its INSEE code."""
    query = select(Collectivite.id).where(
        or_(Collectivite.slug == slug_or_insee, Collectivite.code_insee == slug_or_insee)
    )
    return (await session.execute(query)).scalar_one_or_none()
