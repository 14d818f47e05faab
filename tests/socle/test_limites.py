"""Rate limits hold across processes, forget nobody in between, and keep no address."""

import asyncio
from datetime import timedelta

import pytest

from app.socle.clock import FixedClock
from app.socle.errors import TooManyRequestsError
from app.socle.limites import limit
from app.socle.noyau import Noyau
from tests.cast import Cast
from tests.outillage.base import BaseEssai
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
WINDOW = timedelta(minutes=10)


async def test_the_fourth_try_waits_for_the_next_window(noyau: Noyau, base: BaseEssai) -> None:
    for _ in range(3):
        await limit(noyau, "essai", "rozenn@courriel.example", at_most=3, per=WINDOW)
    with pytest.raises(TooManyRequestsError) as refused:
        await limit(noyau, "essai", "rozenn@courriel.example", at_most=3, per=WINDOW)
    assert 0 < refused.value.retry_after <= 600
    await limit(noyau, "essai", "yann@courriel.example", at_most=3, per=WINDOW)
    assert not base.sql("SELECT 1 FROM socle_limite WHERE cle LIKE '%rozenn%'")
    assert isinstance(noyau.clock, FixedClock)
    noyau.clock.instant += timedelta(seconds=refused.value.retry_after)
    await limit(noyau, "essai", "rozenn@courriel.example", at_most=3, per=WINDOW)


async def test_simultaneous_tries_are_all_counted(noyau: Noyau) -> None:
    tries = [limit(noyau, "essai", "x", at_most=5, per=WINDOW) for _ in range(20)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, TooManyRequestsError) for one in ended) == 15


async def test_codes_are_not_sent_without_end_to_one_address(portail: Portail, cast: Cast) -> None:
    for turn in range(6):
        nav = portail.navigateur()
        page = await nav.get("/connexion")
        page = await page.envoyer(
            {"courriel": "rozenn@courriel.example"}, action="/connexion/courriel", suivre=False
        )
        assert page.statut == (303 if turn < 5 else 429), turn
    assert int(page.answer.headers["retry-after"]) > 0
    assert "Attendez" in page.texte
