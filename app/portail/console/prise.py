"""Taking collectivités on: one commune of the shipped list by a button, or a CSV that is first shown on trial."""

import io
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.collectivites import referentiel, repository
from app.collectivites.epci import find_epci, search_epci
from app.collectivites.import_csv import COLONNES, FichierIllisibleError, LigneCommune, LigneRefusee
from app.collectivites.service import Import, read_rows, take_on, take_on_epci
from app.demarches.service import catalogue
from app.portail.console.commun import erreurs_of, habitants, receive_file
from app.socle.contexte import Contexte, FormulaireDep, OpsnDep
from app.socle.errors import BusinessError, NotFoundError
from app.socle.ids import new_token, uuid7
from app.socle.vues import Lien
from app.socle.web import once, page, redirect

router = APIRouter()
PAGE = 20
KEPT = timedelta(days=1)
HERE = "/collectivites/prendre-en-charge"


@router.get(HERE)
async def show(
    ctx: OpsnDep,
    q: Annotated[str, Query(max_length=100)] = "",
    numero: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
) -> Response:
    """Search among the communes and EPCI of France, and the form for a file."""
    return await _show(ctx, q.strip(), numero)


async def _show(
    ctx: Contexte, q: str = "", numero: int = 1, erreurs: dict[str, str] | None = None
) -> Response:
    found = await referentiel.search(q) if q else referentiel.Recherche((), 0)
    shown = found.trouvees[(numero - 1) * PAGE : numero * PAGE]
    groups = await search_epci(q) if numero == 1 else []
    known: dict[str, str] = {}
    known_groups: dict[str, str] = {}
    if shown or groups:
        async with ctx.noyau.db.hors_cloison("console: which collectivités are taken on") as session:
            known = await repository.list_known(session, [c.code_insee for c in shown])
            known_groups = await repository.list_known_sirens(session, [e.siren for e in groups])
    return page(
        ctx,
        "collectivites/prendre_en_charge.html",
        block="resultats",
        status=422 if erreurs else 200,
        fil=[Lien("Collectivités", "/"), Lien("Prendre en charge", "")],
        ici=HERE,
        q=q,
        trop_court=bool(q) and len(q) < 2,
        lignes=[
            {"commune": c, "habitants": habitants(c.population), "url": _card(known.get(c.code_insee))}
            for c in shown
        ],
        groupements=[
            {
                "siren": e.siren,
                "nom": e.nom,
                "communes": e.communes,
                "habitants": habitants(e.population),
                "url": _card(known_groups.get(e.siren)),
            }
            for e in groups
        ],
        total=found.total,
        montrees=len(found.trouvees),
        page=numero,
        pages=max(1, -(-len(found.trouvees) // PAGE)),
        page_url=f"{HERE}?{urlencode({'q': q})}&page=",
        colonnes=", ".join(COLONNES),
        erreurs_formulaire=erreurs_of(erreurs or {}),
        erreur_de=erreurs or {},
        cle_idempotence=new_token(),
    )


def _card(slug: str | None) -> str:
    return f"/collectivites/{slug}" if slug else ""


@router.post(HERE)
async def take(ctx: OpsnDep, form: FormulaireDep) -> Response:
    """Takes one commune on with every démarche open, then shows its card; its site answers at once."""
    code = str(form.get("code_insee", ""))
    row = await referentiel.find(code)
    if not await once(ctx, form, HERE):
        await _import(ctx, [row], (), source="communes-france.csv")
    async with ctx.noyau.db.hors_cloison("console: the commune just taken on") as session:
        known = await repository.list_known(session, [row.code_insee])
    return redirect(ctx, f"/collectivites/{known[row.code_insee]}?fait=prise")


@router.post(f"{HERE}/epci")
async def take_epci(ctx: OpsnDep, form: FormulaireDep) -> Response:
    """Takes one EPCI on with every démarche open, then shows its card; its site answers at once."""
    epci = await find_epci(str(form.get("siren", "")))
    await once(ctx, form, HERE)

    async def ouvrir(session: AsyncSession, ids: list[Any]) -> None:
        await catalogue.open_everything(session, ids, ctx.now)

    slug = await take_on_epci(ctx.noyau, epci, ouvrir=ouvrir, acteur=ctx.acteur, requete=ctx.requete)
    return redirect(ctx, f"/collectivites/{slug}?fait=prise")


async def _import(
    ctx: Contexte,
    rows: list[LigneCommune],
    refused: list[LigneRefusee] | tuple[()],
    *,
    source: str,
    a_blanc: bool = False,
) -> Import:
    async def ouvrir(session: AsyncSession, ids: list[Any]) -> None:
        await catalogue.open_everything(session, ids, ctx.now)

    return await take_on(
        ctx.noyau,
        rows,
        refused,
        source=source,
        a_blanc=a_blanc,
        ouvrir=ouvrir,
        acteur=ctx.acteur,
        requete=ctx.requete,
    )


@router.post(f"{HERE}/fichier")
async def receive(ctx: OpsnDep) -> Response:
    """Reads a CSV and keeps it for a day, so that what it would do is shown before anything is done."""
    _, file = await receive_file(ctx)
    try:
        data = file.content() if file else b""
        await anyio.to_thread.run_sync(read_rows, io.BytesIO(data))
    except (FichierIllisibleError, BusinessError) as refusal:
        return await _show(ctx, erreurs={"fichier": getattr(refusal, "message", "") or str(refusal)})
    import_id = uuid7()
    name = (file.filename if file else "").replace("\\", "/").rpartition("/")[2][:100] or "communes.csv"
    values = {"id": import_id, "nom": name, "contenu": data, "cree_le": ctx.now}
    async with ctx.noyau.db.hors_cloison("console: a file of communes on trial") as session:
        await repository.add_import(session, values)
    return redirect(ctx, f"{HERE}/fichier/{import_id}")


async def _read(ctx: Contexte, import_id: UUID) -> tuple[str, tuple[list[LigneCommune], list[LigneRefusee]]]:
    async with ctx.noyau.db.hors_cloison("console: a file of communes on trial") as session:
        kept = await repository.get_import(session, import_id)
    if kept is None or kept.cree_le < ctx.now - KEPT:
        raise NotFoundError("Ce fichier n’est plus gardé : envoyez-le à nouveau.")
    return kept.nom, await anyio.to_thread.run_sync(read_rows, io.BytesIO(kept.contenu))


@router.get(f"{HERE}/fichier/{{import_id}}")
async def trial(ctx: OpsnDep, import_id: UUID) -> Response:
    """What the file would do: communes to take on, already known, refused with line and reason."""
    nom, (rows, refused) = await _read(ctx, import_id)
    return _trial(ctx, nom, import_id, await _import(ctx, rows, refused, source=nom, a_blanc=True))


def _trial(ctx: Contexte, nom: str, import_id: UUID, result: Import, *, status: int = 200) -> Response:
    base_host = ctx.noyau.settings.base_host
    return page(
        ctx,
        "collectivites/essai.html",
        status=status,
        fil=[Lien("Collectivités", "/"), Lien("Prendre en charge", HERE), Lien(nom, "")],
        ici=HERE,
        nom=nom,
        action_url=f"{HERE}/fichier/{import_id}",
        lignes=[
            (row.nom, row.code_insee, f"{result.slugs[row.code_insee]}.{base_host}")
            for row in result.prises[:100]
        ],
        nombre_prises=len(result.prises),
        connues=result.connues[:100],
        nombre_connues=len(result.connues),
        refusees=result.refusees[:500],
        nombre_refusees=len(result.refusees),
        cle_idempotence=new_token(),
    )


@router.post(f"{HERE}/fichier/{{import_id}}")
async def confirm(ctx: OpsnDep, form: FormulaireDep, import_id: UUID) -> Response:
    """Takes on what the trial announced: all of it or, with one bad row, nothing."""
    nom, (rows, refused) = await _read(ctx, import_id)
    if await once(ctx, form, "/"):
        return redirect(ctx, "/")
    result = await _import(ctx, rows, refused, source=nom)
    if result.refusees:
        return _trial(ctx, nom, import_id, result, status=422)
    if len(result.prises) == 1:
        return redirect(ctx, f"/collectivites/{result.slugs[result.prises[0].code_insee]}?fait=prise")
    return redirect(ctx, "/")
