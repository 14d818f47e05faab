"""The languages of pages: French is the source, the others are catalogues of `locales/`, compiled in memory.

A sentence written in Python stays French until it is drawn: `N_` marks it for extraction, the template filter
`traduit` (or `Visite.traduire`) translates it. Acts and the text of démarches are French only (docs/langues.md).
"""

import functools
import gettext
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import yaml
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).resolve().parent.parent.parent / "locales"
SOURCE = "fr"
_GLUE = re.compile(r" (?=[:;?!»])|(?<=«) ")
LANGUES = (("fr", "Français"), ("br", "Brezhoneg"), ("en", "English"))


def N_(message: str) -> str:
    """The message itself, marked for extraction: it is translated when it is drawn."""
    return message


class Phrase(str):
    """A French sentence made from values, which remembers how: it can still be said in another language.

    It is the French text to whoever only reads it; `traduire` puts the translated values into the translated model.
    """

    modele: str
    parametres: Mapping[str, object]

    def __new__(cls, francais: str, modele: str, parametres: Mapping[str, object]) -> Self:
        """`francais` is the text itself; `modele` is the sentence of the catalogues, with `%(name)s` in it."""
        made = super().__new__(cls, francais)
        made.modele, made.parametres = modele, parametres
        return made


def phrase(modele: str, **parametres: object) -> Phrase:
    """The sentence `modele` (marked by `N_`) with its values, in French as it is printed."""
    french = _typographie(modele)
    return Phrase(french % parametres if parametres else french, modele, parametres)


class Francais(gettext.NullTranslations):
    """French as it is printed: sources are typed with plain spaces, pages show the non-breaking ones (« : », « ? »)."""

    def gettext(self, message: str) -> str:
        """The sentence, whose spaces before high punctuation and inside guillemets do not break."""
        return _typographie(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Singular below two: « 0 dossier », « 1 dossier », « 2 dossiers »."""
        return _typographie(msgid1 if abs(n) < 2 else msgid2)


@functools.lru_cache(maxsize=2048)
def _typographie(message: str) -> str:
    return _GLUE.sub("\u00a0", message)


def po_of(langue: str, locales: Path = LOCALES) -> Path:
    """Where the catalogue of a language lies."""
    return locales / langue / "LC_MESSAGES" / "kumun.po"


@functools.cache
def translations(langue: str, locales: Path = LOCALES) -> gettext.NullTranslations:
    """The catalogue of a language, compiled once a process (tens of milliseconds); French is the source.

    A language without catalogue raises FileNotFoundError: a page is never half in French by accident.
    """
    if langue == SOURCE:
        return Francais()
    compiled = io.BytesIO()
    with po_of(langue, locales).open("rb") as source:
        write_mo(compiled, read_po(source, locale=langue))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@functools.cache
def is_relue(langue: str, locales: Path = LOCALES) -> bool:
    """Whether somebody who speaks the language has read its whole catalogue (`locales/langues.yaml`)."""
    flags = yaml.safe_load((locales / "langues.yaml").read_text())
    return bool(flags[langue]["relu"])


def traduire(message: str, langue: str) -> str:
    """The message in that language; as it is when the catalogue does not know it (a commune's own words, a name)."""
    return traduire_par(translations(langue), message)


def traduire_par(catalogue: gettext.NullTranslations, message: str) -> str:
    """The same, by a catalogue at hand; the values of a `Phrase` that are sentences are translated too."""
    if not message:
        return ""
    if not isinstance(message, Phrase):
        return catalogue.gettext(message)
    if isinstance(catalogue, Francais):
        return str(message)
    values = {
        name: traduire_par(catalogue, value) if isinstance(value, Phrase) else value
        for name, value in message.parametres.items()
    }
    text = catalogue.gettext(message.modele)
    return text % values if values else text
