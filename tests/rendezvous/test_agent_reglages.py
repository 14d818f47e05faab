"""Settings through pages: an administrator opens and closes, an agent says that they are away, mistakes are told."""

from datetime import UTC, datetime

import pytest

from app.rendezvous.service import ouvertures
from app.socle.jobs import run_now
from app.socle.tenancy import Perimetre
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.rendezvous.test_agent import creneaux, desk

pytestmark = pytest.mark.anyio
ICI = "/rendez-vous/reglages/loc-envel"


@pytest.fixture
async def nav(portail: Portail, cast: Cast) -> Navigateur:
    """Soazig's browser: she administers Loc-Envel, where she receives."""
    return await desk(portail, cast)


def ouvertures_de(portail: Portail, commune: str, depuis: str, jusqu_a: str) -> list[datetime]:
    """When it opens between two days, in order."""
    rows = portail.base.sql(
        "SELECT o.debut FROM rendezvous_ouverture o JOIN socle_collectivite c ON c.id = o.collectivite_id"
        " WHERE c.slug = %s AND o.debut >= %s AND o.debut < %s ORDER BY o.debut",
        commune,
        depuis,
        jusqu_a,
    )
    return [row[0] for row in rows]


async def _plage(nav: Navigateur, **fields: str | list[str]) -> Page:
    page = await nav.get(f"{ICI}/plage/nouveau")
    ressource = page.arbre.xpath('//select[@name="ressource_id"]/option[contains(., "Soazig")]/@value')[0]
    values: dict[str, str | list[str]] = {
        "ressource_id": str(ressource),
        "repetition": "semaine",
        "jours": ["SA"],
        "heure_debut": "9 h",
        "heure_fin": "11h30",
        "du": "2027-01-01",
        **fields,
    }
    return await page.envoyer(values)


async def test_everything_is_on_one_page(portail: Portail, nav: Navigateur) -> None:
    with count_statements() as sent:
        page = await nav.get(ICI)
    assert len(sent) <= 12
    for words in ("Mairie de Loc-Envel", "chaque mardi, 9 h – 12 h", "zone B, valable jusqu’au 31 août 2027"):
        assert words in page.texte.replace("\u00a0", " ")


async def test_a_new_rule_opens_at_once_and_keeps_its_hour_when_clocks_change(
    portail: Portail, nav: Navigateur
) -> None:
    """Nine on the wall stays nine on both Saturdays around each change of 2027, and no rule opens 1 May."""
    page = await _plage(nav)
    assert "les créneaux proposés ont déjà changé" in page.texte
    found = [d for d in ouvertures_de(portail, "loc-envel", "2027-01-01", "2027-12-01") if d.weekday() == 5]
    hours = {d.date().isoformat(): d.hour for d in found}
    assert (hours["2027-03-27"], hours["2027-04-03"]) == (8, 7)
    assert (hours["2027-10-30"], hours["2027-11-06"]) == (7, 8)
    assert "2027-05-01" not in hours


async def test_school_holidays_and_closures_close(portail: Portail, nav: Navigateur) -> None:
    page = await _plage(nav, vacances="hors")
    assert page.statut == 200
    days = [d.date().isoformat() for d in ouvertures_de(portail, "loc-envel", "2027-02-13", "2027-03-15")]
    saturdays = [
        d for d in days if d in ("2027-02-13", "2027-02-20", "2027-02-27", "2027-03-06", "2027-03-13")
    ]
    assert saturdays == ["2027-02-13", "2027-03-13"]
    page = await nav.get(f"{ICI}/fermeture/nouveau")
    page = await page.envoyer({"du": "13/02/2027", "libelle": "Élections"})
    assert "Élections" in page.texte
    assert not ouvertures_de(portail, "loc-envel", "2027-02-13", "2027-02-14")
    closed = await nav.get(next(u for u in page.liens("Élections") if "/fermeture/" in u))
    await closed.envoyer({}, action="/retirer")
    assert ouvertures_de(portail, "loc-envel", "2027-02-13", "2027-02-14")


