"""What a step reaches outside: signed calls, tried again and shown; text messages, with respect for who gets them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.demarches.definitions import Definition, Parcours
from app.demarches.service import appels, catalogue, etapes, instruction
from app.socle.errors import ConflictError, ForbiddenError, InvalidInputError
from app.socle.sms import PasserelleHttp
from app.socle.sortie import SortieHttps
from simulateurs.socle.context import Outage
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai
from tests.demarches.test_instruction import desk
from tests.outillage.portail import SIMULATEURS, Portail
from tests.outillage.travaux import pending_jobs, run_jobs

pytestmark = pytest.mark.anyio
URL = f"{SIMULATEURS}/webhooks/sig"
ETAPES = [
    {
        "id": "debut",
        "titre": "Début",
        "actions": [
            {"genre": "webhook", "point": "sig", "libelle": "Prévenir le SIG", "champs": ["type_acte"]},
            {
                "genre": "sms",
                "texte": "Dossier n° {numero} étudié.",
                "accord": "sms_accord",
                "telephone": "telephone",
            },
        ],
        "suites": [{"vers": "controle", "libelle": "Contrôler"}],
    },
    {
        "id": "controle",
        "titre": "Contrôle",
        "actions": [{"genre": "webhook", "point": "sig", "libelle": "Contrôle", "bloquant": True}],
        "suites": [{"vers": "decision", "libelle": "Décider", "attend_tout": True}],
    },
]
ACCORD = {"id": "sms_accord", "type": "oui_non", "libelle": "Par SMS ?", "sujet": "si oui"}


@pytest.fixture(autouse=True)
def _parcours(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalogue.load_definitions

    async def changed(*args: Any) -> dict[Any, Definition]:
        found = await known(*args)
        for key, definition in found.items():
            if definition.slug == "acte-naissance":
                found[key] = with_steps(definition)
        return found

    monkeypatch.setattr(catalogue, "load_definitions", changed)


def with_steps(definition: Definition, etapes: Sequence[Any] = ETAPES) -> Definition:
    data = definition.model_dump(mode="json", exclude_defaults=True)
    if "sms_accord" not in json.dumps(data["pages"]):
        data["pages"][-1]["champs"].append(ACCORD)
    data["parcours"] = {"etapes": etapes}
    return Definition.model_validate(data)


def resolution(*addresses: str) -> Any:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.fixture
def dehors(portail: Portail) -> Any:
    """The outside: the simulators, at a public address."""
    transport = httpx.ASGITransport(portail.simulateurs)
    portail.noyau.sortie = SortieHttps(resolution=resolution("93.184.215.14"), transport=transport)
    portail.noyau.passerelle_sms = PasserelleHttp(
        f"https://:jeton-essai@{SIMULATEURS.removeprefix('https://')}/sms/messages", transport=transport
    )
    return portail.simulateurs.state


async def set_point(portail: Portail, cast: Cast, dehors: Any, url: str = URL) -> None:
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'administrateur' WHERE agent_id = %s", cast.agents["maelle"]
    )
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        dehors.webhooks.secrets["sig"] = await appels.save_point(ctx, cast.communes["guingamp"], "sig", url)


async def begun(
    portail: Portail, cast: Cast, *, accord: bool = True, numero: str = "+33612345678"
) -> DossierEssai:
    """A dossier at its first step, its answers as given."""
    dossier = await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    portail.base.sql(
        "UPDATE demarches_dossier SET reponses = reponses || %s::jsonb WHERE id = %s",
        json.dumps({"sms_accord": accord, "telephone": numero}),
        dossier.id,
    )
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        await instruction.claim(ctx, dossier.id)
    return dossier


async def follow(portail: Portail, cast: Cast, dossier: DossierEssai, vers: str) -> None:
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        await etapes.follow(ctx, dossier.id, vers)


async def test_a_call_is_signed_says_what_is_named_and_nothing_else(
    portail: Portail, cast: Cast, dehors: Any
) -> None:
    await set_point(portail, cast, dehors)
    dossier = await begun(portail, cast)
    await run_jobs(portail)
    (received,) = dehors.webhooks.recus
    body = json.loads(received["corps"])["data"]
    assert body["numero"] == dossier.numero
    assert body["etape"] == "debut"
    assert body["reponses"] == {"type_acte": "copie_integrale"}
    assert "GALLOU" not in received["corps"]
    nav = await desk(portail, cast)
    assert "Livré" in (await nav.get(f"/dossiers/{dossier.id}")).texte
    log = await nav.get(f"/reglages/{cast.communes['guingamp']}/exterieur")
    assert "Prévenir le SIG" in log.texte


async def test_a_failure_is_tried_again_then_shown_with_a_button(
    portail: Portail, cast: Cast, dehors: Any
) -> None:
    await set_point(portail, cast, dehors)
    dehors.context.outages["webhooks"] = Outage.REFUSES
    dossier = await begun(portail, cast)
    await follow(portail, cast, dossier, "controle")
    await run_jobs(portail)
    portail.avancer(seconds=6)
    assert (await run_jobs(portail)).count("demarches:appeler") == 2
    with pytest.raises(ConflictError, match="encore attendu"):
        await follow(portail, cast, dossier, "decision")
    for _ in range(9):
        portail.avancer(hours=13)
        await run_jobs(portail)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "réponse 503" in page.texte
    assert [name for name, _ in pending_jobs(portail) if name == "demarches:appeler"] == []
    dehors.context.outages["webhooks"] = Outage.NONE
    ((appel_id,),) = portail.base.sql("SELECT id FROM demarches_appel WHERE etape = 'controle'")
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}")
    await page.envoyer({"action": "refaire"}, action=f"/appels/{appel_id}")
    await run_jobs(portail)
    assert [one["id"] for one in dehors.webhooks.recus] == [str(appel_id)]
    await follow(portail, cast, dossier, "decision")


async def test_without_an_address_the_step_waits_and_the_agent_may_go_on(
    portail: Portail, cast: Cast, dehors: Any
) -> None:
    dossier = await begun(portail, cast)
    await follow(portail, cast, dossier, "controle")
    await run_jobs(portail)
    ((appel_id,),) = portail.base.sql("SELECT id FROM demarches_appel WHERE etape = 'controle'")
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "aucune adresse n’est réglée" in page.texte
    await page.envoyer({"action": "passer"}, action=f"/appels/{appel_id}")
    await follow(portail, cast, dossier, "decision")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1",
     "64:ff9b::a00:1", "240.0.0.1", "fe80::1%eth0"],
)  # fmt: skip
async def test_no_private_network_is_ever_called(address: str) -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(200)

    transport = httpx.MockTransport(answer)
    for found in ((address,), ("93.184.215.14", address)):
        sortie = SortieHttps(resolution=resolution(*found), transport=transport)
        said = await sortie.poster("https://sig.exemple.fr/kumun", b"{}", {})
        assert not said.livree
        assert "réseau privé" in said.detail
    assert called == []


async def test_the_connection_goes_to_the_address_checked_and_follows_no_redirect() -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(302, headers={"location": "https://10.0.0.1/"})

    sortie = SortieHttps(resolution=resolution("93.184.215.14"), transport=httpx.MockTransport(answer))
    said = await sortie.poster("https://sig.exemple.fr:8443/kumun?a=1", b"{}", {})
    (request,) = called
    assert request.url == "https://93.184.215.14:8443/kumun?a=1"
    assert request.headers["host"] == "sig.exemple.fr:8443"
    assert request.extensions["sni_hostname"] == "sig.exemple.fr"
    assert not said.livree
    assert "redirection" in said.detail


@pytest.mark.parametrize(
    "url",
    ["http://sig.exemple.fr/", "https://10.0.0.1/", "https://localhost/", "https://u:p@sig.exemple.fr/", "ftp://a.fr/",
     "https://", "https://sig.internal/", "https://sig.exemple.fr/#a", "https://[::1]/", "https://sig.exemple.fr:x/"],
)  # fmt: skip
async def test_an_address_that_is_none_of_the_internet_is_refused_when_it_is_given(
    portail: Portail, cast: Cast, url: str
) -> None:
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'administrateur' WHERE agent_id = %s", cast.agents["maelle"]
    )
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        with pytest.raises(InvalidInputError):
            await appels.save_point(ctx, cast.communes["guingamp"], "sig", url)


async def test_only_an_administrator_sets_addresses_and_reads_the_secret_once(
    portail: Portail, cast: Cast
) -> None:
    place = cast.communes["guingamp"]
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'agent' WHERE agent_id = %s", cast.agents["maelle"]
    )
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        with pytest.raises(ForbiddenError):
            await appels.save_point(ctx, place, "sig", "https://sig.exemple.fr/")
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'administrateur' WHERE agent_id = %s", cast.agents["maelle"]
    )
    nav = await desk(portail, cast)
    page = await nav.get(f"/reglages/{place}/exterieur")
    told = await page.envoyer({"cle": "sig", "url": "https://sig.exemple.fr/"}, action="/exterieur")
    assert "whsec_" in told.texte
    assert "whsec_" not in (await nav.get(f"/reglages/{place}/exterieur")).texte
    ((sealed,),) = portail.base.sql("SELECT secret FROM demarches_point")
    assert b"whsec_" not in bytes(sealed)


async def test_a_text_message_goes_by_day_to_who_agreed_and_is_counted(
    portail: Portail, cast: Cast, dehors: Any
) -> None:
    portail.clock.instant = datetime(2026, 11, 23, 21, tzinfo=UTC)
    dossier = await begun(portail, cast)
    await run_jobs(portail)
    assert list(dehors.sms.messages) == []
    portail.avancer(hours=11)
    await run_jobs(portail)
    (message,) = dehors.sms.messages
    assert message["a"] == "+33612345678"
    assert message["texte"].startswith("Guingamp : Dossier n° ")
    assert portail.base.sql("SELECT segments FROM socle_sms_mois") == [(1,)]
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "SMS d’une étape" in page.texte


async def test_no_message_without_agreement(portail: Portail, cast: Cast, dehors: Any) -> None:
    await begun(portail, cast, accord=False)
    await run_jobs(portail)
    assert list(dehors.sms.messages) == []
    assert portail.base.sql("SELECT count(*) FROM demarches_envoi WHERE moyen = 'sms'") == [(0,)]


@pytest.mark.parametrize(
    ("numero", "why"),
    [("+33296440000", "pas celui d’un téléphone mobile"), ("+33612340404", "numéro non attribué")],
)
async def test_a_refused_number_is_shown_and_costs_nothing(
    portail: Portail, cast: Cast, dehors: Any, numero: str, why: str
) -> None:
    dossier = await begun(portail, cast, numero=numero)
    await run_jobs(portail)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert why in page.texte
    assert portail.base.sql("SELECT coalesce(sum(segments), 0) FROM socle_sms_mois") == [(0,)]


async def test_beyond_the_quota_nothing_leaves_and_the_agent_is_told(
    portail: Portail, cast: Cast, dehors: Any
) -> None:
    portail.base.sql("INSERT INTO socle_sms_quota VALUES (%s, 0)", cast.communes["guingamp"])
    dossier = await begun(portail, cast)
    await run_jobs(portail)
    assert list(dehors.sms.messages) == []
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "quota du mois atteint" in page.texte


def test_a_definition_names_questions_that_exist() -> None:
    base = next(d for d in catalogue.load_catalogue() if d.slug == "acte-naissance")
    for action in (
        {"genre": "webhook", "point": "sig", "libelle": "SIG", "champs": ["inconnu"]},
        {"genre": "webhook", "point": "sig", "libelle": "SIG", "champs": ["justificatif_lien"]},
        {"genre": "sms", "texte": "Bonjour", "accord": "nom"},
        {"genre": "sms", "texte": "Bonjour", "accord": "sms_accord", "telephone": "nom"},
        {"genre": "sms", "texte": "{rien}", "accord": "sms_accord"},
    ):
        steps = [{**ETAPES[1], "actions": [action]}]
        with pytest.raises(ValueError, match=r"sends|SMS|rien"):
            with_steps(base, steps)
    assert Parcours.model_validate({"etapes": ETAPES})
