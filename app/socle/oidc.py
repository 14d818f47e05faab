"""A strict OpenID Connect client for FranceConnect and ProConnect, on httpx and joserfc.

Written for these two because a general client is refused by FranceConnect (nonce under 22 characters, PKCE) and
mistakes its lifetimes (tokens of 60 s). It checks what general clients leave out: `iss` of the callback, algorithm,
issuer, audience, nonce and level of the id_token, signature and subject of the userinfo.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.socle.clock import Clock

ALGORITHMS = ["ES256", "RS256"]
LEEWAY = 10
METADATA_TTL = 3600
# The levels that satisfy what we ask: FranceConnect has one; an agent comes with a second factor, or ProConnect adds
# a code by e-mail (essential claim, ProConnect's documentation on double authentication).
ACR_ACCEPTED = {
    "eidas1": ("eidas1", "eidas2", "eidas3"),
    "mfa": ("eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3"),
}


class FournisseurIndisponibleError(Exception):
    """The identity provider does not answer, or answers that it cannot now."""


class FournisseurInvalideError(Exception):
    """What the identity provider answered does not prove an identity; the text is for the log."""


@dataclass(frozen=True, slots=True)
class ClientOidc:
    """One client at one provider; `entite` is what its subjects are computed for (FranceConnect: entityId)."""

    issuer: str
    client_id: str
    client_secret: str
    scope: str
    acr: str
    entite: str


@dataclass(frozen=True, slots=True)
class Preuve:
    """What a completed sign-in proves."""

    sub: str
    claims: dict[str, Any]
    id_token: str


class Oidc:
    """Talks to providers, with time limits; keeps each provider's metadata for an hour."""

    def __init__(self, clock: Clock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._clock = clock
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(6, connect=3), transport=transport, follow_redirects=False
        )
        self._metadata: dict[str, tuple[float, dict[str, Any]]] = {}
        self._keys: dict[str, KeySet] = {}

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _get_json(self, url: str) -> dict[str, Any]:
        # Reading is repeatable: one more try after a short wait, then the person is told.
        for last in (False, True):
            try:
                response = await self._http.get(url)
                response.raise_for_status()
                value: dict[str, Any] = response.json()
                return value
            except (httpx.HTTPError, ValueError) as error:
                if last:
                    raise FournisseurIndisponibleError(type(error).__name__) from error
                await asyncio.sleep(0.2)
        raise AssertionError

    async def metadata(self, issuer: str, *, answering: bool = False) -> dict[str, Any]:
        """The provider's discovery document; its `issuer` must be the one asked for.

        With `answering`, what is kept does not do: the provider is asked, so that nobody is sent to one that is down.
        """
        now = self._clock.now().timestamp()
        known = self._metadata.get(issuer)
        if known and not answering and now - known[0] < METADATA_TTL:
            return known[1]
        found = await self._get_json(f"{issuer}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise FournisseurInvalideError("discovery names another issuer")
        self._metadata[issuer] = (now, found)
        return found

    async def authorize_url(self, client: ClientOidc, redirect_uri: str, state: str, nonce: str) -> str:
        """Where the person signs in; FournisseurIndisponibleError when the provider cannot be reached."""
        endpoint = (await self.metadata(client.issuer, answering=True))["authorization_endpoint"]
        parameters = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": redirect_uri,
            "scope": client.scope,
            "state": state,
            "nonce": nonce,
        }
        if client.acr == "mfa":
            wanted = {"essential": True, "values": list(ACR_ACCEPTED["mfa"])}
            parameters["claims"] = json.dumps({"id_token": {"acr": wanted}})
        else:
            parameters["acr_values"] = client.acr
        return f"{endpoint}?{urlencode(parameters)}"

    async def logout_url(self, issuer: str, id_token: str, redirect_uri: str, state: str) -> str:
        """Where the provider's own session ends (it needs the id_token, however old)."""
        endpoint = (await self.metadata(issuer))["end_session_endpoint"]
        query = urlencode(
            {"id_token_hint": id_token, "post_logout_redirect_uri": redirect_uri, "state": state}
        )
        return f"{endpoint}?{query}"

    async def prove(self, client: ClientOidc, redirect_uri: str, code: str, nonce: str) -> Preuve:
        """Exchanges a code for a proven identity.

        Raises FournisseurIndisponibleError (try again) or FournisseurInvalideError (our fault or an attack). The code
        lives 30 s and is never sent twice.
        """
        metadata = await self.metadata(client.issuer)
        try:
            answer = await self._http.post(
                metadata["token_endpoint"],
                data={
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": redirect_uri,
                    "client_id": client.client_id,
                    "client_secret": client.client_secret,
                },
            )
            if answer.status_code >= 500:
                raise FournisseurIndisponibleError(f"token {answer.status_code}")
            if answer.status_code != 200:
                raise FournisseurInvalideError(f"token refused: {answer.status_code} {answer.text[:200]}")
            tokens = answer.json()
            userinfo = await self._http.get(
                metadata["userinfo_endpoint"], headers={"Authorization": f"Bearer {tokens['access_token']}"}
            )
            if userinfo.status_code >= 500:
                raise FournisseurIndisponibleError(f"userinfo {userinfo.status_code}")
            if userinfo.status_code != 200:
                raise FournisseurInvalideError(f"userinfo refused: {userinfo.status_code}")
        except httpx.HTTPError as error:
            raise FournisseurIndisponibleError(type(error).__name__) from error
        except (KeyError, ValueError) as error:
            raise FournisseurInvalideError(f"token answer: {type(error).__name__}") from error
        id_claims = await self._decode(client, metadata, tokens.get("id_token", ""))
        self._check_id_token(client, id_claims, nonce)
        claims = await self._userinfo(client, metadata, userinfo)
        if claims.get("sub") != id_claims["sub"]:
            raise FournisseurInvalideError("userinfo speaks of another subject")
        return Preuve(id_claims["sub"], claims, tokens["id_token"])

    def _check_id_token(self, client: ClientOidc, claims: dict[str, Any], nonce: str) -> None:
        if claims.get("nonce") != nonce:
            raise FournisseurInvalideError("nonce differs")
        if claims.get("acr") not in ACR_ACCEPTED.get(client.acr, (client.acr,)):
            raise FournisseurInvalideError(f"level {claims.get('acr')!r} is below the one asked")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise FournisseurInvalideError("no subject")

    async def _userinfo(
        self, client: ClientOidc, metadata: dict[str, Any], answer: httpx.Response
    ) -> dict[str, Any]:
        if not answer.headers.get("content-type", "").startswith("application/jwt"):
            raise FournisseurInvalideError("userinfo is not signed")
        return await self._decode(client, metadata, answer.text.strip())

    async def _decode(self, client: ClientOidc, metadata: dict[str, Any], token: str) -> dict[str, Any]:
        """The claims of a token signed by the provider for us, now."""
        for refreshed in (False, True):
            keys = await self._key_set(client.issuer, metadata, refresh=refreshed)
            try:
                decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
                break
            except (JoseError, ValueError) as error:
                # The provider may have changed its keys since we read them: once, read them again.
                if refreshed:
                    raise FournisseurInvalideError(f"token: {type(error).__name__}") from error
        claims: dict[str, Any] = decoded.claims
        now = self._clock.now().timestamp()
        audience = claims.get("aud")
        if claims.get("iss") != client.issuer:
            raise FournisseurInvalideError("issuer differs")
        if client.client_id not in (audience if isinstance(audience, list) else [audience]):
            raise FournisseurInvalideError("audience differs")
        if "exp" in claims and now > claims["exp"] + LEEWAY:
            raise FournisseurInvalideError("token is over")
        return claims

    async def _key_set(self, issuer: str, metadata: dict[str, Any], *, refresh: bool) -> KeySet:
        if refresh or issuer not in self._keys:
            self._keys[issuer] = KeySet.import_key_set(await self._get_json(metadata["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys[issuer]
