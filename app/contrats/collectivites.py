"""What the module of collectivités offers to the others."""

from typing import Protocol

from app.socle.hosts import CollectiviteVue
from app.socle.noyau import Noyau


class Emblemes(Protocol):
    """The logos of collectivités, for papers."""

    async def svg_of(self, noyau: Noyau, collectivite: CollectiviteVue) -> str:
        """The logo as the text of an SVG drawing; empty when the collectivité has none."""
        ...
