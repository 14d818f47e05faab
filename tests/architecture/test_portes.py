"""The functions that pass row-level security are those that docs/portes-sql.md lists, and no other."""

import re

from app.config import ROOT
from tests.outillage.base import BaseEssai

_FUNCTIONS = """
SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public' AND p.prosecdef AND p.proname NOT LIKE 'procrastinate%%'
"""


def test_the_list_of_doors_is_true(base_migree: BaseEssai) -> None:
    listed = re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "portes-sql.md").read_text(), flags=re.MULTILINE)
    assert sorted(listed) == sorted(name for (name,) in base_migree.sql(_FUNCTIONS.replace("%%", "%")))
