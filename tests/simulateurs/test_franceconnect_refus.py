"""What FranceConnect refuses, and where the refusal shows: on its page, or back at the service."""

import pytest

from tests.simulateurs.outils import (
    FC,
    FC_CALLBACK,
    NONCE,
    SECRET,
    STATE,
    Stage,
    fc_params,
    fc_sign_in,
    returned,
    shown_code,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_challenge": "x" * 43, "code_challenge_method": "S256"}, "Y030007"),
        ({"login_hint": "a@b.example"}, "Y030007"),
        ({"response_mode": "query"}, "Y030007"),
        ({"max_age": "60"}, "Y030007"),
        ({"acr_values": None}, "Y030007"),
        ({"state": None}, "Y030007"),
        ({"nonce": None}, "Y030007"),
        ({"scope": None}, "Y030007"),
        ({"nonce": "n" * 21}, "Y030007"),
        ({"prompt": "none"}, "Y030007"),
        ({"prompt": "select_account"}, "Y030007"),
        ({"prompt": ""}, "Y030007"),
        ({"prompt": "login none"}, "Y030007"),
        ({"client_id": "inconnu"}, "Y04EA6EF"),
        ({"client_id": "ferme"}, "Y04EA6EF"),
        ({"redirect_uri": FC_CALLBACK + "/"}, "Y04C013C"),
        ({"redirect_uri": "https://pirate.example/"}, "Y04C013C"),
        ({"claims": "{"}, "Y030028"),
        ({"claims": '{"id_token":{"amr":null}}'}, "Y030009"),
    ],
)
async def test_refusal_on_the_page_of_franceconnect(
    stage: Stage, changes: dict[str, str | None], code: str
) -> None:
    await stage.declare_fc()
    await stage.declare_fc("ferme", active=False)
    answer = await stage.browser().get(f"{FC}/authorize", params=fc_params(**changes))
    assert answer.status_code in {400, 500}
    assert shown_code(answer) == code
    assert "location" not in answer.headers
    assert "[FC-src]" in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"acr_values": "eidas2"}, "invalid_acr"),
        ({"acr_values": "eidas3 eidas2"}, "invalid_acr"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "identite_pivot"}, "invalid_request"),
        ({"scope": "openid amr"}, "invalid_scope"),
        ({"scope": "openid address"}, "invalid_scope"),
        ({"idp_hint": "ailleurs"}, "invalid_idp_hint"),
    ],
)
async def test_refusal_returned_to_the_service(
    stage: Stage, changes: dict[str, str | None], error: str
) -> None:
    await stage.declare_fc()
    answer = await stage.browser().get(f"{FC}/authorize", params=fc_params(**changes))
    assert answer.headers["location"].startswith(FC_CALLBACK + "?")
    query = returned(answer)
    assert (query["error"], query["state"], query["iss"]) == (error, STATE, FC)
    assert query["error_description"]


@pytest.mark.parametrize("acr", ["eidas1", "eidas3 eidas1", "inconnu"])
async def test_lowest_or_unknown_level_is_eidas1(stage: Stage, acr: str) -> None:
    await stage.declare_fc()
    query = await fc_sign_in(stage.browser(), "rozenn", acr_values=acr)
    token = (await stage.token(FC, query["code"])).json()["id_token"]
    assert (await stage.claims(FC, token))["acr"] == "eidas1"


async def test_repeated_parameter_is_refused(stage: Stage) -> None:
    await stage.declare_fc()
    params = {**fc_params(), "state": ["un", "autre"]}
    assert shown_code(await stage.browser().get(f"{FC}/authorize", params=params)) == "Y030007"


