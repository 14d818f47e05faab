"""After it is booked: moving, changing the party, giving up, calendars, reminders; and what bad input is told."""

import re
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

import pytest

from app.rendezvous import repository
from app.rendezvous.models import Plage
from app.rendezvous.service import annonces, regles, reservation
from app.socle.expediteurs import Envoi, Issue
from app.socle.ids import uuid7
from app.socle.sms import Sms
from tests.outillage.base import BaseEssai
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs
from tests.rendezvous.agenda import Agenda, open_agenda, serve
from tests.rendezvous.test_public import QUI, body_of, book, buttons, calendar_of, choose, mails, slots

pytestmark = pytest.mark.anyio

JOUR = date(2026, 12, 14)
LIEN = re.compile(r"https://\S+/rendez-vous/suivi\?cle=\S+")


@pytest.fixture
async def agenda(portail: Portail, base: BaseEssai) -> Agenda:
    """One agent alone receives: whoever has the time has it."""
    agents = serve(base, "guingamp", ("Maëlle",))
    communes = dict(base.sql("SELECT slug, id FROM socle_collectivite"))
    return await open_agenda(portail.noyau, communes["guingamp"], agents, day=JOUR, jours=2)


@pytest.fixture
async def pris(portail: Portail, agenda: Agenda) -> Page:
    """Nine o'clock, booked without an account; seen from another device, by the link of the message."""
    await book(portail, portail.navigateur(), agenda)
    (link,) = set(LIEN.findall(body_of(mails(portail)[-1])))
    return await portail.navigateur().get(link)


def follow(page: Page, words: str) -> str:
    return next(a.get("href") for a in page.arbre.xpath("//a[@href]") if words in a.text_content())


async def test_the_link_moves_it_and_calendars_follow(portail: Portail, agenda: Agenda, pris: Page) -> None:
    nav = pris.navigateur
    _, before = calendar_of(mails(portail)[-1])
    page = await nav.get(follow(pris, "Déplacer"))
    later = buttons(page)[4]
    moved = await choose(page, later)
    assert "Votre rendez-vous est déplacé" in moved.texte
    assert moved.url.split("&")[0] == pris.url, "the link stays"
    await run_jobs(portail)
    method, after = calendar_of(mails(portail)[-1])
    (old,), (new,) = before.walk("VEVENT"), after.walk("VEVENT")
    assert method == "REQUEST"
    assert new["uid"] == old["uid"]
    assert new["sequence"] > old["sequence"]
    assert f"{new.decoded('dtstart').astimezone(UTC):%Y-%m-%dT%H:%MZ}" == later.split()[0]
    free = buttons(await slots(nav, agenda))
    assert free[0].startswith("2026-12-14T08:00Z"), "nine o'clock is free again"
    assert later not in free


async def test_its_own_time_is_free_for_whoever_moves_it(
    portail: Portail, agenda: Agenda, pris: Page
) -> None:
    nav = pris.navigateur
    everybody = buttons(await slots(nav, agenda))
    page = await nav.get(follow(pris, "Déplacer"))
    assert set(buttons(page)) - set(everybody), "nine o'clock is one's own"
    assert portail.base.sql("SELECT etat FROM rendezvous_rendezvous") == [("confirme",)], (
        "looking changes nothing"
    )


async def test_the_party_grows_and_is_searched_again(portail: Portail, agenda: Agenda, pris: Page) -> None:
    portail.base.sql(
        "UPDATE rendezvous_motif SET duree_suivante = 20, predemande = true WHERE nom = 'conseil'"
    )
    nav = pris.navigateur
    party = await nav.get(follow(pris, "Changer le nombre"))
    page = await party.envoyer({"personnes": "3"}, action="/creneaux")
    moved = await choose(page, next(b for b in buttons(page) if b.startswith("2026-12-14T08:00Z")))
    assert "3 personnes" in moved.texte
    assert "1 h" in moved.texte or "60 minutes" in moved.texte
    numbers = {f"predemande-{n}": f"ABCDEFGH0{n}" for n in (1, 2, 3)}
    wrong = await moved.envoyer({**numbers, "predemande-3": "trop court"}, action="/numeros")
    assert wrong.statut == 422
    done = await wrong.envoyer(numbers, action="/numeros")
    assert "ABCDEFGH03" in done.texte


