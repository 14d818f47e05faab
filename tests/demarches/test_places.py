"""Places of an option: taken in order, never more than there are; given back to whoever waits first, who is told."""

import asyncio

import pytest

from app.demarches.service import depot, instruction, suivi
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai
from tests.demarches.test_instruction import desk
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
SLUG = "acte-naissance"
NOM = "type_acte:copie_integrale"
COUNTS = "SELECT places, prises, attente FROM demarches_quota WHERE active"
HELD = "SELECT etat, rang FROM demarches_place WHERE dossier_id = %s"


async def set_places(portail: Portail, cast: Cast, number: str, saison: str = "2026-2027") -> object:
    """As an agent does it, on its page."""
    nav = await desk(portail, cast)
    page = await nav.get(f"/reglages/{cast.communes['guingamp']}/places/{SLUG}")
    return await page.envoyer({"saison": saison, NOM: number}, action="/places/")


async def several(portail: Portail, *people: str) -> list[DossierEssai]:
    return [await acteurs.dossier_depose(portail, personne) for personne in people]


async def close(portail: Portail, cast: Cast, dossier: DossierEssai, sens: str = "refuse") -> None:
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        await instruction.claim(ctx, dossier.id)
        await instruction.decide(ctx, dossier.id, sens, "" if sens == "accepte" else "Motif.")  # type: ignore[arg-type]


def check_counts(portail: Portail) -> None:
    """The counters are what the rows say."""
    wrong = portail.base.sql(
        "SELECT q.id FROM demarches_quota q WHERE"
        " q.prises <> (SELECT count(*) FROM demarches_place p WHERE p.quota_id = q.id AND p.etat = 'prise')"
        " OR q.attente <> (SELECT count(*) FROM demarches_place p WHERE p.quota_id = q.id AND p.etat = 'attente')"
    )
    assert wrong == []


async def test_first_come_first_served_then_a_rank_that_is_told(portail: Portail, cast: Cast) -> None:
    await set_places(portail, cast, "1")
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    draft = await acteurs.brouillon(portail)
    assert "1 place restante" in (await nav.get(f"/dossiers/{draft.id}/etapes/document")).texte
    first, second, third = await several(portail, "rozenn", "yann", "rozenn")
    assert [portail.base.sql(HELD, d.id) for d in (first, second, third)] == [
        [("prise", 0)],
        [("attente", 1)],
        [("attente", 2)],
    ]
    assert portail.base.sql(COUNTS) == [(1, 1, 2)]
    page = await nav.get(f"/dossiers/{third.id}")
    assert "liste d’attente, rang 2" in page.texte
    assert "une place est réservée (2026-2027)" in (await nav.get(f"/dossiers/{first.id}")).texte
    agent = await (await desk(portail, cast)).get(f"/dossiers/{second.id}")
    assert "liste d’attente, rang 1" in agent.texte
    another = await acteurs.brouillon(portail)
    full = await nav.get(f"/dossiers/{another.id}/etapes/document")
    assert "complet, liste d’attente" in full.texte
    check_counts(portail)


async def test_a_refusal_gives_the_place_to_the_first_who_waits_and_tells_them_once(
    portail: Portail, cast: Cast
) -> None:
    await set_places(portail, cast, "1")
    first, second, third = await several(portail, "rozenn", "yann", "rozenn")
    await run_jobs(portail)
    before = len(sent_mails(portail))
    await close(portail, cast, first)
    assert portail.base.sql(HELD, first.id) == []
    assert portail.base.sql(HELD, second.id) == [("prise", 0)]
    assert portail.base.sql(HELD, third.id) == [("attente", 1)]
    await run_jobs(portail)
    told = [mail for mail in sent_mails(portail)[before:] if "place" in mail and "lib=C3=A9r" in mail]
    assert len(told) == 1
    history = "SELECT count(*) FROM demarches_evenement WHERE dossier_id = %s AND genre = 'place_obtenue'"
    assert portail.base.sql(history, second.id) == [(1,)]
    check_counts(portail)


async def test_who_withdraws_from_the_list_moves_the_others_up(portail: Portail, cast: Cast) -> None:
    await set_places(portail, cast, "0")
    _, second, third = await several(portail, "rozenn", "yann", "rozenn")
    account = await acteurs.compte(portail, "yann")
    session = await portail.ouvrir_session("guingamp", usager=account.paire)
    async with portail.contexte("guingamp", session=session) as ctx:
        await suivi.withdraw(ctx, second.id)
    assert portail.base.sql(HELD, third.id) == [("attente", 2)]
    assert portail.base.sql(COUNTS) == [(0, 0, 2)]
    check_counts(portail)


async def test_an_accepted_dossier_keeps_its_place(portail: Portail, cast: Cast) -> None:
    await set_places(portail, cast, "1")
    first, second = await several(portail, "rozenn", "yann")
    await close(portail, cast, first, "accepte")
    assert portail.base.sql(HELD, first.id) == [("prise", 0)]
    assert portail.base.sql(HELD, second.id) == [("attente", 1)]


async def test_more_places_serve_who_waits_and_a_new_season_begins_anew(portail: Portail, cast: Cast) -> None:
    await set_places(portail, cast, "1")
    first, second, third = await several(portail, "rozenn", "yann", "rozenn")
    await set_places(portail, cast, "3")
    assert portail.base.sql(COUNTS) == [(3, 3, 0)]
    check_counts(portail)
    await set_places(portail, cast, "2", "2027-2028")
    assert portail.base.sql(COUNTS) == [(2, 0, 0)]
    for dossier in (first, second, third):
        assert portail.base.sql(HELD, dossier.id) == [("prise", 0)]
    await several(portail, "yann")
    assert portail.base.sql(COUNTS) == [(2, 1, 0)]
    check_counts(portail)


async def test_what_is_no_number_is_refused(portail: Portail, cast: Cast) -> None:
    for number, season in (("-1", "2026"), ("douze", "2026"), ("1", " "), ("100001", "2026")):
        page = await set_places(portail, cast, number, season)
        assert page.statut == 422  # type: ignore[attr-defined]
    assert portail.base.sql(COUNTS) == []


async def test_two_at_once_for_the_last_place(portail: Portail, cast: Cast) -> None:
    """Both submit at the same moment: one has the place, the other waits, whatever the order."""
    await set_places(portail, cast, "1")
    people = ("rozenn", "yann")
    drafts = [await acteurs.brouillon_rempli(portail, personne) for personne in people]
    sessions = [
        await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail, p)).paire)
        for p in people
    ]

    async def submit(draft: DossierEssai, session: str) -> None:
        async with portail.contexte("guingamp", session=session) as ctx:
            _, manques = await depot.submit(ctx, draft.id)
            assert not manques

    await asyncio.gather(*(submit(d, s) for d, s in zip(drafts, sessions, strict=True)))
    held = sorted(portail.base.sql("SELECT etat, rang FROM demarches_place"))
    assert held == [("attente", 1), ("prise", 0)]
    assert portail.base.sql(COUNTS) == [(1, 1, 1)]
