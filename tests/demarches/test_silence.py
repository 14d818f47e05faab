"""The days before silence decides, that day, and after it: alerts once each, what remains possible, the attestation."""

from datetime import date
from typing import Any

import pytest

from app.demarches.definitions import Definition, Silence
from app.demarches.service import catalogue, decision, horloge, instruction
from app.socle.errors import ConflictError, ForbiddenError, InvalidInputError
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai
from tests.demarches.test_instruction import act, claimed, desk
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["refus", "acceptation"])
def regime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """acte-naissance, whose silence decides nothing, as if it did: a text may change, the portal follows its data."""
    value: str = request.param
    known = catalogue.load_definitions

    async def changed(*args: Any) -> dict[Any, Definition]:
        found = await known(*args)
        for key, definition in found.items():
            if definition.legal is not None:
                silence = Silence(regime=value, delai="2 mois", fondement="texte d’essai")  # type: ignore[arg-type]
                accuse = definition.legal.accuse.model_copy(update={"delivre": True})
                update = {"silence": silence, "accuse": accuse, "voies_recours": "Saisissez le {tribunal}."}
                found[key] = definition.model_copy(
                    update={"legal": definition.legal.model_copy(update=update)}
                )
        return found

    monkeypatch.setattr(catalogue, "load_definitions", changed)
    return value


async def watch(portail: Portail, dossier: DossierEssai) -> None:
    await run_now(portail.noyau, "demarches:veiller", collectivite_id=str(dossier.collectivite_id))
    await run_jobs(portail)


async def until(portail: Portail, day: date) -> None:
    portail.clock.instant = portail.clock.instant.replace(year=day.year, month=day.month, day=day.day)


async def test_each_alert_is_given_once_to_who_is_in_charge(
    portail: Portail, cast: Cast, regime: str
) -> None:
    dossier = await claimed(portail, cast)
    await run_jobs(portail)
    silence = (await acteurs.relire(portail, dossier.id)).silence_le
    assert silence == date(2027, 1, 23)
    told = []
    for day in (8, 9, 16, 16, 21, 23, 24, 25):
        await until(portail, date(2027, 1, day))
        before = len(sent_mails(portail))
        await watch(portail, dossier)
        new = [mail for mail in sent_mails(portail)[before:] if "dossier" in mail]
        told.append(len(new))
        assert all("maelle.le-goff@guingamp.example" in mail for mail in new), (
            "the agent in charge, nobody else"
        )
    assert told == [1, 0, 1, 0, 1, 1, 1, 0]
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    word = "acceptation" if regime == "acceptation" else "refus"
    assert f"Le silence a valu {word}" in page.texte


async def test_a_dossier_of_nobody_is_told_to_all_in_one_message_each(
    portail: Portail, cast: Cast, regime: str
) -> None:
    first = await acteurs.dossier_depose(portail)
    await acteurs.dossier_depose(portail, "yann")
    await run_jobs(portail)
    await until(portail, date(2027, 1, 20))
    before = len(sent_mails(portail))
    await watch(portail, first)
    new = sent_mails(portail)[before:]
    assert len(new) == 2, "Maëlle and Yann serve Guingamp"


async def test_what_remains_possible_after_silence(portail: Portail, cast: Cast, regime: str) -> None:
    dossier = await claimed(portail, cast)
    await until(portail, date(2027, 1, 24))
    await act(portail, cast, "maelle", "claim", dossier.id)
    if regime == "refus":
        await act(portail, cast, "maelle", "decide", dossier.id, "accepte", "")
        return
    with pytest.raises(InvalidInputError, match="L242-1"):
        await act(portail, cast, "maelle", "decide", dossier.id, "refuse", "Illégal.")
    with pytest.raises(ConflictError, match="classée sans suite"):
        await act(portail, cast, "maelle", "decide", dossier.id, "sans_suite", "Sans objet.")
    await until(portail, date(2027, 5, 24))
    await act(portail, cast, "maelle", "claim", dossier.id)
    with pytest.raises(ConflictError, match="quatre mois"):
        await act(portail, cast, "maelle", "decide", dossier.id, "refuse", "Illégal.", retrait=True)
    await until(portail, date(2027, 5, 23))
    await act(portail, cast, "maelle", "claim", dossier.id)
    await act(portail, cast, "maelle", "decide", dossier.id, "refuse", "Illégal.", retrait=True)
    await run_jobs(portail)
    ((withdrawn,),) = portail.base.sql("SELECT retire_tacite FROM demarches_decision")
    assert withdrawn


