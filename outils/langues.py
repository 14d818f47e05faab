"""Catalogues of translation: extract the French sentences, bring each catalogue up to date, say what is missing.

`make messages` runs it after any change of a sentence. A changed sentence is a new one: nothing is guessed from the
old translation, so a page never says something else than its French source.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from app.socle.langues import LANGUES, LOCALES, SOURCE, po_of

ROOT = Path(__file__).resolve().parent.parent
# Names whose first argument is a sentence: the marker of app/socle/langues.py, and refusals.
MARKERS = (
    "N_",
    "NotFoundError",
    "ForbiddenError",
    "ConflictError",
    "SignInRequiredError",
    "InvalidInputError",
    "TooManyRequestsError",
    "UnavailableError",
    "EmptyPieceError",
    "LockedPdfError",
    "InfectedPieceError",
    "ScanUnavailableError",
    "NumeroIncorrectError",
    "CreneauPrisError",
    "TropTardError",
)
KEYWORDS: dict[str, tuple[int, ...] | None] = dict.fromkeys(("_", "gettext", *MARKERS)) | {"ngettext": (1, 2)}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_HEADER = "# Catalogue of Kumun, {langue}. Keys are the French sentences; see docs/langues.md.\n#"


def python_sentences(
    fileobj: IO[bytes], keywords: Mapping[str, object], comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Sentences of a Python file, for Babel: whole constants only (a sentence built from values stays French)."""
    del keywords, comment_tags, options
    for node in ast.walk(ast.parse(fileobj.read())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in MARKERS
            and node.args
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
                yield node.lineno, "N_", first.value, []


def extract(root: Path = ROOT) -> Catalog:
    """Every French sentence that a page may show, with the files it comes from."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    with (root / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found = extract_from_dir(str(root), methods, options, keywords=KEYWORDS, strip_comment_tags=True)
    for path, line, message, comments, context in sorted(found, key=lambda item: (item[0], item[1])):
        catalog.add(message, None, [(path, line)], auto_comments=comments, context=context)
    return catalog


def read(langue: str, locales: Path = LOCALES) -> Catalog:
    """The catalogue of a language as it is on disk."""
    with po_of(langue, locales).open("rb") as source:
        return read_po(source, locale=langue)


def update(langue: str, sources: Catalog, locales: Path = LOCALES) -> Catalog:
    """The catalogue brought up to date and written, sentences in alphabetical order; what left the pages is dropped."""
    catalog = read(langue, locales)
    created = catalog.creation_date
    catalog.update(sources, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.creation_date = created
    catalog.header_comment = _HEADER.format(langue=langue)
    with po_of(langue, locales).open("wb") as target:
        write_po(target, catalog, width=0, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return catalog


def faults(catalog: Catalog, sources: Catalog) -> Iterator[str]:
    """What keeps a catalogue from being complete: absent, empty or doubtful translations, placeholders that differ."""
    for message in sources:
        if message.id:
            translated = catalog.get(message.id, context=message.context)
            yield from _faults_of(message, translated, catalog.num_plurals)


def _faults_of(source: Message, translated: Message | None, forms: int) -> Iterator[str]:
    forms_of_source = [source.id] if isinstance(source.id, str) else list(source.id)
    name = forms_of_source[0]
    if translated is None:
        yield f"absent: {name}"
        return
    if translated.fuzzy:
        yield f"fuzzy: {name}"
    if translated.string is None:
        yield f"untranslated: {name}"
        return
    texts = [translated.string] if isinstance(translated.string, str) else list(translated.string)
    if isinstance(source.id, tuple) and len(texts) != forms:
        yield f"{len(texts)} plural forms instead of {forms}: {name}"
    for index, text in enumerate(texts):
        expected = forms_of_source[min(index, len(forms_of_source) - 1)]
        if not text.strip():
            yield f"untranslated: {name}"
        elif set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(expected)):
            yield f"placeholders differ: {name}"


def main() -> int:
    """Updates each catalogue; 1 when one is not complete, with what it lacks."""
    sources = extract()
    missing = 0
    for langue in (code for code, _ in LANGUES if code != SOURCE):
        found = list(faults(update(langue, sources), sources))
        missing += len(found)
        print(f"{langue}: {len(sources)} sentences, {len(found)} to do")
        for fault in found:
            print(f"  {fault}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
