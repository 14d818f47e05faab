"""Services declared at a provider: from a JSON file, re-read when it changes, and from the admin API.

The file holds `{"franceconnect": {client_id: {...}}, "proconnect": {client_id: {...}}}`. What the admin API
declares wins over the file and is kept in the state folder, when there is one.
"""

import json
import os
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

PROVIDERS = ("franceconnect", "proconnect")


class Client(BaseModel):
    """One declared service.

    Refuses what the partner form refuses: addresses that are not http(s), over 1,024 characters, or on
    several hosts without a sector_identifier_uri [FC-src].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(min_length=1, max_length=128)
    client_secret: str = Field(min_length=16, max_length=256)
    name: str = Field(min_length=1, max_length=200)
    # Base of the computed sub; two clients with one entity_id see the same sub [FC-src].
    entity_id: str = ""
    redirect_uris: tuple[str, ...] = Field(min_length=1)
    post_logout_redirect_uris: tuple[str, ...] = ()
    userinfo_alg: Literal["ES256", "RS256", "HS256"] | None = None
    sector_identifier_uri: str | None = None
    # None: every scope that needs no authorisation of its own.
    scopes: tuple[str, ...] | None = None
    # prompt values that may skip the information page of FranceConnect.
    allowed_prompts: tuple[str, ...] = ()
    # ProConnect: only public agents may come back.
    public_agents_only: bool = False
    active: bool = True

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        for uri in (*self.redirect_uris, *self.post_logout_redirect_uris):
            parts = urlsplit(uri)
            if (
                parts.scheme not in {"http", "https"}
                or not parts.hostname
                or parts.fragment
                or len(uri) > 1024
            ):
                raise ValueError(f"not an address that can be declared: {uri[:80]}")
        hosts = {urlsplit(uri).hostname for uri in self.redirect_uris}
        if len(hosts) > 1 and not self.sector_identifier_uri:
            raise ValueError("redirect_uris on several hosts need a sector_identifier_uri")
        return self

    @property
    def entity(self) -> str:
        """The reference that enters the sub; by default the client_id [FC-src]."""
        return self.entity_id or self.client_id

    @property
    def alg(self) -> str:
        """The signature of its id_token; FranceConnect signs the userinfo with it too [FC-src]."""
        return self.userinfo_alg or "ES256"


def declared(provider: str, client_id: str, fields: dict[str, Any]) -> Client:
    """A service as `provider` accepts it. Raises ValueError (pydantic.ValidationError is one) otherwise."""
    client = Client.model_validate({**fields, "client_id": client_id})
    if provider == "franceconnect" and client.userinfo_alg == "HS256":
        raise ValueError("FranceConnect no longer offers HS256 [FC-src]")
    return client


def reason(error: Exception) -> str:
    """Why a declaration is refused, field by field, without the values (a secret may be among them)."""
    if isinstance(error, ValidationError):
        return " ; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return str(error)


class ClientRegistry:
    """The declared services of every simulated provider."""

    def __init__(self, clients_file: Path | None, state_folder: Path | None) -> None:
        self._file = clients_file
        self._stored = state_folder / "clients.json" if state_folder else None
        self._from_file: dict[tuple[str, str], Client] = {}
        self._from_admin: dict[tuple[str, str], Client] = {}
        self._stamp: tuple[int, int] | None = None
        self.file_error = ""
        if self._stored and self._stored.exists():
            self._from_admin = parse_clients(json.loads(self._stored.read_text()))

    def get(self, provider: str, client_id: str) -> Client | None:
        """The declared service, disabled or not; None when unknown."""
        self._refresh()
        key = (provider, client_id)
        return self._from_admin.get(key) or self._from_file.get(key)

    def all_of(self, provider: str) -> list[Client]:
        """Every service declared at `provider`, by name."""
        self._refresh()
        merged = {**self._from_file, **self._from_admin}
        return sorted((c for (kind, _), c in merged.items() if kind == provider), key=lambda c: c.name)

    def put(self, provider: str, client: Client) -> bool:
        """Declare or replace a service, on disk too when there is a state folder. True when it is new."""
        created = self.get(provider, client.client_id) is None
        self._from_admin[(provider, client.client_id)] = client
        self._write()
        return created

    def _write(self) -> None:
        if self._stored is None:
            return
        content: dict[str, dict[str, Any]] = {}
        for (provider, client_id), client in self._from_admin.items():
            content.setdefault(provider, {})[client_id] = client.model_dump(
                mode="json", exclude={"client_id"}
            )
        self._stored.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and moved: a killed process leaves the former file whole.
        draft = self._stored.with_suffix(".nouveau")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1))
        os.replace(draft, self._stored)

    def _refresh(self) -> None:
        """Read the file again if it changed; a wrong file leaves the former list and sets `file_error`."""
        if self._file is None:
            return
        try:
            stat = self._file.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp == self._stamp:
                return
            self._from_file = parse_clients(json.loads(self._file.read_text()))
            self._stamp, self.file_error = stamp, ""
        except (OSError, ValueError) as error:
            self.file_error = f"{type(error).__name__}: {error}"


def parse_clients(content: object) -> dict[tuple[str, str], Client]:
    """Clients by (provider, client_id) from a decoded file. Raises ValueError with the client's id in it."""
    if not isinstance(content, dict):
        raise ValueError("an object of providers is expected")
    found: dict[tuple[str, str], Client] = {}
    for provider, clients in content.items():
        if provider not in PROVIDERS or not isinstance(clients, dict):
            raise ValueError(f"unknown provider: {provider}")
        for client_id, fields in clients.items():
            try:
                found[(provider, client_id)] = declared(provider, client_id, fields)
            except (ValueError, TypeError) as error:
                raise ValueError(f"{provider} {client_id}: {reason(error)}") from None
    return found
