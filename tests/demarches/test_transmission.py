"""Handing a dossier over: to another collectivité with its history and documents re-keyed, or to a body outside."""

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from app.demarches.service import transmission
from app.demarches.service.transmission import Destination, new_id_of
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai
from tests.demarches.test_instruction import act, claimed, desk
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
MOTIF = "Cette voie est d’intérêt communautaire."


async def forward(portail: Portail, cast: Cast, dossier_id: UUID, agent: str = "maelle", **to: Any) -> None:
    session = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    async with portail.contexte("agents", session=session) as ctx:
        await transmission.forward(ctx, dossier_id, Destination(**{"motif": MOTIF, **to}))


async def to_epci(portail: Portail, cast: Cast) -> tuple[DossierEssai, UUID]:
    dossier = await acteurs.dossier_instruit(portail)
    portail.avancer(days=10)
    await act(portail, cast, "maelle", "claim", dossier.id)
    await forward(portail, cast, dossier.id, collectivite_id=cast.communes["guingamp-paimpol"])
    await run_jobs(portail)
    return dossier, new_id_of(dossier.id)


async def test_a_dossier_goes_to_the_epci_with_its_history_and_documents(
    portail: Portail, cast: Cast
) -> None:
    dossier, new_id = await to_epci(portail, cast)
    old, new = await acteurs.relire(portail, dossier.id), await acteurs.relire(portail, new_id)
    assert (old.etat, old.clos_le is not None) == ("transmis", True)
    assert (new.etat, new.collectivite_id) == ("depose", cast.communes["guingamp-paimpol"])
    assert new.reponses == old.reponses
    assert new.recu_initial_le == old.depose_le
    assert new.depose_le is not None
    assert old.depose_le is not None
    assert new.depose_le - old.depose_le >= timedelta(days=10)
    assert new.numero != old.numero
    nolwenn = await desk(portail, cast, "nolwenn")
    page = await nolwenn.get(f"/dossiers/{new_id}")
    for text in (
        "Dossier transmis par : Guingamp",
        "Bonjour, nous regardons.",
        "Reçu d’une autre administration",
    ):
        assert text in page.texte, text
    assert "Note entre agents." not in page.texte, "what agents noted stays with them"
    (piece_url, *_) = page.liens("/pieces/")
    assert (await nolwenn.get(piece_url)).statut == 200
    assert (await nolwenn.get(f"/dossiers/{dossier.id}")).statut == 404
    maelle = await desk(portail, cast)
    assert (await maelle.get(f"/dossiers/{new_id}")).statut == 404
    closed = await maelle.get(f"/dossiers/{dossier.id}")
    assert "Remis le" in closed.texte
    assert not [f for f in closed.arbre.forms if "/decision" in (f.get("action") or "")]


async def test_each_side_reads_its_own_bytes_only(portail: Portail, cast: Cast) -> None:
    dossier, new_id = await to_epci(portail, cast)
    rows = portail.base.sql(
        "SELECT p.id, p.empreinte, p.collectivite_id FROM demarches_piece p WHERE dossier_id IN (%s, %s)",
        dossier.id,
        new_id,
    )
    assert len(rows) == 2
    assert rows[0][0] != rows[1][0]
    assert rows[0][1] == rows[1][1], "the same document"
    assert rows[0][2] != rows[1][2]


async def test_the_person_is_told_and_follows_it_from_where_it_was_filed(
    portail: Portail, cast: Cast
) -> None:
    dossier, new_id = await to_epci(portail, cast)
    assert any("est transmise" in mail for mail in sent_mails(portail))
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=(await acteurs.compte(portail)).paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{dossier.id}")
    assert "Votre demande continue auprès de l’administration compétente." in page.texte
    (link,) = page.liens(str(new_id))
    after = await nav.get(link)
    assert after.statut == 200
    assert "Guingamp-Paimpol Agglomération" in after.texte
    (paper, *_) = after.liens("/documents/")
    receipt = await nav.get(paper)
    assert receipt.statut == 200
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(receipt.answer.content)).pages)
    assert "une première administration, qui l’a reçue le 23 novembre 2026" in " ".join(text.split())
    stranger = portail.navigateur("guingamp")
    yann = await acteurs.compte(portail, "yann")
    await portail.ouvrir_session("guingamp", usager=yann.paire, navigateur=stranger)
    assert (await stranger.get(link)).statut == 404


async def test_handing_over_twice_makes_one_dossier(portail: Portail, cast: Cast) -> None:
    dossier, new_id = await to_epci(portail, cast)
    before = portail.base.state()
    arguments = {"collectivite_id": str(dossier.collectivite_id), "dossier_id": str(dossier.id)}
    portail.base.sql("UPDATE demarches_transmission SET remis_le = NULL")
    await run_now(portail.noyau, "demarches:remettre", **arguments)
    after = portail.base.state()
    assert {table for table in after if after[table] != before[table]} <= {"demarches_transmission"}
    with pytest.raises(ConflictError):
        await forward(portail, cast, dossier.id, organisme="Département", adresse="Saint-Brieuc")
    await act(portail, cast, "nolwenn", "claim", new_id)
    with pytest.raises(ConflictError, match="vient de cette collectivité"):
        await forward(portail, cast, new_id, "nolwenn", collectivite_id=dossier.collectivite_id)


async def test_a_body_outside_gets_the_whole_dossier_by_e_mail(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}/transmettre")
    refused = await page.envoyer({"organisme": "Département des Côtes-d’Armor"})
    assert refused.statut == 422
    done = await refused.envoyer({"motif": "Route départementale.", "courriel": "routes@departement.example"})
    assert "Transmis à Département des Côtes-d’Armor" in done.texte
    await run_jobs(portail)
    (mail,) = [mail for mail in sent_mails(portail) if "routes@departement.example" in mail]
    assert mail.count("application/pdf") == 1
    assert "image/jpeg" in mail
    assert "Remis le" in (await nav.get(f"/dossiers/{dossier.id}")).texte


async def test_on_paper_the_agent_is_told_what_to_print(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    await forward(portail, cast, dossier.id, organisme="Préfecture", adresse="Place du Général-de-Gaulle")
    await run_jobs(portail)
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "imprimez le dossier et ses pièces" in page.texte
    assert "Lettre de transmission (PDF)" in page.texte


async def test_nobody_and_nowhere_are_refused(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    for to in (
        {},
        {"organisme": "Préfecture"},
        {"organisme": "Préfecture", "courriel": "pas-une-adresse"},
        {"collectivite_id": dossier.collectivite_id},
        {"collectivite_id": dossier.id},
        {"motif": " ", "organisme": "Préfecture", "adresse": "x"},
    ):
        with pytest.raises(InvalidInputError):
            await forward(portail, cast, dossier.id, **to)
    with pytest.raises(NotFoundError):
        await forward(portail, cast, dossier.id, "katell", organisme="Préfecture", adresse="x")
    assert (await acteurs.relire(portail, dossier.id)).etat == "en_instruction"