async def test_it_is_given_up_once_and_its_time_is_free(portail: Portail, agenda: Agenda, pris: Page) -> None:
    nav = pris.navigateur
    asked = await nav.get(follow(pris, "Annuler"))
    for _ in range(2):
        page = await asked.envoyer(action="/annuler")
        assert "Votre rendez-vous est annulé" in page.texte
    await run_jobs(portail)
    told = mails(portail)[2:]
    assert len(told) == 1
    method, calendar = calendar_of(told[0])
    (event,) = calendar.walk("VEVENT")
    assert (method, event["status"], event["sequence"]) == ("CANCEL", "CANCELLED", 1)
    assert buttons(await slots(nav, agenda))[0].startswith("2026-12-14T08:00Z")


async def test_too_late_is_said_with_the_way_out(portail: Portail, agenda: Agenda, pris: Page) -> None:
    portail.clock.instant = datetime(2026, 12, 14, 7, tzinfo=UTC)
    nav = pris.navigateur
    page = await nav.get(pris.chemin)
    assert "trop tard" in page.texte
    assert not [a for a in page.liens("Annuler") if "annuler" in a]
    key = pris.url.partition("cle=")[2]
    token = dict((await nav.get(f"/rendez-vous/suivi/annuler?cle={key}")).champs("/annuler"))
    refused = await nav.post("/rendez-vous/suivi/annuler", token)
    assert refused.statut == 409
    assert "Appelez la mairie" in refused.texte
    late = await nav.get(f"/rendez-vous/motifs/{agenda.motifs['conseil']}/creneaux?cle={key}")
    assert (late.statut, "Appelez la mairie" in late.texte) == (409, True)


async def test_a_motif_that_is_gone_leaves_its_rendez_vous(
    portail: Portail, agenda: Agenda, pris: Page
) -> None:
    portail.base.sql("UPDATE rendezvous_motif SET actif = false")
    nav = pris.navigateur
    page = await nav.get(pris.chemin)
    assert "conseil" in page.texte
    gone = await nav.get(f"/rendez-vous/motifs/{agenda.motifs['conseil']}")
    assert (gone.statut, "ne l’est plus" in gone.texte) == (404, True)
    done = await (await nav.get(follow(page, "Annuler"))).envoyer(action="/annuler")
    assert "Votre rendez-vous est annulé" in done.texte


async def test_calendar_file_and_code_are_those_of_the_link(portail: Portail, pris: Page) -> None:
    nav = pris.navigateur
    file = await nav.get(follow(pris, "agenda"))
    assert file.answer.headers["content-type"].startswith("text/calendar")
    assert file.answer.content == calendar_bytes(portail)
    (image,) = pris.arbre.xpath("//img[contains(@src, 'code.svg')]/@src")
    assert (await nav.get(image)).answer.content.startswith(b"<?xml")


def calendar_bytes(portail: Portail) -> bytes:
    (part,) = [p for p in mails(portail)[-1].walk() if p.get_content_type() == "text/calendar"]
    found = part.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


async def test_reminders_go_once_and_never_after_the_fact(portail: Portail, pris: Page) -> None:
    told = len(mails(portail))

    async def at(*moment: int) -> list[str]:
        portail.clock.instant = datetime(*moment, tzinfo=UTC)  # type: ignore[misc]
        await annonces.ask_rappels(portail.noyau, portail.clock.now())
        await annonces.ask_rappels(portail.noyau, portail.clock.now())
        await run_jobs(portail)
        return [str(mail["Subject"]) for mail in mails(portail)[told:]]

    assert await at(2026, 12, 12, 7, 59) == []
    assert len(await at(2026, 12, 12, 8, 1)) == 1
    assert len(await at(2026, 12, 13, 8, 0)) == 1
    assert len(await at(2026, 12, 14, 6, 1)) == 2
    assert len(await at(2026, 12, 14, 9, 0)) == 2


