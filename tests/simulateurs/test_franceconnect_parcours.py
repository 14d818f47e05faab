"""Correct journeys at FranceConnect: tokens, signed userinfo, shared session, sign-out, odd identities."""

from typing import Any

import httpx
import pytest

from tests.simulateurs.outils import (
    FC,
    FC_CALLBACK,
    FC_LOGOUT,
    NONCE,
    STATE,
    Stage,
    fc_params,
    fc_sign_in,
    returned,
    shown_code,
)

pytestmark = pytest.mark.anyio


async def identity_of(stage: Stage, person: str, **changes: str | None) -> dict[str, Any]:
    """The userinfo that the service reads for a person, signature checked."""
    query = await fc_sign_in(stage.browser(), person, **changes)
    token = (await stage.token(FC, query["code"])).json()["access_token"]
    return await stage.claims(FC, (await stage.userinfo(FC, token)).text)


async def test_whole_journey(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    login = await browser.get(begun.headers["location"])
    assert "Commune de Guingamp" in login.text
    assert "SIMULATEUR — identités fictives" in login.text
    query = await fc_sign_in(browser, "rozenn")
    assert set(query) == {"code", "state", "iss"}
    assert (query["state"], query["iss"]) == (STATE, FC)

    answer = (await stage.token(FC, query["code"])).json()
    assert set(answer) == {"access_token", "expires_in", "id_token", "scope", "token_type"}
    assert answer["expires_in"] == 60
    id_token = await stage.claims(FC, answer["id_token"])
    assert set(id_token) == {"sub", "acr", "auth_time", "nonce", "aud", "exp", "iat", "iss"}
    assert (id_token["aud"], id_token["nonce"], id_token["iss"]) == ("guingamp", NONCE, FC)
    assert id_token["exp"] - id_token["iat"] == 60
    assert len(id_token["sub"]) == 66
    assert id_token["sub"].endswith("v1")

    userinfo = await stage.userinfo(FC, answer["access_token"])
    assert userinfo.headers["content-type"] == "application/jwt"
    claims = await stage.claims(FC, userinfo.text)
    assert (claims["sub"], claims["aud"], claims["iss"]) == (id_token["sub"], "guingamp", FC)
    assert claims["given_name"] == "Rozenn Marie Annick"
    assert claims["given_name_array"] == ["Rozenn", "Marie", "Annick"]
    assert claims["family_name"] == "LE GALLOU"
    assert (claims["birthplace"], claims["birthcountry"]) == ("22070", "99100")
    assert "idp_birthdate" not in claims


async def test_algorithm_of_the_client_signs_both_tokens(stage: Stage) -> None:
    await stage.declare_fc(userinfo_alg="RS256")
    query = await fc_sign_in(stage.browser(), "yann")
    answer = (await stage.token(FC, query["code"])).json()
    assert (await stage.claims(FC, answer["id_token"], "RS256"))["sub"]
    userinfo = await stage.userinfo(FC, answer["access_token"])
    assert (await stage.claims(FC, userinfo.text, "RS256"))["family_name"] == "LE GALLOU"


async def test_scopes_and_their_aliases(stage: Stage) -> None:
    await stage.declare_fc()
    technical = {"sub", "aud", "exp", "iat", "iss"}
    assert set(await identity_of(stage, "katell", scope="openid")) == technical
    birth = await identity_of(stage, "katell", scope="openid birth")
    assert set(birth) == technical | {"birthplace", "birthcountry"}
    assert "preferred_username" not in await identity_of(stage, "katell", scope="openid identite_pivot")
    profile = await identity_of(stage, "katell", scope="openid profile")
    assert profile["preferred_username"] == "LE BRAS"


async def test_sub_follows_the_entity_and_the_pivot(stage: Stage) -> None:
    entity = "e" * 40
    await stage.declare_fc("a", entity_id=entity)
    await stage.declare_fc("b", entity_id=entity)
    await stage.declare_fc("c")
    subs = {}
    for client in "abc":
        query = await fc_sign_in(stage.browser(), "rozenn", client_id=client)
        token = (await stage.token(FC, query["code"], client_id=client)).json()["id_token"]
        subs[client] = (await stage.claims(FC, token))["sub"]
    assert subs["a"] == subs["b"] != subs["c"]


async def test_granted_amr_and_identity_provider(stage: Stage) -> None:
    await stage.declare_fc(scopes=["given_name", "amr", "idp_id"])
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params(scope="openid given_name amr idp_id"))
    address = begun.headers["location"]
    form = {"personne": "rozenn", "fournisseur": "aidants-connect"}
    await browser.post(f"{address}/identite", data=form)
    answer = (await stage.token(FC, returned(await browser.post(f"{address}/continuer"))["code"])).json()
    assert (await stage.claims(FC, answer["id_token"]))["amr"] == ["pwd"]
    userinfo = await stage.userinfo(FC, answer["access_token"])
    assert (await stage.claims(FC, userinfo.text))["idp_id"] == "aidants-connect"


