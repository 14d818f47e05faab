"""Filling, reviewing and submitting a démarche, on the collectivité's host; every form works without JavaScript."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import JSONResponse, Response

from app.demarches.definitions import Page
from app.demarches.domain import avertissements, champs_visibles, pages_applicables, reponses_effectives
from app.demarches.presentation import champs_of, pieces_of, sections_of
from app.demarches.routes.public import fil, service_of
from app.demarches.service import brouillons, depot, pieces, suivi
from app.demarches.service.brouillons import Brouillon, DejaDeposeError
from app.socle import vues
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, VisiteDep, check_token, open_contexte
from app.socle.errors import BusinessError, NotFoundError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.televersement import FilePart, FormLimits, PieceRefuseeError, TextPart, read_form
from app.socle.web import once, page, redirect

router = APIRouter()

LIMITS = FormLimits(poids_max=20_000_000, total_max=25_000_000)
SOURCES = {"franceconnect": N_("Donné par FranceConnect"), "courriel": N_("Adresse vérifiée par un code")}


@router.get("/demarches/{slug}/remplir")
async def start(ctx: ContexteDep, slug: str) -> Response:
    """To the person's draft of that démarche, at the first page that is not finished; made if there is none."""
    draft, definition = await brouillons.start(ctx, slug)
    return redirect(ctx, f"/dossiers/{draft.id}/etapes/{definition.pages[0].id}")


async def _draft(ctx: Contexte, dossier_id: UUID) -> Brouillon:
    return await brouillons.load(ctx, await brouillons.access_draft(ctx, dossier_id))


def _page_of(draft: Brouillon, page_id: str) -> tuple[int, tuple[Page, ...]]:
    """The place of a page among those that apply; NotFoundError for a page the answers leave out."""
    applicable = draft.pages()
    for index, found in enumerate(applicable):
        if found.id == page_id:
            return index, applicable
    raise NotFoundError("Cette étape ne fait pas partie de votre dossier. Reprenez-le depuis la page de la démarche.")


@router.get("/dossiers/{dossier_id}/recapitulatif")
async def review(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """Everything that was answered, before it is submitted."""
    return _review(ctx, await _draft(ctx, dossier_id))


def _review(
    ctx: Contexte, draft: Brouillon, *, cochee: bool = False, oubli: str = "", status: int = 200
) -> Response:
    manques = depot.manques_of(ctx, draft)
    base = f"/dossiers/{draft.dossier.id}"
    effective = reponses_effectives(draft.definition, draft.reponses)
    applicable = draft.pages()
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
        fil=fil(),
        etape={"numero": len(applicable) + 1, "total": len(applicable) + 1},
        sections=sections_of(draft.definition, effective, modifier=f"{base}/etapes/{{page}}"),
        pieces=pieces_of(draft.definition, draft.pieces, effective, modifier=f"{base}/etapes/{{page}}"),
        erreurs_formulaire=erreurs,
        declaration_cochee=cochee,
        declaration=draft.definition.declaration,
        action_url=f"{base}/deposer",
        precedent_url=f"{base}/etapes/{applicable[-1].id}",
        cle_idempotence=new_token(),
        version=draft.dossier.revision,
        service_nom=draft.definition.service.nom,
        service=service_of(ctx, draft.definition),
    )