async def test_a_worker_that_slept_does_not_remind_of_what_is_over(portail: Portail, pris: Page) -> None:
    told = len(mails(portail))
    portail.clock.instant = datetime(2026, 12, 14, 7, 30, tzinfo=UTC)
    assert await annonces.ask_rappels(portail.noyau, portail.clock.now()) == 1, "the nearer one alone"
    portail.clock.instant = datetime(2026, 12, 14, 8, 0, tzinfo=UTC)
    await run_jobs(portail)
    assert len(mails(portail)) == told
    assert await annonces.ask_rappels(portail.noyau, portail.clock.now()) == 0


class Passerelle:
    """The way out of text messages: what would have left."""

    actif = True

    def __init__(self) -> None:
        self.partis: list[Sms] = []

    async def envoyer(self, sms: Sms) -> Envoi:
        self.partis.append(sms)
        return Envoi(Issue.ACCEPTE)


async def test_who_agreed_is_reminded_by_sms_too_and_not_at_night(
    portail: Portail, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Passerelle()
    monkeypatch.setattr(portail.noyau, "passerelle_sms", gateway)
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    wrong = await held.envoyer(
        {**QUI, "sms": "oui", "telephone": "02 96 40 64 40"}, action="/retenue/confirmer"
    )
    assert (wrong.statut, "téléphone mobile" in wrong.texte) == (422, True)
    page = await wrong.envoyer(
        {**QUI, "sms": "oui", "telephone": "06 12 34 56 78"}, action="/retenue/confirmer"
    )
    await run_jobs(portail)
    code = next(word for word in body_of(mails(portail)[-1]).split() if word.isdigit() and len(word) == 6)
    await page.envoyer({"code": code}, action="/rendez-vous/retenue/code")
    # Two hours before nine is seven in the morning: the message waits until eight.
    for hour, left in ((6, 0), (7, 1)):
        portail.clock.instant = datetime(2026, 12, 14, hour, 1, tzinfo=UTC)
        await annonces.ask_rappels(portail.noyau, portail.clock.now())
        await run_jobs(portail)
        assert len(gateway.partis) == left
    (sms,) = gateway.partis
    assert sms.a == "+33612345678"
    assert "/rendez-vous/suivi?cle=" in sms.texte
    assert "conseil" not in sms.texte


async def test_arriving_is_said_once_and_not_too_early(portail: Portail, agenda: Agenda, pris: Page) -> None:
    nav = pris.navigateur
    assert "Je suis là" not in pris.texte
    portail.clock.instant = datetime(2026, 12, 14, 7, 50, tzinfo=UTC)
    page = await nav.get(pris.chemin)
    for _ in range(2):
        there = await page.envoyer(action="/arrivee")
        assert "signalée depuis 8 h 50" in there.texte
        portail.avancer(minutes=5)
    portail.clock.instant = datetime(2026, 12, 14, 9, tzinfo=UTC)
    late = await page.envoyer(action="/arrivee")
    assert (late.statut, "Adressez-vous à l’accueil" in late.texte) == (409, True)


async def _post(nav: Navigateur, agenda: Agenda, **changes: str) -> Page:
    page = await slots(nav, agenda)
    fields = dict(page.champs("/creneaux")) | {"creneau": buttons(page)[0]} | changes
    return await nav.post(page.formulaire("/creneaux").get("action"), fields)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"creneau": "2026-11-20T08:00Z {lieu}"}, 409, "déjà passé"),
        ({"creneau": "2026-12-14T08:07Z {lieu}"}, 409, "n’est plus libre"),
        ({"creneau": "2026-12-14T08:00Z {ailleurs}"}, 422, "Ce lieu ne reçoit pas"),
        ({"creneau": "demain"}, 422, "Choisissez un créneau"),
        ({"creneau": ""}, 422, "Choisissez un créneau"),
        ({"personnes": "40"}, 422, "6 personne(s) au plus"),
        ({"personnes": "-1"}, 422, "6 personne(s) au plus"),
        ({"mode": "domicile"}, 422, "de cette façon"),
        ({"cle": "un.faux"}, 404, "n’ouvre aucun rendez-vous"),
    ],
)
async def test_bad_input_gets_a_sentence(
    portail: Portail, agenda: Agenda, changes: dict[str, str], status: int, words: str
) -> None:
    given = {name: value.format(lieu=agenda.lieu_id, ailleurs=uuid7()) for name, value in changes.items()}
    page = await _post(portail.navigateur(), agenda, **given)
    assert (page.statut, words in page.texte) == (status, True), page.texte[:600]
    assert portail.base.sql("SELECT count(*) FROM rendezvous_rendezvous") == [(0,)]


