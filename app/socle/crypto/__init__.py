"""Encryption of objects at rest: a key per object, under its owner's key, under the root key.

Code de la poste (CPCE) R.55-6 asks that everything be encrypted by the state of the art and that algorithms
and key sizes can change: each header names its version, its algorithms and its key. Nothing is ever read as
plaintext.
"""

from app.socle.crypto.envelope import HEADER_SIZE, Header, open_header, rewrap_header, seal_header
from app.socle.crypto.errors import CiphertextRefusedError, KeyDestroyedError, KeyUnavailableError
from app.socle.crypto.keyring import Kek, Keyring
from app.socle.crypto.keystore import FolderKeyStore, KeyOwner, KeyStore, StoredKey
from app.socle.crypto.rootkey import LocalRootKey, RootKey, SuccessiveRootKeys
from app.socle.crypto.stream import StreamDecryptor, StreamEncryptor

__all__ = [
    "HEADER_SIZE",
    "CiphertextRefusedError",
    "FolderKeyStore",
    "Header",
    "Kek",
    "KeyDestroyedError",
    "KeyOwner",
    "KeyStore",
    "KeyUnavailableError",
    "Keyring",
    "LocalRootKey",
    "RootKey",
    "StoredKey",
    "StreamDecryptor",
    "StreamEncryptor",
    "SuccessiveRootKeys",
    "open_header",
    "rewrap_header",
    "seal_header",
]
