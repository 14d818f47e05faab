"""Batches: choosing what to do with many dossiers, then watching it being done."""

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.repository import lots as repository
from app.demarches.repository import partage as partage_repository
from app.demarches.service import bureau, lots, partage
from app.demarches.service.bureau import Filtres
from app.demarches.service.lots import AU_PLUS, Demande
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import InvalidInputError
from app.socle.ids import new_token, uuid7
from app.socle.langues import N_
from app.socle.vues import Option
from app.socle.web import once, page, redirect

router = APIRouter()

ACTES: dict[str, str] = {
    "attribuer": N_("Confier à un agent"),
    "prendre": N_("Prendre en charge"),
    "etiqueter": N_("Ajouter une étiquette"),
    "desetiqueter": N_("Retirer une étiquette"),
    "groupe": N_("Confier à un groupe"),
    "message": N_("Envoyer un message"),
    "accepter": N_("Accepter"),
    "sans_suite": N_("Classer sans suite"),
    "avancer": N_("Passer à une autre étape"),
}


@router.get("/lots")
async def list_batches(ctx: AgentDep) -> Response:
    """The agent's batches."""
    found = await repository.list_lots(ctx.db, partage.agent_id_of(ctx), 50)
    return page(
        ctx,
        "demarches/lots.html",
        fil=[vues.Lien("Bureau", "/")],
        lots=[
            {
                "url": f"/lots/{lot.id}",
                "acte": ctx.traduire(ACTES[lot.acte]),
                "nombre": lot.nombre,
                "le": lot.cree_le,
            }
            for lot in found
        ],
    )


@router.get("/lots/nouveau")
async def prepare(ctx: AgentDep) -> Response:
    """Says how many dossiers are meant, and asks what to do with them."""
    query = ctx.request.query_params
    return await _prepare(ctx, query.getlist("d"), query.get("requete", ""), query.get("tout") == "oui")


async def _prepare(
    ctx: Contexte,
    chosen: list[str],
    requete: str,
    tout: bool,
    typed: FormData | None = None,
    erreur: str = "",
) -> Response:
    demande = _demande("", {}, chosen, requete, tout)
    selected = await lots.select(ctx, demande)
    number = len(selected)
    pas = await lots.list_pas(ctx, selected)
    cadre = await bureau.load_cadre(ctx, ctx.today())
    several = len(cadre.communes) > 1

    def of(item: dict[str, Any]) -> str:
        return f"{item['nom']} ({cadre.communes.get(item['commune'], '')})" if several else str(item["nom"])

    modeles = await partage_repository.list_modeles(ctx.db, list(cadre.communes))
    given = typed or FormData()
    # A template chosen by its link fills the message: no script is needed.
    modele = next((m for m in modeles if str(m.id) == ctx.request.query_params.get("modele")), None)
    return page(
        ctx,
        "demarches/lot_nouveau.html",
        status=422 if erreur else 200,
        fil=[vues.Lien("Bureau", f"/?{requete}" if requete else "/")],
        nombre=number,
        trop=number > AU_PLUS,
        dossiers=[] if tout else [str(id_) for id_ in demande.dossiers],
        requete=requete,
        tout=tout,
        actes=[
            Option(nom, ctx.traduire(libelle)) for nom, libelle in ACTES.items() if nom != "avancer" or pas
        ],
        pas=[Option(id_, titre) for id_, titre in pas.items()],
        agents=[Option(str(id_), nom) for id_, nom in cadre.collegues.items()],
        etiquettes=[Option(str(i), of(e)) for i, e in cadre.etiquettes.items() if e["active"]],
        groupes=[Option(str(i), of(g)) for i, g in cadre.groupes.items()],
        modeles=[{"nom": m.nom, "url": _template_url(ctx, str(m.id))} for m in modeles],
        mots=" ".join(f"{{{mot}}}" for mot in partage.MOTS_DU_MODELE),
        saisie={
            name: str(given.get(name, ""))
            for name in ("acte", "agent", "etiquette", "groupe", "vers", "texte", "motif")
        }
        | ({"acte": "message", "texte": modele.texte} if modele else {}),
        erreurs_formulaire=[vues.Erreur("acte", erreur)] if erreur else [],
        cle_idempotence=new_token(),
    )


def _template_url(ctx: Contexte, modele_id: str) -> str:
    query = ctx.request.query_params
    kept = [(name, value) for name, value in query.multi_items() if name != "modele"]
    return f"/lots/nouveau?{urlencode([*kept, ('modele', modele_id)])}"


def _demande(acte: str, parametres: dict[str, str], chosen: list[str], requete: str, tout: bool) -> Demande:
    if tout:
        return Demande(acte, parametres, filtres=Filtres.read(dict(parse_qsl(requete))))
    return Demande(acte, parametres, dossiers=[id_ for value in chosen if (id_ := _uuid(value)) is not None])


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


@router.post("/lots")
async def start(ctx: AgentDep, form: FormulaireDep) -> Response:
    """Opens the batch, once, and goes to its progress."""
    chosen = [str(value) for value in form.getlist("d")]
    requete, tout = str(form.get("requete", "")), form.get("tout") == "oui"
    parametres = {
        name: str(form.get(name, "")) for name in ("agent", "etiquette", "groupe", "vers", "texte", "motif")
    }
    demande = _demande(str(form.get("acte", "")), parametres, chosen, requete, tout)
    lot_id = uuid7()
    try:
        async with savepoint(ctx.db):
            if led := await once(ctx, form, f"/lots/{lot_id}"):
                return redirect(ctx, led)
            await lots.start(ctx, demande, lot_id)
    except InvalidInputError as refusal:
        return await _prepare(ctx, chosen, requete, tout, form, refusal.message)
    return redirect(ctx, f"/lots/{lot_id}")


@router.get("/lots/{lot_id}")
async def show(ctx: AgentDep, lot_id: UUID) -> Response:
    """How far the batch is, and what it refused, with the reasons."""
    lot, progress, refused = await lots.read(ctx, lot_id)
    return page(
        ctx,
        "demarches/lot.html",
        block="avancement",
        fil=[vues.Lien("Bureau", "/"), vues.Lien(ctx.traduire(N_("Mes lots")), "/lots")],
        acte=ctx.traduire(ACTES[lot.acte]),
        nombre=lot.nombre,
        avancement=progress,
        fini=progress.a_faire == 0,
        refus=[
            {"url": f"/dossiers/{row['dossier_id']}", "numero": row["numero"], "motif": row["motif"]}
            for row in refused
        ],
        lot_url=f"/lots/{lot_id}",
    )
