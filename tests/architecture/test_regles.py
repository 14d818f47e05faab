"""The house rules hold on the project, and each finds a fault planted for it."""

from pathlib import Path

import pytest

from outils.glossaire import Jumeau, read_twins, words_of
from outils.regles import ROOT, Source, alembic_heads, check, faults

TWINS = [
    Jumeau("Usager", "user"),
    Jumeau("Collectivite", "tenant", ("app/socle",)),
    Jumeau("Creneau", "time_slot"),
]
DOC = '"""Role."""\n'


def names(path: str, text: str) -> list[str]:
    return [faute.nom for faute in check(Source(path, text), TWINS)]


def test_the_project_keeps_the_house_rules() -> None:
    found = faults()
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("path", "text", "nom"),
    [
        ("app/a.py", "x = 1\n", "docstring"),
        ("app/a.py", DOC + "x = 1\n" * 400, "taille-fichier"),
        ("simulateurs/a.py", DOC + "def f():\n" + "    x = 1\n" * 60, "taille-fonction"),
        ("tests/conftest.py", DOC + "x = 1\n" * 400, "taille-fichier"),
        ("app/demarches/service.py", DOC + "async def f(s):\n    await s.commit()\n", "commit"),
        ("app/demarches/service.py", DOC + "q = text('select 1')\n", "sql-texte"),
        ("app/demarches/service.py", DOC + "import sqlalchemy as sa\nq = sa.text('select 1')\n", "sql-texte"),
        ("app/paiements/service.py", DOC + "s = hors_cloison(session, 'motif')\n", "hors-cloison"),
        ("app/a.py", DOC + "# see /" + "home/marie/kumun\n", "chemin-de-machine"),
        ("docs/a.md", "Asked for in iss" + "ue 12.\n", "fil"),
        ("README.md", "https://registry." + "npmjs.org/htmx\n", "registre"),
        ("app/a.py", DOC + "# TO" + "DO later\n", "inacheve"),
        ("app/a.py", DOC + "def list_users(): ...\n", "jumeau"),
        ("app/a.py", DOC + "class UserAccount: ...\n", "jumeau"),
        ("app/a.py", DOC + "def f(time_slot): ...\n", "jumeau"),
        ("app/demarches/a.py", DOC + "tenant = 1\n", "jumeau"),
        ("templates/a.html", "<p>{{ nom | safe }}</p>", "safe"),
        ("templates/a.html", '<a hx-on:click="f()">x</a>', "en-ligne"),
        ("templates/a.html", '<a hx-trigger="click[ctrlKey]">x</a>', "en-ligne"),
        ("templates/a.html", '<a onclick="f()">x</a>', "en-ligne"),
        ("templates/a.html", "<script>f()</script>", "en-ligne"),
        ("templates/a.html", '<p\n  style="color: red">x</p>', "en-ligne"),
        ("templates/a.html", "<style>p {}</style>", "en-ligne"),
        ("templates/a.html", '<a href="javascript:f()">x</a>', "en-ligne"),
    ],
)
def test_a_planted_fault_is_found(path: str, text: str, nom: str) -> None:
    assert nom in names(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/socle/db.py", DOC + "async def f(s):\n    await s.commit()\n"),
        ("app/demarches/dossiers/repository.py", DOC + "q = text('select 1')\n"),
        ("app/demarches/service.py", DOC + "x = page.text()\n"),
        ("app/socle/tenancy.py", DOC + "tenant = 1\ns = hors_cloison(session, 'motif')\n"),
        ("app/socle/web.py", DOC + "def f(user_agent): ...\n"),
        ("tests/paiements/test_service.py", DOC + "def test_f():\n" + "    x = 1\n" * 80),
        ("templates/courriels/depot/corps.html", '<p style="color: red">x</p>'),
        ("templates/a.html", '<script src="/static/app.js" type="module"></script>'),
        ("templates/a.html", '<script type="application/json" id="d">{}</script>{# |safe is for nobody #}'),
    ],
)
def test_what_is_allowed_is_let_through(path: str, text: str) -> None:
    assert names(path, text) == []


def test_a_named_comment_with_a_reason_allows_one_line_only() -> None:
    text = (
        DOC
        + "async def f(s):\n    # regle: commit – the job's own connection\n    await s.commit()\n    x = 1\n"
    )
    assert names("app/a.py", text) == []
    assert names("app/a.py", text + "    await s.commit()\n") == ["commit"]
    assert names("app/a.py", text.replace(" – the job's own connection", "")) == ["commit"]
    assert names("app/a.py", text.replace("commit –", "safe –")) == ["commit"]


def test_a_template_may_name_its_exception() -> None:
    assert names("templates/a.html", "{# regle: safe – already Markup #}\n{{ corps | safe }}") == []


def test_words_of_an_identifier() -> None:
    assert words_of("listDossiersFor_agentHTTP") == ("list", "dossiers", "for", "agent", "http")


def test_the_glossary_is_read() -> None:
    twins = read_twins(ROOT / "docs" / "glossaire.md")
    assert Jumeau("Collectivite", "tenant", ("app/socle",)) in twins
    assert len(twins) > 50


def test_two_alembic_heads_are_seen(tmp_path: Path) -> None:
    for revision, parent in (("0001", None), ("0002", "0001"), ("0003", "0001")):
        (tmp_path / f"{revision}_mot.py").write_text(
            f"revision: str = {revision!r}\ndown_revision = {parent!r}\n"
        )
    assert alembic_heads(tmp_path) == ["0002", "0003"]
