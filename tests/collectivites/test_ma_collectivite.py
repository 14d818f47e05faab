"""« Ma collectivité »: an administrator sets it, an agent reads it, a stranger does not know that it exists."""

import anyio
import pytest

from tests.cast import Cast
from tests.outillage.navigateur import Navigateur
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
ICI = "/collectivite/guingamp"


def _role(portail: Portail, cast: Cast, agent: str, role: str, commune: str = "guingamp") -> None:
    portail.base.sql(
        "UPDATE socle_habilitation SET role = %s WHERE agent_id = %s AND collectivite_id = %s",
        role,
        cast.agents[agent],
        cast.communes[commune],
    )


@pytest.fixture
async def bureau(portail: Portail, cast: Cast) -> Navigateur:
    """Maëlle's browser: she administers Guingamp here, alone."""
    _role(portail, cast, "maelle", "administrateur")
    portail.base.sql(
        "DELETE FROM socle_habilitation WHERE collectivite_id = %s AND agent_id <> %s",
        cast.communes["guingamp"],
        cast.agents["maelle"],
    )
    navigateur = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=navigateur)
    return navigateur


async def test_hours_are_set_by_the_administrator_and_shown_at_once(
    portail: Portail, bureau: Navigateur
) -> None:
    page = await bureau.get(ICI)
    assert page.titre == "Guingamp"
    page = await page.envoyer({"telephone": "00"}, action=ICI)
    assert page.statut == 422
    page = await page.envoyer({"telephone": "02 61 91 22 99", "horaires": "Mardi : 9 h – 11 h"}, action=ICI)
    assert "Coordonnées enregistrées" in page.texte
    await anyio.sleep(0.15)
    home = await portail.navigateur("guingamp").get("/")
    assert "9 h – 11 h" in home.texte.replace("\u2060", "").replace("\u00a0", " ")
    ((acteur,),) = portail.base.sql(
        "SELECT acteur FROM socle_audit WHERE action = 'collectivites:coordonnees:changer'"
    )
    assert acteur.startswith("agent:")


async def test_an_agent_is_invited_told_then_withdrawn(portail: Portail, bureau: Navigateur) -> None:
    page = await bureau.get(f"{ICI}/agents")
    page = await page.envoyer(
        {
            "courriel": "nolwenn.guillou@guingamp.example",
            "prenom": "Nolwenn",
            "nom": "Guillou",
            "qualite": "Agent d’accueil",
            "service": "Accueil",
            "role": "agent",
        },
        action=f"{ICI}/agents",
    )
    assert "Accès ouvert" in page.texte
    assert "Nolwenn Guillou" in page.texte
    await run_jobs(portail)
    assert any("To: nolwenn.guillou@guingamp.example" in mail for mail in sent_mails(portail))
    ((agent_id,),) = portail.base.sql(
        "SELECT id FROM socle_agent WHERE courriel = 'nolwenn.guillou@guingamp.example'"
    )
    page = await page.envoyer(action=f"{ICI}/agents/{agent_id}/retirer")
    assert "Accès retiré" in page.texte
    assert "Nolwenn Guillou" not in page.texte


async def test_somebody_known_elsewhere_keeps_their_name(
    portail: Portail, cast: Cast, bureau: Navigateur
) -> None:
    ((courriel, nom),) = portail.base.sql(
        "SELECT courriel, nom FROM socle_agent WHERE id = %s", cast.agents["gwenole"]
    )
    page = await bureau.get(f"{ICI}/agents")
    values = {
        "courriel": courriel, "prenom": "Faux", "nom": "Nom", "qualite": "Élu", "service": "Mairie", "role": "agent",
    }  # fmt: skip
    page = await page.envoyer(values, action=f"{ICI}/agents")
    assert nom in page.texte
    assert "Faux" not in page.texte
    assert portail.base.sql("SELECT opsn FROM socle_agent WHERE id = %s", cast.agents["gwenole"]) == [(True,)]


async def test_nobody_shuts_themselves_out(portail: Portail, cast: Cast, bureau: Navigateur) -> None:
    page = await bureau.get(f"{ICI}/agents")
    own = f"{ICI}/agents/{cast.agents['maelle']}/retirer"
    assert own not in str(page.answer.text)
    fields = {"jeton_csrf": dict(page.champs(f"{ICI}/agents"))["jeton_csrf"], "cle_idempotence": "x" * 30}
    assert (await bureau.post(own, fields)).statut == 409
    ((courriel,),) = portail.base.sql("SELECT courriel FROM socle_agent WHERE id = %s", cast.agents["maelle"])
    values = {
        "courriel": courriel, "prenom": "M", "nom": "M", "qualite": "S", "service": "S", "role": "agent",
    }  # fmt: skip
    page = await page.envoyer(values, action=f"{ICI}/agents")
    assert page.statut == 422
    assert "votre propre rôle" in page.texte


async def test_an_agent_reads_and_changes_nothing(portail: Portail, cast: Cast, bureau: Navigateur) -> None:
    page = await bureau.get(ICI)
    token = dict(page.champs(ICI))["jeton_csrf"]
    _role(portail, cast, "maelle", "agent")
    page = await bureau.get(ICI)
    assert "Un administrateur de la collectivité peut les changer" in page.texte
    assert not page.arbre.xpath("//main//form")
    assert not (await bureau.get(f"{ICI}/agents")).arbre.xpath("//main//form")
    before = portail.base.state()
    for path in (ICI, f"{ICI}/agents", f"{ICI}/agents/{cast.agents['gwenole']}/retirer"):
        assert (await bureau.post(path, {"jeton_csrf": token, "cle_idempotence": "y" * 30})).statut == 403
    changed = {t for t, s in portail.base.state().items() if s != before[t]}
    assert changed <= {"socle_session"}


async def test_elsewhere_it_does_not_exist(portail: Portail, cast: Cast, bureau: Navigateur) -> None:
    served = {slug for (slug,) in portail.base.sql(
        "SELECT c.slug FROM socle_collectivite c JOIN socle_habilitation h ON h.collectivite_id = c.id"
        " WHERE h.agent_id = %s", cast.agents["maelle"]
    )}  # fmt: skip
    other = next(slug for slug in cast.communes if slug not in served)
    assert (await bureau.get(f"/collectivite/{other}")).statut == 404
    assert (await bureau.get("/collectivite/nulle-part")).statut == 404
    page = await bureau.get("/collectivite")
    assert page.url.endswith(ICI) if len(served) == 1 else "Vos collectivités" in page.texte
