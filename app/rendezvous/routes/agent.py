"""The agents' rendez-vous: the planning by day and week, one rendez-vous and what may be done with it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from app.rendezvous import repository
from app.rendezvous.presentation import heure_de, jour_long
from app.rendezvous.presentation_agent import CANAUX, ETATS_AGENT, colonnes_of, ligne_of, lundi_of, nom_of
from app.rendezvous.repository import planning as lignes
from app.rendezvous.service import planning
from app.rendezvous.service.annonces import MODES
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import BusinessError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.vues import Lien, Option
from app.socle.web import once, page, redirect

router = APIRouter()
# One clock for a whole page: agents who serve overseas communes ask for one commune at a time.
FUSEAU = "Europe/Paris"
RACINE = "/rendez-vous"
MESSAGE_MAX = 1000


def parse_uuid(value: Any) -> UUID | None:
    """An identifier that a form or an address gives; None when it is none."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def parse_day(value: Any, default: date) -> date:
    """A day written AAAA-MM-JJ, or the default; none so far away that no calendar holds its week."""
    try:
        found = date.fromisoformat(str(value))
    except ValueError:
        return default
    return found if 2000 <= found.year <= 2200 else default


def _asked(ctx: Contexte) -> dict[str, Any]:
    query = ctx.request.query_params
    today = ctx.today(FUSEAU)
    return {
        "jour": parse_day(query.get("jour"), today),
        "vue": "semaine" if query.get("vue") == "semaine" else "jour",
        "commune": parse_uuid(query.get("commune")),
        "avec": parse_uuid(query.get("avec")),
        "aujourd_hui": today,
    }


def _url(asked: Mapping[str, Any], page_: str = RACINE, **changes: Any) -> str:
    values = {name: asked[name] for name in ("jour", "vue", "commune", "avec")} | changes
    return f"{page_}?{urlencode({name: str(value) for name, value in values.items() if value})}"


async def _read(ctx: Contexte, asked: dict[str, Any]) -> tuple[date, int, ZoneInfo, planning.Planning]:
    zone = ZoneInfo(FUSEAU)
    week = asked["vue"] == "semaine"
    du, jours = (lundi_of(asked["jour"]), 7) if week else (asked["jour"], 1)
    found = await planning.read(ctx, du, jours, zone=zone, commune=asked["commune"], occupant=asked["avec"])
    return du, jours, zone, found


@router.get("/rendez-vous")
async def show_planning(ctx: AgentDep) -> Response:
    """Who receives whom on a day, or one person's week; today unless another day is asked for."""
    asked = _asked(ctx)
    du, jours, zone, found = await _read(ctx, asked)
    colonnes, heures = colonnes_of(
        found.colonnes, zone, asked["aujourd_hui"], semaine=jours > 1, langue=ctx.langue, t=ctx.traduire
    )
    step = timedelta(days=jours)
    t = ctx.traduire
    return page(
        ctx,
        "rendezvous/agent/planning.html",
        block="planning",
        semaine=jours > 1,
        titre=_titre(ctx, du, jours),
        colonnes=colonnes,
        heures=heures,
        rangs=len(heures) * 12,
        communes=[Option("", t(N_("Toutes"))), *(Option(str(i), n) for i, n in found.communes.items())],
        occupants=[
            *([] if jours > 1 else [Option("", t(N_("Tout le monde")))]),
            *(Option(str(i), n) for i, n in found.occupants.items()),
        ],
        filtres={
            "jour": asked["jour"].isoformat(),
            "vue": asked["vue"],
            "commune": str(asked["commune"] or ""),
            "avec": str(found.choisi or ""),
        },
        precedent_url=_url(asked, jour=du - step),
        suivant_url=_url(asked, jour=du + step),
        aujourdhui_url=_url(asked, jour=None),
        vues=[
            Lien(t(N_("Jour")), _url(asked, vue="jour"), jours == 1),
            Lien(t(N_("Semaine")), _url(asked, vue="semaine"), jours > 1),
        ],
        imprimer_url=_url(asked, f"{RACINE}/imprimer"),
        nombre=sum(1 for visite in found.visites if visite.etat != "retenu"),
        vide=not found.occupants,
    )


def _titre(ctx: Contexte, du: date, jours: int) -> str:
    first = f"{jour_long(du, ctx.langue)} {du.year}"
    if jours == 1:
        return first
    last = du + timedelta(days=jours - 1)
    return f"{first} – {jour_long(last, ctx.langue)} {last.year}"


@router.get("/rendez-vous/imprimer")
async def print_planning(ctx: AgentDep) -> Response:
    """The list that is printed for the counter: who comes when, for what, with whom."""
    asked = _asked(ctx)
    du, jours, _, found = await _read(ctx, asked)
    noms = dict(await _noms(ctx))
    lignes = [ligne_of(row, ctx.langue, noms) for row in found.visites if row.etat != "retenu"]
    return page(
        ctx,
        "rendezvous/agent/imprimer.html",
        fil=[Lien(N_("Rendez-vous"), _url(asked))],
        titre=_titre(ctx, du, jours),
        lignes=lignes,
        semaine=jours > 1,
        plusieurs=len(found.communes) > 1,
    )


