"""A parcours as a picture: layers from the first step to the decision, drawn here as SVG, and the same in words.

No position is stored: the drawing follows from the data alone. Classes, never style attributes: the pages forbid those.
"""

from html import escape
from textwrap import wrap

from app.demarches.definitions.parcours import FIN, Parcours

LARGEUR, HAUTEUR, ECART_X, ECART_Y, MARGE = 190, 66, 36, 56, 14
LIBELLE_FIN = "Décision"


def decrire(parcours: Parcours) -> list[str]:
    """One sentence a step: « Instruction : « Demander l’avis » mène à Avis de la voirie ; … »."""
    titres = {etape.id: etape.titre for etape in parcours.etapes} | {FIN: LIBELLE_FIN}
    return [
        f"{etape.titre} : "
        + " ; ".join(f"« {suite.libelle} » mène à « {titres[suite.vers]} »" for suite in etape.suites)
        + "."
        for etape in parcours.etapes
    ]


def dessiner(parcours: Parcours, courante: str = "", *, titre: str = "Parcours de l’instruction") -> str:
    """The picture as SVG text: one box a step, `courante` marked by a word and a thicker border, arrows between.

    Everything typed by somebody is escaped. The description holds the text of `decrire`.
    """
    layers = _layers(parcours)
    places = _places(layers)
    titres = {etape.id: etape.titre for etape in parcours.etapes} | {FIN: LIBELLE_FIN}
    width = max(x for x, _ in places.values()) + LARGEUR + MARGE + ECART_X
    height = max(y for _, y in places.values()) + HAUTEUR + MARGE
    arrows = [
        _arrow(places[etape.id], places[suite.vers], width)
        for etape in parcours.etapes
        for suite in etape.suites
    ]
    boxes = [_box(places[id_], titres[id_], here=id_ == courante) for id_ in places]
    words = escape(" ".join(decrire(parcours)))
    return (
        f'<svg class="k-parcours" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' aria-labelledby="parcours-titre parcours-texte"><title id="parcours-titre">{escape(titre)}</title>'
        f'<desc id="parcours-texte">{words}</desc>'
        '<defs><marker id="parcours-fleche" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path class="k-parcours__pointe" d="M0 0 10 5 0 10z"/></marker></defs>'
        f"{''.join(arrows)}{''.join(boxes)}</svg>"
    )


def _layers(parcours: Parcours) -> list[list[str]]:
    """The steps by how many ways lie between them and the first one; the decision alone in the last layer."""
    depth = {parcours.premiere.id: 0}
    waiting = [parcours.premiere]
    while waiting:
        etape = waiting.pop(0)
        for suite in etape.suites:
            if suite.vers not in depth and (after := parcours.etape(suite.vers)) is not None:
                depth[suite.vers] = depth[etape.id] + 1
                waiting.append(after)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for etape in parcours.etapes:
        layers[depth[etape.id]].append(etape.id)
    return [*layers, [FIN]]


def _places(layers: list[list[str]]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each box; each layer is centred."""
    widest = max(len(layer) for layer in layers)
    full = widest * LARGEUR + (widest - 1) * ECART_X
    places = {}
    for row, layer in enumerate(layers):
        span = len(layer) * LARGEUR + (len(layer) - 1) * ECART_X
        left = MARGE + ECART_X + (full - span) // 2
        for column, id_ in enumerate(layer):
            places[id_] = (left + column * (LARGEUR + ECART_X), MARGE + row * (HAUTEUR + ECART_Y))
    return places


def _arrow(start: tuple[int, int], end: tuple[int, int], width: int) -> str:
    """From box to box: down by the middle, or back and past a layer by the side."""
    x1, y1 = start[0] + LARGEUR // 2, start[1] + HAUTEUR
    x2, y2 = end[0] + LARGEUR // 2, end[1]
    if y2 > y1 and y2 - y1 <= ECART_Y:
        bend = (y1 + y2) // 2
        path = f"M{x1} {y1}C{x1} {bend} {x2} {bend} {x2} {y2}"
    else:
        # Past other layers or back up: along one side, so that no box is crossed.
        down = y2 > y1
        side = width - MARGE // 2 if down else MARGE
        x1, x2 = (start[0] + LARGEUR, end[0] + LARGEUR) if down else (start[0], end[0])
        y1, y2 = start[1] + HAUTEUR // 2, end[1] + HAUTEUR // 2
        path = f"M{x1} {y1}C{side} {y1} {side} {y2} {x2} {y2}"
    return f'<path class="k-parcours__trait" d="{path}" marker-end="url(#parcours-fleche)"/>'


def _box(place: tuple[int, int], titre: str, *, here: bool) -> str:
    x, y = place
    lines = wrap(titre, 24)[:2]
    if here:
        lines.append("(étape en cours)")
    first = y + HAUTEUR // 2 + 5 - 8 * (len(lines) - 1)
    texts = "".join(
        f'<text class="k-parcours__texte" x="{x + LARGEUR // 2}" y="{first + 17 * n}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    extra = " k-parcours__boite--ici" if here else ""
    size = f'width="{LARGEUR}" height="{HAUTEUR}"'
    return f'<rect class="k-parcours__boite{extra}" x="{x}" y="{y}" {size} rx="6"/>{texts}'
