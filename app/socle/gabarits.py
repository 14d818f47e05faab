"""The strict Jinja environment of the pages: one per language, macros as globals, French filters.

Macros are globals because a block rendered alone (an htmx fragment) does not see what its file imports at the
top. An unknown variable or macro argument raises instead of printing nothing.
"""

import functools
import gettext
import hashlib
import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from app.socle.articles import contracter
from app.socle.compilation import ENTIER, PageEnvironment, whole
from app.socle.langues import N_, traduire_par

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"
# The zone of the page being drawn: a macro does not see the variables of the page that calls it.
zone_de_la_page: ContextVar[tzinfo] = ContextVar("zone_de_la_page", default=PARIS)
_TIME = re.compile(r"\d{1,2} h( \d\d)?( – \d{1,2} h( \d\d)?)?")
# A file may call the macros of those before it: a module's globals are copied when it is made.
COMPOSANTS = ("elements", "champs", "widgets", "instruction", "edition", "regles", "rendezvous")


def _local(value: date | datetime, zone: tzinfo) -> date | datetime:
    """The wall-clock value in `zone`; a naive datetime is refused: nobody can tell which instant it is."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a date shown to people must be aware")
    return value.astimezone(zone)


# How each language writes an hour, joins it to a date, and names units; Breton figures are written as the French ones.
_HEURES = {"fr": ("\u00a0h", "\u00a0h\u00a0"), "br": ("e", "e"), "en": (":00", ":")}
_LIAISONS = {"fr": "à", "br": "da", "en": "at"}
_OCTETS = {"fr": ("octets", "ko", "Mo"), "br": ("okted", "ko", "Mo"), "en": ("bytes", "kB", "MB")}


@functools.lru_cache(maxsize=2048)
def _date_long(day: date, lang: str) -> str:
    text = format_date(day, "d MMMM y", locale=lang)
    return (f"1er{text[1:]}" if lang == "fr" and text.startswith("1 ") else text).replace(" ", NBSP)


def date_longue(day: date, lang: str = "fr") -> str:
    """« 12 mars 2026 », « 1er janvier 2027 », not breaking."""
    return _date_long(day, lang)


def moment(value: datetime, zone: tzinfo = PARIS, lang: str = "fr") -> str:
    """« 12 mars 2026 à 8 h 30 » in that zone."""
    local = _local(value, zone)
    day = local.date() if isinstance(local, datetime) else local
    return f"{_date_long(day, lang)} {_LIAISONS[lang]}{NBSP}{heure(value, zone, lang)}"


def heure(value: datetime, zone: tzinfo = PARIS, lang: str = "fr") -> str:
    """« 8 h 30 », « 14 h » on the hour; "8:30", "14:00" in English, « 8e30 », « 14e » in Breton."""
    local = _local(value, zone)
    if not isinstance(local, datetime):
        raise TypeError("an hour needs an instant")
    alone, before_minutes = _HEURES[lang]
    return f"{local.hour}{before_minutes}{local.minute:02}" if local.minute else f"{local.hour}{alone}"


def euros(cents: int, lang: str = "fr") -> str:
    """« 1 234,50 € » ("€1,234.50" in English) from integer cents; no decimals when there are none; U+2212 minus."""
    whole, part = divmod(abs(cents), 100)
    if lang == "en":
        return f"{'−' if cents < 0 else ''}€{whole:,}{f'.{part:02}' if part else ''}"
    grouped = f"{whole:,}".replace(",", "\u202f")
    decimals = f",{part:02}" if part else ""
    return f"{'−' if cents < 0 else ''}{grouped}{decimals}{NBSP}€"


def telephone(number: str) -> str:
    """« 02 96 40 64 40 », not breaking, from any writing of a French number; another is left as it is."""
    digits = "".join(c for c in number if c.isdigit())
    if number.strip().startswith("+33") or (number.strip().startswith("0033")):
        digits = "0" + digits.removeprefix("00").removeprefix("33").lstrip("0")
    if len(digits) != 10:
        return number
    return NBSP.join(digits[i : i + 2] for i in range(0, 10, 2))


def tel_uri(number: str) -> str:
    """The number as a `tel:` link wants it: digits and a leading plus only."""
    return "".join(c for c in number if c.isdigit() or c == "+")


def numero_dossier(number: str) -> str:
    """A dossier's number in groups of four, as it is spelt on the phone: « 4827-1935-6041 »."""
    plain = number if number.isalnum() else "".join(c for c in number if c.isalnum())
    if len(plain) == 12:
        return f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"
    return "-".join(plain[i : i + 4] for i in range(0, len(plain), 4))


def octets(size: int, lang: str = "fr") -> str:
    """A size in bytes as people say it: « 840 octets », « 312 ko », « 2,4 Mo » (decimal units)."""
    unit, kilo, mega = _OCTETS[lang]
    if size < 1000:
        return f"{size}{NBSP}{unit}"
    if size < 999_500:
        return f"{round(size / 1000)}{NBSP}{kilo}"
    figure = f"{size / 1_000_000:.1f}".rstrip("0").rstrip(".")
    return f"{figure if lang == 'en' else figure.replace('.', ',')}{NBSP}{mega}"


