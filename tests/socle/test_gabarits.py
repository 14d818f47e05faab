"""The page environment: strict, escaping, French; every page keeps the promises made to the browser."""

import gettext
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import html5lib
import pytest
from jinja2 import Environment, UndefinedError

from app.socle.gabarits import make_environment, statique
from app.socle.vues import Champ, Fichier, Option

HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def env() -> Environment:
    return make_environment()


def show(env: Environment, source: str, **context: object) -> str:
    return env.from_string(source).render(**context)


def elements(html: str):
    parser = html5lib.HTMLParser(strict=False)
    return list(parser.parse(html).iter())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ le|date_longue }}", "12 mars 2026"),
        ("{{ le|heure }}", "8 h 30"),
        ("{{ le|date_heure }}", "12 mars 2026 à 8 h 30"),
        ("{{ midi|heure }}", "13 h"),
        ("{{ premier|date_longue }}", "1er janvier 2027"),
        ("{{ 123450|euros }}", "1\u202f234,50 €"),
        ("{{ 1200|euros }}", "12 €"),
        ("{{ -5|euros }}", "−0,05 €"),
        ("{{ '0296406440'|telephone }}", "02 96 40 64 40"),
        ("{{ '+33 2 96 40 64 40'|telephone }}", "02 96 40 64 40"),
        ("{{ '17'|telephone }}", "17"),
        ("{{ '02 96 40 64 40'|tel_uri }}", "0296406440"),
        ("{{ '482719356041'|numero_dossier }}", "4827-1935-6041"),
        ("{{ 840|octets }}", "840 octets"),
        ("{{ 312000|octets }}", "312 ko"),
        ("{{ 999700|octets }}", "1 Mo"),
        ("{{ 2412000|octets }}", "2,4 Mo"),
        ("{{ 'Sauf 8 h 30 – 12 h'|horaire }}", "Sauf 8 h 30 –\u2060 12 h"),
    ],
)
def test_filters_write_as_people_do(env, source, shown):
    values = {
        "le": datetime(2026, 3, 12, 7, 30, tzinfo=UTC),
        "midi": datetime(2026, 1, 5, 12, tzinfo=UTC),
        "premier": date(2027, 1, 1),
    }
    assert show(env, source, **values).replace("\u00a0", " ") == shown


def test_an_instant_is_shown_in_the_zone_asked_for(env):
    instant = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    shown = show(env, "{{ le|date_heure(zone) }}", le=instant, zone=ZoneInfo("Indian/Reunion"))
    assert shown.replace("\u00a0", " ") == "13 mars 2026 à 3 h 30"


def test_a_page_says_its_zone_once_for_all_its_hours(env):
    instant = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    shown = show(env, "{{ le|date_longue }}, {{ le|heure }}", le=instant, fuseau=ZoneInfo("Indian/Reunion"))
    assert shown.replace("\u00a0", " ") == "13 mars 2026, 3 h 30"


def test_a_naive_instant_is_refused(env):
    with pytest.raises(ValueError, match="aware"):
        show(env, "{{ le|heure }}", le=datetime(2026, 3, 12))  # noqa: DTZ001


def test_values_are_escaped_also_through_macros(env):
    html = show(env, "{{ champ_texte('x', libelle, valeur) }}", libelle="<b>", valeur='"><script>')
    assert "<script>" not in html
    assert "<b>" not in html


def test_an_unknown_variable_or_macro_argument_raises(env):
    with pytest.raises(UndefinedError):
        show(env, "{{ inconnu }}")
    with pytest.raises(TypeError):
        show(env, "{{ bouton('x', couleur='vert') }}")
    with pytest.raises(UndefinedError):
        show(env, "{{ champ(c) }}", c=Champ("x", "hologramme", "X"))


def test_a_translation_is_used(env):
    class Loud(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper()

    html = show(make_environment(Loud(), lang="br"), "{{ champ_oui_non('x', 'X') }}{{ langue }}")
    assert "OUI" in html
    assert html.endswith("br")


def test_a_static_address_changes_with_the_content_and_a_missing_file_raises():
    assert statique("kumun.css").startswith("/static/kumun.css?v=")
    with pytest.raises(FileNotFoundError):
        statique("rien.css")


FIELDS = [
    Champ(
        "x",
        kind,
        "Libellé",
        aide="Aide",
        erreur="Erreur",
        provenance="Donné par FranceConnect",
        options=options,
    )
    for kind, options in [
        *((kind, ()) for kind in ("texte", "courriel", "telephone", "nombre", "montant", "texte_long")),
        *((kind, (Option("a", "A"), Option("b", "B"))) for kind in ("choix", "cases", "liste")),
        *((kind, ()) for kind in ("date", "adresse", "oui_non")),
    ]
]


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.type)
def test_every_field_ties_hint_provenance_and_error_and_bears_its_own_id(env, field):
    found = elements(show(env, "{{ champ(c) }}", c=field))
    by_id = {e.get("id"): e for e in found if e.get("id")}
    assert by_id["x"].tag in {HTML + tag for tag in ("input", "textarea", "select")}
    described = [e for e in found if "x-erreur" in (e.get("aria-describedby") or "")]
    assert len(described) == 1
    assert described[0].get("aria-describedby").split() == ["x-aide", "x-provenance", "x-erreur"]
    assert {"x-aide", "x-provenance", "x-erreur"} <= by_id.keys()


def test_a_piece_lists_its_files_with_state_size_and_a_way_to_remove_each(env):
    piece = Champ(
        "p", "piece", "Attestation", fichiers=(Fichier("f1", "a.pdf", 2_400_000, "refuse", "Illisible"),)
    )
    html = show(env, "{{ champ(c) }}", c=piece).replace("\u00a0", " ")
    assert 'name="supprimer_piece" value="f1"' in html
    assert all(words in html for words in ("2,4 Mo", "Refusé", "Illisible", 'type="file"'))


def test_a_printed_sentence_keeps_its_variables_escaped_and_its_percent_signs() -> None:
    class Reversed(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return "%(b)s puis <b>%(a)s</b>, 100 %%" if "%(a)s" in message else message

    source = "{% trans a=x, b=y %}{{ a }} et {{ b }}{% endtrans %}|{{ _('%(a)s et %(b)s', a=x, b=y)|upper }}"
    shown = show(make_environment(Reversed()), source, x="<i>", y=3)
    assert shown.startswith("3 puis <b>&lt;i&gt;</b>, 100 %|")


def test_what_is_drawn_is_escaped_once_whatever_its_kind(env: Environment) -> None:
    class Page:
        def __html__(self) -> str:
            return "<hr>"

    values = {"t": "<&>", "n": 3, "d": {"items": "é", "t": "<"}, "p": Page(), "rien": None}
    source = "{{ t }}{{ n }}{{ d['items'] }}{{ d.t }}{{ p }}{{ rien }}{% for k, v in d.items() %}{{ k }}{% endfor %}"
    assert show(env, source, **values) == "&lt;&amp;&gt;3é&lt;<hr>Noneitemst"
    macro = "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{% set s %}{{ m(t) }}{{ t }}{% endset %}{{ s }}"
    assert show(env, macro, t="<") == "<b>&lt;</b>&lt;"


def test_a_block_drawn_alone_is_the_block_of_the_page(env: Environment) -> None:
    page = env.get_template("portail/mon_espace.html")
    values = {"dossiers": [], "brouillons": [], "invitations": [], "message": "Bonjour <vous>"}
    alone = "".join(page.blocks["contenu"](page.new_context(values)))
    assert "Bonjour &lt;vous&gt;" in alone
    assert "Dossiers déposés" in alone
