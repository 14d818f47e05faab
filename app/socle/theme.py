"""A collectivité's theme: its colours, checked for contrast before they are saved, and its small stylesheet.

Thresholds are WCAG 2.1 criteria 1.4.3 (text, 4.5) and 1.4.11 (controls and graphics, 3), which RGAA 4.1 takes
over as criteria 3.2 and 3.3. A theme that fails is refused with sentences that say which colour to change and
how.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

BLANC = "#ffffff"
PAPIER = "#faf7f2"
ENCRE = "#1f2328"
SECONDAIRE = "#54585e"
ERREUR = "#b3251c"
ERREUR_PALE = "#fdf0ee"
SUCCES = "#1b6b3f"
SUCCES_PALE = "#e6f3ea"
ATTENTE = "#7a4d00"
ATTENTE_PALE = "#fdf1d8"
BORD_CHAMP = "#6b7076"
FOCUS = "#ffd84d"

MOTIFS = ("bocage", "ville", "mer", "aucun")
TEXT, GRAPHIC = 4.5, 3.0

_HEX = re.compile(r"#[0-9a-f]{6}")
_ADDRESS = re.compile(r"[A-Za-z0-9/_.:?=&%~-]*")


class InvalidThemeError(ValueError):
    """A value that is not a colour, a known motif or a reasonable radius: nothing can be computed from it."""


@dataclass(frozen=True)
class Theme:
    """What a collectivité chooses of its looks; every other colour is computed from these or common to all.

    Colours are `#rrggbb`, `rayon` is in pixels (0 to 20). `blason` is the address of an image shown by
    `<img>` (never inlined, so that an SVG in it cannot run anything), empty when there is none.
    Raises InvalidThemeError for a value that is none of these.
    """

    principale: str = "#1f5f57"
    accent: str = "#f2b441"
    fonce: str = ""
    rayon: int = 10
    motif: str = "bocage"
    blason: str = ""

    def __post_init__(self) -> None:
        for name in ("principale", "accent", "fonce"):
            value = getattr(self, name).lower()
            if not _HEX.fullmatch(value) and not (name == "fonce" and value == ""):
                raise InvalidThemeError(f"{name}: {value!r}")
            object.__setattr__(self, name, value)
        if not 0 <= self.rayon <= 20 or self.motif not in MOTIFS or not _ADDRESS.fullmatch(self.blason):
            raise InvalidThemeError(f"rayon, motif or blason: {self.rayon}, {self.motif!r}, {self.blason!r}")

    @property
    def profonde(self) -> str:
        """The colour of wide surfaces (hero, footer): the chosen dark colour, else the main one darkened."""
        return self.fonce or mix(self.principale, "#000000", 0.35)

    @property
    def survol(self) -> str:
        """The main colour under the pointer."""
        return mix(self.principale, "#000000", 0.25)

    @property
    def pale(self) -> str:
        """A tint of the main colour for quiet surfaces: tags, chips, selected rows."""
        return mix(BLANC, self.principale, 0.1)


@dataclass(frozen=True)
class ColourPair:
    """Two colours that meet on a page, what meets there, and the ratio asked of them."""

    avant: str
    fond: str
    ratio: float
    usage: str
    conseil: str


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(first: str, second: str, share: float) -> str:
    """`first` with `share` (0 to 1) of `second` in it, as `#rrggbb`."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of WCAG 2.1, from 1 (same luminance) to 21 (black on white), in either order."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


_DARKER = "choisissez une couleur principale plus foncée"
_DARKEST = "choisissez une couleur foncée plus sombre"
_BRIGHTER = "choisissez une couleur d’accent plus claire"


def pairs_of(theme: Theme) -> tuple[ColourPair, ...]:
    """Every pair of colours that `static/kumun.css` puts together under this theme."""
    return (
        ColourPair(BLANC, theme.principale, TEXT, "texte blanc des boutons", _DARKER),
        ColourPair(BLANC, theme.survol, TEXT, "texte blanc des boutons survolés", _DARKER),
        ColourPair(theme.principale, BLANC, TEXT, "liens sur fond blanc", _DARKER),
        ColourPair(theme.principale, PAPIER, TEXT, "liens sur le fond de la page", _DARKER),
        ColourPair(theme.principale, theme.pale, TEXT, "liens et étiquettes sur fond teinté", _DARKER),
        ColourPair(
            ENCRE, theme.pale, TEXT, "texte sur fond teinté", "choisissez une autre couleur principale"
        ),
        ColourPair(SECONDAIRE, theme.pale, TEXT, "texte d’aide sur fond teinté", _DARKER),
        ColourPair(BLANC, theme.profonde, TEXT, "texte blanc du bandeau et du pied de page", _DARKEST),
        ColourPair(
            BLANC, mix(theme.profonde, BLANC, 0.09), TEXT, "texte blanc sur le motif du bandeau", _DARKEST
        ),
        ColourPair(theme.profonde, PAPIER, TEXT, "titres sur le fond de la page", _DARKEST),
        ColourPair(ENCRE, theme.accent, TEXT, "texte du bouton de recherche", _BRIGHTER),
        ColourPair(
            theme.accent, theme.profonde, GRAPHIC, "filets et repères d’accent sur fond foncé", _BRIGHTER
        ),
        ColourPair(FOCUS, theme.profonde, GRAPHIC, "repère du clavier sur fond foncé", _DARKEST),
        *COMMON_PAIRS,
    )


