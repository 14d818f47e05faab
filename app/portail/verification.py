"""`kumun verifier`: what an installation can prove of itself, one sentence for each fault and for each thing proven.

The chains of the audit, the policies of every tenant table, the address of every published content, what submitted
dossiers rest on, and the objects: all are there, and a sample is read whole, deciphered and compared with its seal.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.service.catalogue import load_definitions
from app.portail import repository as lignes
from app.socle.audit import verify_chain
from app.socle.crypto import KeyOwner
from app.socle.errors import BusinessError
from app.socle.noyau import Noyau
from app.socle.storage import ObjectDestroyedError

# Beyond this, faults of one kind are counted, not listed.
AT_MOST = 20


@dataclass
class Verification:
    """What was found: `anomalies` to act on, `constats` that hold."""

    anomalies: list[str] = field(default_factory=list)
    constats: list[str] = field(default_factory=list)

    def add(self, anomalies: Iterable[str], constat: str) -> None:
        """One more thing looked at; what holds is said only when it does."""
        found = list(anomalies)
        self.anomalies += found[:AT_MOST]
        if len(found) > AT_MOST:
            self.anomalies.append(f"… et {len(found) - AT_MOST} autre(s) anomalie(s) du même genre.")
        if not found:
            self.constats.append(constat)


async def verify(noyau: Noyau, *, echantillon: int = 200, objets: bool = True) -> Verification:
    """Looks at everything, and reads `echantillon` objects drawn at random; writes nothing."""
    found = Verification()
    async with noyau.db.hors_cloison("verification of the installation") as session:
        found.add(await verify_chain(session), "Chaîne d’audit : intacte.")
        await _tables(session, found)
        await _contents(session, found)
        await _dossiers(session, found)
        if objets:
            await _objects(noyau, session, found, echantillon)
    return found


async def _tables(session: AsyncSession, found: Verification) -> None:
    rows = await lignes.list_tables(session)
    open_ = [f"table {row.relname} : son cloisonnement n’est pas forcé" for row in rows if not row.tenue]
    found.add(open_, f"Cloisonnement : forcé sur {len(rows)} tables.")


def address_of(contenu: Any, proprietaire: UUID | None) -> str:
    """The address that a stored content must have: the canonical form of definitions, computed on the row itself."""
    written = json.dumps(contenu, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    owner = proprietaire.bytes if proprietaire else b""
    return hashlib.sha256(owner + unicodedata.normalize("NFC", written).encode()).hexdigest()


async def _contents(session: AsyncSession, found: Verification) -> None:
    total, wrong = 0, []
    for rows, what in (
        (await lignes.list_versions(session), "version"),
        (await lignes.list_surcouches(session), "adaptation"),
    ):
        total += len(rows)
        wrong += [
            f"{what} {row.id[:12]} de {row.slug} : son contenu n’est plus celui de son adresse"
            for row in rows
            if address_of(row.contenu, row.proprietaire_id) != row.id
        ]
    found.add(wrong, f"Catalogue : {total} versions et adaptations conformes à leur adresse.")


async def _dossiers(session: AsyncSession, found: Verification) -> None:
    wrong = [
        f"dossier {numero} : déposé, sans réponses figées" for numero in await lignes.list_unfrozen(session)
    ]
    for row in await lignes.list_fields(session):
        what = f"version {row.version_id[:12]}" + (
            f" adaptée ({row.surcouche_id[:12]})" if row.surcouche_id else ""
        )
        try:
            loaded = await load_definitions(session, [(row.version_id, row.surcouche_id)])
        except (KeyError, ValidationError):
            wrong.append(f"{what} : des dossiers déposés s’y rattachent, et elle ne se lit plus")
            continue
        definition = loaded[(row.version_id, row.surcouche_id or "")]
        unknown = sorted(set(row.champs or ()) - {champ.id for champ in definition.champs()})
        if unknown:
            wrong.append(
                f"{what} : des dossiers ont des réponses qu’elle ne connaît pas ({', '.join(unknown)})"
            )
    found.add(wrong, "Dossiers déposés : réponses figées, chacune connue de sa version.")


async def _objects(noyau: Noyau, session: AsyncSession, found: Verification, echantillon: int) -> None:
    rows = await lignes.list_objects(session)
    missing = {row.id: row.genre for row in rows}
    async for key in noyau.objets.store.keys(""):
        missing.pop(key, None)
    lost = [f"{genre} {id_} : absent du stockage" for id_, genre in missing.items()]
    found.add(lost, f"Documents : {len(rows)} présents dans le stockage.")

    read, wrong = 0, []
    for row in await lignes.sample_objects(session, echantillon):
        if row.id in missing:
            continue
        owner = KeyOwner("collectivite", row.collectivite_id)
        try:
            if row.empreinte is None:
                await (await noyau.objets.lire(owner, row.id)).read()
            else:
                await noyau.objets.controler(owner, row.id, row.empreinte)
        except ObjectDestroyedError:
            # Its owner's key was destroyed on purpose: nothing must open it any more.
            continue
        except BusinessError as error:
            wrong.append(f"{row.genre} {row.id} : ne se relit pas comme il a été déposé ({error.code})")
        read += 1
    found.add(wrong, f"Documents : {read} tirés au hasard, relus et conformes à leur sceau.")
