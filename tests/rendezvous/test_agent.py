"""The agents' planning and gestures, through pages: seen, booked, moved, given up, arrived; refused in words."""

import pytest

from app.portail import demonstration
from tests.cast import Cast
from tests.outillage.comptage import count_statements
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio


async def desk(portail: Portail, cast: Cast, agent: str = "soazig") -> Navigateur:
    """The browser of an agent, with the demonstration's rendez-vous loaded."""
    await demonstration.load_rendezvous(portail.noyau)
    navigateur = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents[agent], navigateur=navigateur)
    return navigateur


async def test_an_agent_of_three_communes_sees_them_together(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast)
    with count_statements() as sent:
        page = await nav.get("/rendez-vous?vue=semaine&jour=2026-12-01")
    assert len(sent) <= 6
    assert page.statut == 200
    for name in ("Soazig Penven", "Libre"):
        assert name in page.texte
    day = await nav.get("/rendez-vous?jour=2026-12-01&commune=pas-un-uuid&avec=%00")
    assert "Soazig Penven" in day.texte
    printed = await nav.get("/rendez-vous/imprimer?vue=semaine&jour=2026-12-01")
    assert printed.statut == 200


def creneaux(page: Page) -> list[str]:
    """What may be chosen, in order."""
    return [str(value) for value in page.arbre.xpath('//input[@name="creneau"]/@value')]


def ici(page: Page) -> str:
    """The path of a page, without what it says of what was done."""
    return page.chemin.partition("?")[0]


async def _book(nav: Navigateur, portail: Portail, **fields: str) -> Page:
    motif = portail.base.sql("SELECT id FROM rendezvous_motif WHERE nom = 'Passeport'")[0][0]
    page = await nav.get(f"/rendez-vous/nouveau?motif={motif}&personnes=2&du=2026-12-07")
    values = {
        "creneau": creneaux(page)[0],
        "nom": "Le Goff",
        "prenom": "Jeanne",
        "courriel": "jeanne@courriel.example",
        "predemande-1": "AAAAAAAAAA",
        "predemande-2": "BBBBBBBBBB",
        "canal": "telephone",
        **fields,
    }
    return await page.envoyer(values)


async def test_a_family_is_booked_on_the_phone_moved_and_given_up(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast, "maelle")
    page = await _book(nav, portail)
    assert "Le rendez-vous est pris" in page.texte
    assert "Jeanne Le Goff" in page.titre
    await run_jobs(portail)
    assert len(sent_mails(portail)) == 1
    moving = await nav.get(f"{ici(page)}/deplacer?du=2026-12-08")
    value = creneaux(moving)[2]
    moved = await moving.envoyer({"creneau": value})
    assert "Le rendez-vous est déplacé" in moved.texte
    rows = portail.base.sql(
        "SELECT etat, sequence, canal FROM rendezvous_rendezvous WHERE contact->>'prenom' = 'Jeanne' ORDER BY id"
    )
    assert rows == [("annule", 1, "telephone"), ("confirme", 1, "telephone")]
    gone = await moved.envoyer({"message": "La station est en panne."}, action=f"{ici(moved)}/annulation")
    assert "Le rendez-vous est annulé" in gone.texte
    await run_jobs(portail)
    assert "La station est en panne." in sent_mails(portail)[-1]


async def test_what_is_wrong_is_said_beside_its_field(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast, "maelle")
    page = await _book(
        nav, portail, nom="", courriel="jeanne", **{"predemande-2": "AAAAAAAAAA", "creneau": "hier ici"}
    )
    assert page.statut == 422
    for cible in ("nom", "courriel", "predemande-2", "creneau"):
        assert page.arbre.xpath(f'//a[@href="#{cible}"]'), cible
        assert page.arbre.xpath(f'//*[@id="{cible}"]'), cible
    motif = portail.base.sql("SELECT id FROM rendezvous_motif WHERE nom = 'Passeport'")[0][0]
    refused = await nav.get(f"/rendez-vous/nouveau?motif={motif}&personnes=40")
    assert refused.statut == 422
    assert "5 personne(s) au plus" in refused.texte


async def test_who_comes_and_who_does_not(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast, "maelle")
    page = await _book(nav, portail)
    early = await nav.post(
        f"{ici(page)}/arrivee",
        [*page.champs("/annulation")],
    )
    assert early.statut == 409
    id_ = ici(page).rsplit("/", 1)[1]
    portail.clock.instant = portail.base.sql("SELECT debut FROM rendezvous_rendezvous WHERE id = %s", id_)[0][
        0
    ]
    portail.avancer(minutes=5)
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=nav)
    page = await nav.get(f"/rendez-vous/{id_}")
    there = await page.envoyer({}, action=f"/rendez-vous/{id_}/arrivee")
    assert "L’arrivée est notée" in there.texte
    missing = await there.envoyer({}, action=f"/rendez-vous/{id_}/absence")
    assert "personne n’est venu" in missing.texte


async def test_another_commune_s_rendez_vous_does_not_exist(portail: Portail, cast: Cast) -> None:
    nav = await desk(portail, cast, "katell")
    (id_,) = portail.base.sql("SELECT id FROM rendezvous_rendezvous LIMIT 1")[0]
    for path in ("", "/deplacer"):
        assert (await nav.get(f"/rendez-vous/{id_}{path}")).statut == 404