async def test_a_forged_hold_opens_nothing(portail: Portail, agenda: Agenda) -> None:
    nav = portail.navigateur()
    held = await choose(await slots(nav, agenda))
    key = held.url.partition("cle=")[2]
    id_ = key.partition(".")[0]
    for forged in (id_, f"{id_}.", f"{id_}.{'A' * 24}", f"{uuid7()}.{key.partition('.')[2]}", ""):
        page = await nav.get(f"/rendez-vous/retenue?cle={quote(forged)}")
        assert (page.statut, "n’ouvre aucun" in page.texte) == (404, True)
    elsewhere = await portail.navigateur("rennes").get(f"/rendez-vous/retenue?cle={key}")
    assert elsewhere.statut == 404, "the link is of one commune"
    other = await portail.navigateur("rennes").get(f"/rendez-vous/motifs/{agenda.motifs['conseil']}/creneaux")
    assert other.statut == 404


@pytest.mark.parametrize(
    ("jour", "heures"),
    [
        (date(2027, 3, 28), ["1 h", "1 h 20", "1 h 40", "3 h", "3 h 20", "3 h 40"]),
        (
            date(2027, 10, 31),
            [
                *(f"1 h{m}" for m in ("", " 20", " 40")),
                *(f"2 h{m} (heure d’été)" for m in ("", " 20", " 40")),
                *(f"2 h{m} (heure d’hiver)" for m in ("", " 20", " 40")),
                *(f"3 h{m}" for m in ("", " 20", " 40")),
            ],
        ),
    ],
)
async def test_a_change_of_hour_neither_loses_nor_doubles_a_creneau(
    portail: Portail, agenda: Agenda, jour: date, heures: list[str]
) -> None:
    portail.clock.instant = datetime.combine(jour - timedelta(days=20), time(9), UTC)
    async with portail.noyau.db.session(agenda.instruction) as session:
        for ressource in agenda.ressources.values():
            await repository.add(
                session, Plage, collectivite_id=agenda.collectivite_id, id=uuid7(), lieu_id=agenda.lieu_id,
                ressource_id=ressource, du=jour, au=jour, heure_debut=time(1), heure_fin=time(4), feries=True,
            )  # fmt: skip
        await regles.expand(
            session,
            agenda.collectivite_id,
            portail.clock.now(),
            departement="22",
            en_vacances=lambda _: False,
        )
    nav = portail.navigateur()
    page = await slots(nav, agenda, jour=jour.isoformat())
    shown = [
        " ".join(b.text_content().split()).replace(" Mairie", "")
        for b in page.arbre.xpath("//button[@name='creneau']")
    ]
    assert shown == heures
    held = await choose(page, buttons(page)[3])
    assert heures[3].split(" (")[0] in held.texte


async def test_what_is_over_forgets_who_came(portail: Portail, agenda: Agenda, pris: Page) -> None:
    nav = portail.navigateur()
    await (await choose(await slots(nav, agenda))).envoyer(QUI, action="/retenue/confirmer")
    portail.avancer(minutes=11)
    await reservation.sweep(portail.noyau, portail.clock.now())
    portail.avancer(hours=23)
    assert await annonces.forget(portail.noyau, portail.clock.now()) == 0
    portail.avancer(hours=2)
    assert await annonces.forget(portail.noyau, portail.clock.now()) == 1, "the hold that nobody confirmed"
    portail.clock.instant = datetime(2027, 12, 16, tzinfo=UTC)
    await annonces.forget(portail.noyau, portail.clock.now())
    mine = "SELECT etat, contact FROM rendezvous_rendezvous WHERE motif_id = ANY (%s)"
    assert portail.base.sql(mine, list(agenda.motifs.values())) == [("confirme", {})]
