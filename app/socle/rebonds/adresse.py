"""The return address of one message (variable envelope return path): the mailbox, then `+`, then a signed token.

Lower case and digits only, since servers on the way may change the case; 47 characters with `rebonds`, of the 64 that
RFC 5321 4.5.3.1.1 allows to a local part.
"""

import base64
import hashlib
import re
from uuid import UUID

from app.socle.sceau import Sceau

_USAGE = "rebond"
_UUID = 26
_SIGNATURE = 13
_TOKEN = re.compile(rf"\+([a-z2-7]{{{_UUID}}})([a-z2-7]{{{_SIGNATURE}}})@")


def adresse_retour(sceau: Sceau, boite: str, envoi: UUID) -> str:
    """Where a refusal of this message comes back: `boite` (name@domain) with the token of `envoi`."""
    nom, _, domaine = boite.rpartition("@")
    return f"{nom}+{_encode(envoi.bytes)}{_signature(sceau, envoi)}@{domaine}"


def lire_jeton(sceau: Sceau, adresse: str) -> UUID | None:
    """The message that a return address is that of, or None when we did not make this address."""
    found = _TOKEN.search(adresse.lower())
    if found is None:
        return None
    try:
        envoi = UUID(bytes=base64.b32decode(found[1].upper() + "=" * (-_UUID % 8)))
    except ValueError:
        return None
    return envoi if _signature(sceau, envoi) == found[2] else None


def _signature(sceau: Sceau, envoi: UUID) -> str:
    # The seal's own text has capitals: hashed again, 64 bits of it survive a change of case.
    return _encode(hashlib.sha256(sceau.sign(_USAGE, str(envoi)).encode()).digest())[:_SIGNATURE]


def _encode(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
