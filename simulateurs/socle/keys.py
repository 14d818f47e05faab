"""Signing keys of one provider: an EC and an RSA pair, made at the first start, kept in the state folder."""

import json
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

SIGNING_ALGORITHMS = ("ES256", "RS256", "HS256")


class SigningKeys:
    """Signs and reads back the provider's tokens; `HS256` signs with the client's own secret."""

    def __init__(self, ec: ECKey, rsa: RSAKey) -> None:
        self._by_alg: dict[str, ECKey | RSAKey] = {"ES256": ec, "RS256": rsa}
        self._set = KeySet([ec, rsa])

    @classmethod
    def generate(cls, name: str) -> "SigningKeys":
        """A new pair of keys; `name` opens the key ids."""
        ec = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
        rsa = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"})
        return cls(
            ECKey.import_key({**ec.as_dict(private=True), "kid": f"{name}-ec-{ec.thumbprint()[:8]}"}),
            RSAKey.import_key({**rsa.as_dict(private=True), "kid": f"{name}-rsa-{rsa.thumbprint()[:8]}"}),
        )

    @classmethod
    def load_or_generate(cls, name: str, folder: Path | None) -> "SigningKeys":
        """The keys kept in `folder`, made and written there (readable by their owner only) when absent."""
        if folder is None:
            return cls.generate(name)
        path = folder / f"cles-{name}.json"
        if path.exists():
            stored = json.loads(path.read_text())
            return cls(ECKey.import_key(stored["ec"]), RSAKey.import_key(stored["rsa"]))
        keys = cls.generate(name)
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(keys.private()))
        return keys

    def private(self) -> dict[str, Any]:
        """Both pairs, for the state folder only."""
        return {
            "ec": self._by_alg["ES256"].as_dict(private=True),
            "rsa": self._by_alg["RS256"].as_dict(private=True),
        }

    def public(self) -> dict[str, Any]:
        """The JWKS document."""
        return dict(self._set.as_dict(private=False))

    def sign(self, claims: dict[str, Any], alg: str, client_secret: str) -> str:
        """A compact JWT; its header has the key id, except for HS256, whose key is the client's secret."""
        if alg == "HS256":
            return jwt.encode({"alg": alg}, claims, OctKey.import_key(client_secret), [alg])
        key = self._by_alg[alg]
        return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, [alg])

    def read(self, token: str, client_secret: str | None = None) -> dict[str, Any] | None:
        """Claims of a token that these keys signed, whatever its age; None for anything else."""
        try:
            return dict(jwt.decode(token, self._set, ["ES256", "RS256"]).claims)
        except (JoseError, ValueError):
            pass
        if client_secret is None:
            return None
        try:
            return dict(jwt.decode(token, OctKey.import_key(client_secret), ["HS256"]).claims)
        except (JoseError, ValueError):
            return None
