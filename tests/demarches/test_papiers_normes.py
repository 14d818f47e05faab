"""The papers that people receive keep the rules of PDF/A-2a and PDF/UA-1 that a program can see in the file."""

import io
from collections.abc import Callable

import pikepdf
import pytest

from app.demarches.documents import AccuseReception
from app.demarches.pdf import pdf_accuse, pdf_decision, pdf_demande_complement
from tests.demarches.test_documents import ACTE, COMPLEMENT, DEPOT, REJET
from tests.outillage.normes_pdf import faults_of_pdf

pytestmark = pytest.mark.anyio


async def test_receipt_decision_and_request_keep_the_rules() -> None:
    for pdf in (
        await pdf_accuse(AccuseReception(depot=DEPOT, silence=REJET)),
        await pdf_decision(ACTE),
        await pdf_demande_complement(COMPLEMENT),
    ):
        assert faults_of_pdf(pdf) == []


def _unembed(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and "/FontFile3" in item:
            del item.FontFile3
        elif isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item:
            del item.FontFile2


def _untag(pdf: pikepdf.Pdf) -> None:
    pdf.Root.MarkInfo.Marked = False
    page = pdf.pages[0]
    page.contents_add(b"0 0 5 5 re f")


def _wrong_types(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/S") in ("/H1", "/P"):
            item.S = pikepdf.Name("/Titre")


def _mute(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.Lang
    del pdf.Root.ViewerPreferences
    del pdf.Root.OutputIntents


@pytest.mark.parametrize(
    ("damage", "clauses"),
    [
        (_unembed, ["A 6.2.11.4"]),
        (_untag, ["UA 7.1: not tagged", "UA 7.1: page 1 shows something"]),
        (_wrong_types, ["UA 7.1: Titre is no known type"]),
        (_mute, ["UA 7.2", "the window would show", "A 6.2.3"]),
    ],
)
async def test_a_paper_that_breaks_one_is_told(
    damage: Callable[[pikepdf.Pdf], None], clauses: list[str]
) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(await pdf_accuse(AccuseReception(depot=DEPOT, silence=REJET)))) as pdf:
        damage(pdf)
        pdf.save(out)
    told = faults_of_pdf(out.getvalue())
    for clause in clauses:
        assert any(clause in fault for fault in told), told
