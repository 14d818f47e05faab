"""Prices of the catalogue: what each variant of `exemples/` costs, and with the prices that a commune votes."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.demarches.definitions import Definition, Surcouche, appliquer, load_catalogue
from app.demarches.definitions.surcouche import TarifLocal
from app.demarches.domain import etat_du_formulaire
from app.demarches.expressions import Circonstances
from tests.outillage.portail import LUNDI

EXEMPLES = Path(__file__).parent / "exemples"
AUTOUR = Circonstances(LUNDI.date(), LUNDI.date(), "web", "22070", 7000)
PAYANTES = {d.slug: d for d in load_catalogue() if d.prix is not None}


def _exemple(slug: str) -> Any:
    # Days stay texts, as answers are stored.
    return yaml.load((EXEMPLES / f"{slug}.yaml").read_text(encoding="utf-8"), Loader=_EnTexte)  # noqa: S506


class _EnTexte(yaml.SafeLoader):
    """Safe YAML in which a day is a text."""


_EnTexte.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def _prix(definition: Definition, slug: str, changes: dict[str, Any]) -> Decimal | None:
    return etat_du_formulaire(definition, _exemple(slug)["reponses"] | changes, AUTOUR).prix


@pytest.mark.parametrize(
    ("slug", "variante"),
    [
        pytest.param(slug, item, id=f"{slug}: {item['quoi']}")
        for slug in PAYANTES
        for item in _exemple(slug)["variantes"]
        if "prix" in item
    ],
)
def test_each_variant_costs_what_its_example_says(slug: str, variante: dict[str, Any]) -> None:
    assert _prix(PAYANTES[slug], slug, variante.get("avec", {})) == Decimal(str(variante["prix"]))


@pytest.mark.parametrize(
    ("slug", "tarif", "attendu"),
    [
        ("reservation-salle", TarifLocal(id="grande_habitant", montant=20_000), "250"),
        ("concession-cimetiere", TarifLocal(id="terrain_30", montant=45_050), "450.50"),
        ("inscription-activite", TarifLocal(id="enfant_b", montant=10_000), "85.00"),
    ],
)
def test_a_commune_asks_the_prices_that_its_council_votes(slug: str, tarif: TarifLocal, attendu: str) -> None:
    local = appliquer(PAYANTES[slug], Surcouche(tarifs=(tarif,)))
    assert _prix(local, slug, {}) == Decimal(attendu)
    assert _prix(PAYANTES[slug], slug, {}) == Decimal(str(_exemple(slug)["prix"]))


def test_a_rule_names_only_the_tariffs_that_there_are() -> None:
    data = PAYANTES["reservation-salle"].model_dump() | {"prix": "tarif.absent * 2"}
    with pytest.raises(ValueError, match=r"tarif\.absent"):
        Definition.model_validate(data)


def _timbres(**row: str) -> Any:
    definition = next(d for d in load_catalogue() if d.slug == "carte-identite-passeport")
    answers = _exemple(definition.slug)["reponses"]
    answers["personnes"] = [answers["personnes"][0] | row]
    return etat_du_formulaire(definition, answers, AUTOUR).reponses["timbre"]


@pytest.mark.parametrize(
    ("row", "attendu"),
    [
        ({"titre": "passeport"}, 86),
        ({"titre": "passeport", "naissance": "2010-01-05"}, 42),
        ({"titre": "passeport", "naissance": "2020-01-05"}, 17),
        ({"titre": "carte"}, 0),
        ({"titre": "carte", "motif": "perte"}, 25),
        ({"titre": "deux", "motif": "vol"}, 111),
        ({"titre": "passeport", "motif": "perte"}, 86),
    ],
)
def test_the_stamps_to_buy_follow_age_title_and_loss(row: dict[str, str], attendu: int) -> None:
    assert Decimal(str(_timbres(**row))) == attendu
