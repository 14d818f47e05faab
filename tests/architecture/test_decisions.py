"""Every decision is in the index, and says what it must."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
SECTIONS = ("Context", "Decision", "Consequences", "Alternatives", "What enforces it")


@pytest.mark.parametrize("page", sorted(FOLDER.glob("[0-9]*.md")), ids=lambda page: page.name[:4])
def test_a_decision_is_complete_and_indexed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}. ")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert f"({page.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")