@pytest.mark.parametrize(
    ("fields", "cible"),
    [
        ({"heure_fin": "8 h"}, "heure_fin"),
        ({"heure_debut": "25 h"}, "heure_debut"),
        ({"jours": []}, "jours"),
        ({"au": "2026-12-01"}, "au"),
        ({"du": "hier"}, "du"),
        # 1 May is a holiday for ever: this rule would never open.
        ({"repetition": "une_fois", "du": "2027-05-01"}, "repetition"),
        ({"ressource_id": ""}, "ressource_id"),
    ],
)
async def test_a_rule_that_cannot_be_followed_is_told_beside_its_field(
    nav: Navigateur, fields: dict[str, str | list[str]], cible: str
) -> None:
    page = await _plage(nav, **fields)
    assert page.statut == 422
    assert page.arbre.xpath(f'//a[@href="#{cible}"]')
    assert page.arbre.xpath(f'//*[@id="{cible}-erreur"]')


async def test_an_absence_lists_who_was_expected(portail: Portail, cast: Cast, nav: Navigateur) -> None:
    """Her absence in Loc-Envel closes her elsewhere too; those who were expected are hers to move or to warn."""
    rows = portail.base.sql(
        "SELECT r.debut, r.contact->>'nom' FROM rendezvous_rendezvous r JOIN socle_collectivite c"
        " ON c.id = r.collectivite_id WHERE c.slug = 'loc-envel' ORDER BY r.debut"
    )
    day = rows[0][0].date().isoformat()
    page = await nav.get(f"{ICI}/absence/nouveau")
    page = await page.envoyer({"du": day, "au": "2026-12-31", "libelle": "Congés"})
    assert "tombent pendant cette absence" in page.texte
    assert all(name in page.texte for _, name in rows)
    assert page.liens("Annuler avec un message")
    moving = await nav.get(page.liens("Déplacer")[0])
    assert all(value >= "2027" for value in creneaux(moving))
    planning = await nav.get(f"/rendez-vous?jour={day}")
    assert "Congés" in planning.texte
    assert "Pendant une absence" in planning.texte


async def test_a_motif_that_is_expected_is_archived(portail: Portail, nav: Navigateur) -> None:
    page = await nav.get(ICI)
    motif = await nav.get(next(u for u in page.liens("Rencontrer la secrétaire") if "/motif/" in u))
    assert "1 rendez-vous à venir" in motif.texte
    page = await motif.envoyer({}, action="/retirer")
    assert "ils tiennent toujours" in page.texte
    assert portail.base.sql("SELECT actif FROM rendezvous_motif WHERE nom LIKE 'Rencontrer%%'") == [(False,)]
    page = await nav.get(f"{ICI}/motif/nouveau")
    refused = await page.envoyer({"nom": "", "duree_premiere": "3", "modes": []})
    assert refused.statut == 422
    for cible in ("nom", "duree_premiere", "modes", "besoin1"):
        assert refused.arbre.xpath(f'//a[@href="#{cible}"]'), cible
    who = str(page.arbre.xpath('//input[@name="besoin1"]/@value')[0])
    page = await page.envoyer({"nom": "Cimetière", "besoin1": [who]})
    page = await nav.get(next(u for u in page.liens("Cimetière") if "/motif/" in u))
    page = await page.envoyer({}, action="/retirer")
    assert "C’est retiré" in page.texte


async def test_an_agent_reads_and_says_their_absences_only(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast, "erwan")
    here = "/rendez-vous/reglages/ouessant"
    page = await nav.get(here)
    assert page.liens("Nouvelle absence")
    assert not page.liens("Nouveau motif")
    assert (await nav.get(f"{here}/motif/nouveau")).statut == 403
    assert (await nav.get(ICI)).statut == 404


async def test_the_night_goes_a_day_further_and_changes_nothing_else(
    portail: Portail, nav: Navigateur
) -> None:
    before = ouvertures_de(portail, "loc-envel", "2026-01-01", "2029-01-01")
    commune = portail.base.sql("SELECT id FROM socle_collectivite WHERE slug = 'loc-envel'")[0][0]
    portail.avancer(days=14)
    assert commune in await ouvertures.list_to_advance(portail.noyau)
    for _ in range(2):
        await run_now(portail.noyau, "rendezvous:deplier", collectivite_id=str(commune))
    after = ouvertures_de(portail, "loc-envel", "2026-01-01", "2029-01-01")
    assert after[: len(before)] == before
    assert len(after) == len(before) + 4
    async with portail.noyau.db.session(Perimetre.pour_instruction(commune)) as session:
        await ouvertures.refresh(session, commune, portail.clock.now())
    again = ouvertures_de(portail, "loc-envel", portail.clock.now().date().isoformat(), "2029-01-01")
    assert again == [d for d in after if d >= portail.clock.now().replace(hour=0, tzinfo=UTC)]
