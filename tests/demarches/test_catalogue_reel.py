"""Every téléservice of the catalogue is played with the answers of `exemples/`: what it asks, refuses, costs, files.

An example gives a complete set of answers (`reponses`, with `prix` and `groupe` where there are), then variants: what
changes in the answers (`avec`; `ligne` for the first row of its block), what is asked (`montre`, `cache`), required
(`exige`, `libere`), refused (`refuse`), and who gets it (`groupe`). Every rule must be seen to hold and not to hold.
"""

import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from pypdf import PdfReader

from app.demarches.definitions import Champ, Definition, load_catalogue, verifier
from app.demarches.domain import (
    Decrit,
    EtatFormulaire,
    a_completer,
    ecrire_decrit,
    entrees_de,
    etat_du_formulaire,
)
from app.demarches.domain.conditions import holds, router
from app.demarches.expressions import Circonstances
from app.demarches.service import brouillons, depot, pieces
from app.demarches.service.reponses import save_page
from app.socle.contexte import Contexte
from app.socle.televersement import FilePart
from tests.cast import Cast, compte, image_jpeg
from tests.outillage.portail import LUNDI, Portail
from tests.outillage.travaux import run_jobs, sent_mails

EXEMPLES = Path(__file__).parent / "exemples"
AUTOUR = Circonstances(LUNDI.date(), LUNDI.date(), "web", "22070", 7000)
EN_LIGNE = {d.slug: d for d in load_catalogue() if d.genre == "teleservice"}
JOUES = sorted(path.stem for path in EXEMPLES.glob("*.yaml"))


@cache
def exemple(slug: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXEMPLES / f"{slug}.yaml").read_text(encoding="utf-8"))
    return found


def en_json(valeur: Any) -> Any:
    """Days written as answers are."""
    if isinstance(valeur, dict):
        return {key: en_json(inner) for key, inner in valeur.items()}
    if isinstance(valeur, list):
        return [en_json(inner) for inner in valeur]
    return valeur.isoformat() if hasattr(valeur, "isoformat") else valeur


def reponses_de(slug: str, variante: dict[str, Any] | None = None) -> dict[str, Any]:
    changes = variante or {}
    answers = exemple(slug)["reponses"] | changes.get("avec", {})
    if "ligne" in changes:
        bloc = next(champ.id for champ in EN_LIGNE[slug].champs() if champ.champs)
        first, *others = answers[bloc]
        answers[bloc] = [first | changes["ligne"], *others]
    made: dict[str, Any] = en_json(answers)
    return made


def etat_de(slug: str, variante: dict[str, Any] | None = None) -> EtatFormulaire:
    around = replace(AUTOUR, representation=(variante or {}).get("pour", "soi"))
    return etat_du_formulaire(EN_LIGNE[slug], reponses_de(slug, variante), around)


def asked(etat: EtatFormulaire) -> dict[str, Any]:
    return {champ.id: champ for page in etat.pages for champ in page.champs}


def faults(definition: Definition, answers: dict[str, Any], *, sauf: str = "") -> list[tuple[str, str, str]]:
    """What stands in the way, every piece that is asked being there but one."""
    etat = etat_du_formulaire(definition, answers, AUTOUR)
    given = {champ.id for champ in asked(etat).values() if champ.piece is not None} - {sauf}
    return a_completer(definition, answers, given, AUTOUR)


def test_every_teleservice_is_played() -> None:
    assert sorted(EN_LIGNE) == JOUES, "each téléservice has its answers in tests/demarches/exemples/"


@pytest.mark.parametrize("slug", sorted(EN_LIGNE))
def test_every_teleservice_is_called_in_breton_and_english(slug: str) -> None:
    names = EN_LIGNE[slug].traductions
    for name in (names.br, names.en):
        assert name is not None
        assert name.titre != EN_LIGNE[slug].titre
        assert name.resume


@pytest.mark.parametrize("slug", sorted(EN_LIGNE))
def test_nothing_is_said_against_its_rules(slug: str) -> None:
    assert verifier(EN_LIGNE[slug]) == []


@pytest.mark.parametrize("slug", JOUES)
def test_a_complete_set_of_answers_can_be_filed_at_the_right_price(slug: str) -> None:
    definition = EN_LIGNE[slug]
    assert faults(definition, reponses_de(slug)) == []
    etat = etat_de(slug)
    assert etat.reponses.keys() >= exemple(slug)["reponses"].keys(), "an answer to what is not asked"
    price = exemple(slug).get("prix")
    assert (None if etat.prix is None else str(etat.prix)) == (None if price is None else str(price))
    assert router(definition, reponses_de(slug), AUTOUR) == exemple(slug).get("groupe")


@pytest.mark.parametrize("slug", JOUES)
def test_each_missing_answer_is_told_where_it_is_missing(slug: str) -> None:
    definition, answers = EN_LIGNE[slug], reponses_de(slug)
    etat = etat_de(slug)
    for page in etat.pages:
        for champ in page.champs:
            if champ.id in etat.obligatoires:
                without = {key: value for key, value in answers.items() if key != champ.id}
                told = faults(definition, without, sauf=champ.id)
                assert (page.page.id, champ.id) in [fault[:2] for fault in told], champ.id


