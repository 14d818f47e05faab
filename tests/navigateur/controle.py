"""What every page that a journey meets must pass: axe, the HTML checker, no sideways scroll at 320 px, a quiet console.

A page is checked once: two pages that differ by numbers, dates and tokens only are the same. With
CAPTURES set to a folder, each checked page is also kept there as a picture.
"""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

from playwright.sync_api import Page, Response

from tests.navigateur.pile import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
VNU = ROOT / "node_modules/vnu-jar/build/dist/vnu.jar"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = 1280, 320
_VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|value=\"[^\"]*\"|\?[vh]=\w+|\d+")

_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] });
  const where = v => v.nodes.map(n => n.html.slice(0, 200)).join(" | ");
  return found.violations.map(v => `${v.id} (${v.impact}): ${v.help} ${where(v)}`);
}"""
_OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= 320) return "";
  const out = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 321);
  return `${wide} px: ` + out.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join(" | ");
}"""


class Controle:
    """Keeps what was seen; `faults` holds what is wrong on the pages checked since it was last emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self._seen: set[str] = set()
        self._places: dict[str, str] = {}
        self._captures = os.environ.get("CAPTURES")

    def check(self, page: Page, response: Response | None, *, javascript: bool) -> None:
        """Checks the page that is shown, at both widths, unless the like of it was checked before."""
        if response is None or not javascript or "text/html" not in response.headers.get("content-type", ""):
            return
        source = response.text()
        key = hashlib.sha256(_VARIABLE.sub("", source).encode()).hexdigest()[:16]
        if key in self._seen:
            return
        self._seen.add(key)
        place = f"{page.url} « {page.title()} »"
        self._places[f"{key}.html"] = place
        (self.folder / f"{key}.html").write_text(source, encoding="utf-8")
        size = page.viewport_size or {"width": WIDE, "height": 900}
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(AXE.read_text(encoding="utf-8"))
            self.faults += [f"{place} at {width}: {fault}" for fault in page.evaluate(_RUN, RULES)]
            self._capture(page, width)
        if overflow := page.evaluate(_OVERFLOW):
            self.faults.append(f"{place} scrolls sideways: {overflow}")
        page.set_viewport_size(size)

    def check_state(self, page: Page) -> None:
        """The page as it stands after something was done in it: what no source tells, such as a dialog."""
        page.evaluate(AXE.read_text(encoding="utf-8"))
        self.faults += [f"{page.url}, as it stands: {fault}" for fault in page.evaluate(_RUN, RULES)]
        self._capture(page, WIDE)

    def check_width(self, page: Page) -> None:
        """No sideways scroll at the width of a small phone."""
        if overflow := page.evaluate(_OVERFLOW):
            self.faults.append(f"{page.url} scrolls sideways: {overflow}")

    def _capture(self, page: Page, width: int) -> None:
        if self._captures:
            name = re.sub(r"\W+", "-", page.title())[:60]
            host = page.url.split("//")[1].split(".")[0]
            path = Path(self._captures) / f"{len(self._seen):03}-{host}-{name}-{width}.png"
            page.screenshot(path=path, full_page=True)

    def keep_last(self, page: Page, name: str) -> None:
        """Where a test left its browser: the first thing to look at when it failed."""
        if self._captures:
            page.screenshot(path=Path(self._captures) / f"fin-{name}.png", full_page=True)

    def validate(self) -> list[str]:
        """The HTML checker's errors on every page met, in one run."""
        if not self._places:
            return []
        command = ["java", "-jar", str(VNU), "--format", "json", "--exit-zero-always", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        messages = json.loads(done.stderr)["messages"]
        return [
            f"{self._places[message['url'].rpartition('/')[2]]}: {message['message']} {message.get('extract', '')}"
            for message in messages
            if message["type"] == "error"
        ]
