"""Checks of an authorization request, in FranceConnect's order: its page first, then errors sent back."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from simulateurs.franceconnect import rules as r
from simulateurs.franceconnect.identities import DEFAULT_SCOPES
from simulateurs.socle.clients import Client
from simulateurs.socle.context import Context
from simulateurs.socle.models import AuthorizationRequest
from simulateurs.socle.refusals import PageRefusal, ReturnedRefusal

REQUIRED = ("client_id", "redirect_uri", "response_type", "scope", "acr_values", "state", "nonce")
ALLOWED = {*REQUIRED, "prompt", "claims", "idp_hint", "ui_locales"}
NONCE_MINIMUM = 22
KNOWN_LEVELS = ("eidas1", "eidas2", "eidas3")
IDENTITY_PROVIDERS: Mapping[str, str] = {
    "fi-demonstration": "Fournisseur d’identité démonstration",
    "aidants-connect": "Aidants Connect (démonstration)",
}
TECHNICAL = "Une erreur technique est survenue, fermez l’onglet de votre navigateur et reconnectez-vous."


def check_shape(params: Mapping[str, str], repeated: frozenset[str]) -> None:
    """Refuse by page Y030007 whatever is outside the closed list, missing, or too short."""
    unknown = sorted((set(params) - ALLOWED) | repeated)
    if unknown:
        raise PageRefusal(r.PARAMETERS, "Y030007", f"{TECHNICAL} Paramètre refusé : {', '.join(unknown)}.")
    missing = [name for name in REQUIRED if not params.get(name)]
    if missing:
        raise PageRefusal(r.REQUIRED, "Y030007", f"{TECHNICAL} Paramètre manquant : {', '.join(missing)}.")
    if len(params["nonce"]) < NONCE_MINIMUM:
        raise PageRefusal(
            r.NONCE, "Y030007", f"{TECHNICAL} Le nonce compte moins de {NONCE_MINIMUM} caractères."
        )
    if "prompt" in params:
        values = params["prompt"].split(" ")
        if not set(values) <= {"login", "consent"} or len(values) != len(set(values)):
            raise PageRefusal(r.PROMPT, "Y030007", f"{TECHNICAL} Valeur de prompt refusée.")


async def check_client(params: Mapping[str, str], context: Context) -> Client:
    """The declared service, its redirect_uri and its sector list; otherwise a page Y04."""
    client = context.clients.get("franceconnect", params["client_id"])
    if client is None or not client.active:
        raise PageRefusal(r.CLIENT, "Y04EA6EF", f"{TECHNICAL} Ce service est inconnu ou désactivé.")
    if params["redirect_uri"] not in client.redirect_uris:
        raise PageRefusal(r.REDIRECT, "Y04C013C", f"{TECHNICAL} L’adresse de retour n’est pas déclarée.")
    if client.sector_identifier_uri:
        try:
            listed = await context.fetch_json(client.sector_identifier_uri)
        except (httpx.HTTPError, ValueError, OSError):
            listed = None
        if not isinstance(listed, list) or not set(client.redirect_uris) <= {str(uri) for uri in listed}:
            raise PageRefusal(
                r.SECTOR, "Y04A8220", f"{TECHNICAL} La liste sector_identifier_uri est absente ou incomplète."
            )
    return client


def read_claims(params: Mapping[str, str]) -> Mapping[str, Any]:
    """The `id_token` member of claims; page Y030028 when it is not JSON."""
    if not params.get("claims"):
        return {}
    try:
        claims = json.loads(params["claims"])
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise PageRefusal(r.CLAIMS, "Y030028", TECHNICAL, status=500)
    wanted = claims.get("id_token")
    return wanted if isinstance(wanted, dict) else {}


def check_protocol(params: Mapping[str, str], client: Client, context: Context) -> frozenset[str]:
    """The granted scopes; refusals of this step go back to the service."""
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
    known = [level for level in KNOWN_LEVELS if level in params["acr_values"].split()]
    if known and known[0] != "eidas1":
        raise ReturnedRefusal(
            r.ACR,
            "invalid_acr",
            "acr_value is not valid, should be equal one of these values, expected eidas1",
        )
    if params.get("idp_hint", "fi-demonstration") not in IDENTITY_PROVIDERS:
        raise ReturnedRefusal(r.IDP_HINT, "invalid_idp_hint", "An idp_hint was provided but is not allowed")
    return scopes


def checked_request(
    params: Mapping[str, str], client: Client, id_token_claims: Mapping[str, Any], context: Context
) -> AuthorizationRequest:
    """A request that FranceConnect accepts. Raises ReturnedRefusal, or PageRefusal for an amr not granted."""
    scopes = check_protocol(params, client, context)
    if "amr" in id_token_claims and "amr" not in (client.scopes or ()):
        raise PageRefusal(r.AMR, "Y030009", TECHNICAL)
    return AuthorizationRequest(
        client=client,
        redirect_uri=params["redirect_uri"],
        scopes=scopes,
        state=params["state"],
        nonce=params["nonce"],
        params=params,
        id_token_claims=id_token_claims,
    )
