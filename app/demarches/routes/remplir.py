"""Filling, reviewing and submitting a démarche; every form works without JavaScript.

`router` begins on a collectivité's host; `pages` is what follows, there for the person, and under `/saisir` of the desk
for an agent who fills it for somebody: the same pages, the same rules.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import JSONResponse, Response

from app.demarches.definitions import Page
from app.demarches.domain import avertissements
from app.demarches.presentation import champs_of, pieces_of, sections_of
from app.demarches.routes.public import fil, service_of
from app.demarches.routes.reception import receive, store
from app.demarches.service import brouillons, depot, pieces, suivi
from app.demarches.service.brouillons import Brouillon, DejaDeposeError
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX
from app.socle import vues
from app.socle.contexte import (
    Contexte,
    ContexteDep,
    FormulaireDep,
    Visite,
    VisiteDep,
    open_contexte,
)
from app.socle.errors import BusinessError, NotFoundError, SignInRequiredError
from app.socle.gabarits import heure
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import once, page, redirect

router = APIRouter()
pages = APIRouter()

SOURCES = {"franceconnect": N_("Donné par FranceConnect"), "courriel": N_("Adresse vérifiée par un code")}


@router.get("/demarches/{slug}/remplir")
async def start(ctx: ContexteDep, slug: str) -> Response:
    """To the person's draft of that démarche, at the first page that is not finished; made if there is none."""
    draft = await brouillons.start(ctx, slug)
    base = f"/dossiers/{draft.dossier.id}"
    manques = depot.manques_of(ctx, draft)
    return redirect(ctx, f"{base}/etapes/{manques[0][0]}" if manques else f"{base}/recapitulatif")


def base_of(visit: Visite, dossier_id: UUID) -> str:
    """Where the pages of a draft are on this host."""
    return f"{'/saisir' if visit.hote.genre == 'agents' else ''}/dossiers/{dossier_id}"


def _around(ctx: Contexte, draft: Brouillon) -> dict[str, Any]:
    """What surrounds a page of the form: the way back, the service to call, and for whom an agent fills it."""
    if draft.dossier.canal == "web":
        service = service_of(ctx, draft.definition)
        return {"fil": fil(), "service_nom": draft.definition.service.nom, "service": service, "pour": None}
    pour = {
        "personne": nom_de(draft.dossier.demandeur),
        "canal": CANAUX[draft.dossier.canal],
        "commune": draft.collectivite.nom,
    }
    return {"fil": [vues.Lien("Bureau", "/")], "service_nom": "", "service": None, "pour": pour}


async def _draft(ctx: Contexte, dossier_id: UUID) -> Brouillon:
    return await brouillons.load(ctx, await brouillons.access_draft(ctx, dossier_id))


def _page_of(draft: Brouillon, page_id: str) -> tuple[int, tuple[Page, ...]]:
    """The place of a page among those that apply; NotFoundError for a page the answers leave out."""
    applicable = draft.pages()
    for index, found in enumerate(applicable):
        if found.id == page_id:
            return index, applicable
    raise NotFoundError(
        "Cette étape ne fait pas partie de votre dossier. Reprenez-le depuis la page de la démarche."
    )


