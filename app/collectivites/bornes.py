"""Kiosks of a collectivité: made by an agent, installed by a code typed on the device, revoked from the desk."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.collectivites.models import Borne
from app.socle import limites
from app.socle.audit import record
from app.socle.contexte import Contexte, Visite
from app.socle.db import fetch, write_in
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.ids import uuid7

# How long a code may be typed on the device.
VALIDITE = timedelta(minutes=30)
ESSAIS = 10
NOM_MAX = 60
# No 0, 1, I, L, O: it is read on one screen and typed on another.
SIGNES = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def _empreinte(visit: Visite, code: str) -> bytes:
    return hashlib.sha256(visit.noyau.sceau.sign("code-borne", code).encode()).digest()


def cookie_of(visit: Visite, borne_id: UUID) -> str:
    """What makes a browser that kiosk of this host's collectivité."""
    return f"{borne_id}.{visit.noyau.sceau.sign('borne', f'{visit.collectivite.id} {borne_id}')}"


async def list_bornes(session: AsyncSession, collectivite_id: UUID) -> Sequence[Borne]:
    """The kiosks of a collectivité that are not revoked, oldest first."""
    query = select(Borne).where(Borne.collectivite_id == collectivite_id, Borne.revoquee_le.is_(None))
    return (await session.execute(query.order_by(Borne.cree_le, Borne.id))).scalars().all()


async def add(ctx: Contexte, collectivite_id: UUID, nom: str, par: str) -> str:
    """A new kiosk; returns the code to type on it, which is stored nowhere. InvalidInputError without a name."""
    clean = " ".join(nom.split())
    if not clean or len(clean) > NOM_MAX:
        raise InvalidInputError(f"Donnez à la borne un nom de {NOM_MAX} caractères au plus.")
    code = "".join(secrets.choice(SIGNES) for _ in range(10))
    await write_in(ctx.db, collectivite_id)
    borne = Borne(
        collectivite_id=collectivite_id,
        id=uuid7(),
        nom=clean,
        code_empreinte=_empreinte(ctx, code),
        code_expire_le=ctx.now + VALIDITE,
        cree_par=par,
        cree_le=ctx.now,
    )
    ctx.db.add(borne)
    await ctx.db.flush()
    await record(ctx, "collectivites:borne:ajouter", str(borne.id), collectivite_id, nom=clean)
    return code


async def revoke(ctx: Contexte, collectivite_id: UUID, borne_id: UUID) -> None:
    """The device is a kiosk no longer once its visit ends; NotFoundError when there is none."""
    await write_in(ctx.db, collectivite_id)
    found = await ctx.db.execute(
        update(Borne)
        .where(Borne.collectivite_id == collectivite_id, Borne.id == borne_id, Borne.revoquee_le.is_(None))
        .values(revoquee_le=ctx.now, code_empreinte=None)
        .returning(Borne.id)
    )
    if found.scalar_one_or_none() is None:
        raise NotFoundError("Cette borne est déjà retirée.")
    await record(ctx, "collectivites:borne:retirer", str(borne_id), collectivite_id)


async def install(ctx: Contexte, typed: str) -> UUID:
    """Makes this browser the kiosk of that code; InvalidInputError for a code that is unknown, used or too old."""
    client = ctx.request.client
    who = f"{client.host if client else ''} {ctx.collectivite.id}"
    await limites.limit(ctx.noyau, "code-borne", who, at_most=ESSAIS, per=timedelta(minutes=15))
    code = "".join(sign for sign in typed.upper() if sign in SIGNES)[:20]
    sql = "SELECT installer_borne($1, $2, $3) AS id"
    found: UUID | None = (await fetch(ctx.db, sql, ctx.collectivite.id, _empreinte(ctx, code), ctx.now))[0][
        "id"
    ]
    if found is None:
        raise InvalidInputError(
            "Ce code n’est pas valable ici. Demandez-en un autre à un administrateur de la collectivité."
        )
    await record(ctx, "collectivites:borne:installer", str(found), ctx.collectivite.id)
    return found


async def is_active(session: AsyncSession, collectivite_id: UUID, borne_id: UUID) -> bool:
    """Whether a device is still a kiosk of that collectivité."""
    return any(borne.id == borne_id for borne in await list_bornes(session, collectivite_id))
