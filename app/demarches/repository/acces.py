"""SQL of the codes that open one dossier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Acces, Dossier
from app.demarches.repository.direct import columns_of, insert_row, made
from app.socle.db import fetch

_LISTER = f"""SELECT {columns_of(Acces, "a")} FROM demarches_acces a
  WHERE a.collectivite_id = $1 AND a.dossier_id = $2 AND (a.revoque_le IS NULL OR $3) ORDER BY a.cree_le"""  # noqa: S608
_REVOQUER = """UPDATE demarches_acces SET revoque_le = $4
  WHERE collectivite_id = $1 AND dossier_id = $2 AND id = $3 AND revoque_le IS NULL RETURNING id"""
_REVOQUER_SUIVI = """UPDATE demarches_acces SET revoque_le = $3
  WHERE collectivite_id = $1 AND dossier_id = $2 AND genre IN ('suivi', 'navigateur') AND revoque_le IS NULL"""


@dataclass(frozen=True, slots=True)
class CodeLu:
    """What a code is for; `a_soi` when the dossier is already the caller's own."""

    id: UUID
    genre: str
    titre: str
    dossier_id: UUID
    a_soi: bool


async def entrust(session: AsyncSession, objet_id: UUID) -> str | None:
    """Opens one dossier (by its id, or a document's) to a transaction whose person or browser was given access.

    As what: `navigateur` or `invitation`; None when nobody gave any.
    """
    genre: str | None = (await fetch(session, "SELECT confier_dossier($1) AS genre", objet_id))[0]["genre"]
    return genre


async def read_code(
    session: AsyncSession, collectivite_id: UUID, code: bytes, now: datetime
) -> CodeLu | None:
    """What a code is for; None when it is unknown, over, taken back or used."""
    found = await fetch(session, "SELECT * FROM lire_code($1, $2, $3)", collectivite_id, code, now)
    return CodeLu(**found[0]) if found else None


async def accept_code(
    session: AsyncSession, collectivite_id: UUID, code: bytes, acces_id: UUID, now: datetime
) -> UUID | None:
    """Uses a code, for this browser or this account: the dossier, which the transaction may then reach; or None.

    IntegrityError when a draft is handed to somebody who has one of the same démarche.
    """
    sql = "SELECT accepter_code($1, $2, $3, $4) AS dossier"
    dossier: UUID | None = (await fetch(session, sql, collectivite_id, code, acces_id, now))[0]["dossier"]
    return dossier


_OUBLIER = """UPDATE demarches_dossier SET beneficiaire = NULL, demandeur = '{}'
  WHERE collectivite_id = $1 AND id = $2 AND etat = 'brouillon'"""


async def forget_representation(session: AsyncSession, collectivite_id: UUID, dossier_id: UUID) -> None:
    """Whoever takes a draft over says for whom they act; what the former owner attested is not theirs."""
    await fetch(session, _OUBLIER, collectivite_id, dossier_id)


async def add_acces(session: AsyncSession, dossier: Dossier, **values: Any) -> bool:
    """A code, or who may come; False for a second follow-up code."""
    keys = {"collectivite_id": dossier.collectivite_id, "dossier_id": dossier.id}
    return await insert_row(session, Acces, keys | values)


async def list_acces(session: AsyncSession, dossier: Dossier, *, revoked: bool = False) -> Sequence[Acces]:
    """The accesses to a dossier, oldest first; with `revoked`, also those that were taken back."""
    found = await fetch(session, _LISTER, dossier.collectivite_id, dossier.id, revoked)
    return [made(Acces, row) for row in found]


async def revoke(session: AsyncSession, dossier: Dossier, acces_id: UUID, now: datetime) -> bool:
    """Takes an access back."""
    return bool(await fetch(session, _REVOQUER, dossier.collectivite_id, dossier.id, acces_id, now))


async def revoke_follow_up(session: AsyncSession, dossier: Dossier, now: datetime) -> None:
    """The code that was given before opens nothing any more, nor do the browsers that gave it."""
    await fetch(session, _REVOQUER_SUIVI, dossier.collectivite_id, dossier.id, now)
