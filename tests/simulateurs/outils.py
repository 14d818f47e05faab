"""A browser and a service's server that talk to the simulators in memory, and a clock to move."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette

from simulateurs.main import create_app

BASE = "http://localhost:8100"
FC = f"{BASE}/franceconnect/api/v2"
PC = f"{BASE}/proconnect/api/v2"
SECRET = "s" * 64
FC_CALLBACK = "http://connexion.localhost:8000/franceconnect/retour"
FC_LOGOUT = "http://connexion.localhost:8000/franceconnect/deconnexion/retour"
PC_CALLBACK = "http://connexion.localhost:8000/proconnect/retour"
PC_LOGOUT = "http://agents.localhost:8000/"
NONCE = "n" * 43
STATE = "e" * 43


class MovableClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 22, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def move(self, **delta: float) -> None:
        self.instant += timedelta(**delta)


class Stage:
    """The application, its clock, and clients of it."""

    def __init__(self, **options: Any) -> None:
        self.clock = MovableClock()
        self.app: Starlette = create_app(base_url=BASE, clock=self.clock, **options)
        self.server = self.browser()

    def browser(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """A fresh cookie jar that follows no redirect by itself."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 50000))
        return httpx.AsyncClient(transport=transport, base_url=BASE, follow_redirects=False)

    async def declare(self, provider: str, client_id: str, /, **fields: Any) -> httpx.Response:
        body = {"client_secret": SECRET, "name": "Commune de Guingamp", **fields}
        return await self.server.put(f"/_simulateur/{provider}/clients/{client_id}", json=body)

    async def declare_fc(self, client_id: str = "guingamp", **fields: Any) -> None:
        answer = await self.declare(
            "franceconnect", client_id,
            **{"redirect_uris": [FC_CALLBACK], "post_logout_redirect_uris": [FC_LOGOUT], **fields},
        )  # fmt: skip
        assert answer.status_code in {200, 201}, answer.text

    async def declare_pc(self, client_id: str = "kumun", **fields: Any) -> None:
        answer = await self.declare(
            "proconnect", client_id,
            **{
                "name": "Kumun", "redirect_uris": [PC_CALLBACK], "post_logout_redirect_uris": [PC_LOGOUT],
                "userinfo_alg": "RS256", **fields,
            },
        )  # fmt: skip
        assert answer.status_code in {200, 201}, answer.text

    async def token(self, issuer: str, code: str, **changes: str) -> httpx.Response:
        """What the service's server asks for a code."""
        is_fc = issuer == FC
        form = {
            "grant_type": "authorization_code", "code": code, "client_secret": SECRET,
            "client_id": "guingamp" if is_fc else "kumun",
            "redirect_uri": FC_CALLBACK if is_fc else PC_CALLBACK,
            **changes,
        }  # fmt: skip
        return await self.server.post(f"{issuer}/token", data=form)

    async def userinfo(self, issuer: str, access_token: str) -> httpx.Response:
        return await self.server.get(
            f"{issuer}/userinfo", headers={"Authorization": f"Bearer {access_token}"}
        )

    async def claims(self, issuer: str, token: str, alg: str = "ES256") -> dict[str, Any]:
        """Claims of a token, checked against the published keys with that algorithm only."""
        keys = KeySet.import_key_set((await self.server.get(f"{issuer}/jwks")).json())
        return dict(jwt.decode(token, keys, [alg]).claims)


def fc_params(**changes: str | None) -> dict[str, str]:
    """A correct authorization request to FranceConnect, with changes; None removes."""
    params: dict[str, str | None] = {
        "client_id": "guingamp", "redirect_uri": FC_CALLBACK, "response_type": "code",
        "scope": "openid identite_pivot preferred_username email", "acr_values": "eidas1", "state": STATE,
        "nonce": NONCE, **changes,
    }  # fmt: skip
    return {name: value for name, value in params.items() if value is not None}


def pc_params(**changes: str | None) -> dict[str, str]:
    """A correct authorization request to ProConnect, with changes; None removes."""
    params: dict[str, str | None] = {
        "client_id": "kumun", "redirect_uri": PC_CALLBACK, "response_type": "code",
        "scope": "openid given_name usual_name email uid siret idp_id organization_label roles",
        "state": STATE, "nonce": NONCE, **changes,
    }  # fmt: skip
    return {name: value for name, value in params.items() if value is not None}


def returned(answer: httpx.Response) -> dict[str, str]:
    """The query that the service receives; the answer must be a redirect to it."""
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def shown_code(answer: httpx.Response) -> str:
    """The code of an error page."""
    found = re.search(r"Code d’erreur : <strong>([^<]+)</strong>", answer.text)
    assert found, answer.text
    return found.group(1)


async def fc_sign_in(browser: httpx.AsyncClient, person: str, **changes: str | None) -> dict[str, str]:
    """The whole journey of a person who is not signed in at FranceConnect; what the service receives."""
    page = await browser.get(f"{FC}/authorize", params=fc_params(**changes))
    assert page.status_code == 303, page.text
    address = page.headers["location"]
    chosen = await browser.post(f"{address}/identite", data={"personne": person})
    assert chosen.status_code == 303, chosen.text
    return returned(await browser.post(f"{address}/continuer"))


async def pc_sign_in(browser: httpx.AsyncClient, agent: str, **changes: str | None) -> httpx.Response:
    """The choice of an agent on ProConnect's page; whatever follows it."""
    page = await browser.get(f"{PC}/authorize", params=pc_params(**changes))
    assert page.status_code == 303, page.text
    return await browser.post(f"{page.headers['location']}/identite", data={"agent": agent})


def write(path: Path, text: str) -> Path:
    """A file with this text."""
    path.write_text(text, encoding="utf-8")
    return path
