"""An outside expert's page: the code that came by e-mail opens one dossier, on its collectivité's host, and no more."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.presentation import sections_of
from app.demarches.routes.reception import receive
from app.demarches.routes.suivi import stream
from app.demarches.service import avis, pieces
from app.demarches.service.catalogue import definition_of
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, VisiteDep, open_contexte
from app.socle.errors import BusinessError, ConflictError, InvalidInputError, NotFoundError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import page, redirect

router = APIRouter()
COOKIE_SECONDS = 4 * 3600
_SENS = {True: N_("favorable"), False: N_("défavorable"), None: ""}


def _cookie(avis_id: UUID) -> str:
    return f"kumun-avis-{avis_id.hex}"


def _code(ctx: Contexte, avis_id: UUID) -> str:
    return ctx.request.cookies.get(ctx.cookie_name(_cookie(avis_id)), "")


@router.get("/avis/{avis_id}")
async def show(ctx: ContexteDep, avis_id: UUID) -> Response:
    """The dossier and the question, once the code is known; until then, the page that asks for it."""
    try:
        found = await avis.open_outside(ctx, avis_id, _code(ctx, avis_id))
    except NotFoundError:
        return _ask_code(ctx, avis_id)
    await avis.note_reading(ctx, found)
    return await _show(ctx, avis_id, found)


def _ask_code(ctx: Contexte, avis_id: UUID, erreur: str = "") -> Response:
    # The same page whether the opinion exists or not: it tells nothing before the code.
    return page(
        ctx,
        "demarches/avis_code.html",
        block="contenu",
        status=401,
        action_url=f"/avis/{avis_id}/code",
        erreur=erreur,
    )


@router.post("/avis/{avis_id}/code")
async def enter(visit: VisiteDep, form: FormulaireDep, avis_id: UUID) -> Response:
    """Tries a code, ten an hour at most; right, it opens the page for four hours in this browser."""
    await avis.count_try(visit, avis_id)
    code = avis.clean_code(str(form.get("code", "")))
    async with open_contexte(visit) as ctx:
        try:
            await avis.open_outside(ctx, avis_id, code)
        except NotFoundError:
            return _ask_code(
                ctx, avis_id, N_("Ce code n’ouvre rien. Recopiez celui du dernier message reçu.")
            )
        response = redirect(ctx, f"/avis/{avis_id}")
        ctx.set_cookie(response, _cookie(avis_id), code, max_age=COOKIE_SECONDS)
        return response


async def _show(
    ctx: Contexte,
    avis_id: UUID,
    found: dict[str, Any],
    *,
    typed: FormData | None = None,
    erreur: tuple[str, str] | None = None,
) -> Response:
    definition = await definition_of(ctx.db, found["version_id"], found["surcouche_id"])
    asked, values = found["avis"], typed or FormData()
    given = asked["rendu_le"] is not None
    base = f"/avis/{avis_id}"
    return page(
        ctx,
        "demarches/avis.html",
        block="contenu",
        status=422 if erreur else 200,
        dossier={
            "numero": found["numero"],
            "demarche": found["titre"],
            "depose_le": avis.moment(found["depose_le"]),
        },
        demande={
            "nom": asked["nom"],
            "objet": asked["objet"],
            "oui_non": asked["oui_non"],
            "avant_le": avis.day(asked["avant_le"]),
            "par": asked["demande_par"],
        },
        rendu={
            "le": avis.moment(asked["rendu_le"]),
            "sens": _SENS[asked["favorable"]],
            "texte": asked["texte"],
            "fichier": asked["fichier_nom"],
        }
        if given
        else None,
        clos=found["clos"],
        sections=sections_of(definition, found["reponses"] or {}),
        pieces=[
            {
                "libelle": definition.champ(item["champ_id"]).libelle,
                "nom": item["nom"],
                "taille": item["taille"],
                "url": f"{base}/pieces/{item['id']}",
            }
            for item in found["pieces"]
        ],
        autres=[{**item, "sens": _SENS[item["favorable"]]} for item in found["autres"]],
        action_url=base,
        valeurs={"favorable": values.get("favorable", ""), "texte": values.get("texte", "")},
        erreur_de={erreur[0]: erreur[1]} if erreur else {},
        cle_idempotence=new_token(),
    )


@router.get("/avis/{avis_id}/pieces/{piece_id}")
async def read_piece(ctx: ContexteDep, avis_id: UUID, piece_id: UUID) -> Response:
    """One document of that dossier."""
    piece, objet = await avis.open_piece_outside(ctx, avis_id, _code(ctx, avis_id), piece_id)
    return stream(piece["nom"], piece["type_mime"], objet)


@router.post("/avis/{avis_id}")
async def give(
    visit: VisiteDep,
    avis_id: UUID,
) -> Response:
    """The opinion, once, with at most one document."""
    async with open_contexte(visit) as ctx:
        code = _code(ctx, avis_id)
        found = await avis.open_outside(ctx, avis_id, code)
    fields, files = await receive(visit)
    form = FormData([(name, value) for name, values in fields.items() for value in values])
    received, erreur = [], None
    for file in files[:1]:
        try:
            received.append(
                await pieces.receive(
                    visit.noyau, UUID(found["collectivite_id"]), avis.FICHIER, file, already=0
                )
            )
        except BusinessError as refusal:
            if refusal.status not in (422, 503):
                raise
            erreur = ("fichier", refusal.message)
    favorable = {"oui": True, "non": False}.get(str(form.get("favorable", "")))
    async with open_contexte(visit) as ctx:
        if erreur is None:
            try:
                await avis.give_outside(ctx, avis_id, code, favorable, str(form.get("texte", "")), received)
                return redirect(ctx, f"/avis/{avis_id}")
            except InvalidInputError as refusal:
                missing = found["avis"]["oui_non"] and favorable is None
                erreur = ("favorable" if missing else "texte", refusal.message)
                await pieces.forget(ctx, received)
            except ConflictError:
                # Sent twice by a double click: the page shows what was recorded the first time.
                await ctx.db.rollback()
                return redirect(ctx, f"/avis/{avis_id}")
        return await _show(ctx, avis_id, found, typed=form, erreur=erreur)
