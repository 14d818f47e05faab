"""« du Faou », « au maire », « aux services »: prepositions before French names, in French sentences alone."""

import pytest
from markupsafe import Markup

from app.socle.articles import a, contracter, de


@pytest.mark.parametrize(
    ("nom", "avec_de", "avec_a"),
    [
        ("Rennes", "de Rennes", "à Rennes"),
        ("Ouessant", "d’Ouessant", "à Ouessant"),
        ("Le Faou", "du Faou", "au Faou"),
        ("Les Fougerêts", "des Fougerêts", "aux Fougerêts"),
        ("La Méaugon", "de La Méaugon", "à La Méaugon"),
        ("L’Hermitage", "de L’Hermitage", "à L’Hermitage"),
        ("le maire de Rennes", "du maire de Rennes", "au maire de Rennes"),
        ("la mairie", "de la mairie", "à la mairie"),
        ("les services", "des services", "aux services"),
        ("le président d’Auray", "du président d’Auray", "au président d’Auray"),
        ("Léguer", "de Léguer", "à Léguer"),
    ],
)
def test_prepositions(nom: str, avec_de: str, avec_a: str) -> None:
    assert (de(nom), a(nom)) == (avec_de, avec_a)


def test_a_sentence_is_mended_and_a_translated_one_left_alone() -> None:
    assert contracter("Mairie de Le Faou", "Le Faou") == "Mairie du Faou"
    assert contracter("Transmis à Les Fougerêts le 3", "Les Fougerêts") == "Transmis aux Fougerêts le 3"
    assert contracter("Le Faou town hall", "Le Faou") == "Le Faou town hall"
    escaped = Markup("Dossier de {}").format("Le <b>")
    assert contracter(escaped, "Le <b>") == Markup("Dossier du &lt;b&gt;")
