"""The demonstration data is complete, coherent with the commune file, and can reach no real person."""

from pathlib import Path

import pytest

from app.collectivites.demo import DONNEES, load_demo
from app.collectivites.import_csv import LigneCommune, lire_communes


def test_the_demonstration_has_its_communes_its_epci_and_its_people() -> None:
    demo = load_demo()
    assert [item.slug for item in demo.collectivites] == [
        "guingamp",
        "loc-envel",
        "rennes",
        "ouessant",
        "guingamp-paimpol",
    ]
    served = {slug for agent in demo.agents for slug in agent.collectivites}
    assert served == {item.slug for item in demo.collectivites}
    assert [agent.prenom for agent in demo.agents if agent.opsn] == ["Gwenolé"]
    assert all(item.horaires and item.accueil for item in demo.collectivites)


def test_one_agent_serves_several_collectivites() -> None:
    soazig = next(agent for agent in load_demo().agents if agent.prenom == "Soazig")
    assert soazig.collectivites == ("loc-envel", "guingamp-paimpol", "ouessant")


def test_the_communes_are_those_of_the_official_file() -> None:
    with (DONNEES.parent / "communes-bretagne.csv").open("rb") as file:
        official = {row.code_insee: row for row in lire_communes(file) if isinstance(row, LigneCommune)}
    for item in load_demo().collectivites:
        if item.genre == "commune":
            row = official[item.code_insee]
            assert (item.nom, item.siren) == (row.nom, row.siren)
            assert item.adresse.code_postal in row.codes_postaux
        else:
            assert item.siren in {row.epci_siren for row in official.values()}


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("02 61 91 22 70", "01 23 45 67 89", "guingamp: telephone"),
        ("mairie@guingamp.example", "mairie@guingamp.fr", "guingamp: courriel"),
        ('"212200703"', '"212200704"', "guingamp: siren"),
        ('"#1d4f91"', "bleu", "guingamp: theme"),
        ("slug: guingamp\n", "slug: www\n", "www: slug"),
    ],
)
def test_data_that_could_reach_somebody_or_is_wrong_is_refused(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    for name in ("collectivites.yaml", "agents.yaml"):
        text = (DONNEES / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ValueError, match=named):
        load_demo(tmp_path)