@pages.get("/dossiers/{dossier_id}/recapitulatif")
async def review(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """Everything that was answered, before it is submitted."""
    try:
        return _review(ctx, await _draft(ctx, dossier_id))
    except DejaDeposeError:
        # « Back », after submitting.
        return redirect(ctx, f"/dossiers/{dossier_id}/depose")


def _review(
    ctx: Contexte, draft: Brouillon, *, cochee: bool = False, oubli: str = "", status: int = 200
) -> Response:
    manques = depot.manques_of(ctx, draft)
    base = base_of(ctx, draft.dossier.id)
    etat = draft.etat()
    applicable = tuple(seen.page for seen in etat.pages)
    erreurs = [
        vues.Erreur(f"{base}/etapes/{page_id}#{champ_id}", phrase) for page_id, champ_id, phrase in manques
    ]
    if oubli:
        erreurs.append(vues.Erreur("declaration", oubli))
    return page(
        ctx,
        "demarches/recapitulatif.html",
        block="formulaire",
        status=status,
        demarche_titre=draft.definition.titre,
        **_around(ctx, draft),
        etape={"numero": len(applicable) + 1, "total": len(applicable) + 1},
        sections=sections_of(draft.definition, etat.reponses, etat=etat, modifier=f"{base}/etapes/{{page}}"),
        pieces=pieces_of(draft.definition, draft.pieces, etat=etat, modifier=f"{base}/etapes/{{page}}"),
        erreurs_formulaire=erreurs,
        declaration_cochee=cochee,
        declaration=draft.definition.declaration,
        action_url=f"{base}/deposer",
        precedent_url=f"{base}/etapes/{applicable[-1].id}",
        cle_idempotence=new_token(),
        version=draft.dossier.revision,
    )


@pages.post("/dossiers/{dossier_id}/deposer")
async def submit(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Submits; a double click, a second tab or « back » end on the same page, once."""
    done = f"{base_of(ctx, dossier_id)}/depose"
    try:
        if form.get("declaration") != "oui":
            draft = await _draft(ctx, dossier_id)
            phrase = "Cochez cette case pour certifier vos réponses, puis déposez votre dossier."
            return _review(ctx, draft, oubli=phrase, status=422)
        if await once(ctx, form, done):
            return redirect(ctx, done)
        _, manques = await depot.submit(ctx, dossier_id)
    except DejaDeposeError:
        return redirect(ctx, done)
    if manques:
        await ctx.db.rollback()
        raise ManquesError(f"{base_of(ctx, dossier_id)}/recapitulatif")
    return redirect(ctx, done)


class ManquesError(BusinessError):
    """Something is missing: the review page says what, with a link to each place."""

    status = 422
    code = "incomplet"

    def __init__(self, url: str) -> None:
        super().__init__("Il manque des réponses.")
        self.url = url


@pages.get("/dossiers/{dossier_id}/etapes/{page_id}")
async def show_page(ctx: ContexteDep, dossier_id: UUID, page_id: str) -> Response:
    """One page of the form, with what was typed before."""
    try:
        return _form(ctx, await _draft(ctx, dossier_id), page_id)
    except DejaDeposeError:
        return redirect(ctx, f"/dossiers/{dossier_id}")


def _form(
    ctx: Contexte,
    draft: Brouillon,
    page_id: str,
    erreurs: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    nouvelles: bool = False,
) -> Response:
    index, applicable = _page_of(draft, page_id)
    current, erreurs = applicable[index], erreurs or {}
    base = base_of(ctx, draft.dossier.id)
    following = applicable[index + 1].titre if index + 1 < len(applicable) else "Vérifier et déposer"
    remarks = avertissements(draft.definition, draft.reponses, draft.circonstances)
    asked = [champ.id for champ in draft.etat().champs(current.id)]
    champs = champs_of(
        draft,
        current,
        erreurs=erreurs,
        connues=brouillons.identite_prefill(ctx.personne),
        source=SOURCES.get(ctx.personne.niveau, "") if ctx.personne else "",
        remarques=remarks,
    )
    if current.intro:
        champs.insert(0, vues.Champ("intro", "explication", current.intro))
    return page(
        ctx,
        "demarches/remplir.html",
        block="formulaire",
        status=status,
        demarche_titre=draft.definition.titre,
        **_around(ctx, draft),
        etape={
            "numero": index + 1,
            "total": len(applicable) + 1,
            "titre": current.titre,
            "suivante": following,
        },
        champs=champs,
        erreurs_formulaire=[vues.Erreur(c.id, c.erreur) for c in champs if c.erreur],
        action_url=f"{base}/etapes/{current.id}",
        precedent_url=f"{base}/etapes/{applicable[index - 1].id}" if index else "",
        brouillon_url=f"{base}/champs",
        etape_id=current.id,
        champs_montres=" ".join(asked),
        nouvelles=nouvelles,
        enregistre_le=draft.dossier.modifie_le,
        cle_idempotence=new_token(),
        version=draft.dossier.revision,
    )


@pages.get("/dossiers/{dossier_id}/enregistre")
async def saved(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """« À plus tard »: where the draft is found again, and until when."""
    draft = await _draft(ctx, dossier_id)
    if draft.dossier.canal != "web":
        return redirect(ctx, "/")
    return page(
        ctx,
        "demarches/enregistre.html",
        demarche_titre=draft.definition.titre,
        fil=fil(),
        reprendre_url=f"/demarches/{draft.dossier.slug}/remplir",
        supprimer_url=f"/dossiers/{dossier_id}/supprimer",
        expire_le=suivi.expires_on(ctx.now, draft.definition.brouillon_jours),
        avec_compte=ctx.usager_id is not None,
        service_nom=draft.definition.service.nom,
        service=service_of(ctx, draft.definition),
    )


@pages.post("/dossiers/{dossier_id}/champs")
async def autosave(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Keeps questions as they are typed; answers with the hour, and the questions that the step now asks."""
    draft = await _draft(ctx, dossier_id)
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    remarks = await brouillons.save_champs(ctx, draft, set(brut.get("champ", ())), brut)
    etat = draft.etat()
    asked = [champ.id for champ in etat.champs(str(form.get("etape")))] or None
    body = {"heure": heure(ctx.now), "champs": asked, "remarques": remarks}
    return JSONResponse(body, headers={"cache-control": "no-store"})


@router.post("/dossiers/{dossier_id}/supprimer")
async def discard(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Deletes the person's draft, its answers and its documents."""
    del form
    await brouillons.discard(ctx, dossier_id)
    return redirect(ctx, "/demarches")


@pages.post("/dossiers/{dossier_id}/etapes/{page_id}")
async def save_page(
    visit: VisiteDep,
    dossier_id: UUID,
    page_id: str,
    content_type: Annotated[str, Header()] = "",
    content_length: Annotated[str | None, Header()] = None,
) -> Response:
    """Keeps a page and its documents, then goes where the button says; what is wrong is said beside each field.

    Who may write is checked before the body is read; no transaction is open while it comes.
    """
    try:
        async with open_contexte(visit) as ctx:
            draft = await _draft(ctx, dossier_id)
            _page_of(draft, page_id)
    except SignInRequiredError:
        # The session ended while the form was being filled: what was typed comes back on a page that waits for it.
        fields, _ = await receive(visit, content_type, content_length)
        return _keep_for_later(visit, fields)
    except DejaDeposeError:
        return redirect(visit, f"/dossiers/{dossier_id}")
    try:
        fields, files = await receive(visit, content_type, content_length)
        received, refused = await store(visit, draft, files)
        async with open_contexte(visit) as ctx:
            draft = await _draft(ctx, dossier_id)
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
    index, applicable = _page_of(draft, page_id)
    current = applicable[index]
    # A double click sends the same documents twice: they are attached once.
    if received and await once(ctx, {"cle_idempotence": (fields.get("cle_idempotence") or [""])[0]}, page_id):
        await pieces.forget(ctx, received)
        received = ()
    for piece in received:
        await pieces.attach(ctx, draft.dossier, piece)
    if doomed := fields.get("supprimer_piece"):
        await pieces.remove(ctx, draft, _uuid(doomed[0]))
    saisie = await brouillons.save_page(ctx, draft, current, fields)
    action = (fields.get("action") or ["continuer"])[0]
    base = base_of(ctx, draft.dossier.id)
    here = f"{base}/etapes/{page_id}"
    if refused:
        draft = await _draft(ctx, draft.dossier.id)
        return _form(ctx, draft, page_id, refused, status=422)
    if doomed or action == "joindre":
        return redirect(ctx, here)
    if action == "enregistrer":
        return redirect(ctx, f"{base}/enregistre")
    erreurs = {**_missing_pieces(draft, current, received), **saisie.erreurs}
    if erreurs:
        draft = await _draft(ctx, draft.dossier.id)
        # Without script, an answer may call for questions that were not on the page: they are asked, not reproached.
        shown = (fields.get("champs_montres") or [""])[0].split()
        reproached = {id_: phrase for id_, phrase in erreurs.items() if not shown or id_ in shown}
        return _form(
            ctx, draft, page_id, reproached, status=422 if reproached else 200, nouvelles=not reproached
        )
    following = draft.pages()
    place = next((n for n, found in enumerate(following) if found.id == page_id), -1)
    if place + 1 < len(following):
        return redirect(ctx, f"{base}/etapes/{following[place + 1].id}")
    return redirect(ctx, f"{base}/recapitulatif")


def _missing_pieces(draft: Brouillon, current: Page, received: Sequence[pieces.PieceRecue]) -> dict[str, str]:
    present = {piece.champ_id for piece in draft.pieces} | {piece.champ_id for piece in received}
    etat = draft.etat()
    return {
        champ.id: f"Joignez ce document : {champ.sujet or champ.libelle}."
        for champ in etat.champs(current.id)
        if champ.type == "piece" and champ.id in etat.obligatoires and champ.id not in present
    }


def _uuid(texte: str) -> UUID:
    try:
        return UUID(texte)
    except ValueError:
        raise NotFoundError(
            "Ce document n’est plus dans votre dossier. Rechargez la page pour voir ceux qui y sont."
        ) from None
