"""Who edits démarches in the tests of the module."""

import pytest

from tests.cast import Cast
from tests.outillage.navigateur import Navigateur
from tests.outillage.portail import Portail


@pytest.fixture
async def console(portail: Portail, cast: Cast) -> Navigateur:
    """The browser of an administrator of the OPSN."""
    nav = portail.navigateur("opsn")
    await portail.ouvrir_session("opsn", agent=cast.agents["gwenole"], navigateur=nav)
    return nav


@pytest.fixture
async def bureau(portail: Portail, cast: Cast) -> Navigateur:
    """The browser of an agent who administers Guingamp."""
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'administrateur' WHERE agent_id = %s", cast.agents["maelle"]
    )
    nav = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    return nav
