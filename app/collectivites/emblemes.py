"""A collectivité's logo on its papers: always one SVG text, whatever was uploaded."""

import base64
import io

import anyio.to_thread
from PIL import Image

from app.collectivites import repository
from app.config import ROOT
from app.socle.hosts import CollectiviteVue
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

# A letterhead is 19 mm high: 300 points of a picture are more than a printer shows there.
SIDE = 300


class PortEmblemes:
    """The logos of collectivités, for papers."""

    async def svg_of(self, noyau: Noyau, collectivite: CollectiviteVue) -> str:
        """The logo as the text of an SVG drawing; empty when the collectivité has none."""
        address = collectivite.theme.blason
        if not address.startswith("/blason/"):
            return _static_svg(address)
        async with noyau.db.session(Perimetre(lecture=(collectivite.id,))) as session:
            found = await repository.get_blason(session, collectivite.id)
        if found is None:
            return ""
        if found.type_mime == "image/svg+xml":
            return found.contenu.decode()
        return await anyio.to_thread.run_sync(_svg_of_picture, found.contenu)


def _static_svg(address: str) -> str:
    path = (ROOT / address.lstrip("/")).resolve()
    allowed = (ROOT / "static").resolve()
    if not address.endswith(".svg") or not path.is_relative_to(allowed) or not path.is_file():
        return ""
    return path.read_text()


def _svg_of_picture(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as picture:
        picture.thumbnail((SIDE, SIDE))
        out = io.BytesIO()
        # A palette keeps a photograph's bytes within what one document takes.
        picture.convert("RGBA").quantize(256, method=Image.Quantize.FASTOCTREE).save(
            out, "PNG", optimize=True
        )
        width, height = picture.size
    encoded = base64.b64encode(out.getvalue()).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{encoded}"/></svg>'
    )
