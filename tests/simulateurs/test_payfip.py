"""PayFiP as its contract says: the schema, the refusals, the page, the notifications, and how it can misbehave."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from lxml import etree

from simulateurs.payfip.contract import OPERATIONS, validator, wsdl
from tests.simulateurs.outils import BASE, Stage
from tests.simulateurs.payfip import DEMANDE, ENDPOINT, NUMCLI, Regie, code_shown, envelope, told

pytestmark = pytest.mark.anyio


@pytest.fixture
async def recues(stage: Stage) -> list[tuple[str, str, dict[str, list[str]]]]:
    """What the portal's notification address received: method, query and body."""
    received: list[tuple[str, str, dict[str, list[str]]]] = []

    def portal(request: httpx.Request) -> httpx.Response:
        received.append((request.method, request.url.query.decode(), parse_qs(request.content.decode())))
        return httpx.Response(200, text="ok")

    stage.app.state.payfip.notifier = httpx.AsyncClient(transport=httpx.MockTransport(portal))
    return received


@pytest.fixture
async def regie(stage: Stage, recues: list[object]) -> Regie:
    made = Regie(stage)
    await made.declare()
    return made


async def test_the_description_is_complete_and_bears_its_own_address(stage: Stage) -> None:
    answer = await stage.server.get(f"{ENDPOINT}?wsdl")
    root = etree.fromstring(answer.content)
    ns = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}
    assert root.find(".//s:address", ns).get("location") == ENDPOINT
    assert {one.get("name") for one in root.findall("w:portType/w:operation", ns)} == set(OPERATIONS)
    assert answer.text == wsdl(f"{BASE}/payfip")
    assert (await stage.server.get(ENDPOINT)).status_code == 404


async def test_a_payment_goes_from_creation_to_its_result(
    regie: Regie, recues: list[tuple[str, str, dict[str, list[str]]]]
) -> None:
    idop = (await regie.create())["idOp"]
    assert len(idop) == 36
    assert await regie.detail(idop) == {"erreur": "FonctionnelleErreur", "code": "P5"}
    shown = await regie.open(idop)
    assert "Payer 12,50 €" in shown.text
    assert "Régie périscolaire" in shown.text
    done = await regie.pay(idop)
    assert f'href="{DEMANDE["urlredirect"]}?idop={idop}"' in done.text
    assert recues == [("POST", "", {"idop": [idop]})]
    found = await regie.detail(idop)
    assert found == {
        "dattrans": "22112026", "exer": "20", "heurtrans": "1000", "idOp": idop, "mel": DEMANDE["mel"],
        "montant": "1250", "numauto": "112233445566-tip", "numcli": NUMCLI, "objet": "Cantine",
        "refdet": DEMANDE["refdet"], "resultrans": "P", "saisie": "T",
    }  # fmt: skip
    assert code_shown(await regie.pay(idop)) == "P3"


@pytest.mark.parametrize(
    ("choix", "code"),
    [("prelevement", "V"), ("carte-refusee", "R"), ("prelevement-refuse", "Z"), ("abandon", "A")],
)
async def test_each_outcome_has_its_code_and_only_a_payment_is_final(
    regie: Regie, choix: str, code: str
) -> None:
    idop = (await regie.create())["idOp"]
    await regie.open(idop)
    await regie.pay(idop, choix)
    assert (await regie.detail(idop))["resultrans"] == code
    again = await regie.pay(idop)
    assert code_shown(again) == ("P3" if code == "V" else "")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"numcli": "12"}, "T1"),
        ({"numcli": "111111"}, "T2"),
        ({"refdet": "court"}, "R3"),
        ({"refdet": "avec-tiret"}, "R3"),
        ({"montant": "12,50"}, "M1"),
        ({"montant": "99"}, "M3"),
        ({"montant": "10000001"}, "M5"),
        ({"mel": ""}, "A1"),
        ({"mel": "rozenn"}, "A2"),
        ({"mel": "r" * 90 + "@courriel.example"}, "A2"),
        ({"saisie": "W"}, "S1"),
        ({"urlnotif": "/paiements"}, "N1"),
        ({"urlredirect": "ftp://guingamp.example/"}, "D1"),
    ],
)
async def test_a_wrong_field_is_refused_by_its_code(regie: Regie, changes: dict[str, str], code: str) -> None:
    assert await regie.create(**changes) == {"erreur": "FonctionnelleErreur", "code": code}


async def test_nothing_is_idempotent(regie: Regie) -> None:
    assert (await regie.create())["idOp"] != (await regie.create())["idOp"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        envelope("creerPaiementSecurise", dict(reversed(DEMANDE.items()))),
        envelope("creerPaiementSecurise", DEMANDE | {"inconnu": "1"}),
        envelope("annulerPaiement", {}),
        envelope("recupererDetailPaiementSecurise", {"idop": "x"}),
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + envelope("creerPaiementSecurise", DEMANDE),
        envelope("creerPaiementSecurise", {"objet": "x" * 200_000}),
    ],
)
async def test_what_breaks_the_contract_is_a_protocol_fault(regie: Regie, body: bytes) -> None:
    answer = await regie.stage.server.post(ENDPOINT, content=body)
    assert answer.status_code == 500
    assert told(answer)["erreur"] == "TechProtocolaireErreur"


async def test_every_answer_follows_the_schema(regie: Regie) -> None:
    idop = (await regie.create())["idOp"]
    await regie.open(idop)
    await regie.pay(idop)
    for operation, champs in (
        ("creerPaiementSecurise", DEMANDE),
        ("recupererDetailPaiementSecurise", {"idOp": idop}),
        ("recupererDetailClient", {"numCli": NUMCLI}),
    ):
        answer = await regie.call(operation, champs)
        assert answer.status_code == 200
        body = etree.fromstring(answer.content)[0]
        assert validator().validate(body[0]), validator().error_log


