"""Filling, reviewing and submitting a démarche; every form works without JavaScript.

`router` begins on a collectivité's host; `pages` is what follows, there for the person, and under `/saisir` of the desk
for an agent who fills it for somebody: the same pages, the same rules.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from app.demarches.definitions import Page
from app.demarches.domain import agir, faute_pieces
from app.demarches.presentation import annonces_of, controles_of, parties_of, totaux_of
from app.demarches.presentation_suite import mouvements_of, reste_vu
from app.demarches.routes import deposer, pour_qui
from app.demarches.routes.formulaire import base_of, draw, draw_conflicts, page_of
from app.demarches.routes.public import fil, service_of
from app.demarches.routes.reception import receive, store
from app.demarches.service import brouillons, depot, liens, pieces, reponses, representation, reste, suivi
from app.demarches.service.brouillons import Brouillon, DejaDeposeError
from app.socle.contexte import (
    Contexte,
    ContexteDep,
    FormulaireDep,
    Visite,
    VisiteDep,
    open_contexte,
)
from app.socle.errors import NotFoundError, SignInRequiredError
from app.socle.gabarits import heure
from app.socle.web import once, page, redirect

router = APIRouter()
pages = APIRouter()
pages.include_router(deposer.pages)
pages.include_router(pour_qui.pages)


@router.get("/demarches/{slug}/remplir")
async def start(visit: VisiteDep, slug: str) -> Response:
    """The person's draft of that démarche, at the first page that is not finished; made if there is none."""
    # The browser's secret is made before the transaction, which then begins as its own.
    _ = visit.temoin
    async with open_contexte(visit) as ctx:
        draft = await brouillons.start(ctx, slug)
        await liens.apply(ctx, draft, ctx.request.query_params.multi_items())
        if representation.must_ask(draft):
            return redirect(ctx, f"/dossiers/{draft.dossier.id}/pour-qui")
        manques = depot.manques_of(ctx, draft)
        if not manques:
            return redirect(ctx, f"/dossiers/{draft.dossier.id}/recapitulatif")
        return await draw(ctx, draft, manques[0][0])


@pages.get("/dossiers/{dossier_id}/etapes/{page_id}")
async def show_page(ctx: ContexteDep, dossier_id: UUID, page_id: str) -> Response:
    """One page of the form, with what was typed before."""
    try:
        return await draw(ctx, await brouillons.open_draft(ctx, dossier_id), page_id)
    except DejaDeposeError:
        return redirect(ctx, f"/dossiers/{dossier_id}")


