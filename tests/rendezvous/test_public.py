"""A resident books through the pages: without an account, signed in, moving, giving up; what bad input is told."""

from datetime import UTC, date, datetime
from email import message_from_string
from email.message import Message

import pytest
from icalendar import Calendar

from tests.outillage.base import BaseEssai
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails
from tests.rendezvous.agenda import Agenda, open_agenda, serve

pytestmark = pytest.mark.anyio

JOUR = date(2026, 12, 14)
NEUF_HEURES = datetime(2026, 12, 14, 8, tzinfo=UTC)
QUI = {"prenom": "Nolwenn", "nom": "Le Bihan", "courriel": "nolwenn@courriel.example", "accord": "oui"}


@pytest.fixture
async def agenda(portail: Portail, base: BaseEssai) -> Agenda:
    """A town hall that receives on two mornings."""
    agents = serve(base, "guingamp", ("Maëlle", "Soazig"))
    communes = dict(base.sql("SELECT slug, id FROM socle_collectivite"))
    return await open_agenda(portail.noyau, communes["guingamp"], agents, day=JOUR, jours=2)


def mails(portail: Portail) -> list[Message]:
    return [message_from_string(text) for text in sent_mails(portail)]


def body_of(mail: Message) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    return parts[0].get_payload(decode=True).decode()  # type: ignore[union-attr]


def calendar_of(mail: Message) -> tuple[str, Calendar]:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    found = Calendar.from_ical(part.get_payload(decode=True))  # type: ignore[arg-type]
    return str(part.get_param("method")), found


async def slots(nav: Navigateur, agenda: Agenda, motif: str = "conseil", **values: str) -> Page:
    page = await nav.get(f"/rendez-vous/motifs/{agenda.motifs[motif]}/creneaux", params=values)
    assert page.statut == 200, page.texte[:300]
    return page


def buttons(page: Page) -> list[str]:
    return [b.get("value") for b in page.arbre.xpath("//button[@name='creneau']")]


async def choose(page: Page, value: str = "") -> Page:
    """Presses a créneau of the page: the first one unless another is named."""
    path = page.formulaire("/creneaux").get("action")
    return await page.navigateur.post(
        path, [*page.champs("/creneaux"), ("creneau", value or buttons(page)[0])]
    )


async def book(portail: Portail, nav: Navigateur, agenda: Agenda, motif: str = "conseil") -> Page:
    """The whole way of somebody without an account; the page of the rendez-vous."""
    held = await choose(await slots(nav, agenda, motif))
    code_page = await held.envoyer(QUI, action="/retenue/confirmer")
    assert "Entrez le code reçu" in code_page.titre, code_page.texte
    await run_jobs(portail)
    code = next(word for word in body_of(mails(portail)[-1]).split() if word.isdigit() and len(word) == 6)
    page = await code_page.envoyer({"code": code}, action="/rendez-vous/retenue/code")
    await run_jobs(portail)
    return page


async def test_from_the_home_to_a_confirmed_rendez_vous_without_an_account(
    portail: Portail, agenda: Agenda
) -> None:
    nav = portail.navigateur()
    home = await nav.get("/")
    motifs = await nav.get(home.liens("Prendre rendez-vous")[0])
    motif = await nav.get(motifs.liens("conseil")[0])
    found = await motif.envoyer({"personnes": "1"}, action="/creneaux")
    assert "lundi 14 décembre" in found.texte
    assert len(buttons(found)) == 9
    page = await book(portail, nav, agenda)
    assert "Votre rendez-vous est confirmé" in page.texte
    assert "lundi 14 décembre 2026" in page.texte
    code, told = mails(portail)
    assert "Rendez-vous confirmé" in str(told["Subject"]) or told["Subject"]
    method, calendar = calendar_of(told)
    (event,) = calendar.walk("VEVENT")
    assert method == "REQUEST"
    assert calendar["method"] == "REQUEST"
    assert event["sequence"] == 0
    assert event.decoded("dtstart").astimezone(UTC) == NEUF_HEURES
    assert event["dtstart"].params["tzid"] == "Europe/Paris"
    assert "conseil" not in calendar.to_ical().decode()
    assert calendar.walk("VTIMEZONE")
    assert code["To"] == QUI["courriel"]
