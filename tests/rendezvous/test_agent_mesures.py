"""Why there is no créneau, what an opening would change, and the figures: told as they are, nothing kept of a trial."""

import pytest

from app.socle.jobs import run_now
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur
from tests.outillage.portail import Portail
from tests.rendezvous.test_agent import desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def nav(portail: Portail, cast: Cast) -> Navigateur:
    """Soazig's browser."""
    return await desk(portail, cast)


def motif_of(portail: Portail, debut: str) -> str:
    return str(portail.base.sql("SELECT id FROM rendezvous_motif WHERE nom LIKE %s", f"{debut}%")[0][0])


async def test_each_day_says_why(portail: Portail, nav: Navigateur) -> None:
    """Christmas, a closed day, an absence, a lead time, an horizon: each in its words."""
    motif = motif_of(portail, "Urbanisme : déposer")
    portail.base.sql(
        "INSERT INTO rendezvous_absence (collectivite_id, id, occupant_id, debut, fin)"
        " SELECT r.collectivite_id, gen_random_uuid(), r.occupant_id, '2026-12-22 00:00+01', '2026-12-22 23:00+01'"
        " FROM rendezvous_ressource r JOIN socle_collectivite c ON c.id = r.collectivite_id"
        " WHERE c.slug = 'loc-envel' AND r.genre = 'agent'"
    )
    with count_statements() as sent:
        page = await nav.get(f"/rendez-vous/pourquoi?motif={motif}&du=2026-12-15")
    assert len(sent) <= 18
    for words in ("Jour férié", "Aucune heure d’ouverture", "Absence : Soazig Penven", "6 créneaux"):
        assert words in page.texte, words
    far = await nav.get(f"/rendez-vous/pourquoi?motif={motif}&du=2027-04-01")
    assert "on prend 60 jours à l’avance au plus" in far.texte
    near = await nav.get(f"/rendez-vous/pourquoi?motif={motif}")
    assert near.statut == 200
    many = await nav.get(f"/rendez-vous/pourquoi?motif={motif}&personnes=9")
    assert many.statut == 422


async def test_an_opening_is_tried_and_nothing_is_kept(portail: Portail, nav: Navigateur) -> None:
    motif = motif_of(portail, "Rencontrer")
    tables = ("rendezvous_plage", "rendezvous_ouverture", "rendezvous_libre")
    before = [portail.base.sql(f"SELECT count(*) FROM {table}") for table in tables]
    page = await nav.get(f"/rendez-vous/pourquoi?motif={motif}")
    who = str(page.arbre.xpath('//input[@name="avec"]/@value')[0])
    page = await page.navigateur.get(
        f"/rendez-vous/pourquoi?motif={motif}&essayer=oui&ouvert_jour=SA&de=9+h&a=12h&avec={who}"
    )
    assert "Ce que cela changerait" in page.texte
    numbers = page.arbre.xpath('string(//dl[@class="k-chiffres"]/div[3]/dd)').split("→")
    assert int(numbers[1]) > int(numbers[0])
    assert [portail.base.sql(f"SELECT count(*) FROM {table}") for table in tables] == before
    wrong = await nav.get(f"/rendez-vous/pourquoi?motif={motif}&essayer=oui&de=17+h&a=12h&avec=%00")
    assert wrong.statut == 422
    for cible in ("ouvert_jour", "a", "avec"):
        assert wrong.arbre.xpath(f'//a[@href="#{cible}"]'), cible


async def test_figures_of_the_night_and_of_the_counter(portail: Portail, nav: Navigateur) -> None:
    commune = portail.base.sql("SELECT id FROM socle_collectivite WHERE slug = 'loc-envel'")[0][0]
    for _ in range(2):
        await run_now(portail.noyau, "rendezvous:deplier", collectivite_id=str(commune))
    assert portail.base.sql("SELECT count(*) FROM rendezvous_mesure") == [(2,)]
    with count_statements() as sent:
        page = await nav.get("/rendez-vous/statistiques")
    assert len(sent) <= 8
    assert "Rencontrer la secrétaire de mairie" in page.texte
    assert "à la dernière mesure" in page.texte
    assert "Soazig Penven (Loc-Envel)" in page.texte
