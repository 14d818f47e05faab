"""What a search of the desk finds: words however typed, phrases, a number with one slip, the newest first."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from stdnum.iso7064 import mod_11_10

from app.demarches.domain import numeros_proches
from app.socle.ids import uuid7
from app.socle.tenancy import Perimetre
from tests import cast as acteurs
from tests.cast import Cast
from tests.demarches.test_lots import desk
from tests.demarches.test_partage import rows
from tests.outillage.comptage import count_statements
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
NUMERO = "41234567890" + mod_11_10.calc_check_digit("41234567890")


def test_every_number_one_slip_away_is_thought_of() -> None:
    assert numeros_proches(NUMERO) == [NUMERO]
    for i in range(12):
        for digit in "0123456789":
            if digit != NUMERO[i]:
                assert NUMERO in numeros_proches(NUMERO[:i] + digit + NUMERO[i + 1 :])
        assert NUMERO in numeros_proches(NUMERO[:i] + NUMERO[i + 1 :])
        assert NUMERO in numeros_proches(NUMERO[:i] + "7" + NUMERO[i:]) or mod_11_10.is_valid(NUMERO)
    swapped = NUMERO[:4] + NUMERO[5] + NUMERO[4] + NUMERO[6:]
    assert NUMERO in numeros_proches(f"n° {swapped[:4]}-{swapped[4:8]}-{swapped[8:]}")
    assert numeros_proches("02 96 40 64 40") == []
    assert all(mod_11_10.is_valid(one) for one in numeros_proches(swapped))


async def test_a_number_with_one_slip_is_found_and_said_to_be_another(portail: Portail, cast: Cast) -> None:
    n = (await acteurs.dossier_depose(portail)).numero
    nav = await desk(portail, cast)
    slip = n[:3] + str((int(n[3]) + 1) % 10) + n[4:]
    page = await nav.get(f"/?q={slip}")
    assert len(rows(page)) == 1
    assert "Voici le plus proche" in page.texte
    assert "Voici le plus proche" not in (await nav.get(f"/?q={n}")).texte
    assert len(rows(await nav.get(f"/?q={n[:8]}"))) == 1
    assert len(rows(await nav.get(f"/?q={n[4:8]} {n[8:]}"))) == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gallou rozenn", 1), ("ROZÉNN", 1), ("roz gal", 1), ('"le gallou"', 1), ('"gallou le"', 0), ('"gall"', 0),
        ("rue du four", 1), ('"rue du four" guing', 1), ("four;--", 1), ("rozenn inconnue", 0),
    ],
)  # fmt: skip
async def test_words_and_phrases(portail: Portail, cast: Cast, words: str, found: int) -> None:
    await acteurs.dossier_depose(portail)
    nav = await desk(portail, cast)
    with count_statements() as sent:
        page = await nav.get("/", params={"q": words})
    assert len(rows(page)) == found
    assert len(sent) <= 6


async def test_a_common_word_gives_the_newest_however_old_they_are(portail: Portail, cast: Cast) -> None:
    """More than can be sorted, none of them of these weeks: read back to where they are, newest first."""
    dossier = await acteurs.dossier_depose(portail)
    place, now = cast.communes["guingamp"], portail.clock.now()

    def add(number: int, weeks: int, words: str) -> None:
        portail.base.sql(
            "WITH n AS (INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, usager_id,"
            " canal, etat, demandeur, reponses, cree_le, modifie_le, depose_le)"
            " SELECT collectivite_id, gen_random_uuid(), (500000000000 + n + %s)::text, slug, version_id, titre,"
            " usager_id, canal, etat, demandeur, reponses, cree_le, modifie_le, %s::timestamptz - n * interval '1 min'"
            " FROM demarches_dossier, generate_series(1, %s) n WHERE id = %s RETURNING *)"
            " INSERT INTO demarches_recherche SELECT collectivite_id, id,"
            " mots_recherche(collectivite_id, depose_le, %s), depose_le FROM n",
            weeks * 1000, now - timedelta(weeks=weeks), number, dossier.id, words,
        )  # fmt: skip

    add(500, 60, "kermesse ecole")
    add(500, 20, "kermesse")
    add(3, 2, "fanfare")

    async def search(words: str, limit: int = 100) -> list[Any]:
        async with portail.noyau.db.session(Perimetre.pour_instruction(place)) as session:
            sql = text("SELECT depose_le FROM chercher_dossiers(:m, :c, :j, :n)")
            values = {"m": words, "c": [place], "j": now.date(), "n": limit}
            return list((await session.execute(sql, values)).scalars())

    found = await search("kermesse")
    assert len(found) == 100
    assert found == sorted(found, reverse=True)
    assert found[0] == now - timedelta(weeks=20, minutes=1)
    assert len(await search("fanfare")) == 3
    assert (await search("kermesse ecole"))[0] == now - timedelta(weeks=60, minutes=1)
    assert len(await search("kermesse", 600)) == 600


async def test_a_draft_and_a_test_are_never_found(portail: Portail, cast: Cast) -> None:
    draft = await acteurs.brouillon_rempli(portail)
    real = await acteurs.dossier_depose(portail, "yann")
    portail.base.sql(
        "UPDATE demarches_dossier SET essai = true, numero = '012345678905' WHERE id = %s", real.id
    )
    portail.base.sql("DELETE FROM demarches_recherche")
    async with portail.noyau.db.session(Perimetre.pour_instruction(cast.communes["guingamp"])) as session:
        for id_ in (draft.id, real.id, uuid7()):
            await session.execute(
                text("SELECT indexer_dossier(:c, :d, 'introuvable')"),
                {"c": cast.communes["guingamp"], "d": id_},
            )
    assert portail.base.sql("SELECT count(*) FROM demarches_recherche") == [(0,)]
