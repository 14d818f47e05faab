"""Searching, holding, confirming, giving up: through the services, on a real PostgreSQL, as the non-owner role."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.rendezvous.service import reservation
from app.rendezvous.service.reservation import CreneauPrisError
from app.socle.errors import ConflictError, NotFoundError
from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from tests.outillage.base import BaseEssai
from tests.outillage.comptage import count_statements
from tests.rendezvous.agenda import Agenda, count, open_agenda, serve

pytestmark = pytest.mark.anyio

JOUR = date(2026, 12, 14)
NEUF_HEURES = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)


@pytest.fixture
async def agenda(noyau: Noyau, base: BaseEssai) -> Agenda:
    agents = serve(base, "guingamp", ("Maëlle", "Soazig"))
    communes = dict(base.sql("SELECT slug, id FROM socle_collectivite"))
    return await open_agenda(noyau, communes["guingamp"], agents, day=JOUR)


async def test_the_morning_is_proposed_from_nine(agenda: Agenda) -> None:
    found = await agenda.creneaux("conseil", JOUR)
    assert found[0].creneau.debut == NEUF_HEURES
    assert found[-1].creneau.fin == NEUF_HEURES + timedelta(hours=3)
    assert len(found) == 9


async def test_a_search_takes_two_statements_at_most(agenda: Agenda) -> None:
    with count_statements() as few:
        await agenda.creneaux("conseil", JOUR)
    assert len(few) <= 3


async def test_what_one_books_is_no_longer_free_for_as_many_as_receive(agenda: Agenda) -> None:
    agents = len(agenda.ressources) - 1
    for number in range(agents):
        await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"%d" % number)
    assert all(o.creneau.debut != NEUF_HEURES for o in await agenda.creneaux("conseil", JOUR))
    with pytest.raises(CreneauPrisError):
        await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"trop")


async def test_an_agent_and_the_station_are_taken_together(agenda: Agenda) -> None:
    await agenda.book("titre", NEUF_HEURES, personnes=3)
    starts = [o.creneau.debut for o in await agenda.creneaux("titre", JOUR)]
    assert min(starts) == NEUF_HEURES + timedelta(minutes=35)
    rows = await count(agenda.noyau, agenda.collectivite_id, "SELECT count(*) FROM rendezvous_occupation")
    assert rows == 2


async def test_what_is_given_up_is_free_again_at_once(agenda: Agenda) -> None:
    id_ = await agenda.book("titre", NEUF_HEURES)
    async with agenda.noyau.db.session(agenda.visitor(b"visiteur")) as session:
        await reservation.cancel(session, id_, agenda.noyau.clock.now())
    assert (await agenda.creneaux("titre", JOUR))[0].creneau.debut == NEUF_HEURES


async def test_a_hold_that_is_over_gives_its_time_to_who_asks(agenda: Agenda) -> None:
    now = agenda.noyau.clock.now()
    for number in (b"a", b"b"):
        async with agenda.noyau.db.session(agenda.visitor(number)) as session:
            choix = agenda.choix("conseil", NEUF_HEURES, jeton_empreinte=number)
            await reservation.hold(session, agenda.collectivite_id, choix, now)
    with pytest.raises(CreneauPrisError):
        await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"c")
    later = now + timedelta(minutes=11)
    # Free time is only what the table says until somebody needs it, or the sweep passes.
    assert await reservation.sweep(agenda.noyau, later) == 2
    assert (await agenda.creneaux("conseil", JOUR))[0].creneau.debut == NEUF_HEURES


async def test_a_hold_may_be_extended_three_times(agenda: Agenda) -> None:
    now = agenda.noyau.clock.now()
    async with agenda.noyau.db.session(agenda.visitor(b"a")) as session:
        choix = agenda.choix("conseil", NEUF_HEURES, jeton_empreinte=b"a")
        id_ = await reservation.hold(session, agenda.collectivite_id, choix, now)
    for turn in range(1, 4):
        async with agenda.noyau.db.session(agenda.visitor(b"a")) as session:
            until = await reservation.extend(session, id_, now + timedelta(minutes=9 * turn))
            assert until == now + timedelta(minutes=9 * turn + 10)
    with pytest.raises(ConflictError):
        async with agenda.noyau.db.session(agenda.visitor(b"a")) as session:
            await reservation.extend(session, id_, now + timedelta(minutes=30))


async def test_somebody_else_can_neither_confirm_nor_cancel(agenda: Agenda) -> None:
    id_ = await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"a")
    with pytest.raises(NotFoundError):
        async with agenda.noyau.db.session(agenda.visitor(b"autre")) as session:
            await reservation.cancel(session, id_, agenda.noyau.clock.now())


async def test_the_database_refuses_what_the_services_would_not_do(agenda: Agenda) -> None:
    id_ = await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"a")
    for sql in (
        "UPDATE rendezvous_rendezvous SET debut = debut + interval '1 hour', fin = fin + interval '1 hour'",
        "UPDATE rendezvous_rendezvous SET occupe = false",
        "INSERT INTO rendezvous_rendezvous SELECT (r).* FROM (SELECT r FROM rendezvous_rendezvous r) x",
    ):
        with pytest.raises(IntegrityError):
            async with agenda.noyau.db.session(agenda.instruction) as session:
                await session.execute(text(sql))
    assert id_


async def test_an_agent_of_two_communes_is_in_one_place_at_a_time(
    agenda: Agenda, noyau: Noyau, base: BaseEssai
) -> None:
    elsewhere = dict(base.sql("SELECT slug, id FROM socle_collectivite"))["loc-envel"]
    other = await open_agenda(noyau, elsewhere, serve(base, "loc-envel", ("Soazig",)), day=JOUR)
    await other.book("conseil", NEUF_HEURES)
    # Maëlle is free in Guingamp, Soazig is not: one more visit at nine, not two.
    await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"a")
    with pytest.raises(CreneauPrisError):
        await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"b")
    assert await count(noyau, agenda.collectivite_id, "SELECT count(*) FROM rendezvous_occupation") == 1


async def test_sixty_four_at_once_get_exactly_what_there_is(agenda: Agenda) -> None:
    """Two agents: of 64 who want nine o'clock together, two have it; nobody else is told so."""

    async def wish(number: int) -> bool:
        try:
            await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=b"%03d" % number)
        except CreneauPrisError:
            return False
        return True

    accepted = await asyncio.gather(*(wish(number) for number in range(64)))
    assert sum(accepted) == len(agenda.ressources) - 1
    standing = "SELECT count(*) FROM rendezvous_rendezvous WHERE etat = 'confirme'"
    assert await count(agenda.noyau, agenda.collectivite_id, standing) == sum(accepted)


async def test_places_of_a_session_are_counted(agenda: Agenda) -> None:
    seance = uuid7()
    async with agenda.noyau.db.session(agenda.instruction) as session:
        await session.execute(
            text(
                "INSERT INTO rendezvous_seance (collectivite_id, id, motif_id, lieu_id, debut, fin, places)"
                " VALUES (:c, :id, :m, :l, :d, :f, 10)"
            ),
            {"c": agenda.collectivite_id, "id": seance, "m": agenda.motifs["conseil"], "l": agenda.lieu_id,
             "d": NEUF_HEURES, "f": NEUF_HEURES + timedelta(minutes=20)},
        )  # fmt: skip

    async def wish(number: int) -> int:
        persons = number % 3 + 1
        try:
            await agenda.book(
                "conseil", NEUF_HEURES, jeton_empreinte=b"%03d" % number, personnes=persons, seance_id=seance
            )
        except CreneauPrisError:
            return 0
        return persons

    taken = sum(await asyncio.gather(*(wish(number) for number in range(64))))
    assert taken == 10
    prises = f"SELECT prises FROM rendezvous_seance WHERE id = '{seance}'"
    assert await count(agenda.noyau, agenda.collectivite_id, prises) == 10
