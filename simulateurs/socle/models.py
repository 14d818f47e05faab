"""Values that a simulated provider handles: requests, sessions, pending sign-ins, grants, lifetimes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simulateurs.socle.clients import Client
from simulateurs.socle.rules import Rule


@dataclass(frozen=True)
class AuthorizationRequest:
    """A checked request to sign somebody in."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    state: str
    nonce: str
    params: Mapping[str, str]
    # The decoded `claims.id_token` member, empty when absent.
    id_token_claims: Mapping[str, Any]


@dataclass(frozen=True)
class Session:
    """Somebody signed in; `person` is the provider's own value, `idp` the identity provider used."""

    person: Any
    auth_time: int
    idp: str
    # The level reached by a second factor at the provider itself, above that of the identity provider.
    acr: str = ""


@dataclass(frozen=True)
class Interaction:
    """A sign-in under way, bound to the browser that began it; `session` once the person is known."""

    request: AuthorizationRequest
    browser: str
    session: Session | None = None
    # The address that ended it, so that a double click leads to the same place.
    done: str = ""


@dataclass(frozen=True)
class Grant:
    """What a code, then an access token, stands for."""

    request: AuthorizationRequest
    sub: str
    acr: str
    auth_time: int
    claims: Mapping[str, Any]
    amr: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lifetimes:
    """How long each thing lives at this provider."""

    code: timedelta
    access_token: timedelta
    id_token: timedelta
    session: timedelta
    interaction: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class TokenRules:
    """The provider's names for the rules of the shared endpoints; None where it has none."""

    code: Rule
    code_replay: Rule
    client_auth: Rule
    userinfo: Rule
    session_lost: Rule
    code_verifier: Rule
    userinfo_once: Rule | None = None
    # Only where returning iss is in doubt.
    iss: Rule | None = None
