"""What an administrator types: kept tidy, or refused with one sentence per field."""

import pytest

from app.collectivites.saisie import (
    coordonnees_of_form,
    franceconnect_of_form,
    invitation_of_form,
    theme_of_form,
)
from app.socle.theme import Theme, check_theme, faults_by_colour

THEME = {"principale": "#1c5f56", "accent": "#f2b441", "fonce": "#000000", "rayon": "10", "motif": "mer"}
INVITATION = {
    "courriel": "Maelle.LeGoff@Guingamp.example",
    "prenom": " Maëlle ",
    "nom": "Le Goff",
    "qualite": "Secrétaire",
    "service": "État civil",
    "role": "agent",
}


def test_contact_details_keep_what_is_filled_only() -> None:
    form = {
        "adresse": " 1 rue du Four \n\n22200  Guingamp",
        "telephone": "02 61 91 22 70",
        "horaires": "",
        "courriel": "",
    }
    values, erreurs = coordonnees_of_form(form)
    assert erreurs == {}
    assert values == {"adresse": ["1 rue du Four", "22200 Guingamp"], "telephone": "02 61 91 22 70"}
    assert coordonnees_of_form({}) == ({}, {})


def test_hours_are_days_and_times_on_each_line() -> None:
    values, erreurs = coordonnees_of_form({"horaires": "Lundi : 8 h 30 – 12 h\nSamedi: 9 h – 12 h"})
    assert erreurs == {}
    assert values["horaires"] == [
        {"jours": "Lundi", "heures": "8 h 30 – 12 h"},
        {"jours": "Samedi", "heures": "9 h – 12 h"},
    ]
    assert "Ligne 2" in coordonnees_of_form({"horaires": "Lundi : 9 h\nle matin"})[1]["horaires"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("telephone", "12"),
        ("telephone", "appelez-nous"),
        ("courriel", "mairie@"),
        ("adresse", "\n".join("abcdef")),
        ("accueil", "a" * 201),
        ("horaires", "\n".join(f"Jour {n} : matin" for n in range(11))),
    ],
)
def test_a_wrong_detail_is_named(field: str, value: str) -> None:
    assert set(coordonnees_of_form({field: value})[1]) == {field}


def test_a_theme_keeps_its_logo_and_its_dark_colour_only_when_chosen() -> None:
    found, erreurs = theme_of_form(THEME, "/blason/1")
    assert erreurs == {}
    assert found == Theme("#1c5f56", "#f2b441", "", 10, "mer", "/blason/1")
    found, _ = theme_of_form(THEME | {"fonce_choisie": "oui"}, "")
    assert found is not None
    assert found.fonce == "#000000"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("principale", "rouge"),
        ("accent", "#12345"),
        ("rayon", "21"),
        ("rayon", "-1"),
        ("motif", "url(x)"),
        ("principale", "#fff;}body{}"),
    ],
)
def test_what_is_no_theme_gives_none(field: str, value: str) -> None:
    found, erreurs = theme_of_form(THEME | {field: value}, "")
    assert found is None
    assert set(erreurs) == {field}


def test_weak_contrast_is_told_under_the_colour_to_change() -> None:
    found, erreurs = theme_of_form(THEME | {"principale": "#ffd000"}, "")
    assert found is not None
    assert "principale" in erreurs
    _, erreurs = theme_of_form(THEME | {"accent": "#111111"}, "")
    assert set(erreurs) == {"accent"}
    _, erreurs = theme_of_form(THEME | {"fonce": "#eeeeee", "fonce_choisie": "oui"}, "")
    assert "fonce" in erreurs


def test_every_fault_of_a_theme_is_under_some_colour() -> None:
    weak = Theme("#ffd000", "#888888")
    told = [sentence for sentences in faults_by_colour(weak).values() for sentence in sentences]
    assert sorted(told) == sorted(check_theme(weak))


def test_an_invitation_needs_what_decisions_will_name() -> None:
    values, erreurs = invitation_of_form(INVITATION)
    assert erreurs == {}
    assert values["courriel"] == "maelle.legoff@guingamp.example"
    assert values["prenom"] == "Maëlle"
    assert set(invitation_of_form({})[1]) == {"courriel", "prenom", "nom", "qualite", "service", "role"}
    assert set(invitation_of_form(INVITATION | {"role": "opsn"})[1]) == {"role"}


def test_a_secret_may_stay_as_it_is_once_there_is_one() -> None:
    form = {"issuer": "https://fc.example/api/v2", "client_id": "abc", "client_secret": ""}
    assert set(franceconnect_of_form(form, known=False)[1]) == {"client_secret"}
    assert franceconnect_of_form(form, known=True)[1] == {}
    assert set(franceconnect_of_form(form | {"issuer": "fc.example"}, known=True)[1]) == {"issuer"}