async def test_authorize_takes_a_post_too(stage: Stage) -> None:
    await stage.declare_fc()
    answer = await stage.browser().post(f"{FC}/authorize", data=fc_params())
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "x" * 64}, 401, "invalid_client"),
        ({"client_id": "inconnu"}, 401, "invalid_client"),
        ({"code": "invente"}, 400, "invalid_grant"),
        ({"redirect_uri": FC_CALLBACK + "/"}, 400, "invalid_grant"),
        ({"client_id": "ailleurs"}, 400, "invalid_grant"),
        ({"code_verifier": "v" * 43}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
    ],
)
async def test_token_endpoint_refuses(stage: Stage, changes: dict[str, str], status: int, error: str) -> None:
    await stage.declare_fc()
    await stage.declare_fc("ailleurs")
    query = await fc_sign_in(stage.browser(), "rozenn")
    answer = await stage.token(FC, **{"code": query["code"], **changes})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_http_basic_is_refused(stage: Stage) -> None:
    await stage.declare_fc()
    query = await fc_sign_in(stage.browser(), "rozenn")
    form = {"grant_type": "authorization_code", "code": query["code"], "redirect_uri": FC_CALLBACK}
    answer = await stage.server.post(f"{FC}/token", data=form, auth=("guingamp", SECRET))
    assert answer.json()["error"] == "invalid_client"


async def test_code_is_over_after_30_seconds(stage: Stage) -> None:
    await stage.declare_fc()
    query = await fc_sign_in(stage.browser(), "rozenn")
    stage.clock.move(seconds=30)
    assert (await stage.token(FC, query["code"])).json()["error"] == "invalid_grant"


async def test_second_use_of_a_code_is_refused_and_kills_its_access_token(stage: Stage) -> None:
    await stage.declare_fc()
    query = await fc_sign_in(stage.browser(), "rozenn")
    first = (await stage.token(FC, query["code"])).json()
    assert (await stage.token(FC, query["code"])).json()["error"] == "invalid_grant"
    assert (await stage.userinfo(FC, first["access_token"])).status_code == 401


async def test_userinfo_wants_a_live_token_and_answers_once(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    token = (await stage.token(FC, (await fc_sign_in(browser, "rozenn"))["code"])).json()["access_token"]
    assert (await stage.userinfo(FC, token)).status_code == 200
    assert (await stage.userinfo(FC, token)).status_code == 401
    assert (await stage.server.get(f"{FC}/userinfo")).status_code == 401
    late = stage.browser()
    token = (await stage.token(FC, (await fc_sign_in(late, "rozenn"))["code"])).json()["access_token"]
    stage.clock.move(seconds=60)
    assert (await stage.userinfo(FC, token)).json()["error"] == "invalid_token"


async def test_sign_in_belongs_to_the_browser_that_began_it(stage: Stage) -> None:
    await stage.declare_fc()
    begun = await stage.browser().get(f"{FC}/authorize", params=fc_params())
    other = await stage.browser().post(f"{begun.headers['location']}/identite", data={"personne": "rozenn"})
    assert (other.status_code, shown_code(other)) == (401, "Y190001")


async def test_form_of_another_site_is_refused(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    address = f"{begun.headers['location']}/identite"
    foreign = {"Origin": "https://pirate.example"}
    assert (await browser.post(address, data={"personne": "rozenn"}, headers=foreign)).status_code == 403
    own = {"Origin": "http://localhost:8100"}
    assert (await browser.post(address, data={"personne": "rozenn"}, headers=own)).status_code == 303


async def test_sign_in_left_open_for_30_minutes_is_over(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params(nonce=NONCE))
    stage.clock.move(minutes=30)
    assert shown_code(await browser.get(begun.headers["location"])) == "Y190001"


@pytest.mark.parametrize("served", [None, ["http://a.example/retour"]])
async def test_sector_list_must_answer_and_be_complete(keys_folder: object, served: list[str] | None) -> None:
    uris = ["http://a.example/retour", "http://b.example/retour"]

    async def fetch(url: str) -> object:
        if served is None:
            raise OSError("no answer")
        return served

    stage = Stage(state_folder=keys_folder, fetch=fetch)
    await stage.declare_fc("deux", redirect_uris=uris, sector_identifier_uri="https://a.example/liste.json")
    params = fc_params(client_id="deux", redirect_uri=uris[0])
    assert shown_code(await stage.browser().get(f"{FC}/authorize", params=params)) == "Y04A8220"
