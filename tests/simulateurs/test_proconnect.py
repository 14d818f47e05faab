"""ProConnect: what it refuses, and correct journeys of agents."""

import base64
import hashlib
import json
from typing import Any

import pytest
from stdnum import luhn

from simulateurs.proconnect.agents import load_agents
from tests.simulateurs.outils import (
    PC,
    PC_CALLBACK,
    PC_LOGOUT,
    STATE,
    Stage,
    pc_params,
    pc_sign_in,
    returned,
    shown_code,
)

pytestmark = pytest.mark.anyio
MFA = json.dumps({"id_token": {"acr": {"essential": True, "values": ["eidas1-mfa", "eidas2"]}}})
ONLY_EIDAS2 = json.dumps({"id_token": {"acr": {"essential": True, "value": "eidas2"}}})
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def tokens_of(stage: Stage, agent: str, **changes: str | None) -> dict[str, Any]:
    """The token answer for an agent who signs in."""
    code = returned(await pc_sign_in(stage.browser(), agent, **changes))["code"]
    answer = (await stage.token(PC, code)).json()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"max_age": "60"}, "Y000400"),
        ({"state": None}, "Y000400"),
        ({"state": "e" * 31}, "Y000400"),
        ({"nonce": "n" * 31}, "Y000400"),
        ({"nonce": None}, "Y000400"),
        ({"siret_hint": "212200703"}, "Y000400"),
        ({"login_hint": "maelle"}, "Y000400"),
        ({"client_id": "inconnu"}, "invalid_client"),
        ({"redirect_uri": PC_CALLBACK + "/"}, "Y030031"),
    ],
)
async def test_refusal_on_the_page_of_proconnect(
    stage: Stage, changes: dict[str, str | None], code: str
) -> None:
    await stage.declare_pc()
    answer = await stage.browser().get(f"{PC}/authorize", params=pc_params(**changes))
    assert (answer.status_code, shown_code(answer)) == (400, code)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_request"),
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"claims": "{"}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
    ],
)
async def test_refusal_returned_to_the_service(
    stage: Stage, changes: dict[str, str | None], error: str
) -> None:
    await stage.declare_pc()
    query = returned(await stage.browser().get(f"{PC}/authorize", params=pc_params(**changes)))
    assert (query["error"], query["state"], query["iss"]) == (error, STATE, PC)


async def test_whole_journey_with_pkce_and_signed_userinfo(stage: Stage) -> None:
    await stage.declare_pc()
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    browser = stage.browser()
    code = returned(await pc_sign_in(browser, "maelle", **pkce))["code"]
    answer = (await stage.token(PC, code, code_verifier=VERIFIER)).json()
    assert answer["expires_in"] == 3600
    id_token = await stage.claims(PC, answer["id_token"], "RS256")
    assert id_token["acr"] == "eidas1-mfa"
    assert "amr" not in id_token
    userinfo = await stage.userinfo(PC, answer["access_token"])
    assert userinfo.headers["content-type"] == "application/jwt"
    claims = await stage.claims(PC, userinfo.text, "RS256")
    assert claims["sub"] == id_token["sub"]
    assert {name: claims[name] for name in ("given_name", "usual_name", "email", "siret")} == {
        "given_name": "Maëlle",
        "usual_name": "LE GOFF",
        "email": "maelle.le-goff@guingamp.example",
        "siret": "21220070300016",
    }
    assert claims["roles"] == ["agent_public", "agent_public_territorial"]
    # Unlike FranceConnect, the token serves for an hour and more than once.
    stage.clock.move(minutes=59)
    assert (await stage.userinfo(PC, answer["access_token"])).status_code == 200
    stage.clock.move(minutes=1)
    assert (await stage.userinfo(PC, answer["access_token"])).status_code == 401


@pytest.mark.parametrize("verifier", [{}, {"code_verifier": "w" * 64}])
async def test_a_challenge_must_be_proven(stage: Stage, verifier: dict[str, str]) -> None:
    await stage.declare_pc()
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = returned(await pc_sign_in(stage.browser(), "maelle", **pkce))["code"]
    assert (await stage.token(PC, code, **verifier)).json()["error"] == "invalid_grant"


async def test_code_is_over_after_60_seconds(stage: Stage) -> None:
    await stage.declare_pc()
    code = returned(await pc_sign_in(stage.browser(), "maelle"))["code"]
    stage.clock.move(seconds=60)
    assert (await stage.token(PC, code)).json()["error"] == "invalid_grant"


async def test_userinfo_is_json_when_the_client_declared_no_algorithm(stage: Stage) -> None:
    await stage.declare_pc(userinfo_alg=None)
    answer = await tokens_of(stage, "maelle")
    userinfo = await stage.userinfo(PC, answer["access_token"])
    assert userinfo.headers["content-type"] == "application/json"
    assert userinfo.json()["usual_name"] == "LE GOFF"


async def test_secretary_of_several_communes_chooses_one_and_the_hint_preselects(stage: Stage) -> None:
    await stage.declare_pc()
    browser = stage.browser()
    begun = await browser.get(f"{PC}/authorize", params=pc_params(siret_hint="21220216200013"))
    address = f"{begun.headers['location']}/identite"
    page = await browser.post(address, data={"agent": "soazig"})
    assert page.status_code == 200
    assert page.text.count('type="radio"') == 3
    assert page.text.split("checked")[0].rsplit('value="', 1)[1].startswith("21220216200013")
    code = returned(await browser.post(address, data={"agent": "soazig", "siret": "21220129700018"}))["code"]
    token = (await stage.token(PC, code)).json()["access_token"]
    claims = await stage.claims(PC, (await stage.userinfo(PC, token)).text, "RS256")
    assert (claims["siret"], claims["organization_label"]) == ("21220129700018", "Commune de Loc-Envel")


