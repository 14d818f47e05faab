"""`kumun cles`: the owners' keys rotated under a new root, destroyed for good, kept destroyed after a restore."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from app.collectivites import repository as collectivites
from app.socle.audit import record_as
from app.socle.crypto import FolderKeyStore, KeyOwner, LocalRootKey
from app.socle.errors import BusinessError, NotFoundError
from app.socle.noyau import Noyau


class CleRefuseeError(BusinessError):
    """What was asked of a key cannot be done; only the command line says it."""

    code = "cle"


@dataclass(frozen=True, slots=True)
class Destruction:
    """A key that is no more: what the certificate of destruction says."""

    proprietaire: str
    cle: UUID
    le: datetime


async def rotate(noyau: Noyau) -> int:
    """Wraps every owner's key under KUMUN_MASTER_KEY; how many were not yet. Data are not touched.

    CleRefuseeError when KUMUN_MASTER_KEY_ANCIENNE is not set: there is then nothing to come from. May be run again
    after an interruption.
    """
    settings = noyau.settings
    if not settings.master_key_ancienne.get_secret_value():
        raise CleRefuseeError(
            "Pour changer de clé maîtresse : mettez la nouvelle dans KUMUN_MASTER_KEY et celle d’avant dans "
            "KUMUN_MASTER_KEY_ANCIENNE, redémarrez « web » et « worker », puis relancez cette commande."
        )
    done: int = await noyau.objets.keyring.rewrap_all(LocalRootKey(settings.master_key.get_secret_value()))
    async with noyau.db.hors_cloison("rotation of the root key") as session:
        await record_as(
            session, noyau.clock.now(), "systeme", "socle:cles:tourner", "installation", cles=done
        )
    return done


async def find_owner(noyau: Noyau, code: str) -> tuple[KeyOwner, str]:
    """The owner meant by the INSEE code or short name of a collectivité, and its name; NotFoundError else."""
    async with noyau.db.hors_cloison("owner of a key about to be destroyed") as session:
        found = await collectivites.get_by_insee(session, code) or await collectivites.get_by_slug(
            session, code
        )
        if found is None:
            raise NotFoundError(f"La collectivité {code} n’est pas prise en charge ici.")
        return KeyOwner("collectivite", found.id), found.nom


async def destroy(noyau: Noyau, owner: KeyOwner) -> Destruction:
    """Destroys a collectivité's key: its documents are unreadable in every copy within a minute. Irreversible.

    CleRefuseeError when it has none. The destruction is on the list before the key goes, and in the audit.
    """
    key_id = await noyau.objets.detruire_cle(owner)
    if key_id is None:
        raise CleRefuseeError("Cette collectivité n’a pas de clé : rien n’a été détruit.")
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("destruction of a key, written to the audit") as session:
        await record_as(session, now, "systeme", "socle:cles:detruire", str(key_id), collectivite_id=owner.id)
    return Destruction(str(owner), key_id, now)


def replay(noyau: Noyau, other: Path | None) -> int:
    """Removes every key that was destroyed and came back with a copy, `other` list included; how many."""
    return FolderKeyStore(noyau.settings.var / "cles", noyau.clock).replay_destructions(other)