async def _noms(ctx: Contexte) -> list[tuple[UUID, str]]:
    rows = await lignes.list_ressources(ctx.db, planning.communes_of(ctx))
    return [(row.id, row.nom) for row in rows]


FAITS = {
    "pris": N_("Le rendez-vous est pris. La personne en est prévenue si elle a donné un courriel."),
    "deplace": N_("Le rendez-vous est déplacé. La personne en est prévenue si elle a donné un courriel."),
    "annule": N_(
        "Le rendez-vous est annulé et son créneau est libre. La personne en est prévenue si elle a un courriel."
    ),
    "arrivee": N_("L’arrivée est notée."),
    "absence": N_("Il est noté que personne n’est venu."),
}


@router.get("/rendez-vous/{rendezvous_id}")
async def show_one(ctx: AgentDep, rendezvous_id: UUID) -> Response:
    """One rendez-vous: who, when, why, and what may be done."""
    return await _one(ctx, rendezvous_id)


async def _one(
    ctx: Contexte, rendezvous_id: UUID, erreur: str = "", cible: str = "gestes", message: str = ""
) -> Response:
    found = await planning.access(ctx, rendezvous_id)
    motif = await repository.get_motif(ctx.db, found.collectivite_id, found.motif_id)
    zone = ZoneInfo(found.fuseau)
    local = found.debut.astimezone(zone)
    fait = FAITS.get(ctx.request.query_params.get("fait", ""), "")
    return page(
        ctx,
        "rendezvous/agent/fiche.html",
        status=409 if erreur else 200,
        fil=[Lien(N_("Rendez-vous"), f"{RACINE}?jour={local.date().isoformat()}")],
        base=f"{RACINE}/{rendezvous_id}",
        personne=nom_of(found.contact),
        contact=found.contact,
        etat=ETATS_AGENT[found.etat],
        quand=f"{jour_long(local.date(), ctx.langue)} {local.year}",
        heures=f"{heure_de(found.debut, zone, ctx.langue)} – {heure_de(found.fin, zone, ctx.langue)}",
        motif=found.libelles.get("motif") or (motif.nom if motif else ""),
        mode=MODES[found.mode],
        canal=CANAUX[found.canal],
        personnes=found.personnes,
        predemandes=found.predemandes,
        arrive_le=found.arrive_le,
        zone=zone,
        message_envoye=found.libelles.get("message", ""),
        fait=ctx.traduire(fait) if fait else "",
        erreur=erreur,
        cible=cible,
        message=message,
        peut_arriver=found.etat in ("confirme", "absent") and found.debut - ctx.now <= planning.EN_AVANCE,
        peut_manquer=found.etat in ("confirme", "honore") and found.debut <= ctx.now,
        peut_annuler=found.etat == "confirme",
        cle_idempotence=new_token(),
    )


async def _act(ctx: Contexte, form: Mapping[str, Any], rendezvous_id: UUID, fait: str, act: Any) -> Response:
    suite = f"{RACINE}/{rendezvous_id}?fait={fait}"
    try:
        async with savepoint(ctx.db):
            if not await once(ctx, form, suite):
                await act()
    except BusinessError as refusal:
        if refusal.status not in (409, 422):
            raise
        return await _one(ctx, rendezvous_id, refusal.message)
    return redirect(ctx, suite)


@router.post("/rendez-vous/{rendezvous_id}/arrivee")
async def arrive(ctx: AgentDep, form: FormulaireDep, rendezvous_id: UUID) -> Response:
    """The person is there."""
    return await _act(ctx, form, rendezvous_id, "arrivee", lambda: planning.mark_arrived(ctx, rendezvous_id))


@router.post("/rendez-vous/{rendezvous_id}/absence")
async def miss(ctx: AgentDep, form: FormulaireDep, rendezvous_id: UUID) -> Response:
    """Nobody came."""
    return await _act(ctx, form, rendezvous_id, "absence", lambda: planning.mark_absent(ctx, rendezvous_id))


@router.post("/rendez-vous/{rendezvous_id}/annulation")
async def cancel(ctx: AgentDep, form: FormulaireDep, rendezvous_id: UUID) -> Response:
    """Gives it up, with what the person is to read."""
    message = str(form.get("message", "")).strip()
    if len(message) > MESSAGE_MAX:
        await planning.access(ctx, rendezvous_id)
        phrase = f"Ce message est trop long : {MESSAGE_MAX} caractères au plus."
        return await _one(ctx, rendezvous_id, phrase, "message", message)
    return await _act(
        ctx, form, rendezvous_id, "annule", lambda: planning.cancel(ctx, rendezvous_id, message)
    )
