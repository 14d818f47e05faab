"""What FranceConnect and ProConnect share of OpenID Connect: pending sign-ins, codes, tokens, sessions.

Each provider brings its rules and its pages; here is what any reader of the specification expects.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulateurs.socle.clients import Client
from simulateurs.socle.clock import timestamp
from simulateurs.socle.context import Context
from simulateurs.socle.keys import SigningKeys
from simulateurs.socle.models import AuthorizationRequest, Grant, Interaction, Lifetimes, Session, TokenRules
from simulateurs.socle.pages import error_page, redirect
from simulateurs.socle.refusals import AlreadyDone, EndpointRefusal, PageRefusal, ReturnedRefusal
from simulateurs.socle.store import ExpiringStore


class Provider:
    """A simulated OpenID provider under `/<kind>/api/v2`."""

    kind: ClassVar[str]
    service: ClassVar[str]
    lifetimes: ClassVar[Lifetimes]
    token_rules: ClassVar[TokenRules]

    def __init__(self, context: Context) -> None:
        self.context = context
        self.rules = context.rules
        self.path = f"/{self.kind}/api/v2"
        self.issuer = f"{context.base_url}{self.path}"
        self.keys = SigningKeys.load_or_generate(self.kind, context.state_folder)
        clock = context.clock
        self.interactions: ExpiringStore[Interaction] = ExpiringStore(clock, self.lifetimes.interaction)
        self.sessions: ExpiringStore[Session] = ExpiringStore(clock, self.lifetimes.session)
        # Where to return after a sign-out that its page has not confirmed yet; empty for nowhere.
        self.logouts: ExpiringStore[str] = ExpiringStore(clock, self.lifetimes.interaction)
        self._codes: ExpiringStore[Grant] = ExpiringStore(clock, self.lifetimes.code)
        self._tokens: ExpiringStore[Grant] = ExpiringStore(clock, self.lifetimes.access_token)
        # Access tokens issued by a code, so that a replay of the code kills them.
        self._used_codes: ExpiringStore[str] = ExpiringStore(clock, self.lifetimes.access_token)

    # --- Sign-in ---

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie; every port of localhost shares one cookie jar, hence the prefix."""
        return f"simulateur_{self.kind}_session"

    @property
    def browser_cookie(self) -> str:
        """Name of the cookie that binds a pending sign-in to the browser."""
        return f"simulateur_{self.kind}_navigateur"

    def live_session(self, request: Request) -> Session | None:
        """The session of this browser, if it is still alive."""
        return self.sessions.get(request.cookies.get(self.session_cookie, ""))

    def begin(self, request: Request, wanted: AuthorizationRequest, session: Session | None) -> Response:
        """Keep a pending sign-in and lead the browser to its page."""
        browser = request.cookies.get(self.browser_cookie) or secrets.token_urlsafe(24)
        key = self.interactions.add(Interaction(wanted, browser, session))
        response = redirect(f"{self.path}/interaction/{key}")
        self._set_cookie(response, self.browser_cookie, browser)
        return response

    def interaction(self, request: Request) -> tuple[str, Interaction]:
        """The pending sign-in of the address. Refuses one that is over, or begun in another browser.

        Raises AlreadyDone for a form sent twice, with the address to which the first one led.
        """
        key = request.path_params["cle"]
        found = self.interactions.get(key)
        browser = request.cookies.get(self.browser_cookie, "")
        own = found is not None and hmac.compare_digest(found.browser.encode(), browser.encode())
        if found is not None and own and found.done and request.method == "POST":
            raise AlreadyDone(found.done)
        if found is None or not own or found.done:
            raise PageRefusal(
                self.token_rules.session_lost,
                "Y190001",
                "Votre session a expiré ou est invalide. Fermez l’onglet et reconnectez-vous.",
                status=401,
            )
        return key, found

    def remember(self, response: Response, session: Session) -> None:
        """Open a session at the provider in this browser."""
        self._set_cookie(response, self.session_cookie, self.sessions.add(session))

    def advance(self, key: str, interaction: Interaction, **changes: Any) -> None:
        """Record how far a pending sign-in has come."""
        self.interactions.replace(key, replace(interaction, **changes))

    def _set_cookie(self, response: Response, name: str, value: str) -> None:
        secure = self.context.base_url.startswith("https://")
        response.set_cookie(name, value, path=f"/{self.kind}", httponly=True, samesite="lax", secure=secure)

    def finish(self, key: str, grant: Grant) -> Response:
        """Use up the pending sign-in and return a code to the service."""
        return self.use_up(key, self.return_code(grant))

    def use_up(self, key: str, response: Response) -> Response:
        """End a pending sign-in with this redirect; a form sent again leads to the same address."""
        interaction = self.interactions.get(key)
        if interaction is not None:
            self.advance(key, interaction, done=response.headers["location"])
        return response

    def return_code(self, grant: Grant) -> Response:
        """Return a code to the service."""
        return redirect(
            self.callback(grant.request.redirect_uri, grant.request.state, code=self._codes.add(grant))
        )

    def refuse(self, redirect_uri: str, state: str, client_id: str, refusal: ReturnedRefusal) -> Response:
        """Return an error to the service."""
        self.context.note_refusal(refusal.rule, refusal.description, client_id)
        url = self.callback(redirect_uri, state, error=refusal.error, error_description=refusal.description)
        return redirect(url, rule=refusal.rule.name)

    def callback(self, redirect_uri: str, state: str, **values: str) -> str:
        """The service's address with the answer, state and iss (RFC 9207) in its query."""
        separator = "&" if urlsplit(redirect_uri).query else "?"
        query = {**values, **({"state": state} if state else {})}
        if self.token_rules.iss is None or self.rules.applies(self.token_rules.iss):
            query["iss"] = self.issuer
        return f"{redirect_uri}{separator}{urlencode(query)}"

    # --- Endpoints that the service's server calls ---

    def discovery(self) -> dict[str, Any]:
        """What both providers publish about themselves; each adds its own lists."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/session/end",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            # HS256 is listed although FranceConnect no longer offers it: a client must check the header.
            "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256"],
            "userinfo_signing_alg_values_supported": ["ES256", "RS256", "HS256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_parameter_supported": True,
        }

    async def jwks(self, request: Request) -> Response:
        """The public keys."""
        return JSONResponse(self.keys.public())

    async def token(self, request: Request) -> Response:
        """Exchange a code for an access token and an id_token; refuses by JSON, never by a page."""
        form = await request.form()
        values = {name: value for name, value in form.items() if isinstance(value, str)}
        client = self._authenticate(request, values)
        if values.get("grant_type") != "authorization_code":
            raise EndpointRefusal(
                self.token_rules.code,
                "unsupported_grant_type",
                "unsupported grant_type requested",
            )
        grant = self._redeem(client, values)
        now = timestamp(self.context.clock)
        access_token = self._tokens.add(grant)
        self._used_codes.put(values["code"], access_token)
        lifetime = int(self.lifetimes.access_token.total_seconds())
        answer = {
            "access_token": access_token,
            "expires_in": lifetime,
            "id_token": self._id_token(grant, now),
            "scope": " ".join(sorted(grant.request.scopes)),
            "token_type": "Bearer",
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    def _authenticate(self, request: Request, values: Mapping[str, str]) -> Client:
        client = self.context.clients.get(self.kind, values.get("client_id", ""))
        given = values.get("client_secret", "")
        if (
            client is None
            or not client.active
            or "authorization" in request.headers
            or not hmac.compare_digest(client.client_secret.encode(), given.encode())
        ):
            raise EndpointRefusal(
                self.token_rules.client_auth,
                "invalid_client",
                "client authentication failed",
                status=401,
            )
        return client

    def _redeem(self, client: Client, values: Mapping[str, str]) -> Grant:
        """The grant of a code that is alive, unused, this client's and proven; else invalid_grant."""
        code = values.get("code", "")
        grant = self._codes.pop(code)
        issued = self._used_codes.pop(code)
        if issued is not None and self.rules.applies(self.token_rules.code_replay):
            self._tokens.pop(issued)
        if (
            grant is None
            or grant.request.client.client_id != client.client_id
            or grant.request.redirect_uri != values.get("redirect_uri")
        ):
            raise EndpointRefusal(self.token_rules.code, "invalid_grant", "grant request is invalid")
        self._check_verifier(grant, values.get("code_verifier"))
        return grant

    def _check_verifier(self, grant: Grant, verifier: str | None) -> None:
        """RFC 7636: the verifier hashes to the challenge; a verifier without a challenge is refused too."""
        challenge = grant.request.params.get("code_challenge")
        if (challenge is None and verifier is None) or not self.rules.applies(self.token_rules.code_verifier):
            return
        digest = hashlib.sha256((verifier or "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not hmac.compare_digest(proof, challenge or ""):
            raise EndpointRefusal(self.token_rules.code_verifier, "invalid_grant", "grant request is invalid")

    def id_token_alg(self, client: Client) -> str:
        """The algorithm that signs this client's id_token."""
        return client.userinfo_alg or "ES256"

    def _id_token(self, grant: Grant, now: int) -> str:
        """sub, acr, auth_time, nonce and the usual four, amr if granted; never an identity."""
        client = grant.request.client
        claims: dict[str, Any] = {
            "sub": grant.sub,
            "acr": grant.acr,
            "auth_time": grant.auth_time,
            "nonce": grant.request.nonce,
            "aud": client.client_id,
            "exp": now + int(self.lifetimes.id_token.total_seconds()),
            "iat": now,
            "iss": self.issuer,
        }
        if grant.amr:
            claims["amr"] = list(grant.amr)
        return self.keys.sign(claims, self.id_token_alg(client), client.client_secret)

    def userinfo_alg(self, client: Client) -> str | None:
        """The algorithm that signs this client's userinfo; None for plain JSON."""
        return client.userinfo_alg

    async def userinfo(self, request: Request) -> Response:
        """The identity, for a live access token in the Authorization header."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._tokens.get(token) if scheme.lower() == "bearer" else None
        if grant is None:
            raise EndpointRefusal(
                self.token_rules.userinfo,
                "invalid_token",
                "invalid token provided",
                status=401,
            )
        once = self.token_rules.userinfo_once
        if once is not None and self.rules.applies(once):
            self._tokens.pop(token)
        client = grant.request.client
        claims: dict[str, Any] = {"sub": grant.sub, **grant.claims}
        alg = self.userinfo_alg(client)
        headers = {"Cache-Control": "no-store"}
        if alg is None:
            return JSONResponse(claims, headers=headers)
        now = timestamp(self.context.clock)
        claims |= {
            "aud": client.client_id,
            "exp": now + int(self.lifetimes.id_token.total_seconds()),
            "iat": now,
            "iss": self.issuer,
        }
        return Response(
            self.keys.sign(claims, alg, client.client_secret), media_type="application/jwt", headers=headers
        )

    # --- Answers ---

    def show(self, refusal: PageRefusal, client_id: str = "") -> Response:
        """The provider's error page, noted for the developer."""
        self.context.note_refusal(refusal.rule, f"{refusal.code} {refusal.message}", client_id)
        return error_page(self.service, refusal)

    def answer(self, refusal: EndpointRefusal) -> Response:
        """A refusal to the service's server, as JSON."""
        self.context.note_refusal(refusal.rule, f"{refusal.error}: {refusal.description}")
        headers = {"Cache-Control": "no-store", "X-Simulateur-Regle": refusal.rule.name}
        if refusal.status == 401:
            headers["WWW-Authenticate"] = f'Bearer realm="{self.issuer}", error="{refusal.error}"'
        body = {"error": refusal.error, "error_description": refusal.description}
        return JSONResponse(body, refusal.status, headers)
