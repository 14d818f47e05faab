"""Makes a logo safe to serve: a picture is drawn anew as PNG, an SVG is rebuilt from a list of what it may hold.

What could run, load or call from elsewhere is refused with a sentence; what only describes (metadata of drawing
programs, comments, class names) is dropped. Files are always served as images under a sandbox besides.
"""

import hashlib
import io
import re
from dataclasses import dataclass

import anyio.to_thread
from lxml import etree
from PIL import Image, ImageOps

from app.socle.errors import InvalidInputError

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}"
SIDE = 512
MAX_SVG = 200_000
MAX_ELEMENTS = 3000
MAX_PIXELS = 40_000_000
MAX_PNG = 1_000_000

_SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"}
_FRAMES = {"svg", "g", "defs", "symbol", "clipPath", "linearGradient", "radialGradient", "stop", "use"}
ELEMENTS = _SHAPES | _FRAMES
DROPPED = {"title", "desc", "metadata"}
_GEOMETRY = (
    "id viewBox width height preserveAspectRatio x y x1 y1 x2 y2 cx cy r rx ry fx fy d points transform "
    "offset gradientUnits gradientTransform spreadMethod clipPathUnits dx dy"
)
_PAINT = (
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-dasharray stroke-dashoffset opacity clip-path clip-rule stop-color stop-opacity color display visibility "
    "font-family font-size font-weight font-style text-anchor letter-spacing"
)
PAINT = frozenset(_PAINT.split())
ATTRIBUTES = PAINT | frozenset(_GEOMETRY.split())

_INNER = re.compile(r"#[A-Za-z_][\w.:-]{0,100}")
_URL = re.compile(r"url\(\s*[\"']?(#[A-Za-z_][\w.:-]{0,100})[\"']?\s*\)", re.I)
# Nothing that CSS could read as a function but our own url(#…), colours and transforms.
_FUNCTION = re.compile(r"([A-Za-z-]+)\s*\(")
_FUNCTIONS = {"rgb", "rgba", "hsl", "matrix", "translate", "scale", "rotate", "skewx", "skewy"}
_RULE = re.compile(r"\s*((?:\.[A-Za-z_][\w-]*\s*,?\s*)+)\{([^{}]*)\}\s*")


class BlasonRefuseError(InvalidInputError):
    """The file cannot become a logo; the sentence says why and what to send instead."""

    code = "blason"


@dataclass(frozen=True, slots=True)
class BlasonSur:
    """A logo that may be served: its bytes, their type, and the hash that is its address."""

    contenu: bytes
    type_mime: str

    @property
    def empreinte(self) -> str:
        """128 bits of SHA-256, in hexadecimal."""
        return hashlib.sha256(self.contenu).hexdigest()[:32]


async def sanitise(data: bytes) -> BlasonSur:
    """A safe logo from PNG, JPEG or SVG bytes, told by their content and never by their name.

    BlasonRefuseError for anything else, for what does not decode and for an SVG that holds what it may not.
    """
    return await anyio.to_thread.run_sync(_sanitise, data)


def _sanitise(data: bytes) -> BlasonSur:
    if not data:
        raise BlasonRefuseError("Choisissez un fichier : une image PNG, JPEG ou SVG.")
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        return BlasonSur(redraw(data), "image/png")
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"<?xml", b"<svg", b"<!--", b"<!DOCTYPE svg")):
        return BlasonSur(clean_svg(data), "image/svg+xml")
    raise BlasonRefuseError(
        "Ce fichier n’est ni une image PNG, ni JPEG, ni SVG. Exportez le logo dans l’un de ces formats."
    )


def redraw(data: bytes) -> bytes:
    """The picture as a PNG of at most 512 pixels a side, without what went with it (place, author, comments)."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BlasonRefuseError("Cette image est trop grande : réduisez-la à 2 000 pixels de côté.")
            drawn = ImageOps.exif_transpose(image).convert("RGBA")
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise BlasonRefuseError(
            "Cette image ne s’ouvre pas : enregistrez-la à nouveau, puis renvoyez-la."
        ) from None
    drawn.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    bare = Image.frombytes("RGBA", drawn.size, drawn.tobytes())
    out = io.BytesIO()
    bare.save(out, "PNG", optimize=True)
    if out.tell() > MAX_PNG:
        bare.quantize(256).save(out := io.BytesIO(), "PNG", optimize=True)
    return out.getvalue()


def clean_svg(data: bytes) -> bytes:
    """The drawing rebuilt from what a logo may hold: no script, no style, no address but its own ids."""
    if len(data) > MAX_SVG:
        raise BlasonRefuseError("Ce dessin SVG dépasse 200 ko : simplifiez-le, ou envoyez une image PNG.")
    if b"<!ENTITY" in data or b"<!entity" in data or b"\x00" in data:
        raise _holds("des entités")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BlasonRefuseError(
            "Ce dessin SVG est abîmé : exportez-le à nouveau, ou envoyez une image PNG."
        ) from None
    if root.tag != f"{{{SVG}}}svg":
        raise BlasonRefuseError("Ce fichier n’est pas un dessin SVG : exportez le logo en SVG ou en PNG.")
    classes = _classes(root)
    count = sum(1 for _ in root.iter())
    if count > MAX_ELEMENTS:
        raise BlasonRefuseError("Ce dessin SVG a trop d’éléments : simplifiez-le, ou envoyez une image PNG.")
    built = _copy(root, classes, 0)
    if built is None:
        raise _holds("autre chose qu’un dessin")
    _check_references(built)
    _check_size(built)
    etree.cleanup_namespaces(built)
    done: bytes = etree.tostring(built, encoding="utf-8")
    return done


def _holds(what: str) -> BlasonRefuseError:
    return BlasonRefuseError(
        f"Ce dessin SVG contient {what}, ce qu’un logo ne peut pas contenir ici : "
        "exportez-le en « SVG simple », ou envoyez une image PNG."
    )


def _classes(root: etree._Element) -> dict[str, dict[str, str]]:
    """The properties of each class of the drawing's own style sheets: plain classes only, anything else is refused."""
    found: dict[str, dict[str, str]] = {}
    for style in list(root.iter(f"{{{SVG}}}style")):
        if len(style):
            raise _holds("une feuille de style")
        text = re.sub(r"/\*.*?\*/", "", style.text or "", flags=re.S)
        for rule in _RULE.finditer(text):
            for name in re.findall(r"\.([\w-]+)", rule[1]):
                found.setdefault(name, {}).update(_declarations(rule[2]))
        if _RULE.sub("", text).strip():
            raise _holds("une feuille de style que nous ne savons pas vérifier")
        parent = style.getparent()
        if parent is not None:
            parent.remove(style)
    return found


