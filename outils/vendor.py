"""Fetches what the pages use from npm, cuts what must not be shipped, and writes it under `static/`.

A maintainer runs it when a version changes and commits its output: nothing is downloaded when the portal is
built or run. govuk-frontend is MIT, but its typeface and the royal crest are not ours to use: both are cut
here, and each cut is counted, so that a new version that hides one elsewhere stops the script instead of
shipping it.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
PDF_FONTS = ROOT / "static" / "polices-pdf"

PACKAGES = {
    "govuk-frontend": "6.6.0",
    "htmx.org": "4.0.1",
    "leaflet": "1.9.4",
    "@fontsource-variable/atkinson-hyperlegible-next": "5.3.0",
    "@expo-google-fonts/atkinson-hyperlegible-next": "0.4.1",
    "@expo-google-fonts/noto-sans": "0.4.2",
}
FONT_STACK = "GDS Transport,arial,sans-serif"
OUR_STACK = "var(--k-police,system-ui,sans-serif)"
FONT_FACES, FONT_STACKS, CREST_URLS = 2, 58, 3
LEAFLET_IMAGES = 3

ATKINSON_WEB = "@fontsource-variable/atkinson-hyperlegible-next"
ATKINSON_PDF = "@expo-google-fonts/atkinson-hyperlegible-next"
NOTO_PDF = "@expo-google-fonts/noto-sans"
FILES = {
    "htmx.org/dist/htmx.min.js": "vendor/htmx.min.js",
    "htmx.org/LICENSE": "vendor/LICENCE-htmx.txt",
    "leaflet/LICENSE": "vendor/LICENCE-leaflet.txt",
    f"{ATKINSON_WEB}/LICENSE": "vendor/LICENCE-atkinson-hyperlegible-next.txt",
    f"{ATKINSON_PDF}/LICENSE_FONT": "polices-pdf/LICENCE-AtkinsonHyperlegibleNext.txt",
    f"{NOTO_PDF}/LICENSE_FONT": "polices-pdf/LICENCE-NotoSans.txt",
}
WEB_FONT = ATKINSON_WEB + "/files/atkinson-hyperlegible-next-{}-wght-{}.woff2"
for subset in ("latin", "latin-ext"):
    for style in ("normal", "italic"):
        FILES[WEB_FONT.format(subset, style)] = f"vendor/atkinson-{subset}-{style}.woff2"
PDF_STYLES = {"400Regular": "Regular", "400Regular_Italic": "Italic", "700Bold": "Bold"}
for package, family in ((ATKINSON_PDF, "AtkinsonHyperlegibleNext"), (NOTO_PDF, "NotoSans")):
    for weight, style in PDF_STYLES.items():
        FILES[f"{package}/{weight}/{family}_{weight}.ttf"] = f"polices-pdf/{family}-{style}.ttf"

# Its npm package says MIT but carries no licence file: this is the text of its repository.
GOVUK_LICENCE = Path(__file__).with_name("LICENCE-govuk-frontend.txt")


def cut(css: str) -> str:
    """The stylesheet without typeface, crest and source map; raises SystemExit when a count is unexpected."""
    css, faces = re.subn(r"(/\*![^*]*\*/)?@font-face\{[^}]*\}", "", css)
    stacks = css.count(FONT_STACK)
    css = css.replace(FONT_STACK, OUR_STACK)
    css, crests = re.subn(
        r"(background-image|-webkit-mask-image|mask-image):url\(/assets/images/govuk-crest\.svg\);?", "", css
    )
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    counts = (faces, stacks, crests)
    if counts != (FONT_FACES, FONT_STACKS, CREST_URLS):
        raise SystemExit(f"govuk-frontend changed: faces, stacks, crests = {counts}; read its CSS")
    leftover = re.findall(r"url\((?!\"?data:)[^)]*\)|GDS Transport", css)
    if leftover:
        raise SystemExit(f"still there: {leftover}")
    return css.strip() + "\n"


def cut_leaflet(css: str) -> str:
    """Leaflet's stylesheet without its images (our marks are drawn) and without its typeface."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css, images = re.subn(r"[^{}]*\{[^{}]*url\(images/[^{}]*\}", "", css)
    css = re.sub(r"font(-family|): ?[^;}]*(Arial|Lucida)[^;}]*;?", "", css)
    if images != LEAFLET_IMAGES or "url(" in css.replace("url(#default#VML)", ""):
        raise SystemExit(f"leaflet changed: {images} rules with images; read its CSS")
    return re.sub(r"\n\s*\n+", "\n", css).strip() + "\n"


def script(source: str) -> str:
    """A script without the reference to its source map, which is not shipped."""
    return re.sub(r"//# sourceMappingURL=.*", "", source).strip() + "\n"


def main() -> None:
    """Installs the pinned packages in a temporary folder, then rewrites both folders of `static/`."""
    for folder in (VENDOR, PDF_FONTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        install = ["npm", "install", "--ignore-scripts", "--no-audit", "--prefix", temporary]
        subprocess.run([*install, *wanted], check=True)
        modules = Path(temporary) / "node_modules"
        for source, target in FILES.items():
            shutil.copyfile(modules / source, ROOT / "static" / target)
        govuk = modules / "govuk-frontend" / "dist" / "govuk"
        (VENDOR / "govuk-frontend.min.css").write_text(cut((govuk / "govuk-frontend.min.css").read_text()))
        (VENDOR / "govuk-frontend.min.js").write_text(script((govuk / "govuk-frontend.min.js").read_text()))
        shutil.copyfile(GOVUK_LICENCE, VENDOR / GOVUK_LICENCE.name)
        leaflet = modules / "leaflet" / "dist"
        (VENDOR / "leaflet.css").write_text(cut_leaflet((leaflet / "leaflet.css").read_text()))
        (VENDOR / "leaflet.min.js").write_text(script((leaflet / "leaflet.js").read_text()))
        htmx = VENDOR / "htmx.min.js"
        htmx.write_text(script(htmx.read_text()))
    versions = "\n".join(f"{name} {version}" for name, version in PACKAGES.items())
    (VENDOR / "VERSIONS.txt").write_text(versions + "\n")
    for path in sorted([*VENDOR.iterdir(), *PDF_FONTS.iterdir()]):
        print(f"{path.stat().st_size:>9}  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
