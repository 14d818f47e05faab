"""The doors of the rendez-vous: they speak across collectivités, and each only of what is its caller's."""

import json
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.socle.ids import uuid7
from app.socle.tenancy import Perimetre
from tests.cloisonnement.monde import Monde
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

_OPEN = text(
    "SELECT rendezvous_ouvrir(:r, '2027-01-04T00:00Z', '2027-01-05T00:00Z', cast(:ouvertures AS jsonb))"
)
_LIBRE = "SELECT collectivite_id, debut, fin FROM rendezvous_libre ORDER BY 1, 2"


async def _state(portail: Portail, perimetre: Perimetre, sql: str, **values: object) -> str:
    """The code of the refusal of a statement; empty when it was taken and committed."""
    try:
        async with portail.noyau.db.session(perimetre) as session:
            await session.execute(text(sql), values)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", "?"))
    return ""


async def test_time_is_taken_for_ones_own_rendez_vous_only(portail: Portail, monde: Monde) -> None:
    """Neither a neighbour nor another commune takes the time that a hold of Rozenn's asks for; she does."""
    held = uuid7()
    columns = "lieu_id, motif_id, fuseau, etat, personnes, usager_id, canal, cree_le, modifie_le, expire_le"
    portail.base.sql(
        f"INSERT INTO rendezvous_rendezvous (collectivite_id, id, debut, fin, {columns}) SELECT collectivite_id, %s,"
        f" fin, fin + interval '20 minutes', {columns} FROM rendezvous_rendezvous WHERE id = %s",
        held,
        monde.guingamp,
    )

    async def take(perimetre: Perimetre) -> bool:
        async with portail.noyau.db.session(perimetre) as session:
            sql = text("SELECT rendezvous_occuper(:id, now())")
            return bool((await session.execute(sql, {"id": held})).scalar_one())

    before = portail.base.state()
    for name, perimetre in monde.perimetres().items():
        assert not await take(perimetre), name
    assert portail.base.state() == before
    rozenn = Perimetre((monde.guingamp,), monde.guingamp, usager=monde.rozenn.usager_id)
    assert await take(rozenn)
    assert not await take(rozenn), "what is taken is taken once"


async def test_giving_up_frees_ones_own_time_only(portail: Portail, monde: Monde) -> None:
    give_up = "UPDATE rendezvous_rendezvous SET etat = 'annule', expire_le = NULL"
    before = portail.base.sql(
        "SELECT * FROM rendezvous_occupation WHERE collectivite_id = %s", monde.guingamp
    )
    for perimetre in monde.perimetres().values():
        await _state(portail, perimetre, give_up)
    after = portail.base.sql("SELECT * FROM rendezvous_occupation WHERE collectivite_id = %s", monde.guingamp)
    assert before == after != []
    rozenn = Perimetre((monde.guingamp,), monde.guingamp, usager=monde.rozenn.usager_id)
    assert await _state(portail, rozenn, give_up) == ""
    assert not portail.base.sql(
        "SELECT FROM rendezvous_occupation WHERE collectivite_id = %s", monde.guingamp
    )
    # A trigger speaks for the statement that fires it, and for nobody who calls it.
    assert await _state(portail, rozenn, "SELECT rendezvous_suivre_etat()") != ""


async def test_openings_are_written_for_ones_own_ressource_only(portail: Portail, monde: Monde) -> None:
    async def reopen(perimetre: Perimetre, ressource: UUID) -> None:
        rows = [
            {
                "id": str(uuid7()),
                "plage_id": str(ressource),
                "lieu_id": str(ressource),
                "motifs": None,
                "debut": "2027-01-04T12:00Z",
                "fin": "2027-01-04T13:00Z",
            }
        ]
        async with portail.noyau.db.session(perimetre) as session:
            await session.execute(_OPEN, {"r": ressource, "ouvertures": json.dumps(rows)})

    before = portail.base.state()
    for perimetre in monde.perimetres().values():
        await reopen(perimetre, monde.guingamp)
    rozenn = Perimetre((monde.guingamp,), monde.guingamp, usager=monde.rozenn.usager_id)
    await reopen(rozenn, monde.guingamp)
    assert portail.base.state() == before
    await reopen(Perimetre.pour_instruction(monde.guingamp), monde.guingamp)
    opened = portail.base.sql(
        "SELECT to_char(debut AT TIME ZONE 'UTC', 'HH24:MI') FROM rendezvous_libre WHERE collectivite_id = %s",
        monde.guingamp,
    )
    assert opened == [("12:00",)]


async def test_free_time_is_written_by_no_caller(portail: Portail, monde: Monde) -> None:
    mine = Perimetre.pour_instruction(monde.guingamp)
    for sql in (
        "SELECT rendezvous_recalculer(ARRAY[cast(:c AS uuid)], '-infinity', 'infinity')",
        "DELETE FROM rendezvous_libre",
        "UPDATE rendezvous_libre SET fin = fin + interval '1 hour'",
        "DELETE FROM rendezvous_occupation",
        "DELETE FROM rendezvous_ouverture",
    ):
        values = {"c": monde.guingamp} if ":c" in sql else {}
        assert await _state(portail, mine, sql, **values) == "42501", sql


async def test_an_absence_closes_its_own_occupant_only(portail: Portail, monde: Monde) -> None:
    """Rennes declares its room absent all day; Guingamp's free time stays, and its room cannot be named by Rennes."""
    away = (
        "INSERT INTO rendezvous_absence (collectivite_id, id, occupant_id, debut, fin)"
        " VALUES (:c, :id, :o, '2027-01-04T00:00Z', '2027-01-05T00:00Z')"
    )
    rennes = Perimetre.pour_instruction(monde.rennes)
    before = [row for row in portail.base.sql(_LIBRE) if row[0] != monde.rennes]
    taken = {"c": monde.rennes, "id": uuid7(), "o": monde.guingamp}
    assert await _state(portail, rennes, away, **taken) == "23503"
    assert await _state(portail, rennes, away, **(taken | {"o": monde.rennes})) == ""
    assert portail.base.sql(_LIBRE) == before


async def test_nobody_elses_person_or_thing_is_named(portail: Portail, monde: Monde) -> None:
    add = (
        "INSERT INTO rendezvous_ressource (collectivite_id, id, nom, genre, occupant_id)"
        " VALUES (:c, :id, 'X', :genre, :o)"
    )
    rennes = Perimetre.pour_instruction(monde.rennes)
    agents = monde.cast.agents
    for genre, occupant, code in (
        ("agent", agents["maelle"], "23000"),
        ("salle", monde.guingamp, "23000"),
        ("agent", agents["katell"], ""),
    ):
        values = {"c": monde.rennes, "id": uuid7(), "genre": genre, "o": occupant}
        assert await _state(portail, rennes, add, **values) == code, (genre, occupant)
    swap = "UPDATE rendezvous_ressource SET occupant_id = :o WHERE genre = 'agent'"
    assert await _state(portail, rennes, swap, o=agents["maelle"]) == "23000"
