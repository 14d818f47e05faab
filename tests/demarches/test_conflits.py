"""Two devices on one draft: nothing is lost in silence, both answers are shown, and one is chosen."""

from uuid import UUID

import pytest

from tests.cast import Cast, brouillon_rempli, compte
from tests.outillage.navigateur import Navigateur, Page
from tests.outillage.portail import Portail

pytestmark = pytest.mark.anyio
REMPLIR = "/demarches/acte-naissance/remplir"
COPIE = {"type_acte": "copie_integrale", "pour_qui": "autre", "nombre": "1"}


async def devices(portail: Portail) -> tuple[Navigateur, Navigateur]:
    """A telephone and a computer of the same person."""
    who = await compte(portail)
    phone, computer = portail.navigateur(), portail.navigateur()
    for nav in (phone, computer):
        await portail.ouvrir_session("guingamp", usager=who.paire, navigateur=nav)
    return phone, computer


def stored(portail: Portail, champ: str) -> tuple[object, int]:
    ((valeur, version),) = portail.base.sql(
        "SELECT valeur, version FROM demarches_reponse WHERE champ_id = %s", champ
    )
    return valeur, version


def draft_of(page: Page) -> UUID:
    return UUID(str(page.formulaire("/etapes/").get("action")).split("/")[2])


async def test_what_changed_on_both_sides_is_shown_and_chosen(portail: Portail, cast: Cast) -> None:
    phone, computer = await devices(portail)
    here, there = await phone.get(REMPLIR), await computer.get(REMPLIR)
    await there.envoyer({**COPIE, "action": "continuer"})
    met = await here.envoyer({**COPIE, "nombre": "3", "action": "continuer"})
    assert met.statut == 409
    assert "Choisissez la réponse à garder" in met.texte
    assert "vous, depuis une autre page ou un autre appareil" in met.texte
    assert stored(portail, "nombre") == (1, 1)
    # Without a choice, the question stays open; nothing else stands in the way.
    again = await met.envoyer({"action": "continuer"})
    assert again.statut == 409
    mine = await again.envoyer({"conflit-nombre": "remplacer", "action": "continuer"})
    assert mine.chemin.endswith("/etapes/personne")
    assert stored(portail, "nombre") == (3, 2)


async def test_the_stored_answer_may_be_kept(portail: Portail, cast: Cast) -> None:
    phone, computer = await devices(portail)
    here, there = await phone.get(REMPLIR), await computer.get(REMPLIR)
    await there.envoyer({**COPIE, "action": "continuer"})
    met = await here.envoyer({**COPIE, "nombre": "3", "action": "continuer"})
    kept = await met.envoyer({"conflit-nombre": "garder", "action": "continuer"})
    assert kept.chemin.endswith("/etapes/personne")
    assert stored(portail, "nombre") == (1, 1)


async def test_what_was_not_touched_overwrites_nothing(portail: Portail, cast: Cast) -> None:
    phone, computer = await devices(portail)
    begun = await phone.get(REMPLIR)
    await begun.envoyer({**COPIE, "action": "enregistrer"})
    path = f"/dossiers/{draft_of(begun)}/etapes/document"
    here, there = await phone.get(path), await computer.get(path)
    await there.envoyer({"nombre": "2", "action": "continuer"})
    done = await here.envoyer({"type_acte": "extrait_sans_filiation", "action": "continuer"})
    assert done.statut == 200
    assert stored(portail, "nombre")[0] == 2
    assert stored(portail, "type_acte")[0] == "extrait_sans_filiation"


async def test_a_form_may_write_again_what_it_wrote(portail: Portail, cast: Cast) -> None:
    """« Back », an autosave whose answer was lost, a double click: no quarrel with oneself."""
    phone, _ = await devices(portail)
    page = await phone.get(REMPLIR)
    await page.envoyer({**COPIE, "action": "continuer"})
    again = await page.envoyer({**COPIE, "nombre": "2", "action": "continuer"})
    assert again.chemin.endswith("/etapes/personne")
    assert stored(portail, "nombre") == (2, 2)


async def test_autosave_meets_a_conflict_too(portail: Portail, cast: Cast) -> None:
    phone, computer = await devices(portail)
    here, there = await phone.get(REMPLIR), await computer.get(REMPLIR)
    await there.envoyer({**COPIE, "action": "continuer"})
    form = {name: value for name, value in here.champs() if name in ("versions", "origine", "jeton_csrf")}
    base = f"/dossiers/{draft_of(here)}"
    sent = {**form, "etape": "document", "champ": "nombre", "nombre": "3"}
    answer = await phone.post(f"{base}/champs", sent)
    said = answer.answer.json()
    assert "conflit-nombre" in said["conflits"]["nombre"]
    assert stored(portail, "nombre") == (1, 1)
    # It now knows the other answer: until one is chosen, typing on does not erase it.
    known = {**sent, "versions": said["versions"], "conflits": "nombre", "nombre": "4"}
    assert (await phone.post(f"{base}/champs", known)).answer.json()["conflits"]
    chosen = {**known, "conflit-nombre": "remplacer"}
    assert (await phone.post(f"{base}/champs", chosen)).answer.json()["conflits"] == {}
    assert stored(portail, "nombre") == (4, 2)


async def test_what_is_submitted_is_what_was_read(portail: Portail, cast: Cast) -> None:
    draft = await brouillon_rempli(portail)
    phone, computer = await devices(portail)
    review = await phone.get(f"/dossiers/{draft.id}/recapitulatif")
    other = await computer.get(f"/dossiers/{draft.id}/etapes/document")
    await other.envoyer({"nombre": "2", "action": "continuer"})
    met = await review.envoyer({"declaration": "oui"}, action="/deposer")
    assert met.statut == 409
    assert "Des réponses ont changé" in met.texte
    done = await met.envoyer({"declaration": "oui"}, action="/deposer")
    assert done.chemin.endswith("/depose")
