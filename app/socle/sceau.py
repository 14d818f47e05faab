"""Small secrets kept by the database or carried by a form, sealed with the installation's secret key."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Sceau:
    """Seals JSON values (AES-256-GCM) and signs tokens (HMAC-SHA-256); each use has its own derived key."""

    def __init__(self, secret_key: str) -> None:
        self._secret = secret_key.encode()
        self._keys: dict[str, bytes] = {}

    def _key(self, usage: str) -> bytes:
        # Derived once a process: each page signs the token of its forms.
        if usage not in self._keys:
            derived = HKDF(algorithm=SHA256(), length=32, salt=b"kumun", info=usage.encode())
            self._keys[usage] = derived.derive(self._secret)
        return self._keys[usage]

    def seal(self, usage: str, value: Any) -> bytes:
        """The value, encrypted for one usage."""
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self._key(usage)).encrypt(nonce, json.dumps(value).encode(), usage.encode())

    def open(self, usage: str, sealed: bytes) -> Any | None:
        """The value sealed for that usage, or None when it was altered or sealed with another key."""
        try:
            return json.loads(AESGCM(self._key(usage)).decrypt(sealed[:12], sealed[12:], usage.encode()))
        except (InvalidTag, ValueError):
            return None

    def sign(self, usage: str, message: str) -> str:
        """A short signature of `message`, safe in a URL."""
        digest = hmac.new(self._key(usage), message.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()

    def verify(self, usage: str, message: str, signature: str) -> bool:
        """Whether `signature` is ours for that message."""
        return hmac.compare_digest(self.sign(usage, message).encode(), signature.encode())
