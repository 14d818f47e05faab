"""Documents one by one: accepted, refused with a typed reason, asked again in one letter; only those are replaced."""

from datetime import date
from typing import Any

import pytest

from app.demarches.service import examen, instruction
from app.demarches.service.examen import Demande, Examen
from app.socle.errors import InvalidInputError
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai, image_jpeg
from tests.demarches.test_instruction import act, claimed, desk
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
AVANT = date(2026, 12, 20)


async def refuse(portail: Portail, cast: Cast, dossier: DossierEssai, raison: str = "illisible") -> None:
    assert dossier.piece_id is not None
    verdict = Examen(dossier.piece_id, "refusee", raison, "On ne lit pas la date.")
    await act(portail, cast, "maelle", "examine", dossier.id, [verdict])


async def ask_refused(portail: Portail, cast: Cast, dossier: DossierEssai) -> None:
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        await examen.ask_refused(ctx, dossier.id, AVANT)


def piece(portail: Portail, dossier: DossierEssai) -> Any:
    (row,) = portail.base.sql(
        "SELECT etat, raison, motif, examinee_par FROM demarches_piece WHERE id = %s", dossier.piece_id
    )
    return row


async def test_the_agent_accepts_then_refuses_then_thinks_again(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}")
    name = f"examen-{dossier.piece_id}"
    page = await page.envoyer({name: "acceptee"}, action="/examen")
    assert piece(portail, dossier)[0] == "acceptee"
    page = await page.envoyer(
        {name: "perime", f"motif-{dossier.piece_id}": "Il date de 2019."}, action="/examen"
    )
    assert piece(portail, dossier)[:3] == ("refusee", "perime", "Il date de 2019.")
    assert "Redemander ce qui est refusé" in page.texte
    page = await page.envoyer({name: "jointe"}, action="/examen")
    assert piece(portail, dossier)[:3] == ("jointe", "", "")
    assert "Redemander ce qui est refusé" not in page.texte


async def test_a_refusal_says_why_and_a_foreign_document_is_refused(portail: Portail, cast: Cast) -> None:
    dossier, other = await claimed(portail, cast), await acteurs.dossier_depose(portail, "yann")
    assert dossier.piece_id is not None
    assert other.piece_id is not None
    for verdict in (Examen(dossier.piece_id, "refusee"), Examen(other.piece_id, "acceptee")):
        with pytest.raises(InvalidInputError):
            await act(portail, cast, "maelle", "examine", dossier.id, [verdict])
    with pytest.raises(InvalidInputError, match="Aucun document n’est refusé"):
        await ask_refused(portail, cast, dossier)
    assert piece(portail, dossier)[0] == "jointe"


async def test_what_is_refused_is_asked_again_in_one_letter_and_replaced(
    portail: Portail, cast: Cast
) -> None:
    dossier = await claimed(portail, cast)
    await refuse(portail, cast, dossier)
    await ask_refused(portail, cast, dossier)
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_attente"
    await run_jobs(portail)
    assert (
        "Le document n’est pas lisible"
        in portail.base.sql("SELECT motif FROM demarches_complement WHERE dossier_id = %s", dossier.id)[0][0]
    )
    ((letters,),) = portail.base.sql(
        "SELECT count(*) FROM demarches_document WHERE dossier_id = %s AND genre = 'complement'", dossier.id
    )
    assert letters == 1
    assert any("il nous manque quelque chose" in mail for mail in sent_mails(portail))
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    assert "On ne lit pas la date." in page.texte
    page = await page.envoyer(
        {}, fichiers={"justificatif_lien": ("livret.jpg", image_jpeg(), "image/jpeg")}, action="/pieces"
    )
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_instruction"
    states = portail.base.sql(
        "SELECT etat FROM demarches_piece WHERE dossier_id = %s ORDER BY id", dossier.id
    )
    assert [state for (state,) in states] == ["remplacee", "jointe"]


async def test_an_answer_sent_twice_by_a_double_click_is_taken_once(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    await refuse(portail, cast, dossier)
    await ask_refused(portail, cast, dossier)
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    fichiers = {"justificatif_lien": ("livret.jpg", image_jpeg(), "image/jpeg")}
    for _ in range(2):
        answer = await page.envoyer({}, fichiers=fichiers, action="/pieces")
        assert answer.statut == 200
        assert "Complément reçu" in answer.texte
    ((number,),) = portail.base.sql(
        "SELECT count(*) FROM demarches_piece WHERE dossier_id = %s AND etat = 'jointe'", dossier.id
    )
    assert number == 1


async def test_what_is_not_indispensable_is_asked_without_stopping_anything(
    portail: Portail, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = await claimed(portail, cast)
    before = (await acteurs.relire(portail, dossier.id)).silence_le
    known = examen.definition_of

    async def accessory(*args: Any) -> Any:
        definition = await known(*args)
        legal = definition.legal.model_copy(update={"pieces_accessoires": ("justificatif_lien",)})
        return definition.model_copy(update={"legal": legal})

    monkeypatch.setattr(examen, "definition_of", accessory)
    demande = Demande("justificatif_lien", "Un livret plus récent, si vous l’avez.")
    await act(portail, cast, "maelle", "ask_pieces", dossier.id, [demande], AVANT)
    row = await acteurs.relire(portail, dossier.id)
    assert (row.etat, row.silence_le) == ("en_instruction", before), "CRPA L114-5-1"
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    page = await page.envoyer(
        {}, fichiers={"justificatif_lien": ("livret.jpg", image_jpeg(), "image/jpeg")}, action="/pieces"
    )
    assert "Complément reçu" in page.texte
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_instruction"


def test_the_acts_of_the_instruction_keep_one_entrance() -> None:
    assert instruction.ask_pieces is examen.ask_pieces
