"""Thumbnails of photos, made once they were proven and scanned; nothing of the original but its pixels goes on.

Orientation is applied, everything else that a phone writes in a photo (place, device, date) is left out.
"""

import io

import anyio.to_thread
import pillow_heif
from PIL import Image, ImageOps

from app.socle.televersement.inspection import MAX_PIXELS, limiter

COTE = 240
QUALITE = 70
_IMAGES = frozenset({"jpeg", "png", "heic"})


async def make_thumbnail(data: bytes, kind: str) -> bytes | None:
    """A JPEG of at most 240 pixels a side, made in one of the threads that open pieces; None for what has none.

    `kind` is what `inspect_piece` said of these bytes. A thumbnail is a comfort: what cannot be drawn has none.
    """
    if kind not in _IMAGES:
        return None
    return await anyio.to_thread.run_sync(_draw, data, kind, limiter=limiter)


def _draw(data: bytes, kind: str) -> bytes | None:
    try:
        with _open(data, kind) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (2 * COTE, 2 * COTE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((COTE, COTE))
            whole = upright.convert("RGBA") if upright.mode in ("LA", "P", "PA", "RGBA") else None
            page = Image.new("RGB", upright.size, "white")
            page.paste(whole or upright.convert("RGB"), mask=whole)
            written = io.BytesIO()
            page.save(written, "JPEG", quality=QUALITE)
            return written.getvalue()
    except (OSError, EOFError, ValueError, SyntaxError, TypeError, KeyError, RuntimeError, MemoryError):
        return None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _open(data: bytes, kind: str) -> Image.Image:
    if kind == "heic":
        return pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    return Image.open(io.BytesIO(data), formats=[kind.upper()])
