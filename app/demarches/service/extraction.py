"""The first half of an export: dossiers are read through a cursor of the server into encrypted pieces.

Each piece is committed with its mark, so a job that is killed goes on after the last one. Nothing grows with the number
of dossiers: neither memory nor a transaction that writes.
"""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.models import Export
from app.demarches.repository import exports as repository
from app.socle.attendus import announce, claim
from app.socle.crypto.keystore import KeyOwner
from app.socle.hosts import CollectiviteVue
from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

# Dossiers in a piece: the step of the progress that agents see; of an archive, one file, with all its documents.
MORCEAU = 1000
MORCEAU_ZIP = 100
# Writing holds a processor: never more than one at a time in a worker.
ECRITURE = CapacityLimiter(1)


class ExportArreteError(Exception):
    """Somebody cancelled the export, or another worker does it."""


async def keep(
    noyau: Noyau,
    perimetre: Perimetre,
    export: Export,
    content: Any,
    *,
    progress: dict[str, Any],
    **objet: Any,
) -> None:
    """Stores an object of the export and commits its row with the progress; ExportArreteError if it is not to be."""
    objet_id = uuid7()
    await announce(noyau, objet_id)
    stored = await noyau.objets.deposer(KeyOwner("collectivite", export.collectivite_id), objet_id, content)
    async with noyau.db.session(perimetre) as session:
        await claim(session, objet_id)
        await go_on(session, export)
        await repository.add_objet(session, export, objet_id=objet_id, taille=stored.size, **objet)
        await repository.update_export(session, export, **progress)


async def go_on(session: AsyncSession, export: Export) -> None:
    """Locks the export's row; ExportArreteError when it is no longer in the state that this work began with."""
    now = await repository.get_export(session, export.id, lock=True)
    if now is None or now.etat != export.etat:
        raise ExportArreteError


async def extract(noyau: Noyau, perimetre: Perimetre, export: Export, vue: CollectiviteVue) -> None:
    """Takes the dossiers after the mark into pieces of gzipped JSON lines."""
    async with noyau.db.session(perimetre) as reading:
        total = await repository.count_dossiers(reading, export, vue.fuseau)
        rank = len(await repository.list_objets(reading, export, "morceau"))
        lines: list[str] = []
        mark: tuple[datetime, UUID] | None = None
        taken = export.extraits
        step = MORCEAU_ZIP if export.format == "zip" else MORCEAU

        async def save() -> None:
            nonlocal rank, taken
            if mark is None or not lines:
                return
            packed = await to_thread.run_sync(gzip.compress, "\n".join(lines).encode(), 3, limiter=ECRITURE)
            taken += len(lines)
            progress = {
                "apres_le": mark[0],
                "apres_id": mark[1],
                "extraits": taken,
                "total": max(total, taken),
            }
            await keep(
                noyau,
                perimetre,
                export,
                packed,
                progress=progress,
                genre="morceau",
                rang=rank,
                dossiers=len(lines),
            )
            rank += 1
            lines.clear()

        async for line, depose_le, dossier_id in repository.stream_lines(reading, export, vue.fuseau):
            lines.append(line)
            mark = (depose_le, dossier_id)
            if len(lines) == step:
                await save()
        await save()
    async with noyau.db.session(perimetre) as session:
        await go_on(session, export)
        await repository.update_export(session, export, etat="ecriture", total=taken)
    export.etat, export.total = "ecriture", taken


async def pieces_of(
    noyau: Noyau, perimetre: Perimetre, export: Export, after: int = -1
) -> AsyncIterator[tuple[int, list[dict[str, Any]]]]:
    """The dossiers of the extraction, piece by piece, as (rank, dossiers), those of a rank above `after`."""
    async with noyau.db.session(perimetre) as session:
        pieces = await repository.list_objets(session, export, "morceau")
    owner = KeyOwner("collectivite", export.collectivite_id)
    for piece in pieces:
        if piece.rang > after:
            packed = await (await noyau.objets.lire(owner, piece.objet_id)).read()
            yield piece.rang, await to_thread.run_sync(_unpack, packed, limiter=ECRITURE)


def _unpack(packed: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(packed).decode().split("\n")]