@router.post("/dossiers/{dossier_id}/deposer")
async def submit(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Submits; a double click, a second tab or « back » end on the same page, once."""
    done = f"/dossiers/{dossier_id}/depose"
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
        raise ManquesError(dossier_id)
    return redirect(ctx, done)


class ManquesError(BusinessError):
    """Something is missing: the review page says what, with a link to each place."""

    status = 422
    code = "incomplet"

    def __init__(self, dossier_id: UUID) -> None:
        super().__init__("Il manque des réponses.")
        self.dossier_id = dossier_id


@router.get("/dossiers/{dossier_id}/etapes/{page_id}")
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
) -> Response:
    index, applicable = _page_of(draft, page_id)
    current, erreurs = applicable[index], erreurs or {}
    base = f"/dossiers/{draft.dossier.id}"
    following = applicable[index + 1].titre if index + 1 < len(applicable) else "Vérifier et déposer"
    remarks = avertissements(draft.definition, draft.reponses, ctx.today(ctx.collectivite.fuseau))
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
        fil=fil(),
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
        enregistre_le=draft.dossier.modifie_le,
        cle_idempotence=new_token(),
        version=draft.dossier.revision,
        service_nom=draft.definition.service.nom,
        service=service_of(ctx, draft.definition),
    )


@router.get("/dossiers/{dossier_id}/enregistre")
async def saved(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """« À plus tard »: where the draft is found again, and until when."""
    draft = await _draft(ctx, dossier_id)
    return page(
        ctx,
        "demarches/enregistre.html",
        demarche_titre=draft.definition.titre,
        fil=fil(),
        reprendre_url=f"/demarches/{draft.dossier.slug}/remplir",
        expire_le=suivi.expires_on(draft.dossier),
        avec_compte=ctx.usager_id is not None,
        service_nom=draft.definition.service.nom,
        service=service_of(ctx, draft.definition),
    )


@router.post("/dossiers/{dossier_id}/champs")
async def autosave(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Keeps fields as they are typed; says softly what is not right yet."""
    draft = await _draft(ctx, dossier_id)
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    remarks: dict[str, str] = {}
    for champ in draft.definition.champs():
        if champ.repond and (any(name in brut for name in champ.entrees) or champ.id == form.get("champ")):
            remark = await brouillons.save_champ(ctx, draft, champ.id, brut)
            if remark:
                remarks[champ.id] = remark
    return JSONResponse({"enregistre": True, "remarques": remarks}, headers={"cache-control": "no-store"})


async def receive(
    visit: VisiteDep, content_type: str, content_length: str | None
) -> tuple[dict[str, list[str]], list[FilePart]]:
    """The fields and files of a form, read without touching a disk, its token checked before anything is kept."""
    fields: dict[str, list[str]] = {}
    files: list[FilePart] = []
    parts = read_form(visit.request.stream(), content_type, content_length, LIMITS)
    async for part in parts:
        if isinstance(part, TextPart):
            fields.setdefault(part.name, []).append(part.value)
        elif part.filename or part.data:
            files.append(part)
        if isinstance(part, FilePart) and "jeton_csrf" in fields:
            check_token(visit, fields["jeton_csrf"][0])
    check_token(visit, (fields.get("jeton_csrf") or [""])[0])
    return fields, files


@router.post("/dossiers/{dossier_id}/etapes/{page_id}")
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
        fields, files = await receive(visit, content_type, content_length)
        received, refused = await _store(visit, draft, files)
        async with open_contexte(visit) as ctx:
            draft = await _draft(ctx, dossier_id)
            return await _act(ctx, draft, page_id, fields, received, refused)
    except DejaDeposeError:
        async with open_contexte(visit) as ctx:
            return redirect(ctx, f"/dossiers/{dossier_id}")


async def _store(
    visit: VisiteDep, draft: Brouillon, files: Sequence[FilePart]
) -> tuple[list[pieces.PieceRecue], dict[str, str]]:
    received: list[pieces.PieceRecue] = []
    refused: dict[str, str] = {}
    for file in files:
        try:
            champ = draft.definition.champ(file.name)
            already = len(draft.pieces_de(champ.id)) + sum(p.champ_id == champ.id for p in received)
            received.append(
                await pieces.receive(visit.noyau, draft.dossier.collectivite_id, champ, file, already)
            )
        except KeyError:
            continue
        except PieceRefuseeError as refusal:
            refused[file.name] = refusal.message
        except BusinessError as refusal:
            if refusal.status not in (422, 503):
                raise
            refused[file.name] = refusal.message
    return received, refused


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
    for piece in received:
        await pieces.attach(ctx, draft.dossier, piece)
    if doomed := fields.get("supprimer_piece"):
        await pieces.remove(ctx, draft, _uuid(doomed[0]))
    saisie = await brouillons.save_page(ctx, draft, current, fields)
    action = (fields.get("action") or ["continuer"])[0]
    here = f"/dossiers/{draft.dossier.id}/etapes/{page_id}"
    if refused:
        draft = await _draft(ctx, draft.dossier.id)
        return _form(ctx, draft, page_id, refused, status=422)
    if doomed or action == "joindre":
        return redirect(ctx, here)
    if action == "enregistrer":
        return redirect(ctx, f"/dossiers/{draft.dossier.id}/enregistre")
    missing = _missing_pieces(draft, current, received)
    if saisie.erreurs or missing:
        draft = await _draft(ctx, draft.dossier.id)
        return _form(ctx, draft, page_id, {**missing, **saisie.erreurs}, status=422)
    following = pages_applicables(draft.definition, draft.reponses)
    place = next((n for n, found in enumerate(following) if found.id == page_id), -1)
    if place + 1 < len(following):
        return redirect(ctx, f"/dossiers/{draft.dossier.id}/etapes/{following[place + 1].id}")
    return redirect(ctx, f"/dossiers/{draft.dossier.id}/recapitulatif")


def _missing_pieces(draft: Brouillon, current: Page, received: Sequence[pieces.PieceRecue]) -> dict[str, str]:
    present = {piece.champ_id for piece in draft.pieces} | {piece.champ_id for piece in received}
    return {
        champ.id: f"Joignez ce document : {champ.sujet or champ.libelle}."
        for champ in champs_visibles(current, reponses_effectives(draft.definition, draft.reponses))
        if champ.type == "piece" and champ.obligatoire and champ.id not in present
    }


def _uuid(texte: str) -> UUID:
    try:
        return UUID(texte)
    except ValueError:
        raise NotFoundError("Ce document n’est plus dans votre dossier. Rechargez la page pour voir ceux qui y sont.") from None
