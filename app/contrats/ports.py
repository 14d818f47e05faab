"""What the modules offer one another, as one value that `bootstrap` makes and hands over with the kernel."""

from dataclasses import dataclass

from app.contrats.collectivites import Emblemes
from app.contrats.identite import Identification


@dataclass(frozen=True, slots=True)
class Ports:
    """One Protocol per thing that a module asks of another."""

    identification: Identification
    emblemes: Emblemes
