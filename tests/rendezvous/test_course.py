"""Sixty-four clients of four processes want the same moment, and two of the processes are killed: never one too many.

Nothing of the application can coordinate them: only the database does.
"""

import multiprocessing
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from uuid import UUID

import pytest
from sqlalchemy import text

from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from tests.outillage.base import BaseEssai
from tests.rendezvous.agenda import Agenda, count, open_agenda, serve
from tests.rendezvous.clients import Envie, crowd

pytestmark = pytest.mark.anyio

JOUR = date(2026, 12, 14)
NEUF_HEURES = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)
PROCESSUS, CLIENTS = 4, 16
PATIENCE = 30


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Processes that have the code already, and nothing of this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.rendezvous.clients"])
    return context


@pytest.fixture
async def agenda(noyau: Noyau, base: BaseEssai) -> Agenda:
    agents = serve(base, "guingamp", ("Maëlle", "Soazig"))
    ((commune,),) = base.sql("SELECT id FROM socle_collectivite WHERE slug = 'guingamp'")
    return await open_agenda(noyau, commune, agents, day=JOUR)


async def _session_of(agenda: Agenda, places: int) -> UUID:
    seance = uuid7()
    async with agenda.noyau.db.session(agenda.instruction) as session:
        await session.execute(
            text(
                "INSERT INTO rendezvous_seance (collectivite_id, id, motif_id, lieu_id, debut, fin, places)"
                " VALUES (:c, :id, :m, :l, :d, :f, :places)"
            ),
            {"c": agenda.collectivite_id, "id": seance, "m": agenda.motifs["conseil"], "l": agenda.lieu_id,
             "d": NEUF_HEURES, "f": NEUF_HEURES + timedelta(minutes=20), "places": places},
        )  # fmt: skip
    return seance


def _start(
    forks: ForkServerContext, envie: Envie, *, suspend: bool = False
) -> tuple[BaseProcess, Connection]:
    ours, theirs = forks.Pipe()
    process = forks.Process(target=crowd, args=(envie, theirs, suspend), daemon=True)
    process.start()
    theirs.close()
    return process, ours


@pytest.mark.parametrize("places", [1, 3, 10, None], ids=["1 place", "3 places", "10 places", "2 agents"])
async def test_the_accepted_are_exactly_the_capacity(
    agenda: Agenda, base: BaseEssai, forks: ForkServerContext, places: int | None
) -> None:
    seance = await _session_of(agenda, places) if places else None
    capacity = places or len(agenda.ressources) - 1

    def envie(number: int) -> Envie:
        return Envie(
            agenda.noyau.settings.database_url, agenda.collectivite_id, agenda.motifs["conseil"], agenda.lieu_id,
            NEUF_HEURES, seance, agenda.noyau.clock.now(), number * CLIENTS, CLIENTS,
        )  # fmt: skip

    # One holds the moment in a transaction that it will never commit; everybody waits behind it, and it dies.
    victim, pipe = _start(forks, envie(0), suspend=True)
    assert pipe.poll(PATIENCE)
    assert pipe.recv()
    others = [_start(forks, envie(number)) for number in range(1, PROCESSUS)]
    second, _ = others[0]
    victim.kill()
    second.join(0.05)
    second.kill()
    for killed in (victim, second):
        killed.join(PATIENCE)
    told = 0
    for process, answer in others[1:]:
        assert answer.poll(PATIENCE), "somebody waits for ever"
        told += answer.recv()
        process.join(PATIENCE)
        assert process.exitcode == 0
    standing = "SELECT count(*) FROM rendezvous_rendezvous WHERE etat = 'confirme'"
    assert await count(agenda.noyau, agenda.collectivite_id, standing) == capacity
    # Only the killed may have committed without being told.
    assert told <= capacity
    if seance is not None:
        assert base.sql("SELECT prises FROM rendezvous_seance WHERE id = %s", seance) == [(capacity,)]
    else:
        assert (
            await count(agenda.noyau, agenda.collectivite_id, "SELECT count(*) FROM rendezvous_occupation")
            == 2
        )
        left = await agenda.creneaux("conseil", JOUR)
        assert left
        assert all(offre.creneau.debut != NEUF_HEURES for offre in left)
