"""Objects at rest: a small port with two stores (folder, S3), and encryption above it.

Modules use `EncryptedObjects` only; the stores never see plaintext, names or types.
"""

from app.socle.storage.encrypted import EncryptedObjects, ObjetDepose, ObjetLu
from app.socle.storage.errors import (
    BucketMissingError,
    ObjectAlteredError,
    ObjectDestroyedError,
    ObjectExistsError,
    ObjectMissingError,
    StoreUnavailableError,
)
from app.socle.storage.factory import make_encrypted_objects, make_object_store, make_root_key
from app.socle.storage.port import ObjectStore, StoredObject

__all__ = [
    "BucketMissingError",
    "EncryptedObjects",
    "ObjectAlteredError",
    "ObjectDestroyedError",
    "ObjectExistsError",
    "ObjectMissingError",
    "ObjectStore",
    "ObjetDepose",
    "ObjetLu",
    "StoreUnavailableError",
    "StoredObject",
    "make_encrypted_objects",
    "make_object_store",
    "make_root_key",
]
