"""The world of these tests is played once, then put back before each test."""

import pytest

from tests.cloisonnement.monde import Monde, make_monde
from tests.outillage.portail import Portail


@pytest.fixture(scope="session")
def mondes() -> dict[str, Monde]:
    """What was played already, in this run."""
    return {}


@pytest.fixture
async def monde(portail: Portail, mondes: dict[str, Monde]) -> Monde:
    """Something of everybody in every table, as it was when it was played."""
    if "monde" not in mondes:
        mondes["monde"] = await make_monde(portail)
        portail.base.keep("monde")
    portail.base.restore("monde")
    return mondes["monde"]
