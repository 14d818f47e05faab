"""What PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1) ask of a file and a program can see in it.

No complete validator is at hand; these are the rules of both standards that a paper of ours could break.
"""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

# Structure types of ISO 32000-1, 14.8.4: anything else must be mapped to one of them.
TYPES = {
    "Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "Index",
    "NonStruct", "Private", "P", "H", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody",
    "Table", "TR", "TH", "TD", "THead", "TBody", "TFoot", "Span", "Quote", "Note", "Reference",
    "BibEntry", "Code", "Link", "Annot", "Ruby", "Warichu", "Figure", "Formula", "Form",
}  # fmt: skip
_FORBIDDEN_ACTIONS = {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Rendition"}


def faults_of_pdf(data: bytes) -> list[str]:
    """Everything that breaks one of the rules, with the standard and the clause."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return [
            *_file(pdf, data),
            *_fonts(pdf),
            *_objects(pdf),
            *_document(pdf),
            *_pages(pdf),
            *_structure(pdf),
        ]


def _file(pdf: pikepdf.Pdf, data: bytes) -> Iterator[str]:
    if not (data.startswith(b"%PDF-1.") and max(data[10:14]) > 127):
        yield "A 6.1.2: no binary mark after the header"
    if pdf.is_encrypted:
        yield "A 6.1.3: encrypted"
    if "/ID" not in pdf.trailer:
        yield "A 6.1.3: no identifier"
    intents = pdf.Root.get("/OutputIntents", Array())
    if not any(
        intent.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in intent for intent in _each(intents)
    ):
        yield "A 6.2.3: no output intent with its colour profile"
    if "/Names" in pdf.Root and "/EmbeddedFiles" in pdf.Root.Names:
        yield "A 6.8: embedded files"
    with pdf.open_metadata() as xmp:
        marks = [xmp.get(name) for name in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part")]
        if marks != ["2", "A", "1"]:
            yield f"A 6.6.4, UA 5: says that it is {marks}"
        if not xmp.get("dc:title") or (pdf.docinfo.get("/Title", xmp["dc:title"]) != xmp["dc:title"]):
            yield "UA 7.1: no title, or two that differ"


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for font in _typed(pdf, "/Font"):
        if "/DescendantFonts" in font:
            if "/ToUnicode" not in font:
                yield f"A 6.2.11.7: {font.BaseFont} does not say its letters"
            continue
        descriptor = font.get("/FontDescriptor", Dictionary())
        if font.get("/Subtype") != "/Type3" and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(
            descriptor.keys()
        ):
            yield f"A 6.2.11.4: {font.get('/BaseFont')} is not embedded"


def _objects(pdf: pikepdf.Pdf) -> Iterator[str]:
    for item in pdf.objects:
        if not isinstance(item, Dictionary | pikepdf.Stream):
            continue
        if item.get("/S") in _FORBIDDEN_ACTIONS or "/AA" in item:
            yield "A 6.5: an action"
        if isinstance(item, pikepdf.Stream):
            if "/F" in item:
                yield "A 6.1.7: a stream kept elsewhere"
            if "/LZWDecode" in str(item.get("/Filter", "")):
                yield "A 6.1.7: LZW"
            if item.get("/Subtype") == "/Image" and item.get("/Interpolate", False):
                yield "A 6.2.8: an interpolated image"


def _document(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    if not str(root.get("/Lang", "")):
        yield "UA 7.2: no language"
    if not root.get("/MarkInfo", Dictionary()).get("/Marked", False):
        yield "UA 7.1: not tagged"
    if root.get("/MarkInfo", Dictionary()).get("/Suspects", False):
        yield "UA 7.1: doubtful tags"
    if not root.get("/ViewerPreferences", Dictionary()).get("/DisplayDocTitle", False):
        yield "UA 7.1: the window would show a file name"


def _pages(pdf: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, 1):
        marked: list[bool] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                tag = str(operands[0])
                inside = len(operands) > 1 and isinstance(operands[1], Dictionary) and "/MCID" in operands[1]
                marked.append(tag == "/Artifact" or inside)
            elif name == "EMC":
                marked.pop()
            elif name in ("Tj", "TJ", "'", '"', "f", "f*", "S", "B", "Do", "sh") and not any(marked):
                yield f"UA 7.1: page {number} shows something that is neither content nor decoration ({name})"
                break
        notes = list(_each(page.obj.get("/Annots", Array())))
        if notes and page.obj.get("/Tabs") != "/S":
            yield f"UA 7.18.3: page {number} does not follow its structure by Tab"
        for note in notes:
            if not int(note.get("/F", 0)) & 4:
                yield f"A 6.3.2: page {number} has a note that is not printed"
            if note.get("/Subtype") == "/Link" and not str(note.get("/Contents", "")):
                yield f"UA 7.18.5: page {number} has a link without words"


def _structure(pdf: pikepdf.Pdf) -> Iterator[str]:
    tree = pdf.Root.get("/StructTreeRoot")
    if tree is None or "/ParentTree" not in tree:
        yield "UA 7.1: no structure"
        return
    roles = {str(key): str(value) for key, value in tree.get("/RoleMap", Dictionary()).items()}
    level = 0
    for element in _elements(tree):
        kind = str(element.S)
        kind = roles.get(kind, kind).removeprefix("/")
        if kind not in TYPES:
            yield f"UA 7.1: {kind} is no known type"
        if kind == "Figure" and not (str(element.get("/Alt", "")) or str(element.get("/ActualText", ""))):
            yield "UA 7.3: a figure without words"
        if kind == "TH" and "/Scope" not in str(_attributes(element)):
            yield "UA 7.5: a table heading that does not say what it heads"
        if kind in {"H1", "H2", "H3", "H4", "H5", "H6"}:
            if int(kind[1]) > level + 1:
                yield f"UA 7.4.2: {kind} after H{level}"
            level = int(kind[1])


def _elements(parent: Object) -> Iterator[Any]:
    for child in _each(parent.get("/K", Array())):
        if isinstance(child, Dictionary) and "/S" in child:
            yield child
            yield from _elements(child)


def _attributes(element: Any) -> set[str]:
    return {
        str(key)
        for one in _each(element.get("/A", Array()))
        if isinstance(one, Dictionary)
        for key in dict(one)
    }


def _each(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, Array) else [value]


def _typed(pdf: pikepdf.Pdf, kind: str) -> Iterator[Any]:
    for item in pdf.objects:
        if isinstance(item, Dictionary) and item.get("/Type") == Name(kind):
            yield item
