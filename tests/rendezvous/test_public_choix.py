"""What residents may choose: the lieu or the first available, the way it is held; and many who move at once."""

import asyncio
from datetime import date, time

import pytest
from sqlalchemy import text

from app.rendezvous import repository
from app.rendezvous.models import Lieu, Plage
from app.rendezvous.service import regles
from app.socle.ids import uuid7
from tests.cast import compte
from tests.outillage.base import BaseEssai
from tests.outillage.portail import Portail
from tests.rendezvous.agenda import ZONE, Agenda, open_agenda, serve
from tests.rendezvous.test_public import buttons, choose, slots

pytestmark = pytest.mark.anyio

JOUR = date(2026, 12, 14)


@pytest.fixture
async def agenda(portail: Portail, base: BaseEssai) -> Agenda:
    """Maëlle at the mairie on two mornings, Soazig there too."""
    agents = serve(base, "guingamp", ("Maëlle", "Soazig"))
    communes = dict(base.sql("SELECT slug, id FROM socle_collectivite"))
    return await open_agenda(portail.noyau, communes["guingamp"], agents, day=JOUR, jours=2)


async def open_annexe(agenda: Agenda) -> str:
    """Soazig receives in another place, in the afternoon of the first day and the morning of a day before."""
    annexe = uuid7()
    async with agenda.noyau.db.session(agenda.instruction) as session:
        await repository.add(
            session, Lieu, collectivite_id=agenda.collectivite_id, id=annexe, nom="Annexe du port",
            adresse={"ligne": "2 quai Est", "code_postal": "22200", "commune": "Guingamp"}, fuseau=ZONE,
        )  # fmt: skip
        for day, start, end in ((JOUR, 14, 15), (date(2026, 12, 11), 9, 10)):
            await repository.add(
                session, Plage, collectivite_id=agenda.collectivite_id, id=uuid7(), lieu_id=annexe,
                ressource_id=agenda.ressources["Soazig"], du=day, au=day, heure_debut=time(start),
                heure_fin=time(end), feries=True,
            )  # fmt: skip
        await regles.expand(
            session,
            agenda.collectivite_id,
            agenda.noyau.clock.now(),
            departement="22",
            en_vacances=lambda _: False,
        )
    return str(annexe)


async def test_the_first_available_is_that_of_every_lieu(portail: Portail, agenda: Agenda) -> None:
    annexe = await open_annexe(agenda)
    nav = portail.navigateur()
    motif = await nav.get(f"/rendez-vous/motifs/{agenda.motifs['conseil']}")
    assert "2 quai Est" in motif.texte
    everywhere = await motif.envoyer({"lieu": ""}, action="/creneaux")
    assert buttons(everywhere)[0] == f"2026-12-11T08:00Z {annexe}"
    assert "Annexe du port" in everywhere.texte
    here = await motif.envoyer({"lieu": str(agenda.lieu_id)}, action="/creneaux")
    assert buttons(here)[0] == f"2026-12-14T08:00Z {agenda.lieu_id}"
    held = await choose(everywhere)
    assert "2 quai Est" in held.texte
    # The station stays at the mairie: what needs it is not proposed elsewhere.
    titre = await slots(nav, agenda, "titre")
    assert all(value.endswith(str(agenda.lieu_id)) for value in buttons(titre))


@pytest.mark.parametrize(
    ("mode", "field", "value", "words"),
    [
        ("telephone", "telephone", "06 12 34 56 78", "La mairie vous appellera"),
        ("domicile", "adresse", "3 rue du Four, Guingamp", "Chez vous"),
        ("visio", "telephone", "", "visioconférence"),
    ],
)
async def test_each_way_asks_what_it_needs(
    portail: Portail, agenda: Agenda, mode: str, field: str, value: str, words: str
) -> None:
    portail.base.sql("UPDATE rendezvous_motif SET modes = '{sur_place,telephone,visio,domicile}'")
    nav = portail.navigateur()
    rozenn = await compte(portail)
    await portail.ouvrir_session("guingamp", usager=rozenn.paire, navigateur=nav)
    motif = await nav.get(f"/rendez-vous/motifs/{agenda.motifs['conseil']}")
    held = await choose(await motif.envoyer({"mode": mode}, action="/creneaux"))
    if value:
        refused = await held.envoyer({"accord": "oui"}, action="/retenue/confirmer")
        wrong = refused.arbre.xpath("//div[contains(@class,'error-summary')]//a/@href")
        assert (refused.statut, wrong) == (422, [f"#{field}"])
    page = await held.envoyer({"accord": "oui", field: value}, action="/retenue/confirmer")
    assert "Votre rendez-vous est confirmé" in page.texte
    assert words in page.texte
    assert not page.arbre.xpath("//img[contains(@src, 'code.svg')]"), "nobody comes to the desk"


async def test_many_who_move_at_once_all_have_an_answer_and_one_place(
    portail: Portail, agenda: Agenda
) -> None:
    """Each wants the hour of the next: freed and taken in turn, never doubled, and nobody is left with nothing."""
    browsers = [portail.navigateur() for _ in range(6)]
    pages = []
    for number, nav in enumerate(browsers):
        who = await compte(portail, "rozenn" if number % 2 else "yann")
        await portail.ouvrir_session("guingamp", usager=who.paire, navigateur=nav)
        shown = await slots(nav, agenda)
        held = await choose(shown, buttons(shown)[number // 2])
        done = await held.envoyer({"accord": "oui"}, action="/retenue/confirmer")
        pages.append(await nav.get(done.liens("Déplacer")[0]))
    everybody = buttons(await slots(portail.navigateur(), agenda))
    wanted = sorted(set(everybody))[:2]
    answers = await asyncio.gather(*(choose(page, wanted[number % 2]) for number, page in enumerate(pages)))
    assert {page.statut for page in answers} <= {200, 409}
    standing = portail.base.sql(
        "SELECT count(*), count(DISTINCT origine_id) FROM rendezvous_rendezvous"
        " WHERE etat = 'confirme' AND motif_id = %s", agenda.motifs["conseil"]
    )  # fmt: skip
    async with agenda.noyau.db.session(agenda.instruction) as session:
        taken = (
            await session.execute(
                text(
                    "SELECT count(*) FROM rendezvous_occupation o"
                    " JOIN rendezvous_rendezvous r ON r.id = o.rendezvous_id WHERE r.motif_id = :m"
                ),
                {"m": agenda.motifs["conseil"]},
            )
        ).scalar_one()
    assert (standing[0][0], taken) == (6, 6)
    moved = sum("est déplacé" in page.texte for page in answers)
    assert moved >= 1
