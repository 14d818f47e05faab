"""Agents of the demonstration, what ProConnect gives of them for each scope, and their sub."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DATA = Path(__file__).with_name("agents.json")
# The same in every installation, so that a restart keeps the same subs. Guards nothing.
SUB_SALT = "simulateur-proconnect"

SCOPES: Mapping[str, tuple[str, ...]] = {
    "given_name": ("given_name",),
    "usual_name": ("usual_name",),
    "email": ("email",),
    "uid": ("uid",),
    "siret": ("siret",),
    "idp_id": ("idp_id",),
    "organization_label": ("organization_label",),
    "roles": ("roles",),
}
# On request only: a client must have been granted them.
ON_REQUEST = ("phone", "organizational_unit", "belonging_population", "chorusdt", "custom")
DEFAULT_SCOPES = frozenset(SCOPES) | {"openid"}

Acr = Literal["eidas0", "eidas0-mfa", "eidas1", "eidas1-mfa", "eidas2", "eidas3"]
Role = Literal["agent_public", "agent_public_etat", "agent_public_territorial"]


class Organisation(BaseModel):
    """One establishment for which an agent works."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    siret: str = Field(pattern=r"^\d{14}$")
    label: str = Field(min_length=1)


class Agent(BaseModel):
    """Somebody known of an identity provider, with one or more organisations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = "libre"
    note: str = ""
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    given_name: str = Field(min_length=1)
    usual_name: str = Field(min_length=1)
    uid: str = Field(min_length=1)
    idp_id: str = "fi-collectivites"
    acr: Acr = "eidas1-mfa"
    amr: tuple[str, ...] = ("pwd", "otp", "mfa")
    roles: tuple[Role, ...] = ()
    organisations: tuple[Organisation, ...] = Field(min_length=1)


class Identity(BaseModel):
    """An agent in one organisation: a ProConnect session has only one SIRET [PC-doc]."""

    model_config = ConfigDict(frozen=True)

    agent: Agent
    organisation: Organisation

    def claims(self, scopes: Iterable[str]) -> dict[str, Any]:
        """What the userinfo holds for these scopes."""
        everything = {
            **self.agent.model_dump(mode="json"),
            "siret": self.organisation.siret,
            "organization_label": self.organisation.label,
        }
        return {name: everything[name] for scope in scopes for name in SCOPES.get(scope, ())}


def compute_sub(agent: Agent, entity_id: str) -> str:
    """64 hexadecimal characters, another one at each identity provider and for each service (rule pc.sub)."""
    return hashlib.sha256(f"{entity_id}{agent.idp_id}{agent.uid}{SUB_SALT}".encode()).hexdigest()


def load_agents() -> dict[str, Agent]:
    """The agents of agents.json, by id, in the order of the file."""
    return {
        entry["id"]: Agent.model_validate(entry) for entry in json.loads(DATA.read_text(encoding="utf-8"))
    }
