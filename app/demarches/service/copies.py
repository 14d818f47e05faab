"""A new draft from what was answered before: only by the person's own choice, and only what still fits the form."""

from typing import Any
from uuid import UUID

from app.demarches.definitions import Champ
from app.demarches.domain import entrees_de, is_answered
from app.demarches.models import Dossier
from app.demarches.service.brouillons import Brouillon, give, open_any, start
from app.demarches.service.liens import PAR_LIEN
from app.demarches.service.referentiels import Lignes, champs_a_liste, resolve
from app.demarches.types import ContexteDeSaisie
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError

# Given for one request and one day: they are asked again.
_PERSONNELS = ("consentement", "signature")


async def redo(ctx: Contexte, dossier_id: UUID) -> tuple[Brouillon, int]:
    """A draft of the same démarche, in its present version, with the former answers that still fit; how many.

    Documents are not copied, nor are consents and signatures. ConflictError when a draft of it has been begun already:
    nothing of it is overwritten. NotFoundError for somebody else's dossier, or a démarche that is closed.
    """
    former = await open_any(ctx, dossier_id)
    if former.depose_le is None:
        raise ConflictError("Ce dossier n’est pas encore déposé : reprenez-le.")
    draft = await start(ctx, former.slug)
    if any(one.origine not in ("", PAR_LIEN) for one in draft.contenu.reponses.values()) or draft.pieces:
        raise ConflictError(
            "Vous avez déjà un brouillon de cette démarche : terminez-le ou supprimez-le, puis recommencez."
        )
    answers = former.reponses or {}
    typed = {
        name: texts
        for bloc, champ in champs_a_liste(draft.definition)
        if not bloc and is_answered(answers.get(champ.id))
        for name, texts in entrees_de(champ, answers[champ.id]).items()
    }
    lignes = await resolve(ctx, draft.dossier.collectivite_id, draft.definition.champs(), typed)
    kept = _fitting(draft, former, ctx, lignes)
    await give(ctx, draft.dossier, draft.contenu, kept)
    await record(
        ctx,
        "demarches:dossier:refaire",
        str(draft.dossier.id),
        draft.dossier.collectivite_id,
        depuis=str(former.id),
    )
    return draft, len(kept)


def _fitting(
    draft: Brouillon, former: Dossier, ctx: Contexte, lignes: Lignes
) -> dict[str, tuple[Any, dict[str, list[str]]]]:
    answers = former.reponses or {}
    # What was a row of a list must still be one: it is no answer that was there before.
    listed = {champ.id for _, champ in champs_a_liste(draft.definition)}
    before = {id_: value for id_, value in answers.items() if id_ not in listed}
    around = ContexteDeSaisie(ctx.today(draft.collectivite.fuseau), answers, before, lignes=lignes)
    kept = {}
    for champ in draft.definition.champs():
        value = answers.get(champ.id)
        if champ.id in draft.contenu.reponses or champ.type in _PERSONNELS or not champ.repond:
            continue
        if (
            is_answered(value)
            and champ.calcul is None
            and (typed := _typed(champ, value, around)) is not None
        ):
            kept[champ.id] = (value, typed)
    return kept


def _typed(champ: Champ, value: Any, around: ContexteDeSaisie) -> dict[str, list[str]] | None:
    """The inputs that stand for a former answer; None when the field no longer takes it."""
    try:
        typed = entrees_de(champ, value)
        read = champ.genre.lire(champ, typed, around)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        # The field had another type in that version.
        return None
    return typed if read.erreur is None and read.valeur == value else None
