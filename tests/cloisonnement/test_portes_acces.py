"""The doors of a dossier that is shared: access given by its owner, codes of follow-up and of offers."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from app.socle.ids import uuid7
from app.socle.tenancy import Perimetre
from tests.cloisonnement.monde import Monde
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio


def code_of(dossier_id: UUID) -> bytes:
    return hashlib.sha256(str(dossier_id).encode()).digest()


async def test_a_dossier_is_entrusted_to_who_was_given_access_only(portail: Portail, monde: Monde) -> None:
    """An offer that nobody accepted, another account and another browser open nothing."""
    sql, here = text("SELECT confier_dossier(:d)"), (monde.guingamp,)
    portail.base.sql(
        "UPDATE demarches_acces SET accepte_le = now(), usager_id = %s WHERE dossier_id = %s",
        monde.yann.usager_id, monde.brouillon.id,
    )  # fmt: skip
    asked = {
        (monde.yann.usager_id, None, monde.brouillon.id): "invitation",
        (monde.yann.usager_id, None, monde.victime.id): None,
        (monde.yann_rennes.usager_id, None, monde.brouillon.id): None,
        (None, b"x" * 32, monde.brouillon.id): None,
        (None, None, monde.brouillon.id): None,
    }
    for (usager, jeton, dossier), expected in asked.items():
        perimetre = Perimetre(lecture=here, ecriture=here[0], usager=usager, jeton=jeton)
        async with portail.noyau.db.session(perimetre) as session:
            assert (await session.execute(sql, {"d": dossier})).scalar_one() == expected
            seen = set((await session.execute(text("SELECT id FROM demarches_dossier"))).scalars())
            assert (dossier in seen) is (expected is not None)
            assert not seen & {monde.victime.id}
    portail.base.sql(
        "UPDATE demarches_acces SET revoque_le = now() WHERE dossier_id = %s", monde.brouillon.id
    )
    async with portail.noyau.db.session(Perimetre(usager=monde.yann.usager_id)) as session:
        assert (await session.execute(sql, {"d": monde.brouillon.id})).scalar_one() is None


async def test_a_code_tells_what_it_is_for_in_its_commune_only(portail: Portail, monde: Monde) -> None:
    sql, now = text("SELECT genre FROM lire_code(:c, :code, :now)"), portail.clock.now()
    right = {"c": monde.guingamp, "code": code_of(monde.brouillon.id), "now": now}
    async with portail.noyau.db.session() as session:
        assert (await session.execute(sql, right)).scalars().all() == ["invitation"]
        for wrong in ({"c": monde.rennes}, {"code": b"autre"}, {"now": now + timedelta(days=15)}):
            assert (await session.execute(sql, right | wrong)).scalars().all() == [], wrong
        assert (await session.execute(text("SELECT id FROM demarches_dossier"))).scalars().all() == []


async def test_a_code_is_accepted_by_the_browser_or_account_that_asks_only(
    portail: Portail, monde: Monde
) -> None:
    sql, now = text("SELECT accepter_code(:c, :code, :id, :now)"), portail.clock.now()
    right = {"c": monde.guingamp, "code": code_of(monde.brouillon.id), "id": uuid7(), "now": now}
    before = portail.base.state()
    nobody = Perimetre(lecture=(monde.guingamp,), ecriture=monde.guingamp)
    for perimetre, values in (
        (nobody, right),
        (Perimetre(usager=monde.yann.usager_id), right | {"c": monde.rennes}),
        (Perimetre(usager=monde.yann.usager_id), right | {"code": b"autre"}),
        (Perimetre(usager=monde.yann.usager_id), right | {"now": now + timedelta(days=15)}),
    ):
        async with portail.noyau.db.session(perimetre) as session:
            assert (await session.execute(sql, values)).scalar_one() is None
    assert portail.base.state() == before
    async with portail.noyau.db.session(Perimetre(usager=monde.yann.usager_id)) as session:
        assert (await session.execute(sql, right)).scalar_one() == monde.brouillon.id
    async with portail.noyau.db.session(Perimetre(usager=monde.yann_rennes.usager_id)) as session:
        assert (await session.execute(sql, right)).scalar_one() is None, "one offer, one person"


async def test_shared_drafts_are_told_to_who_was_invited_only(portail: Portail, monde: Monde) -> None:
    """An invitation that was not accepted, or was taken back, tells nothing; nor does one to another person."""
    sql = text("SELECT id FROM brouillons_confies()")

    async def told(usager_id: UUID | None) -> list[UUID]:
        async with portail.noyau.db.session(Perimetre(usager=usager_id)) as session:
            return list((await session.execute(sql)).scalars())

    change = (
        "UPDATE demarches_acces SET accepte_le = %s, revoque_le = %s, usager_id = %s WHERE dossier_id = %s"
    )
    now, yann = portail.clock.now(), monde.yann.usager_id
    assert await told(yann) == []
    for dossier_id in (monde.brouillon.id, monde.victime.id):
        portail.base.sql(change, now, None, yann, dossier_id)
    assert await told(yann) == [monde.brouillon.id], "a dossier that was submitted is no draft"
    assert await told(monde.yann_rennes.usager_id) == await told(None) == []
    portail.base.sql(change, now, now, yann, monde.brouillon.id)
    assert await told(yann) == []


async def test_a_kiosk_is_made_by_its_own_code_in_its_own_commune_only(
    portail: Portail, monde: Monde
) -> None:
    sql, now = text("SELECT installer_borne(:c, :code, :now)"), portail.clock.now()
    portail.base.sql(
        "UPDATE collectivites_borne SET code_empreinte = %s, code_expire_le = %s, installee_le = NULL",
        code_of(monde.guingamp), now + timedelta(minutes=30),
    )  # fmt: skip
    right = {"c": monde.guingamp, "code": code_of(monde.guingamp), "now": now}
    here, there = (Perimetre(lecture=(one,), ecriture=one) for one in (monde.guingamp, monde.rennes))
    before = portail.base.state()
    for perimetre, values in (
        (there, right),
        (here, right | {"code": b"autre"}),
        (here, right | {"now": now + timedelta(hours=1)}),
    ):
        async with portail.noyau.db.session(perimetre) as session:
            assert (await session.execute(sql, values)).scalar_one() is None
    assert portail.base.state() == before
    async with portail.noyau.db.session(here) as session:
        assert (await session.execute(sql, right)).scalar_one() == monde.guingamp
        assert (await session.execute(sql, right)).scalar_one() is None, "a code serves once"