def horaire(text: str) -> str:
    """Opening hours as typed, whose spans never break at the end of a line: « 8 h 30 – 12 h »."""
    # A dash lets the line break after it even before a non-breaking space: the word joiner forbids it.
    return _TIME.sub(lambda m: m[0].replace("– ", "–\u2060 ").replace(" ", NBSP), text)


@functools.cache
def _content_hash(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


def statique(path: str) -> str:
    """Address of a file of `static/` and its content's hash, read once a process; a missing file raises."""
    return f"/static/{path}?v={_content_hash(path)}"


def _zone_of(context: Context) -> tzinfo:
    """Where a page's hours are: its own `fuseau`, else that of the host's collectivité; a macro's are its page's."""
    zone = context.get("fuseau") or getattr(context.get("portail"), "fuseau", None)
    return zone if isinstance(zone, tzinfo) else zone_de_la_page.get()


def _filters(lang: str) -> dict[str, Callable[..., str]]:
    @pass_context
    def date_longue_ici(context: Context, value: date | datetime, zone: tzinfo | None = None) -> str:
        if type(value) is date:
            return _date_long(value, lang)
        local = _local(value, zone or _zone_of(context))
        return date_longue(local.date() if isinstance(local, datetime) else local, lang)

    @pass_context
    def date_iso(context: Context, value: date | datetime, zone: tzinfo | None = None) -> str:
        local = _local(value, zone or _zone_of(context))
        return local.isoformat(timespec="seconds") if isinstance(local, datetime) else local.isoformat()

    @pass_context
    def date_heure(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
        return moment(value, zone or _zone_of(context), lang)

    @pass_context
    def heure_locale(context: Context, value: datetime, zone: tzinfo | None = None) -> str:
        return heure(value, zone or _zone_of(context), lang)

    return {
        "date_longue": date_longue_ici,
        "date_heure": date_heure,
        "date_iso": date_iso,
        "heure": heure_locale,
        "euros": functools.partial(euros, lang=lang),
        "telephone": telephone,
        "tel_uri": tel_uri,
        "horaire": horaire,
        "numero_dossier": numero_dossier,
        "octets": functools.partial(octets, lang=lang),
        "contracte": contracter,
    }


# What silence will mean, on its day, before it and after it; N_ marks them for the catalogues.
_SILENCES = {
    "": (N_("Dépassé"), N_("Aujourd’hui")),
    "acceptation": (N_("Accord tacite né"), N_("Accord tacite aujourd’hui")),
    "refus": (N_("Refus tacite né"), N_("Refus tacite aujourd’hui")),
}


def _delay(translations: gettext.NullTranslations) -> Callable[..., str]:
    """What is said of the days before silence decides, and of what it will mean, kept: a list asks it for each row."""

    @functools.lru_cache(maxsize=2048)
    def delai(days: int, sens: str | None = None) -> str:
        if days <= 0:
            return translations.gettext(_SILENCES[sens or ""][0 if days else 1])
        if sens == "acceptation":
            told = translations.ngettext(
                "Accord tacite dans %(n)s jour", "Accord tacite dans %(n)s jours", days
            )
        elif sens == "refus":
            told = translations.ngettext(
                "Refus tacite dans %(n)s jour", "Refus tacite dans %(n)s jours", days
            )
        else:
            told = translations.ngettext("%(n)s jour", "%(n)s jours", days)
        return told % {"n": days}

    return delai


def _translator(translations: gettext.NullTranslations) -> Callable[[str], str]:
    """For a sentence that comes from Python; unlike `_`, it leaves `%` alone and what it returns is escaped."""
    return lambda message: traduire_par(translations, message)


def make_environment(
    translations: gettext.NullTranslations | None = None,
    *,
    lang: str = "fr",
    relue: bool = True,
    static_url: Callable[[str], str] = statique,
    templates: Path = TEMPLATES,
) -> Environment:
    """The environment of one language, with every macro of `templates/composants/` as a global.

    `relue` false: pages say that nobody has proof-read the translation. Make one per language when the process starts
    and keep it: compiling takes tens of milliseconds, once.
    """
    translations = translations or gettext.NullTranslations()
    environment = PageEnvironment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default_for_string=True, default=True),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.translations = translations
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        translations, newstyle=True
    )
    environment.filters.update(_filters(lang), traduit=_translator(translations), delai=_delay(translations))
    environment.filters[ENTIER] = whole
    # On an element whose text exists in French only, so that a screen reader says it as French (RGAA 8.7).
    en_francais = Markup("") if lang == "fr" else Markup(' lang="fr"')
    environment.globals.update(statique=static_url, langue=lang, relue=relue, en_francais=en_francais)
    # The widget of a field is found by its name, at the moment of drawing: a block of rows draws fields itself.
    widgets: dict[str, object] = {}
    environment.globals["widgets"] = widgets
    for name in COMPOSANTS:
        module = environment.get_template(f"composants/{name}.html").module
        environment.globals.update((key, value) for key, value in vars(module).items() if key[0] != "_")
        widgets.update(
            (key.removeprefix("widget_"), value)
            for key, value in vars(module).items()
            if key[:7] == "widget_"
        )
    environment.complete = True
    return environment
