"""Prepositions before a French name: « du Faou », « d’Ouessant », « au maire », « aux services ».

A sentence is written and translated with « de » or « à » and its name; `contracter` mends the French one afterwards.
"""

from markupsafe import Markup, escape

_VOYELLES = "AEIOUYÀÂÉÈÊËÎÏÔÛ"


def de(nom: str) -> str:
    """« de Rennes », « d’Ouessant », « du Faou », « des Fougerêts », « de La Méaugon », « du maire »."""
    article, _, reste = nom.partition(" ")
    if article.lower() == "le" and reste:
        return f"du {reste}"
    if article.lower() == "les" and reste:
        return f"des {reste}"
    if nom[:1].upper() in _VOYELLES and nom:
        return f"d’{nom}"
    return f"de {nom}"


def a(nom: str) -> str:
    """« à Rennes », « au Faou », « aux Fougerêts », « au maire de Rennes », « à la mairie », « aux services »."""
    article, _, reste = nom.partition(" ")
    if article.lower() == "le" and reste:
        return f"au {reste}"
    if article.lower() == "les" and reste:
        return f"aux {reste}"
    return f"à {nom}"


def contracter(texte: str, nom: str) -> str:
    """The sentence, its « de » and « à » before that name contracted; as it is where it has none (other languages)."""
    written = str(escape(nom)) if isinstance(texte, Markup) else nom
    mended = str(texte)
    for plain, contracted in ((f"de {written}", de(written)), (f"à {written}", a(written))):
        mended = mended.replace(f" {plain}", f" {contracted}")
    return Markup(mended) if isinstance(texte, Markup) else mended  # noqa: S704 - what was escaped still is
