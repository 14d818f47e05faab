"""Lists of reference on the desk: what each collectivité offers to forms, and a new version from a file."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.domain.listes import FauteDeLigne, ListeRefuseeError
from app.demarches.repository import referentiels as repository
from app.demarches.routes.reception import receive
from app.demarches.service import listes
from app.demarches.service.partage import open_settings
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, VisiteDep, contexte_agent, open_contexte
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.hosts import list_nommees
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import once, page, redirect

router = APIRouter()
LIGNES_VUES = 200


@router.get("/referentiels")
async def list_lists(ctx: AgentDep) -> Response:
    """The lists of each collectivité that the agent serves."""
    return await _show(ctx)


async def _show(
    ctx: Contexte,
    *,
    fautes: list[FauteDeLigne] | None = None,
    erreur: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    places = list(ctx.personne.collectivites) if ctx.personne else []
    nommees = await list_nommees(ctx.db, places)
    said = typed or {"collectivite": "", "nom": ""}
    return page(
        ctx,
        "demarches/referentiels.html",
        status=422 if fautes or erreur else 200,
        fil=[vues.Lien("Bureau", "/")],
        collectivites=[await _place(ctx, id_, nommees[id_].nom) for id_ in places if id_ in nommees],
        choix=[vues.Option(str(id_), nommees[id_].nom) for id_ in places if id_ in nommees],
        valeurs=said,
        fautes=fautes or [],
        erreur=erreur,
        erreurs_formulaire=[
            vues.Erreur("fichier", erreur or N_("Rien n’a été publié : corrigez le fichier."))
        ]
        if fautes or erreur
        else [],
        fait=ctx.request.query_params.get("fait", "")[:60],
        cle_idempotence=new_token(),
    )


async def _place(ctx: Contexte, collectivite_id: UUID, nom: str) -> dict[str, Any]:
    found = await repository.list_latest(ctx.db, collectivite_id)
    return {
        "nom": nom,
        "listes": [{**dict(one), "url": f"/referentiels/{collectivite_id}/{one['nom']}"} for one in found],
    }


@router.get("/referentiels/{collectivite_id}/{nom}")
async def show_list(ctx: AgentDep, collectivite_id: UUID, nom: str) -> Response:
    """The latest version of one list, its first rows."""
    await open_settings(ctx, collectivite_id)
    found = await repository.list_latest(ctx.db, collectivite_id, [nom])
    if not found:
        raise NotFoundError("Cette liste n’existe pas.")
    rows = await repository.list_rows(ctx.db, collectivite_id, found[0]["id"], LIGNES_VUES)
    return page(
        ctx,
        "demarches/referentiel.html",
        fil=[vues.Lien("Bureau", "/"), vues.Lien(N_("Listes de référence"), "/referentiels")],
        liste=dict(found[0]),
        lignes=[row["valeurs"] for row in rows],
    )


@router.post("/referentiels")
async def publish_list(visit: VisiteDep) -> Response:
    """A new version of a list; a file with any fault leaves everything as it was, and each broken row is told."""
    async with open_contexte(visit) as ctx:
        await contexte_agent(ctx)
    fields, files = await receive(visit)
    said = {name: (fields.get(name) or [""])[0] for name in ("collectivite", "nom", "cle_idempotence")}
    data = next((file.content() for file in files if file.name == "fichier"), b"")
    async with open_contexte(visit) as ctx:
        await contexte_agent(ctx)
        if await once(ctx, said, "/referentiels"):
            return redirect(ctx, "/referentiels")
        try:
            await listes.publish(ctx, _uuid(said["collectivite"]), said["nom"], data)
        except ListeRefuseeError as refusal:
            await ctx.db.rollback()
            fautes: list[FauteDeLigne] | None = refusal.fautes
            erreur = ""
        except (InvalidInputError, ConflictError) as refusal:
            await ctx.db.rollback()
            fautes, erreur = None, refusal.message
        else:
            return redirect(ctx, "/referentiels?fait=publiee")
    async with open_contexte(visit) as ctx:
        await contexte_agent(ctx)
        return await _show(ctx, fautes=fautes, erreur=erreur, typed=said)


def _uuid(texte: str) -> UUID:
    try:
        return UUID(texte)
    except ValueError:
        raise InvalidInputError("Choisissez la collectivité.") from None
