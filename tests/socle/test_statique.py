"""What is vendored: nothing that is not ours to ship, and fonts that can write what Bretons write."""

import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from app.socle.gabarits import STATIC, statique

LETTERS = "aàâäæbcçdeéèêëfghiîïjklmnñoôöœpqrstuùûüvwxyÿz’«» …–€°ŵ"


def characters_of(path: Path) -> set[int]:
    with TTFont(path, lazy=True) as font:
        return set(font.getBestCmap())


def test_the_vendored_stylesheet_has_no_foreign_font_nor_crest():
    css = (STATIC / "vendor" / "govuk-frontend.min.css").read_text()
    assert "GDS Transport" not in css
    assert "@font-face" not in css
    assert not re.findall(r"url\((?!\"?data:)", css)
    assert "--k-police" in css


def test_every_address_in_our_stylesheet_is_a_file_we_ship():
    css = (STATIC / "kumun.css").read_text()
    addresses = re.findall(r'url\("([^"]+)"\)', css)
    assert addresses
    for address in addresses:
        path, _, version = address.removeprefix("/static/").partition("?v=")
        assert (STATIC / path).is_file(), address
        # Browsers keep for ever what carries its hash: a new font without a new hash would not be seen.
        assert not path.endswith(".woff2") or statique(path).endswith(f"?v={version}"), address


def test_each_vendored_folder_carries_its_licences():
    assert len(list((STATIC / "vendor").glob("LICENCE-*.txt"))) == 4
    assert len(list((STATIC / "polices-pdf").glob("LICENCE-*.txt"))) == 2


@pytest.mark.parametrize("path", sorted((STATIC / "polices-pdf").glob("*.ttf")), ids=lambda p: p.stem)
def test_pdf_fonts_write_french_and_breton(path):
    cmap = characters_of(path)
    assert {c for c in LETTERS + LETTERS.upper() if ord(c) not in cmap} == set()


def test_the_fallback_writes_what_the_first_font_lacks():
    cmap = characters_of(STATIC / "polices-pdf" / "NotoSans-Regular.ttf")
    assert {c for c in "Ƶ№Жλ" if ord(c) not in cmap} == set()


def test_pictures_of_the_portal_hold_no_script_and_no_outside_address():
    for path in [*(STATIC / "blasons").glob("*.svg"), *(STATIC / "motifs").glob("*.svg")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"<script|\son\w+=|href|http|style=", text), path.name
