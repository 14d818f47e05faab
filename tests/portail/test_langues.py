"""Breton and English: complete catalogues, whole pages in the language asked for, dates as people write them."""

from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Catalog

from app.socle.gabarits import make_environment
from app.socle.langues import LANGUES, is_relue, traduire, translations
from outils.langues import extract, faults, read
from tests.cast import brouillon, compte, dossier_instruit, load_cast

AUTRES = [code for code, _ in LANGUES if code != "fr"]
PUBLIQUES = ("/", "/demarches", "/demarches/acte-naissance", "/demarches/pacs", "/connexion", "/aide")
INFORMATIONS = ("/accessibilite", "/donnees-personnelles", "/mentions-legales", "/plan-du-site")


@pytest.fixture(scope="module")
def sources() -> Catalog:
    return extract()


@pytest.mark.parametrize("langue", AUTRES)
def test_each_catalogue_is_complete(langue, sources):
    found = list(faults(read(langue), sources))
    assert not found, "run `make messages`, then translate:\n" + "\n".join(found)
    stale = [m.id for m in read(langue) if m.id and m.id not in sources]
    assert not stale, f"run `make messages`: {stale}"


def test_a_missing_or_altered_translation_is_told(sources):
    catalog = Catalog(locale="en")
    assert len(list(faults(catalog, sources))) == len(sources)
    catalog.add("Page %(page)s sur %(pages)s", "Page %(page)s of %(total)s")
    assert "placeholders differ: Page %(page)s sur %(pages)s" in faults(catalog, sources)


@pytest.fixture(scope="module")
def environments():
    return {
        code: make_environment(translations(code), lang=code, relue=is_relue(code)) for code, _ in LANGUES
    }


@pytest.mark.parametrize(
    ("langue", "shown"),
    [
        ("fr", "12 mars 2026 à 8 h 30 – 14 h – 1 234,50 € – 2,4 Mo"),
        ("br", "12 Meurzh 2026 da 8e30 – 14e – 1 234,50 € – 2,4 Mo"),
        ("en", "12 March 2026 at 8:30 – 14:00 – €1,234.50 – 2.4 MB"),
    ],
)
def test_dates_hours_amounts_and_sizes_follow_the_language(environments, langue, shown):
    source = "{{ le|date_heure }} – {{ midi|heure }} – {{ 123450|euros }} – {{ 2412000|octets }}"
    values = {"le": datetime(2026, 3, 12, 7, 30, tzinfo=UTC), "midi": datetime(2026, 3, 12, 13, tzinfo=UTC)}
    text = environments[langue].from_string(source).render(**values)
    assert text.replace("\u00a0", " ").replace("\u202f", " ") == shown


@pytest.mark.parametrize(("n", "shown"), [(0, "0 jour"), (1, "1 jour"), (2, "2 jours")])
def test_french_counts_from_two(environments, n, shown):
    source = "{% trans n=n %}{{ n }} jour{% pluralize %}{{ n }} jours{% endtrans %}"
    assert environments["fr"].from_string(source).render(n=n) == shown


def test_french_high_punctuation_never_begins_a_line(environments):
    assert environments["fr"].from_string("{{ _('Besoin d’aide ?') }}").render() == "Besoin d’aide\u00a0?"


def test_a_value_that_is_no_sentence_of_ours_is_left_alone_and_escaped(environments):
    shown = environments["en"].from_string("{{ v|traduit }}").render(v="<b>100 %(x)s</b>")
    assert shown == "&lt;b&gt;100 %(x)s&lt;/b&gt;"
    assert traduire("", "en") == ""


async def read_all(navigateur, langue: str, paths: tuple[str, ...]) -> None:
    """Each page is in the language, and says whether its translation was proof-read."""
    for path in paths:
        page = await navigateur.get(f"/langue/{langue}?suite={path}")
        assert page.statut in (200, 404), path
        assert page.arbre.get("lang") == langue, path
        assert traduire("Aller au contenu", langue) in page.texte, path
        assert bool(page.arbre.xpath("//*[contains(@class, 'k-traduction--haut')]")) is not is_relue(langue)


@pytest.mark.anyio
@pytest.mark.parametrize("langue", [code for code, _ in LANGUES])
async def test_the_public_pages_are_read_in_the_language_chosen(portail, langue):
    await read_all(portail.navigateur("guingamp"), langue, (*PUBLIQUES, *INFORMATIONS, "/nulle-part"))
    for hote in ("mon", "agents", "opsn"):
        await read_all(portail.navigateur(hote), langue, ("/connexion", "/aide", *INFORMATIONS))


@pytest.mark.anyio
@pytest.mark.parametrize("langue", [code for code, _ in LANGUES])
async def test_the_pages_of_people_signed_in_are_read_in_the_language_chosen(portail, langue):
    dossier = await dossier_instruit(portail)
    draft = await brouillon(portail)
    who = (await compte(portail)).paire
    cast = await load_cast(portail)
    navigateur = portail.navigateur("guingamp")
    await portail.ouvrir_session("guingamp", usager=who, navigateur=navigateur)
    here = f"/dossiers/{dossier.id}"
    forms = (f"/dossiers/{draft.id}/document", f"/dossiers/{draft.id}/recapitulatif")
    await read_all(navigateur, langue, (here, f"{here}/depose", *forms, "/sessions", "/deconnexion"))
    desk = portail.navigateur("agents")
    await portail.ouvrir_session("agents", agent=cast.agents["maelle"], navigateur=desk)
    await read_all(desk, langue, ("/", here, "/saisir", "/sessions"))
    page = await desk.get("/")
    assert traduire("Dossiers, le plus urgent en premier", langue) in page.texte.replace("\u00a0", " ")


@pytest.mark.anyio
async def test_the_text_of_a_demarche_says_that_it_is_french(portail):
    navigateur = portail.navigateur("guingamp")
    page = await navigateur.get("/langue/en?suite=/demarches/acte-naissance")
    assert "in French only" in page.texte
    assert page.arbre.xpath("//ul[contains(@class, 'k-coches')][@lang='fr']")
    page = await navigateur.get("/langue/fr?suite=/demarches/acte-naissance")
    assert not page.arbre.xpath("//body//*[@lang='fr' and not(@hreflang)]")
