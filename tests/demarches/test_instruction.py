"""Instructing: one agent at a time, the table of roles and states, pages opened too long ago, one decision only."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.demarches.domain import TransitionRefuseeError
from app.demarches.service import instruction
from app.demarches.service.instruction import BailError, PerimeeError
from app.socle.errors import BusinessError, ConflictError, NotFoundError
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai, image_jpeg
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio

AVANT = date(2026, 12, 20)
DEMANDE = {
    "piece": "justificatif_lien",
    "raison": "La photo est floue.",
    "avant_le-jour": "20",
    "avant_le-mois": "12",
    "avant_le-annee": "2026",
}


async def desk(portail: Portail, cast: Cast, agent: str = "maelle") -> Navigateur:
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents[agent], navigateur=nav)
    return nav


async def act(portail: Portail, cast: Cast, agent: str, name: str, *args: Any, **options: Any) -> Any:
    """One service of the desk, in a transaction of that agent."""
    session = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    async with portail.contexte("agents", session=session) as ctx:
        return await getattr(instruction, name)(ctx, *args, **options)


async def claimed(portail: Portail, cast: Cast, agent: str = "maelle") -> DossierEssai:
    dossier = await acteurs.dossier_depose(portail)
    await act(portail, cast, agent, "claim", dossier.id)
    return dossier


async def take(nav: Navigateur, dossier: DossierEssai) -> Page:
    page = await nav.get(f"/dossiers/{dossier.id}")
    return await page.envoyer({"action": "prendre"}, action="/prise")


async def test_a_dossier_goes_from_the_desk_to_a_signed_decision(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    listed = await nav.get("/")
    assert "Rozenn" in listed.texte
    assert "Vérifiée" not in listed.texte
    page = await take(nav, dossier)
    assert "à vous jusqu’à" in page.texte
    assert "Identité vérifiée par FranceConnect" in page.texte
    page = await page.envoyer(DEMANDE, action="/complements")
    assert "Attendue : " in page.texte
    page = await page.envoyer({"note": "Rappeler lundi."}, action="/notes")
    page = await page.envoyer({"sens": "accepte"}, action="/decision")
    assert "Par Maëlle Le Goff, Responsable de l’état civil, État civil" in page.texte
    await run_jobs(portail)
    page = await nav.get(f"/dossiers/{dossier.id}")
    for text in (
        "Attestation de dépôt (PDF)",
        "Demande de pièce (PDF)",
        "Décision (PDF)",
        "Annonce de la décision",
    ):
        assert text in page.texte, text
    assert page.arbre.forms, "messages and notes stay open"
    assert not [f for f in page.arbre.forms if "/decision" in (f.get("action") or "")]


@pytest.mark.parametrize(
    ("etat", "refused"),
    [
        ("depose", {"ask_complement", "decide"}),
        ("en_instruction", set()),
        ("en_attente", set()),
        ("accepte", {"claim", "ask_complement", "decide"}),
    ],
)
@pytest.mark.parametrize("name", ["claim", "ask_complement", "decide"])
async def test_each_act_fits_some_states_only(
    portail: Portail, cast: Cast, etat: str, refused: set[str], name: str
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    if etat != "depose":
        await act(portail, cast, "maelle", "claim", dossier.id)
    if etat == "en_attente":
        await act(portail, cast, "maelle", "ask_complement", dossier.id, "justificatif_lien", "Flou.", AVANT)
    if etat == "accepte":
        await act(portail, cast, "maelle", "decide", dossier.id, "accepte", "")
    arguments: dict[str, tuple[Any, ...]] = {
        "claim": (),
        "ask_complement": ("justificatif_lien", "Floue.", AVANT),
        "decide": ("refuse", "Pièces insuffisantes."),
    }
    expected: type[BusinessError] | None = TransitionRefuseeError if name in refused else None
    if etat == "en_attente" and name == "ask_complement":
        expected = ConflictError  # the same piece is awaited already
    if expected is None:
        await act(portail, cast, "maelle", name, dossier.id, *arguments[name])
        return
    with pytest.raises(expected):
        await act(portail, cast, "maelle", name, dossier.id, *arguments[name])


@pytest.mark.parametrize("agent", ["katell", "nolwenn", "erwan", "gwenole"])
async def test_who_does_not_serve_the_commune_finds_nothing(portail: Portail, cast: Cast, agent: str) -> None:
    dossier = await acteurs.dossier_instruit(portail)
    nav = await desk(portail, cast, agent)
    for path in (
        f"/dossiers/{dossier.id}",
        f"/dossiers/{dossier.id}/reprendre",
        f"/dossiers/{dossier.id}/imprimer",
        f"/pieces/{dossier.piece_id}",
        f"/saisir/dossiers/{dossier.id}/depose",
    ):
        assert (await nav.get(path)).statut in (403, 404), path
    with pytest.raises(NotFoundError):
        await act(portail, cast, agent, "decide", dossier.id, "accepte", "")


async def test_while_an_agent_holds_it_a_colleague_reads_and_writes_but_does_not_act(
    portail: Portail, cast: Cast
) -> None:
    dossier = await claimed(portail, cast)
    page = await (await desk(portail, cast, "yann")).get(f"/dossiers/{dossier.id}")
    assert "Maëlle Le Goff s’en occupe" in page.texte
    assert not [f for f in page.arbre.forms if "/decision" in (f.get("action") or "")]
    await act(portail, cast, "yann", "write_message", dossier.id, "Vu.", interne=True)
    with pytest.raises(BailError):
        await act(portail, cast, "yann", "claim", dossier.id)
    with pytest.raises(BailError):
        await act(portail, cast, "yann", "decide", dossier.id, "accepte", "")


async def test_taking_over_is_a_second_step_that_names_the_colleague(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    nav = await desk(portail, cast, "yann")
    confirm = await nav.get(f"/dossiers/{dossier.id}/reprendre")
    assert "Reprendre ce dossier à Maëlle Le Goff" in confirm.titre
    page = await confirm.envoyer({}, action="/prise")
    assert "à vous jusqu’à" in page.texte
    assert "à la place de Maëlle Le Goff" in page.texte
    with pytest.raises(BailError, match="Yann Riou"):
        await act(portail, cast, "maelle", "decide", dossier.id, "accepte", "")


async def test_taking_over_from_somebody_who_no_longer_holds_it_is_refused(
    portail: Portail, cast: Cast
) -> None:
    dossier = await claimed(portail, cast, "maelle")
    yann = await desk(portail, cast, "yann")
    confirm = await yann.get(f"/dossiers/{dossier.id}/reprendre")
    await act(portail, cast, "maelle", "release", dossier.id)
    session = cast.agents["soazig"]
    portail.base.sql(
        "UPDATE demarches_dossier SET agent_id = %s, agent_nom = 'Soazig Penven', bail_jusqu_a = %s WHERE id = %s",
        session,
        portail.clock.now().replace(hour=23),
        dossier.id,
    )
    page = await confirm.envoyer({}, action="/prise")
    assert page.statut == 409
    assert "Soazig Penven s’occupe de ce dossier" in page.texte


async def test_a_lease_ends_by_itself_and_is_renewed_by_acting(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    portail.avancer(minutes=25)
    await act(portail, cast, "maelle", "ask_complement", dossier.id, "justificatif_lien", "Floue.", AVANT)
    portail.avancer(minutes=25)
    with pytest.raises(BailError):
        await act(portail, cast, "yann", "claim", dossier.id)
    portail.avancer(minutes=6)
    await act(portail, cast, "yann", "claim", dossier.id)


async def test_a_page_opened_before_something_happened_is_refused_and_keeps_what_was_typed(
    portail: Portail, cast: Cast
) -> None:
    dossier = await claimed(portail, cast)
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}")
    portail.avancer(minutes=2)
    await act(portail, cast, "yann", "write_message", dossier.id, "Le maire veut la voir.", interne=True)
    refused = await page.envoyer({"sens": "refuse", "motif": "Pièces insuffisantes."}, action="/decision")
    assert refused.statut == 409
    assert "a changé depuis que vous avez ouvert cette page" in refused.texte
    assert "Note interne" in refused.texte
    assert "Pièces insuffisantes." in refused.answer.text
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_instruction"
    again = await refused.envoyer({}, action="/decision")
    assert again.statut == 200
    assert (await acteurs.relire(portail, dossier.id)).etat == "refuse"


async def test_two_decisions_at_once_make_one(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    version = (await acteurs.relire(portail, dossier.id)).revision

    async def decide(sens: str) -> str:
        try:
            await act(portail, cast, "maelle", "decide", dossier.id, sens, "Motif.", version=version)
        except (PerimeeError, TransitionRefuseeError):
            return "refused"
        return sens

    results = await asyncio.gather(*(decide(sens) for sens in ("accepte", "refuse", "accepte", "sans_suite")))
    assert results.count("refused") == 3
    assert portail.base.sql("SELECT count(*) FROM demarches_decision") == [(1,)]
    assert (await acteurs.relire(portail, dossier.id)).etat in results


async def test_two_agents_who_take_at_once_one_gets_it(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)

    async def claim(agent: str) -> bool:
        try:
            await act(portail, cast, agent, "claim", dossier.id)
        except BailError:
            return False
        return True

    assert sorted(await asyncio.gather(claim("maelle"), claim("yann"))) == [False, True]


async def test_a_double_click_decides_once(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    first = await page.envoyer({"sens": "accepte"}, action="/decision")
    second = await page.envoyer({"sens": "accepte"}, action="/decision")
    assert (first.statut, second.statut) == (200, 200)


@pytest.mark.parametrize("missing", ["prenom", "nom"])
async def test_a_decision_without_its_author_cannot_be_issued(
    portail: Portail, cast: Cast, missing: str
) -> None:
    dossier = await claimed(portail, cast)
    portail.base.sql(f"UPDATE socle_agent SET {missing} = '' WHERE id = %s", cast.agents["maelle"])
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "Vous ne pouvez pas encore décider" in page.texte
    with pytest.raises(BusinessError) as refusal:
        await act(portail, cast, "maelle", "decide", dossier.id, "accepte", "")
    assert refusal.value.code == "auteur_incomplet"


@pytest.mark.parametrize(
    ("action", "values", "phrase"),
    [
        ("/decision", {"sens": "refuse", "motif": ""}, "doit être motivée"),
        ("/decision", {"motif": "Je réfléchis."}, "Choisissez la décision"),
        ("/complements", {**DEMANDE, "raison": ""}, "Dites à la personne ce qui manque"),
        ("/complements", {**DEMANDE, "avant_le-annee": "2020"}, "Indiquez une date à venir"),
        ("/messages", {"message": "  "}, "Écrivez votre texte"),
    ],
)
async def test_what_is_missing_is_said_beside_its_field(
    portail: Portail, cast: Cast, action: str, values: dict[str, str], phrase: str
) -> None:
    dossier = await claimed(portail, cast)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    refused = await page.envoyer(dict(values), action=action)
    assert refused.statut == 422
    assert phrase in refused.texte
    kept = max(values.values(), key=len).strip()
    assert not kept or kept in refused.answer.text


async def test_what_was_asked_again_is_received_at_the_counter(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_instruit(portail)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    page = await page.envoyer(
        {}, action="/pieces", fichiers={"justificatif_lien": ("scan.jpg", image_jpeg(), "image/jpeg")}
    )
    assert page.statut == 200
    assert "scan.jpg" in page.texte
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_instruction"


async def test_internal_notes_stay_internal_and_both_read_the_history(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_instruit(portail)
    await act(portail, cast, "yann", "claim", dossier.id, remplace=cast.agents["maelle"])
    who = await acteurs.compte(portail)
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=who.paire, navigateur=nav)
    mine = await nav.get(f"/dossiers/{dossier.id}")
    assert "Note entre agents." not in mine.texte
    assert "Complément demandé" in mine.texte
    assert "à la place de" not in mine.texte
    theirs = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "Note entre agents." in theirs.texte
    assert "à la place de Maëlle Le Goff" in theirs.texte


async def test_the_whole_dossier_is_printed_and_the_reading_recorded(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_instruit(portail)
    nav = await desk(portail, cast)
    nav.verifier = False
    paper = await nav.get(f"/dossiers/{dossier.id}/imprimer")
    assert paper.answer.content.startswith(b"%PDF")
    assert portail.base.sql(
        "SELECT count(*) FROM socle_audit WHERE action = 'demarches:dossier:imprimer' AND objet = %s",
        str(dossier.id),
    ) == [(1,)]


async def test_a_page_of_a_dossier_takes_ten_statements_at_most_whatever_it_holds(
    portail: Portail, cast: Cast
) -> None:
    dossier = await acteurs.dossier_depose(portail)
    readers = [await desk(portail, cast)]
    for label in ("guingamp", "mon"):
        nav = portail.navigateur(label)
        await portail.ouvrir_session(label, usager=(await acteurs.compte(portail)).paire, navigateur=nav)
        readers.append(nav)
    counts: list[list[int]] = []
    for written in (1, 40):
        portail.base.sql(
            "INSERT INTO demarches_message (collectivite_id, dossier_id, id, quand, de_l_agent, auteur, texte)"
            " SELECT collectivite_id, id, gen_random_uuid(), now(), true, 'Mairie', 'Bonjour.'"
            " FROM demarches_dossier, generate_series(1, %s) WHERE id = %s",
            written,
            dossier.id,
        )
        counts.append([])
        for nav in readers:
            with count_statements() as sent:
                page = await nav.get(f"/dossiers/{dossier.id}")
            counts[-1].append(len(sent))
    assert page.texte.count("Bonjour.") == 41
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10, sent


async def test_a_refused_mail_is_shown_to_the_agent(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    await run_jobs(portail)
    assert sent_mails(portail)
    portail.base.sql("UPDATE demarches_envoi SET etat = 'refuse', detail = '550 inconnu'")
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "550 inconnu" in page.texte


async def test_who_read_a_dossier_is_told_to_its_owner_alone(portail: Portail, cast: Cast) -> None:
    dossier = await acteurs.dossier_depose(portail)
    reader = await desk(portail, cast)
    await reader.get(f"/dossiers/{dossier.id}")
    await reader.get(f"/dossiers/{dossier.id}")
    for label in ("guingamp", "mon"):
        nav = portail.navigateur(label)
        await portail.ouvrir_session(label, usager=(await acteurs.compte(portail)).paire, navigateur=nav)
        page = await nav.get(f"/dossiers/{dossier.id}")
        assert page.texte.count("Maëlle Le Goff, Guingamp") == 1
    other = await acteurs.compte(portail, "yann")
    session = await portail.ouvrir_session("guingamp", usager=other.paire)
    assert await _consultations(portail, "guingamp", session, dossier.id) == []
    neighbour = await portail.ouvrir_session("agents", agent=cast.agents["katell"])
    assert await _consultations(portail, "agents", neighbour, dossier.id) == []


async def _consultations(portail: Portail, label: str, session: str, dossier_id: UUID) -> list[Any]:
    from app.demarches.service.suivi import list_consultations

    async with portail.contexte(label, session=session) as ctx:
        return list(await list_consultations(ctx, dossier_id))
