"""A whole identity is filled with what the sign-in proves, says so, and names the applicant."""

import pytest
from pydantic import ValidationError

from app.demarches.domain import facultatif
from app.demarches.service import brouillons
from app.demarches.service.connu import given_to, known_of
from app.demarches.service.depot import declared_identity
from tests import cast as acteurs
from tests.cast import Cast
from tests.demarches.champs_essai import champ
from tests.outillage.portail import Portail
from tests.toutes_questions import DEFINITION, SLUG, ouvrir

CONNUE = {"prenoms": ["Rozenn", "Anna"], "nom_naissance": "Le Goff", "naissance": "1990-00-12"}


def test_only_what_is_asked_and_known_is_given() -> None:
    known = known_of(CONNUE)
    assert given_to(champ("identite", prerempli="identite", demande=["naissance"]), known) == {
        "prenoms": "Rozenn Anna",
        "nom_naissance": "Le Goff",
    }
    assert given_to(champ("identite"), known) is None
    assert given_to(champ("texte", prerempli="identite.prenoms"), known) == "Rozenn Anna"
    assert "identite" not in known_of({})
    child = champ("enfant", prerempli="beneficiaire")
    assert given_to(child, {"beneficiaire": known["identite"]}) == {
        "prenoms": "Rozenn Anna",
        "nom": "Le Goff",
    }


def test_a_whole_identity_fills_an_identity_and_a_part_a_field() -> None:
    for kind, source in (("texte", "identite"), ("identite", "identite.prenoms"), ("enfant", "identite")):
        with pytest.raises(ValidationError, match="prerempli"):
            champ(kind, prerempli=source)
    with pytest.raises(ValidationError, match="facultatives"):
        champ("identite", facultatives=["telephone"])


def test_a_part_may_be_left_empty_where_it_cannot_be_asked() -> None:
    field = facultatif(DEFINITION, "identite.prenoms").champ("q_identite")
    assert {part.id: part.obligatoire for part in field.sous_champs} == {
        "prenoms": False,
        "nom_naissance": True,
        "naissance": True,
        "telephone": False,
    }


@pytest.mark.anyio
async def test_what_the_sign_in_proves_is_there_with_its_source(portail: Portail, cast: Cast) -> None:
    await ouvrir(portail.noyau)
    draft = await acteurs.brouillon(portail, slug=SLUG)
    who = await acteurs.compte(portail)
    session = await portail.ouvrir_session("guingamp", usager=who.paire)
    async with portail.contexte("guingamp", session=session) as ctx:
        from_form = declared_identity(await brouillons.open_draft(ctx, draft.id))
    assert from_form["nom_naissance"]
    assert from_form["prenoms"]
    nav = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=who.paire, navigateur=nav)
    page = await nav.get(f"/dossiers/{draft.id}/etapes/composees")
    assert "Donné par FranceConnect" in page.texte
    typed = dict(page.champs("etapes/composees"))
    assert typed["q_identite-nom_naissance"] == from_form["nom_naissance"]
    page = await page.envoyer(
        {"q_identite-nom_naissance": "Autre", "action": "joindre"}, action="etapes/composees"
    )
    assert "Donné par FranceConnect" not in page.texte
