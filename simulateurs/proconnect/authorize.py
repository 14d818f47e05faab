"""Checks of an authorization request, in ProConnect's order: its page first, then errors sent back."""

import json
import re
from collections.abc import Mapping
from typing import Any

from simulateurs.proconnect import rules as r
from simulateurs.proconnect.agents import DEFAULT_SCOPES
from simulateurs.socle.clients import Client
from simulateurs.socle.context import Context
from simulateurs.socle.models import AuthorizationRequest
from simulateurs.socle.refusals import PageRefusal, ReturnedRefusal

REQUIRED = ("client_id", "redirect_uri", "response_type", "scope", "state")
ALLOWED = {
    *REQUIRED, "nonce", "claims", "prompt", "idp_hint", "login_hint", "siret_hint", "acr_values",
    "response_mode", "code_challenge", "code_challenge_method",
}  # fmt: skip
STATE_NONCE_MINIMUM = 32
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
TECHNICAL = "Une erreur technique est survenue, fermez l’onglet de votre navigateur et reconnectez-vous."


def check_shape(params: Mapping[str, str], repeated: frozenset[str], context: Context) -> None:
    """Refuse by page Y000400 whatever is outside the closed list, missing or malformed."""
    unknown = sorted((set(params) - ALLOWED) | repeated)
    if unknown and context.rules.applies(r.PARAMETERS):
        raise PageRefusal(r.PARAMETERS, "Y000400", f"{TECHNICAL} Paramètre refusé : {', '.join(unknown)}.")
    missing = [name for name in REQUIRED if not params.get(name)]
    if missing:
        raise PageRefusal(r.REQUIRED, "Y000400", f"{TECHNICAL} Paramètre manquant : {', '.join(missing)}.")
    short = [name for name in ("state", "nonce") if len(params.get(name, "")) < STATE_NONCE_MINIMUM]
    if short and context.rules.applies(r.STATE_NONCE):
        raise PageRefusal(
            r.STATE_NONCE, "Y000400", f"{TECHNICAL} Moins de 32 caractères : {', '.join(short)}."
        )
    if "siret_hint" in params and len(params["siret_hint"]) != 14:
        raise PageRefusal(r.SIRET_HINT, "Y000400", "Le siret_hint doit contenir 14 caractères.")
    if "login_hint" in params and not EMAIL.match(params["login_hint"]):
        raise PageRefusal(r.LOGIN_HINT, "Y000400", "Le login_hint doit être une adresse électronique valide.")


def check_client(params: Mapping[str, str], context: Context) -> Client:
    """The declared service and its redirect_uri; otherwise a page."""
    client = context.clients.get("proconnect", params["client_id"])
    if client is None or not client.active:
        raise PageRefusal(r.CLIENT, "invalid_client", f"{TECHNICAL} Ce service est inconnu ou désactivé.")
    if params["redirect_uri"] not in client.redirect_uris:
        raise PageRefusal(r.REDIRECT, "Y030031", f"{TECHNICAL} L’adresse de retour n’est pas déclarée.")
    return client


def read_claims(params: Mapping[str, str]) -> Mapping[str, Any]:
    """The `id_token` member of claims."""
    if not params.get("claims"):
        return {}
    try:
        claims = json.loads(params["claims"])
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise ReturnedRefusal(r.CLAIMS, "invalid_request", "could not parse the claims parameter JSON")
    wanted = claims.get("id_token")
    return wanted if isinstance(wanted, dict) else {}


def checked_request(params: Mapping[str, str], client: Client, context: Context) -> AuthorizationRequest:
    """A request that ProConnect accepts; raises ReturnedRefusal for what goes back to the service."""
    if params["response_type"] != "code":
        raise ReturnedRefusal(
            r.RESPONSE_TYPE,
            "unsupported_response_type",
            "unsupported response_type requested",
        )
    scopes = frozenset(params["scope"].split())
    if "openid" not in scopes:
        raise ReturnedRefusal(r.OPENID, "invalid_request", "openid scope must be requested")
    allowed = DEFAULT_SCOPES if client.scopes is None else frozenset(client.scopes) | {"openid"}
    if context.rules.applies(r.SCOPE) and not scopes <= allowed:
        raise ReturnedRefusal(r.SCOPE, "invalid_scope", "requested scope is not allowed")
    method = params.get("code_challenge_method")
    challenged = "code_challenge" in params or method is not None
    if (
        challenged
        and (method != "S256" or not params.get("code_challenge"))
        and context.rules.applies(r.PKCE)
    ):
        raise ReturnedRefusal(r.PKCE, "invalid_request", "not supported value of code_challenge_method")
    return AuthorizationRequest(
        client=client,
        redirect_uri=params["redirect_uri"],
        scopes=scopes,
        state=params["state"],
        nonce=params.get("nonce", ""),
        params=params,
        id_token_claims=read_claims(params),
    )


def essential_levels(request: AuthorizationRequest) -> frozenset[str]:
    """The acr values of which one must be met; empty when none is essential."""
    wanted = request.id_token_claims.get("acr")
    if not isinstance(wanted, dict) or wanted.get("essential") is not True:
        return frozenset()
    values = wanted.get("values")
    if isinstance(values, list):
        return frozenset(map(str, values))
    return frozenset({str(wanted["value"])}) if "value" in wanted else frozenset()