async def test_sign_in_by_address_with_a_hint_and_an_unknown_address(stage: Stage) -> None:
    await stage.declare_pc()
    browser = stage.browser()
    hint = "yann.riou@guingamp.example"
    begun = await browser.get(f"{PC}/authorize", params=pc_params(login_hint=hint))
    address = begun.headers["location"]
    assert f'value="{hint}"' in (await browser.get(address)).text
    unknown = await browser.post(f"{address}/identite", data={"courriel": "x@y.example"})
    assert unknown.status_code == 422
    assert "inconnue du simulateur" in unknown.text
    assert "code" in returned(await browser.post(f"{address}/identite", data={"courriel": hint.upper()}))


async def test_live_session_signs_in_silently_for_12_hours(stage: Stage) -> None:
    await stage.declare_pc()
    browser = stage.browser()
    await pc_sign_in(browser, "maelle")
    stage.clock.move(hours=11)
    assert "code" in returned(await browser.get(f"{PC}/authorize", params=pc_params(prompt="none")))
    again = await browser.get(f"{PC}/authorize", params=pc_params(prompt="login"))
    assert "/interaction/" in again.headers["location"]
    stage.clock.move(hours=1)
    refused = returned(await browser.get(f"{PC}/authorize", params=pc_params(prompt="none")))
    assert refused["error"] == "login_required"


async def test_missing_second_factor_is_made_up_by_a_mailed_code(stage: Stage) -> None:
    await stage.declare_pc()
    browser = stage.browser()
    page = await pc_sign_in(browser, "sans-mfa", claims=MFA)
    address = page.headers["location"]
    assert "Un second facteur est nécessaire" in (await browser.get(address)).text
    code = returned(await browser.post(f"{address}/second-facteur"))["code"]
    token = (await stage.token(PC, code)).json()["id_token"]
    assert (await stage.claims(PC, token, "RS256"))["acr"] == "eidas1-mfa"


async def test_second_factor_that_cannot_be_met_is_access_denied(stage: Stage) -> None:
    await stage.declare_pc()
    denied = returned(await pc_sign_in(stage.browser(), "sans-mfa", claims=ONLY_EIDAS2))
    assert denied["error_description"] == "requested ACRs could not be satisfied"
    await stage.server.put("/_simulateur/regles/pc.code_courriel", json={"active": False})
    assert returned(await pc_sign_in(stage.browser(), "sans-mfa", claims=MFA))["error"] == "access_denied"


async def test_without_essential_level_a_password_is_enough(stage: Stage) -> None:
    await stage.declare_pc()
    asked = json.dumps({"id_token": {"amr": None}})
    id_token = await stage.claims(PC, (await tokens_of(stage, "sans-mfa", claims=asked))["id_token"], "RS256")
    assert (id_token["acr"], id_token["amr"]) == ("eidas1", ["pwd"])


async def test_private_professionals_come_back_unless_the_client_is_for_public_agents(stage: Stage) -> None:
    await stage.declare_pc()
    assert "code" in returned(await pc_sign_in(stage.browser(), "prive"))
    await stage.declare_pc(public_agents_only=True)
    page = await pc_sign_in(stage.browser(), "prive")
    assert (page.status_code, shown_code(page)) == (403, "Y500015")


async def test_one_provider_repeats_the_surname_in_given_name(stage: Stage) -> None:
    await stage.declare_pc()
    token = (await tokens_of(stage, "nom-colle"))["access_token"]
    claims = await stage.claims(PC, (await stage.userinfo(PC, token)).text, "RS256")
    assert claims["given_name"].endswith(claims["usual_name"])


async def test_sign_out_needs_state_and_address_and_knows_the_client_without_hint(stage: Stage) -> None:
    await stage.declare_pc()
    browser = stage.browser()
    await pc_sign_in(browser, "maelle")
    end = f"{PC}/session/end"
    full = {"post_logout_redirect_uri": PC_LOGOUT, "state": STATE, "client_id": "kumun"}
    for missing in ("post_logout_redirect_uri", "state", "client_id"):
        partial = {name: value for name, value in full.items() if name != missing}
        assert (await browser.get(end, params=partial)).status_code == 400
    page = await browser.get(end, params=full)
    back = await browser.get(page.text.split("url=")[1].split('"')[0])
    assert back.headers["location"] == f"{PC_LOGOUT}?state={STATE}"
    refused = returned(await browser.get(f"{PC}/authorize", params=pc_params(prompt="none")))
    assert refused["error"] == "login_required"


async def test_free_form_signs_in_somebody_else(stage: Stage) -> None:
    await stage.declare_pc()
    browser = stage.browser()
    begun = await browser.get(f"{PC}/authorize", params=pc_params())
    form = {
        "mode": "libre", "given_name": "Bastien", "usual_name": "HERVÉ", "courriel": "b@paimpol.example",
        "siret": "2122", "label": "Commune de Paimpol", "acr": "eidas1", "public": "oui",
    }  # fmt: skip
    address = f"{begun.headers['location']}/identite"
    assert (await browser.post(address, data=form)).status_code == 422
    assert "code" in returned(await browser.post(address, data={**form, "siret": "21220162800015"}))


def test_every_siret_passes_its_check() -> None:
    for agent in load_agents().values():
        for organisation in agent.organisations:
            assert luhn.is_valid(organisation.siret), organisation
            assert luhn.is_valid(organisation.siret[:9]), organisation
