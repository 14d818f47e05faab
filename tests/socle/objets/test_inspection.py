"""A piece is what it opens as: true ones pass, and each odd one is refused with what to do."""

import io
import zipfile
from typing import Any

import pikepdf
import pillow_heif
import pytest
from PIL import Image

from app.socle.televersement import (
    CutPieceError,
    DeceptiveExtensionError,
    EmptyPieceError,
    ImageTooLargeError,
    LockedPdfError,
    PieceRefuseeError,
    PieceTypeError,
    UnreadablePieceError,
    inert_headers,
    inspect_piece,
    safe_download_name,
)

pytestmark = pytest.mark.anyio
ALL = {"pdf", "jpeg", "png", "heic"}


def image(kind: str, size: tuple[int, int] = (300, 200)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 50).save(out, kind)
    return out.getvalue()


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "teal")).save(out)
    return out.getvalue()


def pdf(pages: int = 2, **options: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        document.save(out, **options)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.exe", b"MZ" * 2000)
    return out.getvalue()


JPEG, PNG, HEIC, PDF = image("JPEG"), image("PNG"), heic(), pdf()


@pytest.mark.parametrize(
    ("data", "name", "kind", "mime"),
    [
        (PDF, "justificatif.pdf", "pdf", "application/pdf"),
        (JPEG, "IMG_2041.JPG", "jpeg", "image/jpeg"),
        (JPEG, "a.jpeg", "jpeg", "image/jpeg"),
        (PNG, "capture.png", "png", "image/png"),
        (HEIC, "IMG_2042.HEIC", "heic", "image/heic"),
        (b"\xef\xbb\xbf" + PDF, "bom.pdf", "pdf", "application/pdf"),
        (PDF + b"\0" * 3000, "scanner.pdf", "pdf", "application/pdf"),
    ],
)
async def test_a_true_piece_is_recognised(data: bytes, name: str, kind: str, mime: str) -> None:
    found = await inspect_piece(data, name, ALL)
    assert (found.type, found.mime, found.nom) == (kind, mime, name)
    assert found.pages == (2 if kind == "pdf" else 1)
    if kind in {"jpeg", "png"}:
        assert (found.largeur, found.hauteur) == (300, 200)


@pytest.mark.parametrize(
    ("data", "name", "corrected"),
    [
        (PNG, "photo.jpg", "photo.png"),
        (HEIC, "photo.jpg", "photo.heic"),
        (JPEG, "photo", "photo.jpg"),
        (PDF, "Scan du 12.03.2026", "Scan du 12.03.2026.pdf"),
    ],
)
async def test_a_name_that_a_phone_got_wrong_is_set_right(data: bytes, name: str, corrected: str) -> None:
    assert (await inspect_piece(data, name, ALL)).nom == corrected


async def test_a_pdf_restricted_by_its_author_opens_and_is_taken() -> None:
    restricted = pdf(encryption=pikepdf.Encryption(owner="edf", user=""))
    assert (await inspect_piece(restricted, "facture.pdf", ALL)).pages == 2


REFUSED: dict[str, tuple[bytes, str, set[str], type[PieceRefuseeError], str]] = {
    "empty": (b"", "a.pdf", ALL, EmptyPieceError, "vide"),
    "page named pdf": (
        b"<html><script>", "a.pdf", ALL, DeceptiveExtensionError,
        "Ce fichier n’est pas un PDF, bien que son nom finisse par .pdf. "
        "Enregistrez-le à nouveau en PDF ou prenez-le en photo.",
    ),
    "photo named pdf": (JPEG, "a.pdf", ALL, DeceptiveExtensionError, "est une photo JPEG"),
    "pdf named jpg": (PDF, "a.jpg", ALL, DeceptiveExtensionError, "est un PDF"),
    "text named png": (b"hello", "a.png", ALL, DeceptiveExtensionError, "n’est pas une image PNG"),
    "program": (b"MZ" * 500, "a.exe", ALL, PieceTypeError, "« .exe »"),
    "pdf named exe": (PDF, "facture.pdf.exe", ALL, PieceTypeError, "« .exe »"),
    "unknown without extension": (b"bonjour", "lettre", ALL, PieceTypeError, "Joignez un PDF, une"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", ALL, PieceTypeError, "svg"),
    "docx": (archive(), "a.docx", ALL, PieceTypeError, "docx"),
    "avif": (b"\0\0\0\x20ftypavif" + b"\0" * 100, "a.heic", ALL, DeceptiveExtensionError, "HEIC"),
    "type not wanted here": (JPEG, "a.jpg", {"pdf"}, PieceTypeError, "Joignez un PDF."),
    "half a jpeg": (JPEG[: len(JPEG) // 2], "a.jpg", ALL, CutPieceError, "incomplet"),
    "half a png": (PNG[: len(PNG) // 2], "a.png", ALL, CutPieceError, "incomplet"),
    "png without its end": (PNG[:-12], "a.png", ALL, CutPieceError, "incomplet"),
    "half a heic": (HEIC[: len(HEIC) // 2], "a.heic", ALL, CutPieceError, "incomplet"),
    "heic without its last byte": (HEIC[:-1], "a.heic", ALL, CutPieceError, "incomplet"),
    "half a pdf": (PDF[: len(PDF) // 2], "a.pdf", ALL, CutPieceError, "incomplet"),
    "linearised pdf cut": (pdf(20, linearize=True)[:-200], "a.pdf", ALL, CutPieceError, "incomplet"),
    "html behind a pdf mark": (b"%PDF-1.4\n<html><script>", "a.pdf", ALL, CutPieceError, "incomplet"),
    "html between pdf marks": (
        b"%PDF-1.4\n<html>\n%%EOF", "a.pdf", ALL, UnreadablePieceError, "ne s’ouvre pas",
    ),
    "archive behind a pdf": (PDF + archive(), "a.pdf", ALL, CutPieceError, "incomplet"),
    "pdf without page": (pdf(0), "a.pdf", ALL, UnreadablePieceError, "ne s’ouvre pas"),
    "pdf with a password": (
        pdf(encryption=pikepdf.Encryption(owner="a", user="b")), "a.pdf", ALL, LockedPdfError, "mot de passe",
    ),
    "jpeg mark then noise": (
        b"\xff\xd8\xff" + b"a" * 500, "a.jpg", ALL, UnreadablePieceError, "ne s’ouvre pas",
    ),
    "gif with script": (b"GIF89a/*<script>", "a.gif", ALL, PieceTypeError, "gif"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_an_odd_piece_is_refused_with_what_to_do(case: str) -> None:
    data, name, accepted, error, words = REFUSED[case]
    with pytest.raises(PieceRefuseeError) as refusal:
        await inspect_piece(data, name, accepted)
    assert type(refusal.value) is error
    assert words.replace("« ", "«\u00a0").replace(" »", "\u00a0»") in refusal.value.message
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize("side", [7_100, 10_000, 14_000])
async def test_a_bomb_of_pixels_is_refused_before_it_is_decoded(side: int) -> None:
    out = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        Image.new("1", (side, side)).save(out, "PNG")
    with pytest.raises(ImageTooLargeError, match="50 millions"):
        await inspect_piece(out.getvalue(), "a.png", ALL)


async def test_a_field_that_takes_an_unknown_type_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="gif"):
        await inspect_piece(PNG, "a.png", {"gif"})


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("Carte d’identité 🪪.pdf", "Carte d’identité 🪪.pdf"),
        ("famille 👨\u200d👩\u200d👧 𠮷野.jpg", "famille 👨\u200d👩\u200d👧 𠮷野.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Anne\\photo.jpg", "photo.jpg"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
        ("facture\u202efdp.exe", "facturefdp.exe"),
        ('le "vrai" <nom>.pdf', "le _vrai_ _nom_.pdf"),
        ("", "document"),
        ("...", "document"),
        (".pdf", "document.pdf"),
        ("con.pdf", "document_con.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("a\ud800b.pdf", "a_b.pdf"),
        ("a\0b.pdf", "ab.pdf"),
    ],
)
def test_a_name_is_kept_but_for_what_could_harm(given: str, safe: str) -> None:
    assert safe_download_name(given) == safe


def test_a_long_name_keeps_its_extension() -> None:
    name = safe_download_name("é" * 500 + ".pdf")
    assert name.endswith("é.pdf")
    assert len(name.encode()) <= 180


def test_uploads_are_served_inert() -> None:
    headers = inert_headers('Avis d’imposition "2026" 🏠.pdf\r\nX: y')
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    disposition = headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="Avis d')
    assert "filename*=UTF-8''Avis%20d%E2%80%99imposition" in disposition
    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.count('"') == 2
