"""A work in progress at a glance, and the steps on its whole: move, remove, duplicate, add, undo, redo."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.edition import gestes
from app.demarches.edition.fautes import Faute, relire, verifier_contenu
from app.demarches.edition.libelles import TYPES, type_de
from app.demarches.models_edition import Chantier
from app.demarches.routes.edition_commun import (
    RACINE,
    base_of,
    common,
    revision_of,
    shown_faults,
    types_offered,
)
from app.demarches.service import edition
from app.demarches.service.diffusion import reserved_ids
from app.demarches.service.edition import Atelier
from app.socle.contexte import ContexteDep, FormulaireDep
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.vues import Option
from app.socle.web import once, page, redirect

router = APIRouter()
GESTES = {
    "monter_page": "Page montée",
    "descendre_page": "Page descendue",
    "retirer_page": "Page retirée",
    "monter_champ": "Question montée",
    "descendre_champ": "Question descendue",
    "retirer_champ": "Question retirée",
}


@router.get(f"{RACINE}/{{chantier_id}}")
async def show(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """The whole form at a glance: pages, questions, what is wrong, and what can be done."""
    async with edition.open_chantier(ctx, chantier_id) as (atelier, chantier):
        definition, fautes = verifier_contenu(chantier.contenu)
        return await _show(atelier, chantier, fautes, relire(definition) if definition is not None else ())


async def _show(
    atelier: Atelier, chantier: Chantier, fautes: Sequence[Faute], relectures: Sequence[Faute]
) -> Response:
    rangee = gestes.pages(chantier.contenu)
    histoire = await edition.history(atelier, chantier)
    return page(
        atelier.ctx,
        "demarches/edition/chantier.html",
        **common(atelier.ctx, chantier, fautes),
        relectures=shown_faults(chantier, relectures),
        pages=[
            {
                "id": str(p.get("id")),
                "titre": str(p.get("titre") or "Sans titre"),
                "condition": p.get("si") is not None,
                "premiere": n == 0,
                "derniere": n == len(rangee) - 1,
                "champs": [_ligne(champ) for champ in gestes.champs(p)],
                "fautes": [f.phrase for f in fautes if f.page_id == p.get("id") and not f.champ_id],
            }
            for n, p in enumerate(rangee)
        ],
        types=[Option(type_, TYPES.get(type_, type_)) for type_ in types_offered()],
        histoire=histoire,
    )


def _ligne(champ: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(champ.get("id")),
        "libelle": str(champ.get("libelle") or "Sans intitulé"),
        "type": type_de(str(champ.get("type"))),
        "obligatoire": champ.get("obligatoire") is True,
        "condition": champ.get("si") is not None,
    }


@router.post(f"{RACINE}/{{chantier_id}}/gestes")
async def act(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID) -> Response:
    """One step on the whole form: move, remove, duplicate, add, undo, redo; then back to where it happened."""
    geste, cible = str(form.get("geste", "")), str(form.get("cible", ""))
    here = f"{RACINE}/{chantier_id}"
    if suite := await once(ctx, form, here):
        return redirect(ctx, suite)
    async with edition.open_chantier(ctx, chantier_id, lock=True) as (atelier, chantier):
        vue = revision_of(form)
        if geste in ("annuler", "refaire"):
            await edition.undo(atelier, chantier, vue, refaire=geste == "refaire")
            return redirect(ctx, f"{here}?fait={'retabli' if geste == 'refaire' else 'annule'}")
        if geste in gestes.SIMPLES:
            faire = gestes.SIMPLES[geste]
            kind = "page" if geste.endswith("page") else "champ"
            await edition.change(
                atelier,
                chantier,
                vue,
                (kind, cible),
                lambda c: faire(c, cible),
                f"{GESTES[geste]} : {cible}",
            )
            fait = "?fait=retire" if geste.startswith("retirer") else ""
            ancre = "" if fait else f"#{kind}-{cible}"
            return redirect(ctx, f"{here}{fait}{ancre}")
        return redirect(ctx, await _ajouter(atelier, chantier, form, geste, cible))


async def _ajouter(atelier: Atelier, chantier: Chantier, form: FormData, geste: str, cible: str) -> str:
    """Adds or duplicates, and tells where what was made is changed."""
    reserved = await reserved_ids(atelier.session, atelier.proprietaire, chantier.slug)
    titre, base = str(form.get("titre", ""))[:200], base_of(chantier)
    made: list[str] = []

    def faire(contenu: gestes.Brut) -> gestes.Brut:
        if geste == "ajouter_page":
            new, made_id = gestes.ajouter_page(contenu, titre)
        elif geste == "ajouter_champ":
            type_ = str(form.get("type", ""))
            if type_ not in edition.TYPES_DE_CHAMP:
                raise InvalidInputError("Choisissez un type de question dans la liste.")
            new, made_id = gestes.ajouter_champ(contenu, cible, type_, titre, reserved)
        elif geste == "dupliquer_page":
            new, made_id = gestes.dupliquer_page(contenu, cible, reserved)
        elif geste == "dupliquer_champ":
            new, made_id = gestes.dupliquer_champ(contenu, cible, reserved)
        else:
            raise NotFoundError("Ce geste n’existe pas.")
        made.append(made_id)
        return new

    words = {"ajouter_page": "Page ajoutée", "ajouter_champ": "Question ajoutée"}
    phrase = f"{words.get(geste, 'Copie faite')} : {titre or cible}"
    await edition.change(atelier, chantier, revision_of(form), ("ajout",), faire, phrase)
    if geste == "ajouter_champ" or geste == "dupliquer_champ":
        return f"{base}/champs/{made[0]}"
    return f"{base}#page-{made[0]}"