def _declarations(text: str) -> dict[str, str]:
    """What a style attribute sets, as attributes; unknown properties are left out, once their value is checked."""
    values: dict[str, str] = {}
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.replace("!important", "").strip()
        if name and value:
            values[name] = _value(name, value)
    return {name: value for name, value in values.items() if name in PAINT}


def _value(name: str, value: str) -> str:
    """The value, if it reaches for nothing outside the drawing."""
    if "\\" in value or "<" in value or len(value) > MAX_SVG:
        raise _holds(f"une valeur illisible ({name})")
    rest = _URL.sub("", value)
    if any(function.lower() not in _FUNCTIONS for function in _FUNCTION.findall(rest)) or "@" in rest:
        raise _holds("une adresse extérieure ou un calcul")
    return _URL.sub(r"url(\1)", value)


def _copy(element: etree._Element, classes: dict[str, dict[str, str]], depth: int) -> etree._Element | None:
    """The element rebuilt, or None when it only describes; refuses what is not on the list."""
    if not isinstance(element.tag, str):
        raise _holds("des entités")
    name = etree.QName(element)
    if name.namespace != SVG or name.localname in DROPPED:
        return None
    if name.localname not in ELEMENTS:
        raise _holds(f"l’élément « {name.localname} »")
    if depth > 30:
        raise _holds("trop d’éléments imbriqués")
    copy = etree.Element(f"{{{SVG}}}{name.localname}", nsmap={None: SVG})
    for key, value in _attributes(element, classes).items():
        copy.set(key, value)
    if name.localname in ("text", "tspan"):
        copy.text = element.text
    for child in element:
        kept = _copy(child, classes, depth + 1)
        if kept is not None:
            kept.tail = child.tail if name.localname in ("text", "tspan") else None
            copy.append(kept)
    return copy


def _attributes(element: etree._Element, classes: dict[str, dict[str, str]]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for key, value in element.attrib.items():
        name, text = str(key), str(value)
        if name.lower().startswith("on"):
            raise _holds(f"un programme (« {name} »)")
        if name in ("href", f"{XLINK}href"):
            if not _INNER.fullmatch(text.strip()):
                raise _holds("un lien vers l’extérieur")
            kept["href"] = text.strip()
        elif name in ATTRIBUTES:
            kept[name] = _value(name, text)
    for known in str(element.get("class", "")).split():
        kept.update(classes.get(known, {}))
    kept.update(_declarations(str(element.get("style", ""))))
    return kept


def _check_references(root: etree._Element) -> None:
    """`use` may not lead to another `use`, nor a clip to another clip: a few lines could otherwise draw for ever."""
    for wrap, key in (("use", "href"), ("clipPath", "clip-path")):
        if wrap == "use":
            reused = {str(use.get("href", ""))[1:] for use in root.iter(f"{{{SVG}}}use")}
            holders = [element for element in root.iter() if element.get("id") in reused]
        else:
            holders = list(root.iter(f"{{{SVG}}}clipPath"))
        for holder in holders:
            inside = holder.iter(f"{{{SVG}}}use") if wrap == "use" else holder.iter()
            if any(child.get(key) for child in inside):
                raise _holds("des renvois en cascade")


def _check_size(root: etree._Element) -> None:
    """A drawing needs its own size, or browsers show nothing in a header."""
    if root.get("viewBox") is None:
        sizes = [re.fullmatch(r"\s*([0-9.]+)(px)?\s*", root.get(side) or "") for side in ("width", "height")]
        if None in sizes:
            raise BlasonRefuseError(
                "Ce dessin SVG ne dit pas sa taille (viewBox) : exportez-le à nouveau avec ses dimensions."
            )
        root.set("viewBox", "0 0 " + " ".join(size[1] for size in sizes if size))
    for side in ("width", "height"):
        root.attrib.pop(side, None)
