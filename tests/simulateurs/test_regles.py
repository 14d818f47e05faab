"""Every switchable rule changes something: the same act is told with the rule applied, then suspended."""

import json
from collections.abc import Awaitable, Callable

import pytest

from simulateurs.main import RULES
from simulateurs.socle.rules import Evidence
from tests.simulateurs.outils import (
    FC,
    PC,
    PC_LOGOUT,
    Stage,
    fc_params,
    fc_sign_in,
    pc_params,
    pc_sign_in,
    returned,
)
from tests.simulateurs.test_payfip import ACTS as PAYFIP

pytestmark = pytest.mark.anyio
Act = Callable[[Stage], Awaitable[object]]
MFA = json.dumps({"id_token": {"acr": {"essential": True, "values": ["eidas1-mfa"]}}})


def fc_authorize(**changes: str | None) -> Act:
    """Where a request to FranceConnect leads: its login page, or back with an error."""

    async def act(stage: Stage) -> object:
        answer = await stage.browser().get(f"{FC}/authorize", params=fc_params(**changes))
        return "error" in answer.headers.get("location", "")

    return act


def pc_authorize(**changes: str | None) -> Act:
    """Where a request to ProConnect leads: a page, its login page, or back with an error."""

    async def act(stage: Stage) -> object:
        answer = await stage.browser().get(f"{PC}/authorize", params=pc_params(**changes))
        return answer.status_code, "error" in answer.headers.get("location", "")

    return act


def pc_signed_in(agent: str, **changes: str | None) -> Act:
    """How the choice of an agent ends, whatever the code."""

    async def act(stage: Stage) -> object:
        answer = await pc_sign_in(stage.browser(), agent, **changes)
        location = answer.headers.get("location", "")
        return answer.status_code, "/interaction/" in location, "error" in location

    return act


async def verifier_without_challenge(stage: Stage) -> object:
    code = (await fc_sign_in(stage.browser(), "rozenn"))["code"]
    return (await stage.token(FC, code, code_verifier="v" * 43)).status_code


async def wrong_verifier(stage: Stage) -> object:
    challenge = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
    code = returned(await pc_sign_in(stage.browser(), "maelle", **challenge))["code"]
    return (await stage.token(PC, code, code_verifier="v" * 43)).status_code


async def userinfo_twice(stage: Stage) -> object:
    code = (await fc_sign_in(stage.browser(), "rozenn"))["code"]
    token = (await stage.token(FC, code)).json()["access_token"]
    return [(await stage.userinfo(FC, token)).status_code for _ in range(2)]


async def bad_outcome(stage: Stage) -> object:
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    form = {"personne": "rozenn", "issue": "decede"}
    return (await browser.post(f"{begun.headers['location']}/identite", data=form)).status_code


async def _replay(stage: Stage, issuer: str, code: str) -> object:
    token = (await stage.token(issuer, code)).json()["access_token"]
    assert (await stage.token(issuer, code)).status_code == 400
    return (await stage.userinfo(issuer, token)).status_code


async def fc_replay(stage: Stage) -> object:
    return await _replay(stage, FC, (await fc_sign_in(stage.browser(), "rozenn"))["code"])


async def pc_replay(stage: Stage) -> object:
    return await _replay(stage, PC, returned(await pc_sign_in(stage.browser(), "maelle"))["code"])


async def second_sign_in(stage: Stage) -> object:
    browser = stage.browser()
    await pc_sign_in(browser, "maelle")
    answer = await browser.get(f"{PC}/authorize", params=pc_params())
    return "/interaction/" in answer.headers["location"]


async def unasked_amr(stage: Stage) -> object:
    code = returned(await pc_sign_in(stage.browser(), "maelle"))["code"]
    return "amr" in await stage.claims(PC, (await stage.token(PC, code)).json()["id_token"], "RS256")


async def private_professional(stage: Stage) -> object:
    await stage.declare_pc(public_agents_only=True)
    return (await pc_sign_in(stage.browser(), "prive")).status_code


async def iss_returned(stage: Stage) -> object:
    return "iss" in returned(await pc_sign_in(stage.browser(), "maelle"))


async def sign_out_without_state(stage: Stage) -> object:
    params = {"post_logout_redirect_uri": PC_LOGOUT, "client_id": "kumun"}
    return (await stage.browser().get(f"{PC}/session/end", params=params)).status_code


ACTS: dict[str, Act] = {
    "fc.scope": fc_authorize(scope="openid dgfip_rfr"),
    "fc.code_verifier": verifier_without_challenge,
    "fc.code_rejoue": fc_replay,
    "fc.userinfo_une_fois": userinfo_twice,
    "fc.page_avant_retour": bad_outcome,
    "pc.parametres": pc_authorize(max_age="60"),
    "pc.state_nonce": pc_authorize(state="court"),
    "pc.scope": pc_authorize(scope="openid phone"),
    "pc.pkce": wrong_verifier,
    "pc.prompt_none": pc_authorize(prompt="none"),
    "pc.sso": second_sign_in,
    "pc.acr": pc_signed_in("sans-mfa", claims=MFA),
    "pc.code_courriel": pc_signed_in("sans-mfa", claims=MFA),
    "pc.amr": unasked_amr,
    "pc.agents_publics": private_professional,
    "pc.iss": iss_returned,
    "pc.code_rejoue": pc_replay,
    "pc.deconnexion": sign_out_without_state,
}


@pytest.mark.parametrize("rule", [rule.name for rule in RULES if rule.switchable and rule.name not in PAYFIP])
async def test_suspending_a_rule_changes_what_is_seen(stage: Stage, rule: str) -> None:
    await stage.declare_fc()
    await stage.declare_pc()
    applied = await ACTS[rule](stage)
    await stage.server.put(f"/_simulateur/regles/{rule}", json={"active": False})
    assert await ACTS[rule](stage) != applied


def test_what_is_inferred_can_be_suspended_and_what_was_read_in_the_source_cannot() -> None:
    for rule in RULES:
        if rule.evidence is Evidence.INFERRED:
            assert rule.switchable, rule
        if rule.evidence in {Evidence.FC_SRC, Evidence.PC_SRC, Evidence.SPECIFICATION}:
            assert not rule.switchable, rule