async def test_the_person_asks_for_the_attestation_of_an_acceptance(
    portail: Portail, cast: Cast, regime: str
) -> None:
    dossier = await claimed(portail, cast)
    await run_jobs(portail)
    nav = portail.navigateur("guingamp")
    who = (await acteurs.compte(portail)).paire
    await portail.ouvrir_session("guingamp", usager=who, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    assert "Demander l’attestation" not in page.texte
    await until(portail, date(2027, 1, 24))
    await portail.ouvrir_session("guingamp", usager=who, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    if regime == "refus":
        assert "Demander l’attestation" not in page.texte
        return
    page = await page.envoyer({}, action="/attestation")
    await run_jobs(portail)
    page = await nav.get(f"/dossiers/{dossier.id}")
    (url,) = [link for link in page.liens("/documents/") if "accuse" not in link][:1]
    assert "Attestation d’acceptation (PDF)" in page.texte
    assert (await nav.get(url)).statut == 200


async def test_one_agent_proposes_and_another_signs(
    portail: Portail, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = await claimed(portail, cast)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    page = await page.envoyer(
        {"sens": "refuse", "motif": "Lien non prouvé.", "action": "proposer"}, action="/decision"
    )
    assert "propose de refuser" in page.texte
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_instruction"
    known = decision.definition_of

    async def for_two(*args: Any) -> Any:
        definition = await known(*args)
        model = definition.decision.model_copy(update={"deux_agents": True})
        return definition.model_copy(update={"decision": model})

    monkeypatch.setattr(decision, "definition_of", for_two)
    with pytest.raises(ForbiddenError, match="un autre agent doit la signer"):
        await act(portail, cast, "maelle", "decide", dossier.id, "refuse", "Lien non prouvé.")
    await act(portail, cast, "maelle", "release", dossier.id)
    await act(portail, cast, "yann", "claim", dossier.id)
    await act(portail, cast, "yann", "decide", dossier.id, "refuse", "Lien non prouvé.")
    ((nom, propose),) = portail.base.sql("SELECT auteur_nom, propose_par FROM demarches_decision")
    assert nom == "Riou"
    assert propose.startswith("Maëlle Le Goff")
    assert portail.base.sql("SELECT 1 FROM demarches_proposition") == []


async def test_the_clock_is_that_of_the_collectivite(portail: Portail, cast: Cast, regime: str) -> None:
    portail.base.sql("UPDATE socle_collectivite SET fuseau = 'Pacific/Noumea' WHERE slug = 'guingamp'")
    portail.clock.instant = portail.clock.instant.replace(hour=15)
    dossier = await claimed(portail, cast)
    await act(
        portail,
        cast,
        "maelle",
        "ask_complement",
        dossier.id,
        "justificatif_lien",
        "Flou.",
        date(2026, 12, 20),
    )
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        lieu = await horloge.lieu_of(ctx.db, dossier.collectivite_id)
        (stop,) = instruction.suspensions_of(await instruction_complements(ctx, dossier), lieu)
    assert stop.demande_le == date(2026, 11, 24), "already tomorrow in Nouméa"


async def instruction_complements(ctx: Any, dossier: DossierEssai) -> Any:
    row = await instruction.access(ctx, dossier.id)
    return await horloge.repository.list_complements(ctx.db, row)
