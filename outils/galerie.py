"""Renders every page template with sample data to static HTML, and photographs it with Debian's Chromium.

Usage: python -m outils.galerie FOLDER [--captures [--publier]] [--port N] [NAME…]. The pages are served on
localhost while they are photographed, under a strict Content-Security-Policy, at 1280 and 320 pixels.
"""

import argparse
import functools
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from app.socle.gabarits import ROOT, STATIC, make_environment
from app.socle.theme import SAMPLE_THEMES, theme_css
from outils.exemples_suivi import PAGES

WIDTHS = (1280, 320)
DESIGN = ROOT / "docs" / "design"
# Published picture: sample and width, how much of its height is kept, final width.
PUBLISHED = {
    **{f"accueil-{name}": (f"accueil-{name}-1280", 1000, 900) for name in SAMPLE_THEMES},
    "demarche": ("demarche-1280", 1500, 900),
    "formulaire": ("remplir-1280", 1500, 900),
    "depose": ("depose-1280", 1400, 900),
    "mon-dossier": ("mon-dossier-1280", 1700, 900),
    "bureau": ("bureau-1280", 1000, 1100),
    "dossier-agent": ("dossier-agent-1280", 2400, 1000),
    "telephone-accueil": ("accueil-ouessant-320", 1100, 320),
    "telephone-formulaire": ("remplir-320", 1500, 320),
    "telephone-depose": ("depose-320", 1400, 320),
}
CSP = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"


class _Handler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", CSP)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the console of the browser tells what matters."""


def render(folder: Path) -> list[str]:
    """Writes one HTML file per sample, the themes and a copy of `static/`; returns the samples' names."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(STATIC, folder / "static", dirs_exist_ok=True)
    (folder / "theme").mkdir(exist_ok=True)
    for name, theme in SAMPLE_THEMES.items():
        (folder / "theme" / f"{name}.css").write_text(theme_css(theme))
    environment = make_environment()
    for name, (template, portail, context) in PAGES.items():
        html = environment.get_template(template).render(portail=portail, **context)
        (folder / f"{name}.html").write_text(html)
    return list(PAGES)


def photograph(browser: Browser, address: str, name: str, folder: Path) -> None:
    """Two full-page pictures of a page; prints console errors and overflow."""
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: print(name, message.text) if message.type == "error" else None)
        page.goto(f"{address}/{name}.html")
        page.evaluate("document.fonts.ready")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            print(f"{name}: wider than {width}")
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        page.close()


def publish(folder: Path) -> None:
    """The pictures of `docs/design/`: cut, reduced and put on a palette, each well below 200 kB."""
    for target, (source, height, width) in PUBLISHED.items():
        with Image.open(folder / f"{source}.png") as picture:
            cut = picture.convert("RGB").crop((0, 0, picture.width, min(height, picture.height)))
        cut = cut.resize((width, round(cut.height * width / cut.width)), Image.Resampling.LANCZOS)
        cut.quantize(colors=256, dither=Image.Dither.NONE).save(DESIGN / f"{target}.png", optimize=True)


def main() -> None:
    """Renders all, photographs what was asked, publishes on demand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--captures", action="store_true")
    parser.add_argument("--publier", action="store_true", help="rewrite docs/design/*.png")
    parser.add_argument("--port", type=int, default=8120)
    options = parser.parse_args()
    names = render(options.folder)
    if not options.captures:
        return
    handler = functools.partial(_Handler, directory=str(options.folder))
    server = ThreadingHTTPServer(("127.0.0.1", options.port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name in options.names or names:
            photograph(browser, f"http://127.0.0.1:{options.port}", name, options.folder)
        browser.close()
    server.shutdown()
    if options.publier:
        publish(options.folder)


if __name__ == "__main__":
    main()
