"""Opinions: asked inside and outside, given once by a link and a code, called back, taken back, late."""

import re
from datetime import date, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest

from app.demarches.service import avis, etapes
from app.demarches.service.avis import DemandeAvis
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai, image_jpeg
from tests.demarches.test_instruction import claimed, desk
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
AVANT = date(2026, 12, 10)
EXPERT = "lignes@transport.example"


async def act(
    portail: Portail, cast: Cast, name: str, *args: Any, agent: str = "maelle", module: Any = avis
) -> Any:
    session = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    async with portail.contexte("agents", session=session) as ctx:
        return await getattr(module, name)(ctx, *args)


async def ask(portail: Portail, cast: Cast, dossier: DossierEssai, **changes: Any) -> UUID:
    asked = {"objet": "Vos lignes passent-elles ?", "nom": "TILT", "avant_le": AVANT, "courriel": EXPERT}
    made: UUID = await act(portail, cast, "ask", dossier.id, DemandeAvis(**{**asked, **changes}))
    return made


def to_expert(portail: Portail) -> list[str]:
    """The text of the messages that the expert got."""
    parsed = (
        message_from_string(mail, _class=EmailMessage, policy=policy.default) for mail in sent_mails(portail)
    )
    bodies = ((mail, mail.get_body(("plain",))) for mail in parsed if mail["To"] == EXPERT)
    return [f"{mail['Subject']}\n{body.get_content()}" for mail, body in bodies if body is not None]


def code_in(portail: Portail) -> str:
    found = re.findall(r"^([2-9a-z]{4} [2-9a-z]{4} [2-9a-z]{4})$", to_expert(portail)[-1], flags=re.MULTILINE)
    assert found, to_expert(portail)[-1]
    return str(found[-1])


async def open_link(
    portail: Portail, avis_id: UUID, code: str, label: str = "guingamp"
) -> tuple[Navigateur, Page]:
    nav = portail.navigateur(label)
    page = await nav.get(f"/avis/{avis_id}")
    assert page.statut == 401
    return nav, await page.envoyer({"code": code}, action="/code")


