"""How things are compared: the CPU of two or more of them, in interleaved rounds of one run, by their medians."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from benchmarks.processus import Cible

Travail = Callable[[], None]


@dataclass
class Serie:
    """What one thing cost in each round: milliseconds of CPU for one go."""

    nom: str
    tours: list[float] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """The median."""
        return median(self.tours)

    def ratio(self, autre: "Serie") -> float:
        """How many times the other, by the median of the rounds' own ratios."""
        return median(mine / theirs for mine, theirs in zip(self.tours, autre.tours, strict=True))


@dataclass(frozen=True)
class Concurrent:
    """One of the things compared: where it runs, what is prepared out of count, what is counted."""

    nom: str
    cible: Cible
    travail: Travail
    fois: int
    avant: Travail | None = None


def compare(concurrents: list[Concurrent], tours: int, *, chauffe: int = 30) -> dict[str, Serie]:
    """The CPU of each, `tours` times in turn, after a warm-up; each round in the other order than the one before."""
    for one in concurrents:
        for _ in range(min(chauffe, one.fois)):
            _go(one)
    series = {one.nom: Serie(one.nom) for one in concurrents}
    for tour in range(tours):
        for one in concurrents if tour % 2 == 0 else reversed(concurrents):
            series[one.nom].tours.append(_cost(one))
    return series


def _go(one: Concurrent) -> None:
    if one.avant is not None:
        one.avant()
    one.travail()


def _cost(one: Concurrent) -> float:
    if one.avant is None:
        began = one.cible.cpu()
        for _ in range(one.fois):
            one.travail()
        return (one.cible.cpu() - began) * 1000 / one.fois
    total = 0.0
    for _ in range(one.fois):
        one.avant()
        began = one.cible.cpu()
        one.travail()
        total += one.cible.cpu() - began
    return total * 1000 / one.fois