async def test_a_client_is_told_by_its_labels(regie: Regie) -> None:
    answer = told(await regie.call("recupererDetailClient", {"numCli": NUMCLI}))
    assert answer["libelleN2"] == "Régie périscolaire"
    assert told(await regie.call("recupererDetailClient", {"numCli": "111111"}))["code"] == "T2"


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ({"notifications": 0}, []),
        ({"notifications": 2}, [("POST", "", "idop"), ("POST", "", "idop")]),
        ({"casse": "idOp"}, [("POST", "", "idOp")]),
        ({"par": "adresse"}, [("POST", "idop=…", "")]),
        ({"methode": "GET", "casse": "idOp"}, [("GET", "idOp=…", "")]),
        ({"avant": False}, [("POST", "", "idop")]),
    ],
)
async def test_notifications_are_none_several_or_odd(
    regie: Regie,
    recues: list[tuple[str, str, dict[str, list[str]]]],
    scenario: dict[str, object],
    expected: list[tuple[str, str, str]],
) -> None:
    await regie.scenario(**scenario)
    idop = (await regie.create())["idOp"]
    await regie.open(idop)
    await regie.pay(idop)
    seen = [(method, query.replace(idop, "…"), "".join(body)) for method, query, body in recues]
    assert seen == expected


async def test_a_result_may_lie_and_come_late(regie: Regie) -> None:
    await regie.scenario(p1_premieres=1, mensonges={"montant": "1", "resultrans": "Q", "numauto": None})
    idop = (await regie.create())["idOp"]
    await regie.open(idop)
    await regie.pay(idop)
    assert (await regie.detail(idop))["code"] == "P1"
    found = await regie.detail(idop)
    assert (found["montant"], found["resultrans"], "numauto" in found) == ("1", "Q", False)


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        ({"soap": "html"}, 500),
        ({"soap": "502"}, 502),
        ({"soap": "TechIndisponibiliteErreur"}, 500),
        ({"creation_perdue": True}, 504),
    ],
)
async def test_the_service_can_be_out_of_order(
    regie: Regie, scenario: dict[str, object], status: int
) -> None:
    await regie.scenario(**scenario)
    answer = await regie.call("creerPaiementSecurise", DEMANDE)
    assert answer.status_code == status
    wrong = await regie.stage.server.put(f"/_simulateur/payfip/scenarios/{NUMCLI}", json={"panne": True})
    assert wrong.status_code == 422


async def test_only_this_machine_sets_it_up_and_only_its_own_page_pays(regie: Regie) -> None:
    idop = (await regie.create())["idOp"]
    elsewhere = regie.stage.browser("192.0.2.1")
    assert (await elsewhere.put("/_simulateur/payfip/scenarios/*", json={})).status_code == 403
    forged = await regie.stage.server.post(
        f"{BASE}/payfip/tpa/paiementws.web",
        data={"idop": idop, "choix": "carte"},
        headers={"origin": "http://ailleurs.example"},
    )
    assert forged.status_code == 403
    direct = await regie.stage.server.post(
        f"{BASE}/payfip/tpa/paiementws.web", data={"idop": idop, "choix": "carte", "retour": "direct"}
    )
    assert parse_qs(urlsplit(direct.headers["location"]).query) == {"idop": [idop]}


Act = Callable[[Regie], Awaitable[object]]


def created(**changes: str) -> Act:
    """What a creation answers, apart from the idop."""

    async def act(regie: Regie) -> object:
        answer = await regie.create(**changes)
        return answer.get("code", "idOp" in answer)

    return act


async def wrong_order(regie: Regie) -> object:
    return "idOp" in told(await regie.call("creerPaiementSecurise", dict(reversed(DEMANDE.items()))))


async def asked_tomorrow(regie: Regie) -> object:
    idop = (await regie.create())["idOp"]
    regie.stage.clock.move(days=1)
    return (await regie.detail(idop))["code"]


async def asked_after_a_year(regie: Regie) -> object:
    idop = (await regie.create())["idOp"]
    await regie.pay(idop)
    regie.stage.clock.move(days=366)
    return (await regie.detail(idop)).get("code")


async def opened_late(regie: Regie) -> object:
    idop = (await regie.create())["idOp"]
    regie.stage.clock.move(minutes=16)
    return code_shown(await regie.open(idop))


async def opened_twice(regie: Regie) -> object:
    idop = (await regie.create())["idOp"]
    await regie.open(idop)
    return code_shown(await regie.open(idop))


async def paid_twice(regie: Regie) -> object:
    idop = (await regie.create())["idOp"]
    await regie.pay(idop)
    return code_shown(await regie.pay(idop))


ACTS: dict[str, Act] = {
    "payfip.schema": wrong_order,
    "payfip.numcli": created(numcli="111111"),
    "payfip.montant": created(montant="99"),
    "payfip.saisie": created(saisie="W"),
    "payfip.adresses": created(urlnotif="/paiements"),
    "payfip.purge": asked_tomorrow,
    "payfip.quinze_minutes": opened_late,
    "payfip.une_ouverture": opened_twice,
    "payfip.deja_paye": paid_twice,
    "payfip.un_an": asked_after_a_year,
}


@pytest.mark.parametrize("rule", ACTS)
async def test_suspending_a_rule_changes_what_is_seen(regie: Regie, rule: str) -> None:
    applied = await ACTS[rule](regie)
    await regie.stage.server.put(f"/_simulateur/regles/{rule}", json={"active": False})
    assert await ACTS[rule](regie) != applied
