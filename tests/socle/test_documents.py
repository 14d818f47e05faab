"""PDF engine: archival and accessible marks, sameness, hostile characters, caps, reach of templates."""

import io
from datetime import UTC, datetime

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from app.socle import documents
from app.socle.documents import DocumentError, DocumentTooLargeError, compose_pdf, printable, render_pdf

INSTANT = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
EN_TETE = {
    "collectivite": "Commune de Guingamp",
    "service": "État civil",
    "adresse": ["1 place du Champ au Roy", "22200 Guingamp"],
    "telephone": "02 96 40 64 40",
    "courriel": "",
    "horaires": "",
    "site": "",
    "couleur": "#1b3a57",
}
DEMANDE = {
    "en_tete": EN_TETE,
    "numero": "KMN-7F3Q",
    "demarche": "Acte de naissance",
    "recu_le": "22 novembre 2026 à 14 h 05",
    "canal": "En ligne",
    "demandeur": {"nom": "Maëlys Tanguy", "adresse": []},
    "depose_par": "",
    "represente": "",
    "transmission": "",
    "agent": None,
    "sections": [],
    "pieces": [],
    "suite": "",
}
EMBLEM = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def compose(changes: dict[str, object] | None = None, **options: str) -> bytes:
    return compose_pdf(
        "attestation", {**DEMANDE, **(changes or {})}, horodatage=INSTANT, titre="Reçu", **options
    )


def text_of(pdf: bytes) -> str:
    raw = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return raw.replace("\u00a0", " ").replace("\u200b", "")


def test_it_is_archival_tagged_and_says_its_language_and_title() -> None:
    with pikepdf.open(io.BytesIO(compose(embleme=EMBLEM))) as pdf:
        with pdf.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "A")
            assert xmp["pdfuaid:part"] == "1"
            assert xmp["dc:title"] == "Reçu"
        assert str(pdf.Root.Lang).lower().startswith("fr")
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
        assert pdf.Root.ViewerPreferences.DisplayDocTitle


def test_same_data_and_instant_give_the_same_bytes_and_another_instant_does_not() -> None:
    first = compose()
    assert compose() == first
    later = compose_pdf("attestation", DEMANDE, horodatage=INSTANT.replace(year=2027), titre="Reçu")
    assert later != first


@pytest.mark.anyio
async def test_it_renders_off_the_event_loop_several_at_a_time() -> None:
    import asyncio

    results = await asyncio.gather(
        *(render_pdf("attestation", DEMANDE, horodatage=INSTANT, titre="Reçu") for _ in range(6))
    )
    assert len(set(results)) == 1
    assert results[0].startswith(b"%PDF-")


def test_a_name_with_rare_letters_and_an_emoji_is_printed_with_squares_only_where_needed() -> None:
    name = "Zoé 😀 中文 \x00\x07\ufeff\ue000\ud800Ǎ ş ệ Иван"
    text = text_of(compose({"demandeur": {"nom": name, "adresse": [name]}}))
    for part in ("Zoé □ □□ ", "Ǎ", "ş", "Иван"):
        assert part in text


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec=None), max_size=80))
def test_no_text_makes_a_receipt_fail(text: str) -> None:
    assert compose({"suite": text, "demandeur": {"nom": text, "adresse": [text]}, "demarche": text})


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("e\u0301", "é"),
        ("a\r\nb\tc", "a\nb c"),
        ("coop\u00adérative\u200d", "coopérative"),
        ("✈\ufe0f", "□"),
        ("Le Goff – l’été : 12 €", "Le Goff – l’été : 12 €"),
    ],
)
def test_printable(given: str, printed: str) -> None:
    assert printable(given) == printed


def test_a_long_run_without_space_stays_on_the_page() -> None:
    run = "x" * 900
    pdf = compose({"suite": run})
    assert text_of(pdf).replace("\n", "").count("x") >= 900
    assert printable("x" * 32) == "x" * 32


def test_what_a_person_typed_is_never_markup() -> None:
    typed = '#read("/etc/passwd") $x$ *gras* @ref <label> \\ #panic() = titre'
    assert typed in text_of(compose({"suite": typed}))


def test_too_much_text_or_too_big_an_emblem_is_refused() -> None:
    with pytest.raises(DocumentTooLargeError):
        compose({"suite": "mot " * 80_000})
    with pytest.raises(DocumentTooLargeError):
        compose(embleme="<svg>" + " " * documents.MAX_EMBLEM_CHARS)


def test_a_broken_emblem_is_an_error_of_ours() -> None:
    with pytest.raises(DocumentError):
        compose(embleme="<svg")


@pytest.mark.parametrize("name", ["absent", "../accuse", "Accuse", ""])
def test_only_a_template_of_the_folder_can_be_named(name: str) -> None:
    with pytest.raises(DocumentError, match="n’existe pas"):
        compose_pdf(name, DEMANDE, horodatage=INSTANT, titre="x")


@pytest.mark.parametrize(
    "source",
    [
        '#read("/etc/hostname")',
        '#read("../../pyproject.toml")',
        '#import "@preview/cetz:0.3.0"',
        '#set text(font: "No Such Font")\nTexte',
    ],
)
def test_a_template_cannot_leave_its_folder_fetch_a_package_or_warn(
    source: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("modeles")
    (folder / "essai.typ").write_text(f'#set document(title: "t")\n{source}\n')
    monkeypatch.setattr(documents, "TEMPLATES", folder)
    with pytest.raises(DocumentError):
        compose_pdf("essai", {}, horodatage=INSTANT, titre="t")


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        compose_pdf("attestation", DEMANDE, horodatage=INSTANT.replace(tzinfo=None), titre="x")


def test_no_template_needs_a_package_or_evaluates_data() -> None:
    for path in documents.TEMPLATES.glob("*.typ"):
        source = path.read_text()
        assert "@preview" not in source
        assert "eval(" not in source
