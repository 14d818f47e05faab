"""Prefill from a link: `?field=value`, for the fields that the définition lets a link fill, read as if it were typed.

What has an answer already, even an emptied one, is left; what is not valid, not declared or too long is left out. The
answer says where it comes from until somebody changes it.
"""

from collections.abc import Iterable
from urllib.parse import urlencode

from app.demarches.definitions import Definition
from app.demarches.domain import parse_champ
from app.demarches.service.brouillons import Brouillon, give
from app.socle.contexte import Contexte

# The `origine` of an answer that a link gave; forms have random ones of sixteen characters.
PAR_LIEN = "lien"
# Of one value, and of the whole, as written in an address: it must pass through a sign-in and back.
VALEUR_MAX, TOTAL_MAX = 200, 350
Paires = Iterable[tuple[str, str]]


def allowed(definition: Definition, paires: Paires) -> list[tuple[str, str]]:
    """What of an address may fill the form: declared inputs, short values, as many as fit."""
    if not any(champ.lien for champ in definition.champs()):
        return []
    inputs = {name for champ in definition.champs() if champ.lien for name in champ.entrees}
    kept: list[tuple[str, str]] = []
    for name, value in paires:
        clean = value.replace("\0", "").encode("utf-8", "ignore").decode()
        if (
            name in inputs
            and 0 < len(clean) <= VALEUR_MAX
            and len(urlencode([*kept, (name, clean)])) <= TOTAL_MAX
        ):
            kept.append((name, clean))
    return kept


def suffix(definition: Definition, paires: Paires) -> str:
    """What a link to the form carries on from the address of the démarche: '' or `?field=value`."""
    kept = allowed(definition, paires)
    return f"?{urlencode(kept)}" if kept else ""


async def apply(ctx: Contexte, draft: Brouillon, paires: Paires) -> None:
    """Answers what a link gives and nobody has answered."""
    brut: dict[str, list[str]] = {}
    for name, value in allowed(draft.definition, paires):
        brut.setdefault(name, []).append(value)
    if not brut:
        return
    today = ctx.today(draft.collectivite.fuseau)
    answers = {}
    for champ in draft.definition.champs():
        if not champ.lien or champ.id in draft.contenu.reponses or not champ.genre.prendre(champ, brut):
            continue
        read = parse_champ(champ, brut, draft.reponses, today)
        if read.erreur is None and read.valeur is not None:
            answers[champ.id] = (read.valeur, read.brut)
    await give(ctx, draft.dossier, draft.contenu, answers, PAR_LIEN)
    for id_ in answers:
        draft.keep(id_, draft.contenu.reponses[id_])
