"""What a step sets off when it begins: letters, e-mails, waits on modules that may be absent, ways that stay shut."""

from typing import Any
from uuid import UUID

import pytest

from app.contrats.attentes import LEVEE, AttenteDemandee
from app.demarches.definitions import Definition, Parcours
from app.demarches.service import catalogue, etapes
from app.socle.errors import ConflictError, ForbiddenError, NotFoundError
from app.socle.jobs import run_now
from tests import cast as acteurs
from tests.cast import Cast, DossierEssai
from tests.demarches.test_instruction import claimed, desk
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs, sent_mails

pytestmark = pytest.mark.anyio
PARCOURS = Parcours.model_validate(
    {
        "etapes": [
            {
                "id": "debut",
                "titre": "Début",
                "actions": [
                    {
                        "genre": "document",
                        "titre": "Votre demande est étudiée",
                        "paragraphes": ["N° {numero}."],
                    },
                    {"genre": "courriel", "objet": "Étude de {type_acte}", "paragraphes": ["Cela commence."]},
                ],
                "suites": [
                    {"vers": "paiement", "libelle": "Faire payer"},
                    {"vers": "decision", "libelle": "Décider", "si": "nombre >= 5"},
                    {"vers": "chef", "libelle": "Au chef", "par": "administrateur"},
                ],
            },
            {
                "id": "paiement",
                "titre": "Paiement",
                "actions": [{"genre": "attente", "quoi": "paiement", "libelle": "Redevance de 10 €"}],
                "suites": [{"vers": "decision", "libelle": "Décider", "attend_tout": True}],
            },
            {"id": "chef", "titre": "Chef", "suites": [{"vers": "decision", "libelle": "Décider"}]},
        ]
    }
)


@pytest.fixture(autouse=True)
def _parcours(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalogue.load_definitions

    async def changed(*args: Any) -> dict[Any, Definition]:
        found = await known(*args)
        for key, definition in found.items():
            if definition.slug == "acte-naissance":
                data = definition.model_dump(mode="json", exclude_defaults=True)
                data["parcours"] = PARCOURS.model_dump(mode="json", exclude_defaults=True)
                found[key] = Definition.model_validate(data)
        return found

    monkeypatch.setattr(catalogue, "load_definitions", changed)


async def follow(portail: Portail, cast: Cast, dossier: DossierEssai, vers: str) -> None:
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        await etapes.follow(ctx, dossier.id, vers)


def wait_of(portail: Portail, dossier: DossierEssai) -> tuple[UUID, bool, bool, str]:
    ((id_, automatic, closed, reference),) = portail.base.sql(
        "SELECT id, automatique, close_le IS NOT NULL, reference FROM demarches_attente WHERE dossier_id = %s",
        dossier.id,
    )
    return id_, automatic, closed, reference


async def test_a_step_makes_its_letter_and_its_e_mail_once(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    await run_jobs(portail)
    assert any("Cela commence." in mail for mail in sent_mails(portail))
    page = await (await desk(portail, cast)).get(f"/dossiers/{dossier.id}")
    assert "Courrier (PDF)" in page.texte
    assert "Courriel d’une étape" in page.texte
    ((number,),) = portail.base.sql(
        "SELECT count(*) FROM demarches_document WHERE dossier_id = %s AND genre = 'etape'", dossier.id
    )
    assert number == 1


async def test_ways_hold_to_answers_rights_and_what_is_awaited(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    with pytest.raises(ConflictError):
        await follow(portail, cast, dossier, "decision")
    portail.base.sql(
        "UPDATE socle_habilitation SET role = 'agent' WHERE agent_id = %s", cast.agents["maelle"]
    )
    with pytest.raises(ForbiddenError):
        await follow(portail, cast, dossier, "chef")
    await follow(portail, cast, dossier, "paiement")
    with pytest.raises(ConflictError, match="encore attendu"):
        await follow(portail, cast, dossier, "decision")


async def test_without_the_module_the_agent_says_that_it_is_done(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    await follow(portail, cast, dossier, "paiement")
    attente_id, automatic, closed, _ = wait_of(portail, dossier)
    assert (automatic, closed) == (False, False)
    nav = await desk(portail, cast)
    page = await nav.get(f"/dossiers/{dossier.id}")
    assert "n’est pas installé ici" in page.texte
    page = await page.envoyer({}, action=f"/attentes/{attente_id}")
    assert wait_of(portail, dossier)[2]
    session = await portail.ouvrir_session("agents", agent=cast.agents["maelle"])
    async with portail.contexte("agents", session=session) as ctx:
        with pytest.raises(NotFoundError):
            await etapes.close_by_hand(ctx, dossier.id, attente_id)
    await follow(portail, cast, dossier, "decision")
    assert (await acteurs.relire(portail, dossier.id)).etape == "decision"


class Caisse:
    """A module that takes payments, as the contract describes it."""

    def __init__(self) -> None:
        self.asked: list[AttenteDemandee] = []

    async def ouvrir(self, session: Any, demande: AttenteDemandee) -> str:
        self.asked.append(demande)
        return "P-1"


async def test_with_the_module_the_payment_opens_the_way(portail: Portail, cast: Cast) -> None:
    caisse = Caisse()
    portail.noyau.attentes["paiement"] = caisse
    dossier = await claimed(portail, cast)
    await follow(portail, cast, dossier, "paiement")
    (asked,) = caisse.asked
    assert asked.dossier_id == dossier.id
    assert wait_of(portail, dossier) == (asked.attente_id, True, False, "P-1")
    arguments = {"collectivite_id": str(dossier.collectivite_id), "attente_id": str(asked.attente_id)}
    for _ in range(2):
        await run_now(portail.noyau, LEVEE, **arguments)
    assert wait_of(portail, dossier)[2]
    history = portail.base.sql(
        "SELECT count(*) FROM demarches_evenement WHERE dossier_id = %s AND genre = 'attente_levee'",
        dossier.id,
    )
    assert history == [(1,)]
    other = {**arguments, "collectivite_id": str(cast.communes["rennes"])}
    await run_now(portail.noyau, LEVEE, **other)
    await follow(portail, cast, dossier, "decision")


async def test_a_batch_passes_dossiers_to_another_step(portail: Portail, cast: Cast) -> None:
    dossier = await claimed(portail, cast)
    nav = await desk(portail, cast)
    page = await nav.get(f"/lots/nouveau?d={dossier.id}")
    assert "Passer à une autre étape" in page.texte
    page = await page.envoyer({"acte": "avancer", "vers": "paiement"}, action="/lots")
    await run_jobs(portail)
    assert (await acteurs.relire(portail, dossier.id)).etape == "paiement"
    page = await nav.get(f"/lots/nouveau?d={dossier.id}")
    await page.envoyer({"acte": "avancer", "vers": "decision"}, action="/lots")
    await run_jobs(portail)
    assert (await acteurs.relire(portail, dossier.id)).etape == "paiement"
    ((refusal,),) = portail.base.sql("SELECT motif FROM demarches_lot_ligne WHERE etat = 'refuse'")
    assert "encore attendu" in refusal
