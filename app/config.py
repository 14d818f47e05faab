"""Settings, read once from `KUMUN_…` variables and passed down; a missing or wrong one stops the start.

Without any variable the portal runs embedded: its own PostgreSQL, an encrypted folder for objects and a mail
folder, all under `KUMUN_VAR`, with keys made at the first start (`var/secrets.env`).
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """One or more settings are missing or wrong; the text names each and says why."""


class Settings(BaseSettings):
    """Every setting of the portal. Frozen; `load_settings` is the only way to get one outside tests."""

    model_config = SettingsConfigDict(env_prefix="KUMUN_", env_file=None, frozen=True, extra="ignore")

    var: Path = ROOT / "var"
    base_url: str = "http://localhost:8000"
    # The application's role; empty means the embedded PostgreSQL under `var`.
    database_url: str = ""
    # The role of platform work (console, imports, worker's queue); see docs/security.md.
    database_url_plateforme: str = ""
    # The owner of the tables; only `kumun migrer` uses it.
    database_url_proprietaire: str = ""
    secret_key: SecretStr = SecretStr("")
    master_key: SecretStr = SecretStr("")
    # Only while the root key is being replaced (`kumun cles tourner`): the one before.
    master_key_ancienne: SecretStr = SecretStr("")

    s3_endpoint_url: str = ""
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = SecretStr("")

    smtp_url: str = ""
    mail_from: str = ""
    # Where refusals that come after the sending arrive (name@domain), and how that mailbox is read.
    mail_rebonds: str = ""
    mail_rebonds_boite: SecretStr = SecretStr("")
    # Who runs this installation, as mails and legal pages name it.
    opsn_nom: str = "Kumun"
    opsn_telephone: str = "02 61 91 00 00"
    # Lines separated by commas; empty is not shown.
    opsn_adresse: str = ""
    opsn_courriel: str = ""
    # Where users get the source of the version in service (AGPL section 13); empty: on request.
    source_url: str = ""
    clamd_url: str = ""
    # Geocoding service that suggests postal addresses; empty: forms suggest none.
    adresses_url: str = ""
    # Gateway of text messages (its password is the token), and how many segments a collectivité may send a month.
    sms_url: SecretStr = SecretStr("")
    sms_par_mois: int = 500
    # Images under the maps: an address with {z}, {x} and {y}, and whose they are; empty: a plain grid.
    tuiles_url: str = ""
    tuiles_mention: str = ""

    proconnect_issuer: str = ""
    proconnect_client_id: str = ""
    proconnect_client_secret: SecretStr = SecretStr("")
    franceconnect_issuer: str = ""
    franceconnect_client_id: str = ""
    franceconnect_client_secret: SecretStr = SecretStr("")

    maintenance: str = ""
    log_format: str = "json"
    # Addresses that may read /metrics, and whose X-Forwarded-For is believed.
    trusted_proxies: str = "127.0.0.1,::1"

    @field_validator("base_url")
    @classmethod
    def _base_without_path(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("must be http(s)://host[:port] without a path")
        local = parts.hostname == "localhost" or parts.hostname.endswith(".localhost")
        if parts.scheme == "http" and not local:
            raise ValueError("plain http is accepted for localhost only: cookies would travel in clear")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("source_url")
    @classmethod
    def _source_is_a_web_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must be http(s)://…")
        return value

    @field_validator("tuiles_url")
    @classmethod
    def _tiles_by_place(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (
            parts.scheme != "https"
            or not parts.hostname
            or not all(k in value for k in ("{z}", "{x}", "{y}"))
        ):
            raise ValueError("must be https://… with {z}, {x} and {y}")
        # The host goes into a header: nothing but a host and a port may stand there.
        if value and not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", parts.netloc):
            raise ValueError("must be a host name, without a user")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [
            name for name in ("secret_key", "master_key") if not getattr(self, name).get_secret_value()
        ]
        if missing:
            raise ValueError("missing: " + ", ".join(f"KUMUN_{name.upper()}" for name in missing))
        if len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("KUMUN_SECRET_KEY must have at least 32 characters")
        s3 = (self.s3_endpoint_url, self.s3_bucket, self.s3_access_key_id)
        if any(s3) and not all(s3):
            raise ValueError("KUMUN_S3_ENDPOINT_URL, KUMUN_S3_BUCKET and KUMUN_S3_ACCESS_KEY_ID go together")
        if bool(self.mail_rebonds) != bool(self.mail_rebonds_boite.get_secret_value()):
            raise ValueError("KUMUN_MAIL_REBONDS and KUMUN_MAIL_REBONDS_BOITE go together")
        if self.database_url and not self.database_url_plateforme:
            raise ValueError("KUMUN_DATABASE_URL_PLATEFORME goes with KUMUN_DATABASE_URL")
        return self

    @cached_property
    def base_host(self) -> str:
        """Host name of the base address, without port."""
        return urlsplit(self.base_url).hostname or ""

    @cached_property
    def secure(self) -> bool:
        """Whether the portal is served over https (cookies take `__Host-` and Secure)."""
        return self.base_url.startswith("https://")

    @cached_property
    def local(self) -> bool:
        """Whether this is a trial on one machine: the mail viewer and the sign-in hints exist only there."""
        return self.base_host == "localhost"

    def url_of(self, host: str, path: str = "/") -> str:
        """Absolute address of `path` on `host` (a full host name without port)."""
        port = urlsplit(self.base_url).port
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{host}{f':{port}' if port else ''}{path}"

    def service_host(self, label: str) -> str:
        """Host name of one of our own services: `mon`, `agents`, `opsn`, `connexion`."""
        return f"{label}.{self.base_host}"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, completed by `<var>/secrets.env` and `.env` when present.

    Raises SettingsError with one line per wrong setting; it never prints a secret.
    """
    base = Settings.model_construct()
    import os

    var = Path(str(overrides.get("var") or os.environ.get("KUMUN_VAR") or base.var))
    try:
        return Settings(_env_file=(var / "demo.env", ROOT / ".env", var / "secrets.env"), **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"KUMUN_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None