@pytest.mark.parametrize(
    ("slug", "variante"),
    [
        pytest.param(slug, item, id=f"{slug}: {item['quoi']}")
        for slug in JOUES
        for item in exemple(slug)["variantes"]
    ],
)
def test_each_variant_asks_requires_and_refuses_what_it_should(slug: str, variante: dict[str, Any]) -> None:
    definition, answers = EN_LIGNE[slug], reponses_de(slug, variante)
    base, etat = etat_de(slug), etat_de(slug, variante)
    before, after = asked(base), asked(etat)
    assert list(after.keys() - before.keys() ^ set(variante.get("montre", ()))) == []
    assert list(before.keys() - after.keys() ^ set(variante.get("cache", ()))) == []
    both = before.keys() & after.keys()
    assert (etat.obligatoires - base.obligatoires) & both == set(variante.get("exige", ()))
    assert (base.obligatoires - etat.obligatoires) & both == set(variante.get("libere", ()))
    said = [phrase for _, _, phrase in faults(definition, answers)]
    wanted = [en_typo(words) for words in variante.get("refuse", ())]
    assert len(said) == len(wanted), said
    assert all(any(words in phrase for phrase in said) for words in wanted), said
    assert router(definition, answers, AUTOUR) == variante.get("groupe", exemple(slug).get("groupe"))


def en_typo(texte: str) -> str:
    return texte.replace("'", "’")


def outcomes(
    definition: Definition, etat: EtatFormulaire, answers: dict[str, Any]
) -> Iterator[tuple[str, bool]]:
    """Each rule of a definition that these answers bring into play, and whether it held."""
    seen, refused = asked(etat), {refus.phrase for refus in etat.refus}
    pages = {page.page.id for page in etat.pages}
    for page in definition.pages:
        if page.si is not None:
            yield f"{page.id}.si", page.id in pages
        checks = [
            *page.controles,
            *(check for champ in page.champs for check in champ.controles if champ.id in seen),
        ]
        yield from ((check.phrase, check.phrase not in refused) for check in checks if page.id in pages)
        for champ in page.champs if page.id in pages else ():
            if champ.si is not None:
                yield f"{champ.id}.si", champ.id in seen
            if champ.obligatoire_si is not None and champ.id in seen:
                yield f"{champ.id}.obligatoire_si", champ.id in etat.obligatoires
    for check in definition.eligibilite:
        yield check.phrase, check.phrase not in etat.inadmissible
    group = router(definition, answers, AUTOUR)
    yield from ((f"routage {rule.groupe}", rule.groupe == group) for rule in definition.routage)
    for rule in definition.plan.instruction:
        yield rule, holds(definition, rule, answers, AUTOUR)


@pytest.mark.parametrize("slug", JOUES)
def test_every_rule_is_seen_to_hold_and_not_to_hold(slug: str) -> None:
    found: dict[str, set[bool]] = defaultdict(set)
    for variante in ({}, *exemple(slug)["variantes"]):
        etat, answers = etat_de(slug, variante), reponses_de(slug, variante)
        for rule, held in outcomes(EN_LIGNE[slug], etat, answers):
            found[rule].add(held)
    assert {rule: held for rule, held in found.items() if held != {True, False}} == {}


def _decrite(champ: Champ, jour: date) -> dict[str, list[str]]:
    """What is said of a document that suffices by itself, made today."""
    alone = [nature.valeur for nature in champ.piece.suffisantes if not nature.avec] if champ.piece else []
    return ecrire_decrit(champ.id, Decrit(alone[0] if alone else "", jour))


async def file(portail: Portail, ctx: Contexte, slug: str) -> UUID:
    """From the first question to the submission, as the pages do it."""
    draft = await brouillons.start(ctx, slug)
    answers = reponses_de(slug)
    for page in draft.definition.pages:
        if page.id not in {shown.id for shown in draft.pages()}:
            continue
        typed = {}
        for champ in page.champs:
            typed.update(entrees_de(champ, answers.get(champ.id)))
        read = (await save_page(ctx, draft, page, typed)).saisie
        assert not read.erreurs, read.erreurs
    for champ in asked(draft.etat()).values():
        if champ.piece is not None and champ.id in draft.etat().obligatoires:
            part = FilePart(champ.id, "photo.jpg", data=image_jpeg())
            piece = await pieces.receive(
                portail.noyau, draft.dossier.collectivite_id, champ, part, 0, _decrite(champ, ctx.today())
            )
            await pieces.attach(ctx, draft.dossier, piece)
    _, manques = await depot.submit(ctx, draft.dossier.id)
    assert manques == []
    return draft.dossier.id


@pytest.mark.anyio
@pytest.mark.parametrize("slug", JOUES)
async def test_it_is_filed_and_the_receipt_says_what_its_regime_wants(
    portail: Portail, cast: Cast, slug: str
) -> None:
    nav = portail.navigateur("guingamp")
    session = await portail.ouvrir_session("guingamp", usager=(await compte(portail)).paire, navigateur=nav)
    async with portail.contexte("guingamp", session=session) as ctx:
        dossier_id = await file(portail, ctx, slug)
    ((etat, reponses, silence_le),) = portail.base.sql(
        "SELECT etat, reponses, silence_le FROM demarches_dossier WHERE id = %s", dossier_id
    )
    assert etat == "depose"
    assert reponses.keys() == etat_de(slug).reponses.keys()
    await run_jobs(portail)
    assert len(sent_mails(portail)) == 1
    page = await nav.get(f"/dossiers/{dossier_id}")
    (paper, *_) = page.liens("/documents/")
    receipt = await nav.get(paper)
    text = " ".join(
        " ".join(part.extract_text() for part in PdfReader(io.BytesIO(receipt.answer.content)).pages).split()
    )
    legal = EN_LIGNE[slug].legal
    assert legal
    silence = legal.silence if legal.accuse.delivre else None
    assert (silence_le is None) is (silence is None)
    assert ("réputée acceptée" in text) is (silence is not None and silence.regime == "acceptation")
    assert ("réputée rejetée" in text) is (silence is not None and silence.regime == "refus")
    assert ("recours contentieux" in text) is (silence is not None and silence.regime == "refus")
