"""A resident books through the pages: without an account, signed in, moving, giving up; what bad input is told."""

from datetime import UTC, date, datetime
from email import message_from_string
from email.message import Message

import pytest
from icalendar import Calendar

from tests.cast import compte
from tests.outillage.base import BaseEssai
from tests.outillage.comptage import count_statements
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


async def test_what_is_signed_in_confirms_at_once_and_finds_it_in_mon_espace(
    portail: Portail, agenda: Agenda
) -> None:
    nav = portail.navigateur()
    rozenn = await compte(portail)
    await portail.ouvrir_session("guingamp", usager=rozenn.paire, navigateur=nav)
    held = await choose(await slots(nav, agenda))
    assert "FranceConnect" not in held.texte
    page = await held.envoyer({"accord": "oui"}, action="/retenue/confirmer")
    assert "Votre rendez-vous est confirmé" in page.texte
    mon = portail.navigateur("mon")
    await portail.ouvrir_session("mon", usager=rozenn.paire, navigateur=mon)
    with count_statements() as sent:
        mine = await mon.get("/rendez-vous")
    assert len(sent) == 3, sent
    assert "conseil" in mine.texte
    assert "Guingamp" in mine.texte
    (link,) = mine.liens("/rendez-vous/suivi")
    assert "lundi 14 décembre 2026" in (await portail.navigateur().get(link)).texte


async def test_signing_in_meanwhile_keeps_the_hold(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    back = await nav.connecter_usager(suite=held.chemin)
    assert "confirmez-le" in back.titre
    page = await back.envoyer({"accord": "oui"}, action="/retenue/confirmer")
    assert "Votre rendez-vous est confirmé" in page.texte


async def test_a_search_takes_three_statements_at_most(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    portail.base.sql("UPDATE rendezvous_motif SET quota_jour = 50")
    await slots(nav, agenda)
    for values in ({"jour": "2026-12-15"}, {"mois": "2026-12"}, {}):
        with count_statements() as sent:
            await slots(nav, agenda, **values)
        # The registry of hosts reads a commune again when its motifs have just changed.
        assert 1 <= len([sql for sql in sent if "FROM socle_collectivite" not in sql]) <= 3, sent


async def test_a_double_click_holds_and_confirms_once(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    page = await slots(nav, agenda)
    value = buttons(page)[0]
    first, second = await choose(page, value), await choose(page, value)
    assert first.chemin == second.chemin
    rozenn = await compte(portail)
    await portail.ouvrir_session("guingamp", usager=rozenn.paire, navigateur=nav)
    held = await nav.get(first.chemin)
    done = [await held.envoyer({"accord": "oui"}, action="/retenue/confirmer") for _ in range(2)]
    assert all("/rendez-vous/suivi" in page.chemin for page in done)
    assert "/rendez-vous/suivi" in (await nav.get(first.chemin)).chemin, "« back » leads to what was done"
    await run_jobs(portail)
    assert len(mails(portail)) == 1
    assert portail.base.sql("SELECT count(*) FROM rendezvous_rendezvous") == [(1,)]


async def test_a_new_choice_gives_back_the_one_before(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    page = await slots(nav, agenda)
    await choose(page, buttons(page)[0])
    again = await slots(nav, agenda)
    await choose(again, buttons(again)[3])
    states = portail.base.sql("SELECT etat, count(*) FROM rendezvous_rendezvous GROUP BY 1 ORDER BY 1")
    assert states == [("expire", 1), ("retenu", 1)]


async def test_who_comes_second_is_shown_the_nearest_and_loses_nothing_typed(
    portail: Portail, agenda: Agenda
) -> None:
    nav = portail.navigateur()
    page = await slots(nav, agenda)
    nine = buttons(page)[0]
    held = await choose(page, nine)
    portail.avancer(minutes=11)
    for number in (b"a", b"b"):
        await agenda.book("conseil", NEUF_HEURES, jeton_empreinte=number)
    late = await held.envoyer(QUI, action="/retenue/confirmer")
    assert late.statut == 409
    assert "temps réservé" in late.texte
    assert nine not in buttons(late)
    nearest = late.arbre.xpath("//section[@aria-labelledby='proches']//button/@value")
    assert len(nearest) == 6
    assert nearest[0].startswith("2026-12-14T08:20Z")
    other = await choose(late, nearest[0])
    assert dict(other.champs("/retenue/confirmer"))["prenom"] == "Nolwenn"
    assert dict(other.champs("/retenue/confirmer"))["courriel"] == QUI["courriel"]


async def test_a_hold_that_is_over_is_taken_again_when_nobody_came(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    code_page = await held.envoyer(QUI, action="/retenue/confirmer")
    await run_jobs(portail)
    code = next(word for word in body_of(mails(portail)[-1]).split() if word.isdigit() and len(word) == 6)
    portail.avancer(minutes=15)
    await agenda.noyau.db.close()
    page = await code_page.envoyer({"code": code}, action="/rendez-vous/retenue/code")
    assert "Votre rendez-vous est confirmé" in page.texte


async def test_the_time_can_be_extended_three_times(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    for _ in range(3):
        portail.avancer(minutes=9)
        held = await held.envoyer(action="/prolonger")
        assert held.statut == 200
    assert not held.arbre.xpath("//form[contains(@action, '/prolonger')]")
    assert "9 h 37" not in held.texte
    assert "10 h 37" in held.texte


async def test_what_is_wrong_is_said_beside_each_field(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    page = await held.envoyer(
        {"prenom": "", "courriel": "nolwenn", "telephone": "02 96", "nom": "Le Bihan"},
        action="/retenue/confirmer",
    )
    assert page.statut == 422
    wrong = [a.get("href") for a in page.arbre.xpath("//div[contains(@class,'error-summary')]//a")]
    assert wrong == ["#prenom", "#courriel", "#telephone", "#accord"]
    assert dict(page.champs("/retenue/confirmer"))["nom"] == "Le Bihan"
    assert "accord" not in dict(page.champs("/retenue/confirmer"))
    again = await page.envoyer({"prenom": "", "accord": "oui"}, action="/retenue/confirmer")
    assert dict(again.champs("/retenue/confirmer"))["accord"] == "oui", "what was agreed to stays so"


async def test_a_wrong_code_is_refused_and_counted(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    code_page = await held.envoyer(QUI, action="/retenue/confirmer")
    for _ in range(5):
        page = await code_page.envoyer({"code": "000000"}, action="/rendez-vous/retenue/code")
        assert page.statut == 422
    page = await code_page.envoyer({"code": "000000"}, action="/rendez-vous/retenue/code")
    assert page.statut == 429


async def test_each_person_gives_a_number_of_their_own(portail: Portail, agenda: Agenda) -> None:
    portail.base.sql("UPDATE rendezvous_motif SET predemande = true WHERE nom = 'titre'")
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda, "titre", personnes="3"))
    numbers = {"predemande-1": "abc 123 de45", "predemande-2": "ABC123DE45", "predemande-3": "12"}
    page = await held.envoyer({**QUI, **numbers}, action="/retenue/confirmer")
    assert page.statut == 422
    assert "déjà celui d’une autre personne" in page.texte
    assert "celui-ci en a 2" in page.texte
    numbers |= {"predemande-2": "ZZZ123DE45", "predemande-3": "YYY123DE45"}
    await page.envoyer({**QUI, **numbers}, action="/retenue/confirmer")
    ((kept,),) = portail.base.sql("SELECT predemandes FROM rendezvous_rendezvous")
    assert kept == ["ABC123DE45", "ZZZ123DE45", "YYY123DE45"]