async def test_live_session_shows_only_the_information_page_for_30_sliding_minutes(stage: Stage) -> None:
    await stage.declare_fc()
    await stage.declare_fc("ailleurs", name="Commune de Paimpol")
    browser = stage.browser()
    await fc_sign_in(browser, "rozenn")
    for _ in range(2):
        stage.clock.move(minutes=29)
        begun = await browser.get(f"{FC}/authorize", params=fc_params(client_id="ailleurs"))
        page = await browser.get(begun.headers["location"])
        assert "Continuer sur Commune de Paimpol" in page.text
        assert "fournisseur d’identité démonstration" not in page.text
    query = returned(await browser.post(f"{begun.headers['location']}/continuer"))
    assert (await stage.token(FC, query["code"], client_id="ailleurs")).status_code == 200
    stage.clock.move(minutes=30)
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    assert "fournisseur d’identité démonstration" in (await browser.get(begun.headers["location"])).text


async def test_another_person_may_take_over_a_live_session(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    await fc_sign_in(browser, "rozenn")
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    address = begun.headers["location"]
    await browser.post(f"{address}/changer")
    await browser.post(f"{address}/identite", data={"personne": "lesia"})
    assert "ORNETTI" in (await browser.get(address)).text


async def test_information_page_is_skipped_only_with_an_authorisation(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params(prompt="login"))
    chosen = await browser.post(f"{begun.headers['location']}/identite", data={"personne": "rozenn"})
    assert "/interaction/" in chosen.headers["location"]
    await stage.declare_fc(allowed_prompts=["login"])
    other = stage.browser()
    begun = await other.get(f"{FC}/authorize", params=fc_params(prompt="login"))
    chosen = await other.post(f"{begun.headers['location']}/identite", data={"personne": "rozenn"})
    assert chosen.headers["location"].startswith(FC_CALLBACK)


async def sign_out(browser: httpx.AsyncClient, **params: str) -> httpx.Response:
    return await browser.get(f"{FC}/session/end", params=params)


async def test_sign_out_with_an_expired_hint_returns_state_and_closes_the_session(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    query = await fc_sign_in(browser, "rozenn")
    id_token = (await stage.token(FC, query["code"])).json()["id_token"]
    stage.clock.move(minutes=10)
    page = await sign_out(
        browser, id_token_hint=id_token, post_logout_redirect_uri=FC_LOGOUT, state="retour-42"
    )
    assert page.status_code == 200
    address = page.text.split("url=")[1].split('"')[0]
    back = await browser.get(address)
    assert back.headers["location"] == f"{FC_LOGOUT}?state=retour-42"
    assert (await browser.get(address)).status_code == 401
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    assert "fournisseur d’identité démonstration" in (await browser.get(begun.headers["location"])).text


async def test_sign_out_refuses_a_missing_or_foreign_hint_and_an_undeclared_address(stage: Stage) -> None:
    await stage.declare_fc()
    query = await fc_sign_in(stage.browser(), "rozenn")
    id_token = (await stage.token(FC, query["code"])).json()["id_token"]
    browser = stage.browser()
    refused = [
        await sign_out(browser, post_logout_redirect_uri=FC_LOGOUT),
        await sign_out(browser, id_token_hint="invente", post_logout_redirect_uri=FC_LOGOUT),
        await sign_out(browser, id_token_hint=id_token, post_logout_redirect_uri=FC_LOGOUT + "/"),
        await sign_out(browser, id_token_hint=id_token, client_id="autre"),
    ]
    assert [answer.status_code for answer in refused] == [400] * 4


async def test_sign_out_without_return_address_ends_on_a_page(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    query = await fc_sign_in(browser, "rozenn")
    id_token = (await stage.token(FC, query["code"])).json()["id_token"]
    page = await sign_out(browser, id_token_hint=id_token)
    done = await browser.get(page.text.split("url=")[1].split('"')[0])
    assert "Déconnexion effectuée" in done.text


async def test_back_link_returns_access_denied(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    query = returned(await browser.post(f"{begun.headers['location']}/abandonner"))
    assert query == {
        "error": "access_denied", "error_description": "User auth aborted", "state": STATE, "iss": FC,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "code", "error"),
    [
        ("introuvable", "Y010008", "access_denied"),
        ("echos", "Y010006", "access_denied"),
        ("nom-usage", "Y010007", "access_denied"),
        ("decede", "Y010015", "access_denied"),
        ("desactive", "Y180001", "access_denied"),
        ("fournisseur-bloque", "Y100011", "access_denied"),
        ("indisponible", "Y010011", "temporarily_unavailable"),
        ("erreur", "Y000010", "server_error"),
    ],
)
async def test_chosen_outcome(stage: Stage, outcome: str, code: str, error: str) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    form = {"personne": "rozenn", "issue": outcome}
    page = await browser.post(f"{begun.headers['location']}/identite", data=form)
    assert shown_code(page) == code
    assert f"error={error}&amp;" in page.text
    assert "décéd" not in page.text
    await stage.server.put("/_simulateur/regles/fc.page_avant_retour", json={"active": False})
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    assert returned(await browser.post(f"{begun.headers['location']}/identite", data=form))["error"] == error


async def test_identity_without_email_is_rejected(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    page = await browser.post(f"{begun.headers['location']}/identite", data={"personne": "marcel"})
    assert shown_code(page) == "Y600006"
    assert "error=server_error" in page.text


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("sasha", {"gender": "unspecified"}),
        ("mononyme", {"given_name": "", "given_name_array": [], "family_name": "WIDODOSARI"}),
        ("fatou", {"birthplace": "", "birthcountry": "99341", "family_name": "N'DIAYE"}),
        ("ahmad", {"birthdate": "1960-01-01", "idp_birthdate": "1960-00-00"}),
        ("rozenn", {"birthdate": "1984-03-12", "idp_birthdate": "1984-03-12"}),
        ("fanch", {"given_name": "Fañch Œnora", "family_name": "LE C’HOADIC-ƵUPAN D'AÑJELA"}),
        ("ghjuvan", {"birthplace": "2A004"}),
        ("lesia", {"birthplace": "2B033", "birthdate": "2004-02-29"}),
    ],
)
async def test_odd_identities(stage: Stage, person: str, expected: dict[str, object]) -> None:
    await stage.declare_fc()
    claims = await identity_of(stage, person, scope="openid identite_pivot idp_birthdate email")
    assert {name: claims[name] for name in expected} == expected


async def test_five_first_names_stay_apart(stage: Stage) -> None:
    await stage.declare_fc()
    names = (await identity_of(stage, "marie-antoinette"))["given_name_array"]
    assert len(names) == 5
    assert names[0] == "Marie-Antoinette"


async def test_free_form_accepts_a_person_and_explains_a_wrong_one(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    address = begun.headers["location"]
    form = {
        "given_name_array": "Bleuenn, Anne-Marie", "family_name": "TREGUER", "gender": "female",
        "birthdate": "1970-13-01", "birthplace": "29019", "email": "bleuenn@courriel.example",
    }  # fmt: skip
    wrong = await browser.post(f"{address}/identite", data=form)
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert 'value="TREGUER"' in wrong.text
    right = await browser.post(f"{address}/identite", data={**form, "birthdate": "1970-12-01"})
    assert right.status_code == 303
    query = returned(await browser.post(f"{address}/continuer"))
    token = (await stage.token(FC, query["code"])).json()["access_token"]
    claims = await stage.claims(FC, (await stage.userinfo(FC, token)).text)
    assert claims["given_name_array"] == ["Bleuenn", "Anne-Marie"]


async def test_two_sign_ins_of_one_browser_do_not_disturb_each_other(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    tabs = [await browser.get(f"{FC}/authorize", params=fc_params(state=s * 32)) for s in "ab"]
    for tab in tabs:
        await browser.post(f"{tab.headers['location']}/identite", data={"personne": "rozenn"})
    ends = [returned(await browser.post(f"{tab.headers['location']}/continuer")) for tab in tabs]
    assert [end["state"] for end in ends] == ["a" * 32, "b" * 32]
    assert ends[0]["code"] != ends[1]["code"]


async def test_a_double_click_leads_to_the_same_address(stage: Stage) -> None:
    await stage.declare_fc()
    browser = stage.browser()
    begun = await browser.get(f"{FC}/authorize", params=fc_params())
    address = begun.headers["location"]
    await browser.post(f"{address}/identite", data={"personne": "rozenn"})
    first = await browser.post(f"{address}/continuer")
    second = await browser.post(f"{address}/continuer")
    assert first.headers["location"] == second.headers["location"]
    assert shown_code(await browser.get(address)) == "Y190001"
