"""Figures for agents, what has reached the end of its term, and the one question asked of residents after closure."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.domain.etats import Etat
from app.demarches.presentation_agent import libelle_agent
from app.demarches.service import conservation, mesures, partage
from app.demarches.service.bureau import load_cadre
from app.demarches.service.papiers import CANAUX
from app.socle import vues
from app.socle.calendrier import afficher_mois
from app.socle.contexte import AgentDep, Contexte, ContexteDep, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.permissions import list_administered
from app.socle.vues import Option
from app.socle.web import once, page, redirect

router = APIRouter()
usager = APIRouter()

REPONSES: dict[int, str] = {
    4: N_("Très satisfait"),
    3: N_("Plutôt satisfait"),
    2: N_("Plutôt pas satisfait"),
    1: N_("Pas du tout satisfait"),
}
SORTS: dict[str, str] = {
    "destruction": N_("Destruction"),
    "conservation": N_("Conservation aux archives"),
    "tri": N_("Tri par les archives"),
}


@router.get("/statistiques")
async def show_statistics(ctx: AgentDep) -> Response:
    """The figures of the last year, of all démarches or one."""
    query = ctx.request.query_params
    cadre = await load_cadre(ctx, ctx.today())
    commune = query.get("commune", "") if query.get("commune", "") in map(str, cadre.communes) else ""
    slug = query.get("demarche", "") if query.get("demarche", "") in cadre.demarches else ""
    found = await mesures.read_statistics(ctx, commune, slug)
    t = ctx.traduire
    return page(
        ctx,
        "demarches/statistiques.html",
        block="chiffres",
        fil=[vues.Lien("Bureau", "/")],
        filtres={"commune": commune, "demarche": slug},
        communes=[Option("", t(N_("Toutes"))), *(Option(str(i), n) for i, n in cadre.communes.items())],
        demarches=[Option("", t(N_("Toutes"))), *(Option(s, n) for s, n in cadre.demarches.items())],
        **_figures(ctx, found),
    )


def _figures(ctx: Contexte, found: mesures.Statistiques) -> dict[str, Any]:
    brut, t = found.brut, ctx.traduire
    notes = {int(note): number for note, number in (brut["notes"] or {}).items()}
    voices = sum(notes.values())
    return {
        "deposes": found.deposes,
        "decides": brut["decides"],
        "retard": brut["retard"],
        "mediane": _days(brut["mediane"]),
        "p90": _days(brut["p90"]),
        "etats": [(t(libelle_agent(Etat(e))), n) for e, n in sorted((brut["etats"] or {}).items())],
        "mois": [(afficher_mois(m), n) for m, n in brut["mois"] or ()],
        "canaux": [(t(CANAUX[c]), n) for c, n in sorted((brut["canaux"] or {}).items())],
        "commences": found.deposes + found.abandonnes if found.pages else 0,
        "pages": [(titre or t(N_("Avant la première réponse")), number) for titre, number in found.pages],
        "satisfaits": round(100 * (notes.get(4, 0) + notes.get(3, 0)) / voices) if voices else None,
        "voix": voices,
        "notes": [(t(REPONSES[note]), notes.get(note, 0)) for note in REPONSES] if voices else [],
    }


def _days(value: float | None) -> int | None:
    return None if value is None else max(1, -int(-value // 1))


@router.get("/conservation")
async def show_retention(ctx: AgentDep) -> Response:
    """What is closed, beyond the active base, near or at the end of its term; what was destroyed, when and by whom."""
    return await _retention(ctx)


async def _retention(ctx: Contexte, erreur: str = "") -> Response:
    due, lists = await conservation.read(ctx)
    cadre = await load_cadre(ctx, ctx.today())
    mine = await list_administered(ctx)
    return page(
        ctx,
        "demarches/conservation.html",
        status=409 if erreur else 200,
        fil=[vues.Lien("Bureau", "/")],
        erreur=erreur,
        echeances=[
            {
                "commune": cadre.communes.get(e.collectivite_id, ""),
                "titre": e.titre,
                "sort": ctx.traduire(SORTS[e.sort_final]),
                "base": e.base_active_mois,
                "dua": e.dua_annees if e.dua_annees == e.dua_max else f"{e.dua_annees} à {e.dua_max}",
                "clos": e.clos,
                "hors_base": e.hors_base,
                "bientot": e.bientot,
                "echus": e.echus,
                "slug": e.slug,
                "action_url": f"/conservation/{e.collectivite_id}/eliminations"
                if e.echus and e.sort_final == "destruction" and e.collectivite_id in mine
                else "",
                "a_detruire": e.sort_final == "destruction",
                "cle": new_token(),
            }
            for e in due
        ],
        eliminations=[{"commune": cadre.communes.get(e.collectivite_id, ""), **e._asdict()} for e in lists],
    )


@router.post("/conservation/{collectivite_id}/eliminations")
async def validate(ctx: AgentDep, form: FormulaireDep, collectivite_id: UUID) -> Response:
    """Validates the list of one démarche, after a tick that says it is meant; its dossiers are then destroyed."""
    await partage.open_settings(ctx, collectivite_id)
    try:
        async with savepoint(ctx.db):
            if not await once(ctx, form, "/conservation"):
                if form.get("certain") != "oui":
                    raise InvalidInputError("Cochez la case qui dit que vous validez cette liste.")
                await conservation.validate(ctx, collectivite_id, str(form.get("slug", "")))
    except (ConflictError, InvalidInputError) as refusal:
        return await _retention(ctx, refusal.message)
    return redirect(ctx, "/conservation")


@usager.get("/satisfaction/{dossier_id}/{code}")
async def ask_opinion(ctx: ContexteDep, dossier_id: UUID, code: str) -> Response:
    """One question; reading the page counts nothing, since mail readers open addresses by themselves."""
    mesures.check_opinion(ctx, dossier_id, code)
    return _opinion_page(ctx, f"/satisfaction/{dossier_id}/{code}")


def _opinion_page(
    ctx: Contexte, url: str, *, merci: str = "", erreur: str = "", status: int = 200
) -> Response:
    return page(
        ctx,
        "demarches/satisfaction.html",
        status=status,
        action_url=url,
        reponses=[Option(str(note), ctx.traduire(libelle)) for note, libelle in REPONSES.items()],
        merci=merci,
        erreur=erreur,
        cle_idempotence=new_token(),
    )


@usager.post("/satisfaction/{dossier_id}/{code}")
async def give_opinion(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID, code: str) -> Response:
    """Counts the answer, once a dossier."""
    url = f"/satisfaction/{dossier_id}/{code}"
    mesures.check_opinion(ctx, dossier_id, code)
    note = str(form.get("note", ""))
    if note not in map(str, REPONSES):
        return _opinion_page(ctx, url, erreur="Choisissez une réponse.", status=422)
    try:
        await mesures.give_opinion(ctx, dossier_id, code, int(note))
    except ConflictError as refusal:
        return _opinion_page(ctx, url, merci=refusal.message)
    return _opinion_page(
        ctx, url, merci="Merci : votre réponse est comptée, sans votre nom ni votre dossier."
    )
