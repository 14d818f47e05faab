"""Logos: a picture is drawn anew, an SVG keeps its drawing and nothing that could run, load or call from elsewhere."""

import io

import pytest
from lxml import etree
from PIL import Image

from app.collectivites.blason import ATTRIBUTES, ELEMENTS, SVG, BlasonRefuseError, clean_svg, redraw, sanitise

pytestmark = pytest.mark.anyio

HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10"'


def _svg(inner: str, more: str = "") -> bytes:
    return f"<svg {HEAD} {more}>{inner}</svg>".encode()


def _only_allowed(data: bytes) -> None:
    for element in etree.fromstring(data).iter():
        assert etree.QName(element).namespace == SVG
        assert etree.QName(element).localname in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES | {"href"}
        assert str(element.get("href", "#")).startswith("#")


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script of another case and prefix": '<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>',
    "script by address": '<script href="https://mal.example/x.js"/>',
    "event": '<rect width="9" height="9" onload="alert(1)"/>',
    "event of another case": '<rect width="9" height="9" OnClick="alert(1)"/>',
    "foreign object": "<foreignObject><p>x</p></foreignObject>",
    "link": '<a href="javascript:alert(1)"><rect width="9" height="9"/></a>',
    "animation that sets an address": '<animate attributeName="href" to="javascript:alert(1)"/>',
    "set": '<set attributeName="onload" to="alert(1)"/>',
    "outside use": '<use href="https://mal.example/x.svg#a"/>',
    "outside xlink use": '<use xlink:href="//mal.example/x.svg#a"/>',
    "data use": '<use href="data:image/svg+xml;base64,AAAA#a"/>',
    "image": '<image href="https://mal.example/x.png"/>',
    "outside paint": '<rect width="9" height="9" fill="url(https://mal.example/x#a)"/>',
    "outside paint by style": '<rect width="9" height="9" style="fill:url(//mal.example/x)"/>',
    "outside property by style": '<rect style="background:url(https://mal.example/p.png)"/>',
    "escaped address": '<rect style="fill:\\75rl(https://mal.example)"/>',
    "import": "<style>@import 'https://mal.example/x.css';</style>",
    "font face": "<style>@font-face{font-family:x;src:url(https://mal.example/f)}</style>",
    "outside address of a class": "<style>.a{fill:url(https://mal.example/x)}</style><rect class='a'/>",
    "attribute selector": "<style>[href^=a]{fill:red}</style>",
    "expression": '<rect style="width:expression(alert(1))"/>',
    "iframe": '<iframe xmlns="http://www.w3.org/2000/svg" src="https://mal.example"/>',
    "filter": '<filter id="f"><feImage href="https://mal.example/x"/></filter>',
    "use of use": '<g id="a"><use href="#b"/></g><g id="b"/><use href="#a"/>',
    "clip of clip": '<clipPath id="a"><rect clip-path="url(#a)"/></clipPath>',
}


@pytest.mark.parametrize("inner", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_drawing_is_refused_with_a_sentence(inner: str) -> None:
    with pytest.raises(BlasonRefuseError, match="SVG") as refusal:
        clean_svg(_svg(inner))
    assert "PNG" in refusal.value.message


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
        b'<!DOCTYPE svg [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"/>',
        _svg("<g>" * 40 + "</g>" * 40),
        _svg("<path d='M0 0'/>" * 4000),
        _svg("<path d='" + "M0 0" * 60_000 + "'/>"),
        b"<svg><rect/></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><rect></svg>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><script>alert(1)</script></svg>".encode("utf-16"),
        b"",
        b"GIF89a" + bytes(100),
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + bytes(40),
    ],
)  # fmt: skip
async def test_what_is_no_sound_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BlasonRefuseError):
        await sanitise(data)


def test_a_drawing_keeps_its_shapes_and_loses_what_only_describes() -> None:
    inner = (
        "<title>Logo</title><metadata><x/></metadata><!-- note --><?php echo 1 ?>"
        '<sodipodi:namedview xmlns:sodipodi="http://sodipodi.example" onload="x"/>'
        "<defs><linearGradient id='g'><stop offset='0' style='stop-color:#fff;-x-font:x'/></linearGradient></defs>"
        "<style>.cls-1,.cls-2{fill:#123456} .cls-2{stroke:none}</style>"
        '<g transform="rotate(3)"><path class="cls-2" data-name="a" d="M0 0h9"/>'
        "<circle r='3' style='fill: url(\"#g\") ; font-family: Arial'/></g><use xlink:href='#g'/><text>é &lt; 3</text>"
    )
    cleaned = clean_svg(_svg(inner, 'width="100%" onfoo-is-not-there="1"'.replace("on", "in")))
    _only_allowed(cleaned)
    root = etree.fromstring(cleaned)
    path = root.find(f".//{{{SVG}}}path")
    circle = root.find(f".//{{{SVG}}}circle")
    assert path is not None
    assert dict(path.attrib) == {"d": "M0 0h9", "fill": "#123456", "stroke": "none"}
    assert circle is not None
    assert circle.get("fill") == "url(#g)"
    assert root.findtext(f"{{{SVG}}}text") == "é < 3"
    assert b"sodipodi" not in cleaned
    assert b"note" not in cleaned
    assert b"php" not in cleaned
    assert clean_svg(cleaned) == cleaned


def test_a_drawing_without_frame_takes_its_size() -> None:
    plain = (
        b"<svg xmlns='http://www.w3.org/2000/svg' width='40px' height='30'><rect width='9' height='9'/></svg>"
    )
    assert etree.fromstring(clean_svg(plain)).get("viewBox") == "0 0 40 30"


def test_a_picture_is_made_smaller_and_loses_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x010E] = "chez moi"
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (1200, 600), "#1c5f56").save(out, "JPEG", exif=exif)
    drawn = Image.open(io.BytesIO(redraw(out.getvalue())))
    assert drawn.format == "PNG"
    # The camera was turned: the picture is upright once drawn.
    assert drawn.size == (256, 512)
    assert not drawn.getexif()
    assert b"chez moi" not in redraw(out.getvalue())


async def test_a_logo_is_told_by_its_content() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10)).save(out, "PNG")
    assert (await sanitise(out.getvalue() + b"<script>alert(1)</script>")).type_mime == "image/png"
    svg = await sanitise(b"\xef\xbb\xbf<?xml version='1.0'?>\n" + _svg("<rect width='9' height='9'/>"))
    assert svg.type_mime == "image/svg+xml"
    assert len(svg.empreinte) == 32
