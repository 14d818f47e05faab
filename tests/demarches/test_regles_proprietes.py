"""Over random forms, rules and answers: one reading of a rule, one form, and proofs that never lie."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.demarches.definitions import Definition, verifier
from app.demarches.definitions.environnement import noms_du_formulaire
from app.demarches.definitions.verification import monde_de
from app.demarches.domain import (
    a_completer,
    entrees_de,
    etat_du_formulaire,
    parse_page,
    parties_repondues,
)
from app.demarches.domain.conditions import Evaluation
from app.demarches.exports.colonnes import Plan
from app.demarches.expressions import (
    BOOLEEN,
    Circonstances,
    Environnement,
    ExpressionRefuseeError,
    analyser,
    compiler,
    depuis_rangees,
    ecrire,
    phrase,
    vers_rangees,
)
from app.demarches.expressions.preuves import Monde
from app.demarches.repository.direct import as_json
from tests.demarches.regles_au_hasard import (
    JOUR,
    OPTIONS,
    TYPES,
    formulaires,
    lire_naivement,
    regle,
    reponse,
    reponses,
)

PARIS = ZoneInfo("Europe/Paris")
DOSSIER: dict[str, Any] = {
    "version": "v",
    "surcouche": "",
    "numero": "123456789012",
    "depose_le": "2026-03-02T10:00:00+00:00",
    "etat": "depose",
    "canal": "web",
    "demandeur": {"prenoms": ["Anna"], "nom_naissance": "LE GALL"},
    "beneficiaire": None,
    "agent_nom": "",
    "silence_le": None,
    "clos_le": None,
    "motif": None,
}
AUTOUR = Circonstances(JOUR, JOUR, "web")
CHAMPS = [(f"{genre}{n}", genre) for genre in TYPES for n in (1, 2)]
LENT = settings(max_examples=35, deadline=None, suppress_health_check=list(HealthCheck))


def _plat() -> Environnement:
    """Two fields of each type, on one page."""
    from app.demarches.definitions import Champ

    more: dict[str, Any] = {
        "choix": {"options": [{"valeur": o, "libelle": o} for o in OPTIONS]},
        "choix_multiple": {"options": [{"valeur": o, "libelle": o} for o in OPTIONS]},
        "entier": {"min": 0, "max": 5},
    }
    champs = [Champ.model_validate({"id": c, "type": g, "libelle": c, **more.get(g, {})}) for c, g in CHAMPS]
    return Environnement(noms_du_formulaire(champs))


ENV = _plat()
VALEURS = st.fixed_dictionaries({champ: reponse(genre) for champ, genre in CHAMPS}).map(
    lambda found: {**AUTOUR.valeurs(), **{c: ENV.noms[c].valeur(v) for c, v in found.items()}}
)


@settings(max_examples=100, deadline=None)
@given(regle(CHAMPS), VALEURS)
def test_a_rule_is_worth_what_the_plainest_reading_says(texte: str, valeurs: dict[str, Any]) -> None:
    rule = compiler(texte, ENV, BOOLEEN)
    assert rule.evaluer(dict(valeurs)) == lire_naivement(analyser(texte), valeurs)


@settings(max_examples=100, deadline=None)
@given(regle(CHAMPS))
def test_writing_then_reading_a_rule_changes_nothing(texte: str) -> None:
    arbre = analyser(texte)
    assert analyser(ecrire(arbre)) == arbre
    assert ecrire(analyser(ecrire(arbre))) == ecrire(arbre)
    assert phrase(texte, ENV)
    rows = vers_rangees(texte, ENV)
    if rows is not None:
        assert compiler(depuis_rangees(rows, ENV), ENV, BOOLEEN).texte == ecrire(arbre)


@given(
    st.text(
        alphabet='abet ou non si alors sinon parmi contient ()"<>=!+-*/,.;0123456789«»éjours', max_size=60
    )
)
def test_any_text_is_read_or_refused_in_french(texte: str) -> None:
    try:
        arbre = analyser(texte)
    except ExpressionRefuseeError:
        return
    assert analyser(ecrire(arbre)) == arbre


@settings(max_examples=150, deadline=None)
@given(regle(CHAMPS), regle(CHAMPS), st.lists(VALEURS, min_size=12, max_size=12))
def test_what_is_proved_impossible_never_happens(un: str, deux: str, cas: list[dict[str, Any]]) -> None:
    first, second = (compiler(texte, ENV, BOOLEEN) for texte in (un, deux))
    monde = Monde()
    for voulu in (True, False):
        seen = [v for v in cas if first.evaluer(dict(v)) is voulu and second.evaluer(dict(v)) is True]
        if seen:
            assert monde.possible((first.coeur, voulu), (second.coeur, True)), seen[0]


@LENT
@given(formulaires(), st.data())
def test_what_is_said_of_a_form_is_true_of_every_filled_one(
    definition: Definition, data: st.DataObject
) -> None:
    remarks = verifier(definition)
    monde = monde_de(definition)
    never = {r.lieu for r in remarks if r.code == "jamais_montre"}
    for _ in range(8):
        given_ = data.draw(reponses(definition))
        etat = etat_du_formulaire(definition, given_, AUTOUR)
        faults = [f for f in a_completer(definition, given_, (), AUTOUR) if f[2] != "Non."]
        assume(not any("partir du" in f[2] or "plus tard" in f[2] for f in faults))
        for seen in etat.pages:
            assert f"pages[{seen.page.id}].si" not in never
            for champ in seen.champs:
                assert f"pages[{seen.page.id}].champs[{champ.id}].si" not in never
        walk = Evaluation(definition, AUTOUR)
        for page in definition.pages:
            walk.parcourir(page, given_)
        for rule in definition.plan.expressions():
            worth = rule.evaluer(walk._valeurs)
            assert worth is None or monde.possible((rule.coeur, worth)), rule.texte


@LENT
@given(formulaires(), st.data())
def test_what_is_shown_asked_stored_and_displayed_agree(definition: Definition, data: st.DataObject) -> None:
    """The same answers, typed page by page, then checked, frozen and read back."""
    given_ = data.draw(reponses(definition))
    typed = {
        name: values
        for champ in definition.champs()
        for name, values in entrees_de(champ, given_.get(champ.id)).items()
    }
    kept: dict[str, Any] = dict(given_)
    refused = False
    for page in definition.pages:
        before = etat_du_formulaire(definition, kept, AUTOUR)
        if page.id not in [seen.page.id for seen in before.pages]:
            continue
        saisie = parse_page(definition, page, typed, kept, AUTOUR)
        refused = refused or not saisie.valide
        for champ in page.champs:
            kept.pop(champ.id, None)
        kept |= {id_: value for id_, value in saisie.valeurs.items() if value is not None}
        after = etat_du_formulaire(definition, kept, AUTOUR)
        assert set(saisie.valeurs) == {champ.id for champ in after.champs(page.id) if champ.calcul is None}
    etat = etat_du_formulaire(definition, kept, AUTOUR)
    visible = {champ.id for seen in etat.pages for champ in seen.champs}
    computed = {champ.id for champ in definition.champs() if champ.calcul is not None}
    assert set(etat.reponses) - computed == (visible & set(kept)) - computed
    assert set(etat.reponses) & computed <= visible
    assert etat.obligatoires <= visible
    missing = etat.obligatoires - set(etat.reponses)
    faults = a_completer(definition, kept, (), AUTOUR)
    assert missing <= {champ_id for _, champ_id, _ in faults}
    assert bool(faults) == bool(missing or etat.refus or refused)
    again = etat_du_formulaire(definition, etat.reponses, AUTOUR)
    assert again == etat
    shown = [champ.id for _, champs in parties_repondues(definition, etat.reponses) for champ in champs]
    assert shown == list(etat.reponses)
    # As the database gives them back, they are displayed, exported and looked at by rules the same.
    stored = json.loads(as_json(etat.reponses))
    assert stored == etat.reponses
    assert exportees(definition, stored) == set(etat.reponses)


def exportees(definition: Definition, stored: dict[str, Any]) -> set[str]:
    """The fields of which an export shows something, in the main sheet and in those of blocks."""
    plan = Plan({("v", ""): definition}, PARIS)
    sheets = list(plan.lignes(DOSSIER | {"reponses": stored}))
    main = {c.cle: cell for c, cell in zip(plan.feuilles[0].colonnes, sheets[0][1], strict=True)}
    found = set[str]()
    for champ in definition.champs():
        cells = [main[column.cle] for column in champ.genre.colonnes(champ)]
        if any(cell is not None for cell in cells):
            found.add(champ.id)
        if champ.type == "bloc":
            sheet = next(n for n, f in enumerate(plan.feuilles) if n and f.nom == champ.libelle)
            rows = [line[2:] for number, line in sheets if number == sheet]
            assert [row[0] for row in rows] == [row["jours"] for row in stored.get(champ.id, ())]
    return found