@pages.get("/dossiers/{dossier_id}/enregistre")
async def saved(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """« À plus tard »: where the draft is found again, and until when."""
    draft = await brouillons.open_draft(ctx, dossier_id)
    if draft.dossier.canal != "web":
        return redirect(ctx, "/")
    return page(
        ctx,
        "demarches/enregistre.html",
        demarche_titre=draft.definition.titre,
        fil=fil(),
        reprendre_url=f"/demarches/{draft.dossier.slug}/remplir",
        supprimer_url=f"/dossiers/{dossier_id}/supprimer",
        acces_url=f"/dossiers/{dossier_id}/acces",
        code_url=f"/dossiers/{dossier_id}/code",
        expire_le=suivi.expires_on(ctx.now, draft.definition.brouillon_jours),
        avec_compte=ctx.usager_id is not None,
        reste=reste_vu(reste.reste_of(ctx, draft), f"/dossiers/{dossier_id}"),
        service_nom=draft.definition.service.nom,
        service=service_of(ctx, draft.definition),
    )


@pages.post("/dossiers/{dossier_id}/champs")
async def autosave(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Keeps questions as they are typed; answers with the hour, and what the step now asks, computes and refuses."""
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    asked_ids = set(brut.get("champ", ()))
    draft, entier = await brouillons.open_for(ctx, dossier_id, asked_ids)
    remarks, conflicts = await reponses.save_champs(ctx, draft, asked_ids, brut, reponses.envoi_of(brut))
    seen = draft.pages() if entier else draft.definition.pages
    step = next((found for found in seen if found.id == form.get("etape")), None)
    body: dict[str, Any] = {
        "heure": heure(ctx.now, ZoneInfo(draft.collectivite.fuseau)),
        "remarques": remarks,
        "totaux": totaux_of(draft, asked_ids),
        "versions": reponses.marques_of(draft, (c for c in draft.definition.champs() if c.id in asked_ids)),
        "conflits": draw_conflicts(ctx, draft, step, conflicts) if step and conflicts else {},
    }
    if step is not None and entier:
        # Absent where no rule reads what was saved: the page is then as it was.
        etat = draft.etat()
        body["champs"] = [champ.id for champ in etat.champs(step.id)]
        body["annonces"] = annonces_of(etat, step.id)
        body["controles"] = controles_of(etat, step.id)
        body["mouvements"] = mouvements_of(etat, step.id)
        body["parties"] = parties_of(draft, etat.champs(step.id))
    return JSONResponse(body, headers={"cache-control": "no-store"})


@router.post("/dossiers/{dossier_id}/supprimer")
async def discard(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Deletes the person's draft, its answers and its documents."""
    del form
    await brouillons.discard(ctx, dossier_id)
    return redirect(ctx, "/demarches")


@pages.post("/dossiers/{dossier_id}/etapes/{page_id}")
async def send_page(
    visit: VisiteDep,
    dossier_id: UUID,
    page_id: str,
) -> Response:
    """Keeps a page and its documents, then goes where the button says; what is wrong is said beside each field.

    Who may write is checked before the body is read; no transaction is open while it comes.
    """
    try:
        async with open_contexte(visit) as ctx:
            accueil = await brouillons.open_to_receive(ctx, dossier_id)
    except SignInRequiredError:
        # The session ended while the form was being filled: what was typed comes back on a page that waits for it.
        fields, _ = await receive(visit)
        return _keep_for_later(visit, fields)
    except DejaDeposeError:
        return redirect(visit, f"/dossiers/{dossier_id}")
    try:
        fields, files = await receive(visit)
        received, refused = await store(visit, accueil, files, fields)
        async with open_contexte(visit) as ctx:
            draft = await brouillons.open_draft(ctx, dossier_id, lock=True)
            return await _act(ctx, draft, page_id, fields, received, refused)
    except DejaDeposeError:
        return redirect(visit, f"/dossiers/{dossier_id}")


def _keep_for_later(visit: Visite, fields: Mapping[str, Sequence[str]]) -> Response:
    path = visit.request.url.path
    kept = [(name, value) for name, values in fields.items() for value in values if name != "jeton_csrf"]
    return page(
        visit,
        "demarches/session_finie.html",
        block="formulaire",
        status=401,
        action_url=path,
        entrer_url=f"/connexion?suite={quote(path)}",
        champs=kept,
    )


async def _act(
    ctx: Contexte,
    draft: Brouillon,
    page_id: str,
    fields: Mapping[str, Sequence[str]],
    received: Sequence[pieces.PieceRecue],
    refused: Mapping[str, str],
) -> Response:
    index, applicable = page_of(draft, page_id)
    current = applicable[index]
    # A double click sends the same documents twice: they are attached once.
    if received and await once(ctx, {"cle_idempotence": (fields.get("cle_idempotence") or [""])[0]}, page_id):
        await pieces.forget(ctx, received)
        received = ()
    await pieces.describe(ctx, draft, fields)
    for piece in received:
        await pieces.attach(ctx, draft.dossier, piece)
    gesture = (fields.get("ligne") or [""])[0]
    fields = agir(current, fields, gesture)
    if doomed := fields.get("supprimer_piece"):
        await pieces.remove(ctx, draft, _uuid(doomed[0]))
    written = await reponses.save_page(ctx, draft, current, fields, reponses.envoi_of(fields))
    saisie = written.saisie
    action = (fields.get("action") or ["continuer"])[0]
    base = base_of(ctx, draft.dossier.id)
    here = f"{base}/etapes/{page_id}"
    if written.conflits:
        draft = await brouillons.load(ctx, draft.dossier)
        erreurs = {id_: phrase for id_, phrase in refused.items() if id_ not in written.conflits}
        return await draw(ctx, draft, page_id, erreurs, status=409, conflits=written.conflits)
    if refused:
        draft = await brouillons.load(ctx, draft.dossier)
        return await draw(ctx, draft, page_id, refused, status=422)
    if doomed or gesture or action == "joindre":
        return redirect(ctx, f"{here}#{gesture.split(' ')[1]}" if " " in gesture else here)
    if action == "enregistrer":
        return redirect(ctx, f"{base}/enregistre")
    erreurs = {**_missing_pieces(draft, current, received), **saisie.erreurs}
    if erreurs:
        draft = await brouillons.load(ctx, draft.dossier)
        # Without script, an answer may call for questions that were not on the page: they are asked, not reproached.
        reproached = _reproches(erreurs, fields)
        return await draw(
            ctx, draft, page_id, reproached, status=422 if reproached else 200, nouvelles=not reproached
        )
    following = draft.pages()
    place = next((n for n, found in enumerate(following) if found.id == page_id), -1)
    if place + 1 < len(following):
        return redirect(ctx, f"{base}/etapes/{following[place + 1].id}")
    return redirect(ctx, f"{base}/recapitulatif")


def _reproches(erreurs: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What is wrong with the questions that the page showed, those of rows too."""
    shown = (fields.get("champs_montres") or [""])[0].split()
    hidden = (fields.get("parties_cachees") or [""])[0].split()
    kept = {id_: said for id_, said in erreurs.items() if not shown or id_.split("-")[0] in shown}
    new = {id_ for id_ in kept if any(id_ == name or id_.startswith(f"{name}-") for name in hidden)}
    # A block has a sentence of its own beside those of its rows: it goes when they all do.
    blocks = {id_.split("-")[0] for id_ in new} - {
        id_.split("-")[0] for id_ in kept.keys() - new if "-" in id_
    }
    return {id_: said for id_, said in kept.items() if id_ not in new | blocks}


def _missing_pieces(draft: Brouillon, current: Page, received: Sequence[pieces.PieceRecue]) -> dict[str, str]:
    documents = draft.documents()
    for piece in received:
        documents.setdefault(piece.champ_id, []).append(piece.decrit)
    etat = draft.etat()
    found: dict[str, str] = {}
    for champ in etat.champs(current.id):
        if champ.type != "piece":
            continue
        if champ.id not in documents and champ.id in etat.obligatoires:
            found[champ.id] = champ.genre.manque(champ)
        elif fault := faute_pieces(champ, documents.get(champ.id, ()), draft.aujourd_hui):
            found[champ.id] = fault
    return found


def _uuid(texte: str) -> UUID:
    try:
        return UUID(texte)
    except ValueError:
        raise NotFoundError(
            "Ce document n’est plus dans votre dossier. Rechargez la page pour voir ceux qui y sont."
        ) from None
