"""A theme that breaks contrast is refused with a sentence to act on; a good one gives a stable stylesheet."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.socle import theme as module
from app.socle.gabarits import STATIC
from app.socle.theme import (
    MOTIFS,
    SAMPLE_THEMES,
    InvalidThemeError,
    Theme,
    check_theme,
    contrast,
    mix,
    pairs_of,
    theme_css,
    theme_hash,
)

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def test_contrast_matches_the_figures_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") >= 4.5


@given(colours, colours)
def test_contrast_has_no_order_and_stays_in_its_range(first, second):
    assert contrast(first, second) == contrast(second, first)
    assert 1 <= contrast(first, second) <= 21


@given(colours, colours, st.floats(0, 1))
def test_a_mix_is_a_colour_between_the_two(first, second, share):
    mixed = mix(first, second, share)
    assert re.fullmatch("#[0-9a-f]{6}", mixed)
    channels = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (first, mixed, second)]
    assert all(min(a, b) <= m <= max(a, b) for a, m, b in zip(*channels, strict=True))


@pytest.mark.parametrize("name", SAMPLE_THEMES)
def test_sample_themes_may_be_saved_and_their_pictures_exist(name):
    sample = SAMPLE_THEMES[name]
    assert check_theme(sample) == []
    assert (STATIC / sample.blason.removeprefix("/static/")).is_file()


def test_the_default_theme_may_be_saved():
    assert check_theme(Theme()) == []


def test_a_pale_main_colour_is_refused_with_what_to_do():
    sentences = check_theme(Theme(principale="#66aaee"))
    assert any(s.startswith("Texte blanc des boutons : ") for s in sentences)
    assert all("couleur" in s and s.endswith(".") for s in sentences)
    assert "est de 2,4, il en faut 4,5 ; choisissez une couleur principale plus foncée." in sentences[0]


def test_a_dark_accent_is_refused_on_the_search_button():
    assert any("bouton de recherche" in s for s in check_theme(Theme(accent="#333333")))


def test_a_ratio_just_below_is_never_announced_as_reached():
    grey = "#777777"
    (sentence, *_) = [s for s in check_theme(Theme(principale=grey)) if s.startswith("Liens sur fond blanc")]
    assert "est de 4,4, il en faut 4,5" in sentence


@given(colours, colours)
def test_a_theme_is_refused_exactly_when_a_pair_lacks_contrast(principale, accent):
    theme = Theme(principale=principale, accent=accent)
    lacking = [p for p in pairs_of(theme) if contrast(p.avant, p.fond) < p.ratio]
    assert len(check_theme(theme)) == len(lacking)


@pytest.mark.parametrize(
    "values",
    [
        {"principale": "red"},
        {"principale": "#12345"},
        {"accent": "#fff;}body{display:none"},
        {"rayon": 400},
        {"motif": "../../etc"},
        {"blason": '"><script>'},
    ],
)
def test_a_value_that_could_break_out_of_the_stylesheet_is_refused(values):
    with pytest.raises(InvalidThemeError):
        Theme(**values)


def test_upper_case_colours_are_the_same_theme():
    assert theme_hash(Theme(principale="#1F5F57")) == theme_hash(Theme(principale="#1f5f57"))


@given(colours, colours, st.integers(0, 20), st.sampled_from(MOTIFS))
def test_the_stylesheet_is_custom_properties_only(principale, accent, rayon, motif):
    css = theme_css(Theme(principale=principale, accent=accent, rayon=rayon, motif=motif))
    assert re.fullmatch(r":root\{(--k-[a-z]+:[^;{}]+;?)+\}\n", css)


def test_the_hash_changes_with_the_looks_and_only_then():
    assert theme_hash(Theme()) == theme_hash(Theme())
    assert len({theme_hash(t) for t in (Theme(), Theme(rayon=3), Theme(motif="mer"))}) == 3


def test_the_stylesheet_of_the_pages_knows_every_property_and_the_same_common_colours():
    css = Path(STATIC / "kumun.css").read_text()
    for name, value in re.findall(r"(--k-[a-z]+):([^;}]+)", theme_css(Theme())):
        assert f"{name}:" in css, name
        assert value.startswith("url") or f"{name}: {value};" in css, name
    for name in ("papier", "encre", "secondaire", "erreur", "succes", "attente", "focus", "bord-champ"):
        constant = getattr(module, name.upper().replace("-", "_"))
        assert f"--k-{name}: {constant};" in css, name
