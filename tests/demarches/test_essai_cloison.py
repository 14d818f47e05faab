"""Test dossiers and real ones never meet: the policy holds it, whatever the query."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.demarches.domain import lire_numero
from app.demarches.domain.numero import nouveau_numero
from app.socle.tenancy import Perimetre
from tests import cast as acteurs
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
COUNT = text("SELECT count(*) FROM demarches_dossier")


def test_a_test_number_begins_with_zero_and_is_read_like_the_others() -> None:
    drawn = nouveau_numero(lambda n: n - 1, essai=True)
    assert drawn.startswith("0")
    assert lire_numero(drawn) == drawn
    assert not nouveau_numero(lambda n: 0).startswith("0")


async def test_a_transaction_reads_and_writes_one_kind_only(portail: Portail) -> None:
    real = await acteurs.dossier_depose(portail)
    other = await acteurs.dossier_depose(portail, personne="yann")
    portail.base.sql(
        "UPDATE demarches_dossier SET essai = true, numero = '012345678901' WHERE id = %s", other.id
    )
    cast = await acteurs.load_cast(portail)
    real_side = Perimetre.pour_instruction(cast.communes["guingamp"])
    test_side = replace(real_side, essai=True)
    for perimetre, seen in ((real_side, real.id), (test_side, other.id)):
        async with portail.noyau.db.session(perimetre) as session:
            ids = set((await session.execute(text("SELECT id FROM demarches_dossier"))).scalars())
            under = set((await session.execute(text("SELECT dossier_id FROM demarches_evenement"))).scalars())
        assert ids == {seen}
        assert under <= {seen}
    async with portail.noyau.db.session(test_side) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.execute(text("UPDATE demarches_dossier SET essai = false"))
        await session.rollback()
