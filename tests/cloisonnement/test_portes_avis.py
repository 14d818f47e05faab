"""The doors of an opinion asked outside: its code opens one dossier, gives one opinion, and nothing near."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.demarches.service import avis
from app.socle.ids import fingerprint
from app.socle.tenancy import Perimetre
from tests.cloisonnement.monde import Monde
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio

_READ = text("SELECT lire_avis(:id, :code, :maintenant)")
_GIVE = text("SELECT rendre_avis(:id, :code, :maintenant, true, 'Vu.', NULL, NULL, NULL, NULL)")


def _tries(portail: Portail, monde: Monde) -> tuple[dict[str, object], list[dict[str, object]]]:
    """What opens Rozenn's opinion, and everything near it that must not."""
    now = portail.clock.now()
    code = fingerprint(avis.code_of(portail.noyau, monde.avis))
    right: dict[str, object] = {"id": monde.avis, "code": code, "maintenant": now}
    ((other,),) = portail.base.sql(
        "SELECT id FROM demarches_avis WHERE id <> %s AND courriel <> ''", monde.avis
    )
    return right, [
        right | {"code": fingerprint("abcdefghjkmn")},
        right | {"code": None},
        right | {"id": other},
        right | {"id": uuid4()},
        right | {"code": fingerprint(avis.code_of(portail.noyau, other))},
        right | {"maintenant": now + timedelta(days=100)},
    ]


async def test_an_opinion_opens_its_own_dossier_by_its_own_code_only(portail: Portail, monde: Monde) -> None:
    right, wrong = _tries(portail, monde)
    # Nothing is added by who asks, nothing taken away: the code alone opens.
    for perimetre in (Perimetre(), *monde.perimetres().values()):
        async with portail.noyau.db.session(perimetre) as session:
            for one in wrong:
                assert (await session.execute(_READ, one)).scalar_one() is None
            found = (await session.execute(_READ, right)).scalar_one()
            assert found["dossier_id"] == str(monde.victime.id)
            assert {piece["id"] for piece in found["pieces"]} <= {str(monde.victime.piece_id)}
            assert "demandeur" not in found
            assert "code_empreinte" not in found["avis"]
    portail.base.sql("UPDATE demarches_avis SET revoque_le = now() WHERE id = %s", monde.avis)
    async with portail.noyau.db.session() as session:
        assert (await session.execute(_READ, right)).scalar_one() is None


async def test_an_opinion_is_given_once_by_its_own_code_only(portail: Portail, monde: Monde) -> None:
    right, wrong = _tries(portail, monde)
    portail.base.sql(
        "UPDATE demarches_dossier SET etat = 'en_instruction', clos_le = NULL WHERE id = %s", monde.victime.id
    )
    before = portail.base.state()
    for one in wrong:
        async with portail.noyau.db.session() as session:
            assert (await session.execute(_GIVE, one)).scalar_one() is False
    assert portail.base.state() == before
    for expected in (True, False):
        async with portail.noyau.db.session() as session:
            assert (await session.execute(_GIVE, right)).scalar_one() is expected
    after = portail.base.state()
    assert {table for table in after if after[table] != before[table]} == {
        "demarches_avis", "demarches_dossier", "demarches_evenement",
    }  # fmt: skip
    ((rows,),) = portail.base.sql("SELECT count(*) FROM demarches_avis WHERE rendu_le IS NOT NULL")
    assert rows == 1


async def test_an_opinion_on_a_closed_dossier_is_given_no_more(portail: Portail, monde: Monde) -> None:
    right, _ = _tries(portail, monde)
    async with portail.noyau.db.session() as session:
        assert (await session.execute(_GIVE, right)).scalar_one() is False
