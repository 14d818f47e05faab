"""Joining two accounts moves everything of the one that the hand-off proves, and not one row of anybody else."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.socle.ids import uuid7
from app.socle.tenancy import Perimetre
from tests.cast import Compte
from tests.cloisonnement.monde import Monde
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

_OWNED = """
SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid = 'socle_usager'::regclass
"""
Rows = dict[str, list[str]]


def rows(portail: Portail, was: str = "", becomes: str = "") -> Rows:
    """Every row of every table, as JSON; where a row says whose it is, one account may be read as another."""
    owners = portail.base.sql(_OWNED)
    read: Rows = {}
    for table in portail.base.tables():
        row = f"to_jsonb({table})"
        for column in [column for name, column in owners if name == table]:
            row = f'replace({row}::text, \'"{column}": "{was}"\', \'"{column}": "{becomes}"\')'
        read[table] = sorted(line for (line,) in portail.base.sql(f"SELECT ({row})::text FROM {table}"))
    return read


def owned(portail: Portail, account: Compte) -> dict[str, int]:
    """How many rows each column that names an account has of this one."""
    return {
        f"{table}.{column}": portail.base.sql(
            f"SELECT count(*)::int FROM {table} WHERE {column} = %s", account.usager_id
        )[0][0]
        for table, column in portail.base.sql(_OWNED)
    }


def hand_off(portail: Portail, account: Compte) -> None:
    """Mon espace was just told that this account is somebody's, in the browser that asked."""
    now = portail.clock.now()
    portail.base.sql(
        "INSERT INTO socle_connexion"
        " (id, genre, hote, suite, temoin, code, usager_id, identite_id, cree_le, expire_le)"
        " VALUES (%s, 'passage', %s, '/', %s, %s, %s, %s, %s, %s)",
        uuid7(), portail.hote("mon"), b"navigateur", b"code", *account.paire, now, now + timedelta(minutes=1),
    )  # fmt: skip


async def join(portail: Portail, account: Compte) -> None:
    """As the one signed in on Mon espace."""
    values = {"code": b"code", "hote": portail.hote("mon"), "temoin": b"navigateur"}
    async with portail.noyau.db.session(Perimetre(usager=account.usager_id)) as session:
        await session.execute(
            text("SELECT rattacher_comptes(:code, :hote, :temoin, :maintenant)"),
            {**values, "maintenant": portail.clock.now()},
        )


async def test_everything_of_the_proven_account_moves_and_nothing_else(
    portail: Portail, monde: Monde
) -> None:
    gives, takes = monde.rozenn, monde.yann_rennes
    # She was also invited to fill somebody else's dossier, and took one over.
    for genre, dossier in (("invitation", monde.voisin), ("transfert", monde.victime)):
        portail.base.sql(
            "UPDATE demarches_acces SET genre = %s, usager_id = %s, accepte_le = cree_le WHERE dossier_id = %s",
            genre, gives.usager_id, dossier.id,
        )  # fmt: skip
    hand_off(portail, gives)
    hers = owned(portail, gives)
    for column in (
        "demarches_dossier.usager_id", "demarches_acces.usager_id", "rendezvous_rendezvous.usager_id",
        "socle_identite.usager_id", "socle_session.usager_id", "socle_connexion.usager_id",
    ):  # fmt: skip
        assert hers[column], f"the test shows nothing of {column}"
    before = rows(portail, str(gives.usager_id), str(takes.usager_id))
    await join(portail, takes)
    after = rows(portail)
    assert not any(owned(portail, gives).values())

    account = [row for row in before["socle_usager"] if str(gives.usager_id) in row]
    # The hand-off itself is used up; every other row is what it was, but for whose it is.
    proof = [row for row in before["socle_connexion"] if b"code".hex() in row]
    assert len(account) == len(proof) == 1
    before["socle_usager"].remove(account[0])
    before["socle_connexion"].remove(proof[0])
    after["socle_connexion"] = [row for row in after["socle_connexion"] if row not in _used(proof[0], after)]
    assert before == after


def _used(proof: str, after: Rows) -> list[str]:
    """The line of the hand-off after it served: no code any more, and the moment when it did."""
    found = [row for row in after["socle_connexion"] if json.loads(row)["id"] == json.loads(proof)["id"]]
    assert [(json.loads(row)["code"], bool(json.loads(row)["consommee_le"])) for row in found] == [
        (None, True)
    ]
    return found


async def test_two_drafts_of_one_demarche_stop_it_and_nothing_moves(portail: Portail, monde: Monde) -> None:
    hand_off(portail, monde.rozenn)
    before = portail.base.state()
    with pytest.raises(IntegrityError):
        await join(portail, monde.yann)
    assert portail.base.state() == before


async def test_whatever_names_an_account_is_moved(portail: Portail) -> None:
    """A module that adds such a table must say what becomes of it when two accounts are joined."""
    ((source,),) = portail.base.sql("SELECT prosrc FROM pg_proc WHERE proname = 'rattacher_comptes'")
    forgotten = [
        f"{table}.{column}"
        for table, column in portail.base.sql(_OWNED)
        if f"UPDATE {table} SET {column} =" not in source
    ]
    assert not forgotten