async def test_an_expert_answers_by_a_link_and_a_code(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    avis_id = await ask(portail, cast, dossier)
    await run_jobs(portail)
    mail = to_expert(portail)[-1]
    assert f"/avis/{avis_id}" in mail
    assert "LE GALLOU" not in mail, "the message tells nobody's name"
    nav, page = await open_link(portail, avis_id, code_in(portail).upper())
    assert "Vos lignes passent-elles ?" in page.texte
    assert "Maïwenn" in page.texte
    assert (await nav.get(f"/avis/{avis_id}/pieces/{dossier.piece_id}")).statut == 200
    refused = await page.envoyer({"favorable": "non"})
    assert refused.statut == 422
    assert "Écrivez votre avis." in refused.texte
    done = await page.envoyer(
        {"favorable": "non", "texte": "La ligne 3 passe là."},
        fichiers={"fichier": ("plan.jpg", image_jpeg(), "image/jpeg")},
    )
    assert "Votre avis est enregistré" in done.texte
    again = await page.envoyer({"favorable": "oui", "texte": "Non, finalement."})
    assert "La ligne 3 passe là." in again.texte, "given once, a double click shows what was recorded"
    agent = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "défavorable" in agent.texte
    (file_url,) = agent.liens("/fichier")
    assert (await agent.navigateur.get(file_url)).statut == 200
    resident = portail.navigateur("guingamp")
    await portail.ouvrir_session(
        "guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=resident
    )
    assert "La ligne 3" not in (await resident.get(f"/dossiers/{dossier.id}")).texte


async def test_a_wrong_code_opens_nothing_and_is_counted(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    avis_id = await ask(portail, cast, dossier)
    _, page = await open_link(portail, avis_id, "abcd efgh jkmn")
    assert page.statut == 401
    assert "n’ouvre rien" in page.texte
    for _ in range(9):
        page = await page.envoyer({"code": "2222 2222 2222"}, action="/code")
    blocked = await page.envoyer({"code": "2222 2222 2222"}, action="/code")
    assert blocked.statut == 429


@pytest.mark.parametrize("fate", ["revoke", "close", "elsewhere", "long ago"])
async def test_a_code_opens_one_opinion_while_it_is_asked(portail: Portail, cast: Cast, fate: str) -> None:
    dossier = await claimed(portail, cast)
    avis_id = await ask(portail, cast, dossier)
    await run_jobs(portail)
    code = code_in(portail)
    nav, page = await open_link(portail, avis_id, code)
    if fate == "elsewhere":
        _, other = await open_link(portail, avis_id, code, "rennes")
        assert other.statut == 401
        return
    if fate == "long ago":
        portail.avancer(days=90)
    elif fate == "revoke":
        await act(portail, cast, "revoke", dossier.id, avis_id)
    else:
        await acteurs.decider(portail, dossier)
    if fate == "close":
        answer = await page.envoyer({"favorable": "oui"})
        assert "n’est plus attendu" in answer.texte
    else:
        assert (await nav.get(f"/avis/{avis_id}")).statut == 401
    ((given,),) = portail.base.sql("SELECT rendu_le IS NOT NULL FROM demarches_avis WHERE id = %s", avis_id)
    assert not given


async def test_other_opinions_are_shown_unless_confidential(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    for nom, confidentiel in (("Pompiers", False), ("Police", True)):
        made = await ask(portail, cast, dossier, nom=nom, courriel="", confidentiel=confidentiel)
        await act(portail, cast, "give_inside", dossier.id, made, True, f"Vu par {nom}.", agent="yann")
    avis_id = await ask(portail, cast, dossier)
    await run_jobs(portail)
    _, page = await open_link(portail, avis_id, code_in(portail))
    assert "Vu par Pompiers." in page.texte
    assert "Police" not in page.texte


async def test_what_is_not_to_be_asked_is_refused(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    for wrong in (
        {"objet": " "},
        {"nom": ""},
        {"courriel": "pas-une-adresse"},
        {"avant_le": date(2026, 11, 23)},
    ):
        with pytest.raises(InvalidInputError):
            await ask(portail, cast, dossier, **wrong)
    avis_id = await ask(portail, cast, dossier)
    with pytest.raises(ConflictError):
        await act(portail, cast, "give_inside", dossier.id, avis_id, True, "")
    await act(portail, cast, "revoke", dossier.id, avis_id)
    for name in ("revoke", "remind"):
        with pytest.raises(ConflictError):
            await act(portail, cast, name, dossier.id, avis_id)
    with pytest.raises(NotFoundError):
        await act(portail, cast, "ask", dossier.id, DemandeAvis("?", "X", AVANT), agent="katell")


async def test_an_expert_is_called_back_once_before_the_day(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    await ask(portail, cast, dossier, avant_le=portail.clock.now().date() + timedelta(days=5))
    await run_jobs(portail)
    for _ in range(4):
        portail.avancer(days=1)
        await run_now(portail.noyau, "demarches:veiller", collectivite_id=str(dossier.collectivite_id))
        await run_jobs(portail)
    assert [mail.startswith("Rappel") for mail in to_expert(portail)] == [False, True]


async def test_a_dossier_goes_from_step_to_step_to_the_decision(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    row = await acteurs.relire(portail, dossier.id)
    assert row.etape == "droit"
    await act(portail, cast, "follow", dossier.id, "recherche", module=etapes)
    assert (await acteurs.relire(portail, dossier.id)).etape == "recherche"
    with pytest.raises(ConflictError):
        await act(portail, cast, "follow", dossier.id, "inconnue", module=etapes)
    await act(portail, cast, "follow", dossier.id, "decision", module=etapes)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "Décision" in page.texte
    assert "Voir tout le parcours" in page.texte
