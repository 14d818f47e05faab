"""« Pour qui faites-vous cette démarche ? »: asked before the first page, where the démarche may be done for others."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.domain.representation import genre_de
from app.demarches.presentation import champ_vu
from app.demarches.routes.formulaire import around, base_of
from app.demarches.service import brouillons, depot, representation
from app.demarches.service.brouillons import Brouillon, DejaDeposeError
from app.demarches.service.representation import Designation
from app.demarches.types.compose import erreurs_de
from app.socle import vues
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import page, redirect

pages = APIRouter()

_CHOIX = {
    "soi": (N_("Pour moi-même"), ""),
    "enfant": (N_("Pour mon enfant mineur"), N_("Vous avez l’autorité parentale sur lui.")),
    "mandat": (
        N_("Pour une personne que j’aide"),
        N_("Elle vous a donné un mandat écrit : un papier signé qui vous charge de cette démarche."),
    ),
}
_AU_GUICHET = {
    "soi": N_("Pour elle-même"),
    "enfant": N_("Pour son enfant mineur"),
    "mandat": N_("Pour une personne qu’elle aide"),
}
_TITRES = {"enfant": N_("Votre enfant"), "mandat": N_("La personne que vous aidez")}


@pages.get("/dossiers/{dossier_id}/pour-qui")
async def ask(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """For whom; the answer given before is ticked."""
    try:
        draft = await brouillons.open_draft(ctx, dossier_id)
    except DejaDeposeError:
        return redirect(ctx, f"/dossiers/{dossier_id}")
    return _ask(ctx, draft) if draft.definition.representation else _on(ctx, draft)


def _ask(ctx: Contexte, draft: Brouillon, erreur: str = "") -> Response:
    allowed = ("soi", *draft.definition.representation)
    known = draft.dossier.beneficiaire
    counter = draft.dossier.canal != "web"
    options = [
        vues.Option(
            genre,
            ctx.traduire(_AU_GUICHET[genre] if counter else _CHOIX[genre][0]),
            "" if counter else ctx.traduire(_CHOIX[genre][1]),
        )
        for genre in allowed
    ]
    return page(
        ctx,
        "demarches/pour_qui.html",
        block="formulaire",
        status=422 if erreur else 200,
        demarche_titre=draft.definition.titre,
        **around(ctx, draft),
        action_url=f"{base_of(ctx, draft.dossier.id)}/pour-qui",
        options=options,
        valeur="" if known is None else genre_de(known),
        erreurs_formulaire=[vues.Erreur("pour_qui", erreur)] if erreur else [],
        cle_idempotence=new_token(),
    )


@pages.post("/dossiers/{dossier_id}/pour-qui")
async def choose(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """For oneself: on to the form. For somebody else: who, on the next page."""
    draft = await brouillons.open_draft(ctx, dossier_id, lock=True)
    chosen = str(form.get("pour_qui") or "")
    if chosen not in ("soi", *draft.definition.representation) or not draft.definition.representation:
        return _ask(ctx, draft, N_("Dites pour qui vous faites cette démarche."))
    if chosen != "soi":
        return redirect(ctx, f"{base_of(ctx, dossier_id)}/pour-qui/{chosen}")
    await representation.set_self(ctx, draft)
    return _on(ctx, draft)


def _on(ctx: Contexte, draft: Brouillon) -> Response:
    """To the first page that is not finished."""
    base = base_of(ctx, draft.dossier.id)
    manques = depot.manques_of(ctx, draft)
    return redirect(ctx, f"{base}/etapes/{manques[0][0]}" if manques else f"{base}/recapitulatif")


@pages.get("/dossiers/{dossier_id}/pour-qui/{genre}")
async def ask_who(ctx: ContexteDep, dossier_id: UUID, genre: str) -> Response:
    """Who is represented, as it was said before; the attestation is always asked again."""
    draft = await brouillons.open_draft(ctx, dossier_id)
    if genre not in draft.definition.representation:
        return redirect(ctx, f"{base_of(ctx, dossier_id)}/pour-qui")
    return _ask_who(ctx, draft, Designation(genre, _typed(ctx, draft, genre)))


def _typed(ctx: Contexte, draft: Brouillon, genre: str) -> dict[str, list[str]]:
    known = draft.dossier.beneficiaire or {}
    if genre_de(known) != genre:
        return {}
    person = draft.dossier.demandeur
    values = {
        "prenoms": " ".join(known["prenoms"]),
        "nom_naissance": known["nom_naissance"],
        "naissance": known["naissance"],
        "qualite": known["qualite"],
        "demandeur_prenoms": " ".join(person.get("prenoms") or ()),
        "demandeur_nom": person.get("nom_naissance", ""),
    }
    champs = representation.champs_of(genre, demandeur=True)
    return {
        name: typed
        for champ in champs
        if values.get(champ.id)
        for name, typed in champ.genre.ecrire(champ, values[champ.id]).items()
    }


def _ask_who(ctx: Contexte, draft: Brouillon, said: Designation) -> Response:
    champs = representation.champs_of(said.genre, demandeur=representation.asks_name(ctx, draft.dossier))
    seen = [champ_vu(champ, said.brut, said.erreurs.get(champ.id, "")) for champ in champs]
    counter = draft.dossier.canal != "web"
    titre = N_("La personne représentée") if counter else _TITRES[said.genre]
    return page(
        ctx,
        "demarches/represente.html",
        block="formulaire",
        status=422 if said.erreurs else 200,
        demarche_titre=draft.definition.titre,
        **around(ctx, draft),
        titre=ctx.traduire(titre),
        champs=seen,
        erreurs_formulaire=erreurs_de(seen),
        action_url=f"{base_of(ctx, draft.dossier.id)}/pour-qui/{said.genre}",
        precedent_url=f"{base_of(ctx, draft.dossier.id)}/pour-qui",
        cle_idempotence=new_token(),
    )


@pages.post("/dossiers/{dossier_id}/pour-qui/{genre}")
async def say_who(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID, genre: str) -> Response:
    """Keeps who is represented, then on to the form; what is wrong is said beside each field."""
    draft = await brouillons.open_draft(ctx, dossier_id, lock=True)
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    said = representation.read(ctx, draft, genre, brut)
    if said.erreurs:
        return _ask_who(ctx, draft, said)
    await representation.set_represented(ctx, draft, said)
    return _on(ctx, draft)
