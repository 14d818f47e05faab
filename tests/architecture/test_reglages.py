"""Every setting of `app/config.py` is told in `.env.example`, and nothing there is unknown to it."""

import re
from pathlib import Path

from app.config import Settings

ROOT = Path(__file__).resolve().parents[2]
# Read by the launcher and the server themselves, before there are settings.
BESIDE = {"PORT", "SIM_PORT", "HOST"}


def test_each_setting_is_in_the_example_and_the_other_way_round() -> None:
    told = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    known = {f"KUMUN_{name.upper()}" for name in Settings.model_fields}
    assert told - BESIDE == known