COMMON_PAIRS = (
    ColourPair(ENCRE, BLANC, TEXT, "texte sur fond blanc", ""),
    ColourPair(ENCRE, PAPIER, TEXT, "texte sur le fond de la page", ""),
    ColourPair(SECONDAIRE, BLANC, TEXT, "texte d’aide sur fond blanc", ""),
    ColourPair(SECONDAIRE, PAPIER, TEXT, "texte d’aide sur le fond de la page", ""),
    ColourPair(ERREUR, BLANC, TEXT, "message d’erreur", ""),
    ColourPair(BLANC, ERREUR, TEXT, "bouton de suppression", ""),
    ColourPair(ERREUR, ERREUR_PALE, TEXT, "résumé des erreurs", ""),
    ColourPair(SUCCES, SUCCES_PALE, TEXT, "étiquette favorable", ""),
    ColourPair(ATTENTE, ATTENTE_PALE, TEXT, "étiquette d’attente", ""),
    ColourPair(ENCRE, FOCUS, TEXT, "élément qui a le focus", ""),
    ColourPair(BORD_CHAMP, BLANC, GRAPHIC, "bord des champs", ""),
)


def check_theme(theme: Theme) -> list[str]:
    """One French sentence per pair that lacks contrast, saying what to do; empty when it may be saved."""
    return [_sentence(pair) for pair in _weak(theme)]


def faults_by_colour(theme: Theme) -> dict[str, list[str]]:
    """The same sentences under the colour to change: principale, accent, or fonce where the collectivité chose one."""
    found: dict[str, list[str]] = {}
    for pair in _weak(theme):
        dark = "fonce" if theme.fonce else "principale"
        colour = {_DARKEST: dark, _BRIGHTER: "accent"}.get(pair.conseil, "principale")
        found.setdefault(colour, []).append(_sentence(pair))
    return found


def _weak(theme: Theme) -> list[ColourPair]:
    return [pair for pair in pairs_of(theme) if contrast(pair.avant, pair.fond) < pair.ratio]


def _sentence(pair: ColourPair) -> str:
    return (
        f"{pair.usage[0].upper()}{pair.usage[1:]} : le contraste entre {pair.avant} et {pair.fond} est de "
        f"{_decimal(contrast(pair.avant, pair.fond))}, il en faut {_decimal(pair.ratio)} ; {pair.conseil}."
    )


def _decimal(value: float) -> str:
    """Rounded down, so that 4.496 is never announced as 4.5."""
    return f"{int(value * 10) / 10:.1f}".replace(".", ",")


def theme_css(theme: Theme, statique: Callable[[str], str] = "/static/{}".format) -> str:
    """The theme's stylesheet: custom properties only, the same bytes for the same theme.

    `statique` gives the address of a file of `static/`, as the page environment's function does.
    """
    values = {
        "--k-principale": theme.principale,
        "--k-survol": theme.survol,
        "--k-profonde": theme.profonde,
        "--k-pale": theme.pale,
        "--k-filet": mix(BLANC, theme.principale, 0.24),
        "--k-accent": theme.accent,
        "--k-rayon": f"{theme.rayon}px",
        "--k-motif": f'url("{statique(f"motifs/{theme.motif}.svg")}")' if theme.motif != "aucun" else "none",
    }
    return ":root{" + ";".join(f"{name}:{value}" for name, value in values.items()) + "}\n"


def theme_hash(theme: Theme) -> str:
    """Twelve characters that change whenever the stylesheet does: the address of a cacheable stylesheet."""
    return hashlib.sha256(theme_css(theme).encode()).hexdigest()[:12]


SAMPLE_THEMES = {
    "guingamp": Theme("#1c5f56", "#f2b441", "#123f3a", 10, "ville", "/static/blasons/guingamp.svg"),
    "loc-envel": Theme("#4a6b2a", "#f0c55a", "#2c4119", 16, "bocage", "/static/blasons/loc-envel.svg"),
    "rennes": Theme("#a0283c", "#f4b8a8", "#5b1424", 4, "ville", "/static/blasons/rennes.svg"),
    "ouessant": Theme("#1d5a8c", "#ffb866", "#103554", 12, "mer", "/static/blasons/ouessant.svg"),
}
