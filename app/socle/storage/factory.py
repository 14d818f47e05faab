"""Chooses the store and the keys from the settings: S3 if it is set, a folder under `var` otherwise."""

from app.config import Settings
from app.socle.clock import Clock
from app.socle.crypto import FolderKeyStore, Keyring, LocalRootKey, RootKey, SuccessiveRootKeys
from app.socle.storage.encrypted import EncryptedObjects
from app.socle.storage.folder import FolderStore
from app.socle.storage.port import ObjectStore


def make_object_store(settings: Settings) -> ObjectStore:
    """The store named by `KUMUN_S3_…`, else the folder `<var>/objets`."""
    if not settings.s3_endpoint_url:
        return FolderStore(settings.var / "objets")
    # Only where it serves: boto3 takes a tenth of the start, and memory.
    from app.socle.storage.s3 import S3Settings, S3Store

    return S3Store(
        S3Settings(
            endpoint_url=settings.s3_endpoint_url,
            bucket=settings.s3_bucket,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key_id,
            secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        )
    )


def make_root_key(settings: Settings) -> RootKey:
    """The root key of `KUMUN_MASTER_KEY`; during a rotation, `KUMUN_MASTER_KEY_ANCIENNE` still opens."""
    present = LocalRootKey(settings.master_key.get_secret_value())
    former = settings.master_key_ancienne.get_secret_value()
    return SuccessiveRootKeys(present, LocalRootKey(former)) if former else present


def make_encrypted_objects(settings: Settings, clock: Clock) -> EncryptedObjects:
    """Encrypted objects on the store of the settings, with keys in `<var>/cles` under `KUMUN_MASTER_KEY`."""
    keyring = Keyring(make_root_key(settings), FolderKeyStore(settings.var / "cles", clock))
    return EncryptedObjects(make_object_store(settings), keyring)
