"""Declared services, rules, outages, pages and documentation of the simulators."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from simulateurs.main import RULES
from simulateurs.socle.rules import UnknownRuleError, VerifiedRuleError
from tests.simulateurs.outils import FC, FC_CALLBACK, PC, SECRET, Stage, fc_params, pc_params, write

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]


async def accepts(stage: Stage, client_id: str) -> bool:
    """Whether FranceConnect knows this service."""
    answer = await stage.browser().get(f"{FC}/authorize", params=fc_params(client_id=client_id))
    return answer.status_code == 303


async def test_declared_clients_and_keys_survive_a_restart(tmp_path: Path) -> None:
    before = Stage(state_folder=tmp_path)
    await before.declare_fc()
    keys = (await before.server.get(f"{FC}/jwks")).json()
    after = Stage(state_folder=tmp_path)
    assert await accepts(after, "guingamp")
    assert (await after.server.get(f"{FC}/jwks")).json() == keys
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


async def test_public_keys_hold_nothing_private(stage: Stage) -> None:
    for issuer in (FC, PC):
        for key in (await stage.server.get(f"{issuer}/jwks")).json()["keys"]:
            assert not {"d", "p", "q", "k"} & set(key)


async def test_clients_file_is_read_again_when_it_changes(tmp_path: Path, keys_folder: Path) -> None:
    client = {"client_secret": SECRET, "name": "Ouessant", "redirect_uris": [FC_CALLBACK]}
    file = write(tmp_path / "clients.json", json.dumps({"franceconnect": {"ouessant": client}}))
    stage = Stage(state_folder=keys_folder, clients_file=file)
    assert await accepts(stage, "ouessant")
    write(file, json.dumps({"franceconnect": {"locronan": client}}))
    os.utime(file, (1, 1))
    assert await accepts(stage, "locronan")
    assert not await accepts(stage, "ouessant")
    write(file, '{"franceconnect": {"x": {}}}')
    assert await accepts(stage, "locronan")
    assert "x" in (await stage.server.get("/_simulateur/")).json()["fichier_clients"]


@pytest.mark.parametrize(
    "fields",
    [
        {"redirect_uris": []},
        {"redirect_uris": ["ftp://a.example/"]},
        {"redirect_uris": ["https://a.example/" + "x" * 1024]},
        {"redirect_uris": ["https://a.example/", "https://b.example/"]},
        {"redirect_uris": [FC_CALLBACK], "client_secret": "court"},
        {"redirect_uris": [FC_CALLBACK], "inattendu": 1},
        {"redirect_uris": [FC_CALLBACK], "userinfo_alg": "HS256"},
        {"redirect_uris": [FC_CALLBACK], "client_id": "autre"},
    ],
)
async def test_wrong_declaration_is_refused(stage: Stage, fields: dict[str, object]) -> None:
    assert (await stage.declare("franceconnect", "guingamp", **fields)).status_code == 422


async def test_declaration_answers_and_never_shows_the_secret(stage: Stage) -> None:
    fields = {"redirect_uris": [FC_CALLBACK]}
    assert (await stage.declare("franceconnect", "guingamp", **fields)).status_code == 201
    assert (await stage.declare("franceconnect", "guingamp", **fields)).status_code == 200
    assert (await stage.declare("ailleurs", "guingamp", **fields)).status_code == 404
    state = await stage.server.get("/_simulateur/")
    assert state.json()["services"]["franceconnect"]["clients"][0]["client_id"] == "guingamp"
    assert SECRET not in state.text


async def test_administration_is_for_this_machine_and_for_json(stage: Stage) -> None:
    assert (await stage.browser("192.0.2.7").get("/_simulateur/")).status_code == 403
    address = "/_simulateur/franceconnect/clients/guingamp"
    assert (await stage.server.put(address, content='{"name": "x"}')).status_code == 400


async def test_unverified_rules_are_switched_and_verified_ones_are_not(stage: Stage) -> None:
    await stage.declare_pc()
    short = pc_params(state="court", nonce=None)
    assert (await stage.browser().get(f"{PC}/authorize", params=short)).status_code == 400
    switch = await stage.server.put("/_simulateur/regles/pc.state_nonce", json={"active": False})
    assert switch.status_code == 200
    assert (await stage.browser().get(f"{PC}/authorize", params=short)).status_code == 303
    verified = await stage.server.put("/_simulateur/regles/fc.nonce", json={"active": False})
    assert verified.status_code == 409
    assert (await stage.server.put("/_simulateur/regles/x", json={"active": True})).status_code == 404
    assert (await stage.server.put("/_simulateur/regles/pc.sso", json={})).status_code == 422


def test_rules_may_be_suspended_at_start(keys_folder: Path) -> None:
    assert Stage(state_folder=keys_folder, rules_off=["pc.state_nonce"])
    with pytest.raises(UnknownRuleError):
        Stage(state_folder=keys_folder, rules_off=["inconnue"])
    with pytest.raises(VerifiedRuleError):
        Stage(state_folder=keys_folder, rules_off=["fc.nonce"])


async def test_outage_of_one_service_leaves_the_other(stage: Stage) -> None:
    outage = "/_simulateur/franceconnect/panne"
    assert (await stage.server.put(outage, json={"mode": "503"})).json() == {"panne": "503"}
    assert (await stage.server.get(f"{FC}/jwks")).status_code == 503
    assert (await stage.server.get(f"{PC}/jwks")).status_code == 200
    health = (await stage.server.get("/sante")).json()
    assert health["composants"] == {"franceconnect": "panne simulée", "proconnect": "ok"}
    await stage.server.put(outage, json={"mode": "aucune"})
    assert (await stage.server.get(f"{FC}/jwks")).status_code == 200
    assert (await stage.server.put(outage, json={"mode": "?"})).status_code == 422


async def test_silent_outage_keeps_the_caller_waiting(keys_folder: Path) -> None:
    stage = Stage(state_folder=keys_folder, silence=30)
    await stage.server.put("/_simulateur/proconnect/panne", json={"mode": "muette"})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stage.server.get(f"{PC}/jwks"), 0.05)


async def test_refusals_are_told_to_the_developer(stage: Stage) -> None:
    await stage.declare_fc()
    answer = await stage.browser().get(f"{FC}/authorize", params=fc_params(nonce="court"))
    assert answer.headers["x-simulateur-regle"] == "fc.nonce"
    refusal = (await stage.server.get("/_simulateur/")).json()["refus"][0]
    assert (refusal["regle"], refusal["preuve"], refusal["client_id"]) == ("fc.nonce", "FC-src", "guingamp")


@pytest.mark.parametrize(("issuer", "methods"), [(FC, None), (PC, ["S256"])])
async def test_discovery(stage: Stage, issuer: str, methods: list[str] | None) -> None:
    document = (await stage.server.get(f"{issuer}/.well-known/openid-configuration")).json()
    assert document["issuer"] == issuer
    assert document["end_session_endpoint"] == f"{issuer}/session/end"
    assert document.get("code_challenge_methods_supported") == methods


async def test_pages_have_a_language_one_title_labels_and_no_script(stage: Stage) -> None:
    await stage.declare_fc()
    await stage.declare_pc()
    browser = stage.browser()
    fc = (await browser.get(f"{FC}/authorize", params=fc_params())).headers["location"]
    pc = (await browser.get(f"{PC}/authorize", params=pc_params())).headers["location"]
    pages = [await browser.get(address) for address in ("/", fc, pc, f"{FC}/authorize")]
    await browser.post(f"{fc}/identite", data={"personne": "mononyme"})
    pages += [await browser.get(fc), await browser.post(f"{pc}/identite", data={"agent": "soazig"})]
    for page in pages:
        text = page.text
        assert '<html lang="fr">' in text
        assert text.count("<h1>") == 1
        assert "SIMULATEUR — identités fictives" in text
        assert "<script" not in text
        assert " style=" not in text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        fields = re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\bid="([^"]+)"', text)
        assert set(fields) <= set(re.findall(r'<label for="([^"]+)"', text))
    css = await browser.get("/_statique/simulateur.css")
    assert css.headers["content-type"].startswith("text/css")


def test_rule_names_are_unique_and_the_readme_has_the_same_table() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    readme = (ROOT / "simulateurs" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.+) \| \[([\w-]+)\] \| (\w+) \|$", readme, re.M)
    expected = [
        (rule.name, rule.text, rule.evidence.value, "yes" if rule.switchable else "no") for rule in RULES
    ]
    assert rows == expected


def test_simulators_and_portal_do_not_import_each_other() -> None:
    pattern = {"simulateurs": r"^\s*(?:from|import) app\b", "app": r"^\s*(?:from|import) simulateurs\b"}
    for folder, forbidden in pattern.items():
        for file in (ROOT / folder).rglob("*.py"):
            assert not re.search(forbidden, file.read_text(encoding="utf-8"), re.M), file
