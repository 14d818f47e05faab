"""An agent books for somebody, or moves a rendez-vous: what is free, then who comes; no script is needed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.rendezvous.models import RendezVous
from app.rendezvous.presentation import heure_de, jour_long
from app.rendezvous.presentation_agent import CANAUX, nom_of, valeur_of
from app.rendezvous.repository import planning as lignes
from app.rendezvous.routes.agent import FUSEAU, RACINE, parse_day, parse_uuid
from app.rendezvous.service import guichet, planning
from app.rendezvous.service.annonces import MODES
from app.rendezvous.service.guichet import Prestation
from app.rendezvous.service.prise import Souhait
from app.rendezvous.service.recherche import Offre, PersonnesRefuseesError
from app.rendezvous.service.reservation import CreneauPrisError
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import BusinessError, NotFoundError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.vues import Erreur, Lien, Option
from app.socle.web import once, page, redirect

router = APIRouter()


def parse_personnes(value: Any) -> int:
    """How many persons a form says; 0 for what is no number, which every motif refuses."""
    text = str(value or "1")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


@router.get("/rendez-vous/nouveau")
async def ask(ctx: AgentDep) -> Response:
    """What for, how many, from when; then what is free, and who comes."""
    return await _new(ctx, ctx.request.query_params)


async def _new(
    ctx: Contexte, values: Mapping[str, Any], erreurs: dict[str, str] | None = None, status: int = 200
) -> Response:
    rows = await lignes.list_motifs(ctx.db, planning.communes_of(ctx))
    several = len({row.collectivite_id for row in rows}) > 1
    choix = [Option(str(row.id), f"{row.commune} – {row.nom}" if several else row.nom) for row in rows]
    motif_id = parse_uuid(values.get("motif"))
    du = max(parse_day(values.get("du"), ctx.today(FUSEAU)), ctx.today(FUSEAU))
    personnes = parse_personnes(values.get("personnes"))
    prestation: Prestation | None = None
    offres: list[Offre] = []
    wrong = dict(erreurs or {})
    if motif_id is not None:
        try:
            prestation = await guichet.access_motif(ctx, motif_id)
            offres = await guichet.find(ctx, prestation, personnes, du)
        except PersonnesRefuseesError as refusal:
            wrong["personnes"] = refusal.message
            prestation = None
        except NotFoundError as refusal:
            wrong["motif"] = refusal.message
    shown = {
        name: str(values.get(name, "")) for name in ("prenom", "nom", "telephone", "courriel", "creneau")
    }
    return page(
        ctx,
        "rendezvous/agent/nouveau.html",
        status=422 if wrong else status,
        fil=[Lien(N_("Rendez-vous"), RACINE)],
        motifs=choix,
        motif=str(motif_id or ""),
        personnes=str(values.get("personnes") or "1"),
        du=du.isoformat(),
        valeurs=shown,
        predemandes=[
            (f"predemande-{n}", n, str(values.get(f"predemande-{n}", "")))
            for n in range(1, personnes + 1)
            if prestation is not None and prestation.motif.predemande
        ],
        prestation=prestation.motif.nom if prestation else "",
        jours=_jours(offres, prestation, ctx.langue) if prestation else [],
        modes=_modes(ctx, prestation),
        mode=str(values.get("mode") or (prestation.motif.modes[0] if prestation else "")),
        canaux=[Option(code, ctx.traduire(CANAUX[code])) for code in guichet.CANAUX],
        canal=str(values.get("canal") or "guichet"),
        pourquoi_url=f"{RACINE}/pourquoi?{urlencode({'motif': str(motif_id or ''), 'personnes': personnes, 'du': du})}",
        erreurs_formulaire=[Erreur(name, phrase) for name, phrase in wrong.items()],
        erreur_de=wrong,
        cle_idempotence=new_token(),
    )


def _modes(ctx: Contexte, prestation: Prestation | None) -> list[Option]:
    return [Option(mode, ctx.traduire(MODES[mode])) for mode in prestation.motif.modes] if prestation else []


def _jours(offres: list[Offre], prestation: Prestation, langue: str) -> list[dict[str, Any]]:
    """Créneaux by day: what the page shows as one choice."""
    zone, several = prestation.zone, len(prestation.lieux) > 1
    jours: dict[str, list[Option]] = {}
    for offre in offres:
        start = offre.creneau.debut
        text = f"{heure_de(start, zone, langue)} – {heure_de(offre.creneau.fin, zone, langue)}"
        if several:
            text += f", {prestation.lieux[offre.lieu_id].nom}"
        day = jour_long(start.astimezone(zone).date(), langue)
        jours.setdefault(day, []).append(Option(valeur_of(offre.lieu_id, start), text))
    return [{"jour": day, "options": options} for day, options in jours.items()]


@router.post("/rendez-vous/nouveau")
async def book(ctx: AgentDep, form: FormulaireDep) -> Response:
    """Books, once; what is wrong is said beside each field, and a créneau taken meanwhile is chosen again."""
    motif_id = parse_uuid(form.get("motif"))
    if motif_id is None:
        return await _new(ctx, form, {"motif": "Choisissez le motif du rendez-vous."})
    prestation = await guichet.access_motif(ctx, motif_id)
    personnes = parse_personnes(form.get("personnes"))
    if not 1 <= personnes <= prestation.motif.personnes_max:
        return await _new(ctx, form)
    asked = personnes if prestation.motif.predemande else 0
    contact, numbers, erreurs = guichet.read_civil(form, asked)
    mode = str(form.get("mode") or prestation.motif.modes[0])
    if mode not in prestation.motif.modes:
        erreurs["mode"] = "Choisissez comment se tient le rendez-vous."
    canal = str(form.get("canal", ""))
    if canal not in guichet.CANAUX:
        erreurs["canal"] = "Dites comment la personne vous a joint."
    souhait = guichet.read_creneau(form.get("creneau"), personnes, mode)
    if souhait is None:
        erreurs["creneau"] = "Choisissez un créneau."
    if erreurs or souhait is None:
        return await _new(ctx, form, erreurs)
    try:
        async with savepoint(ctx.db):
            led = await once(ctx, form, f"{RACINE}?jour={souhait.debut.date().isoformat()}")
            if led:
                return redirect(ctx, led)
            id_ = await guichet.book(ctx, prestation, souhait, contact, numbers, canal)
    except CreneauPrisError as refusal:
        return await _new(ctx, form, {"creneau": refusal.message})
    return redirect(ctx, f"{RACINE}/{id_}?fait=pris")


@router.get("/rendez-vous/{rendezvous_id}/deplacer")
async def ask_move(ctx: AgentDep, rendezvous_id: UUID) -> Response:
    """What is free instead, as if this one were given up."""
    return await _move(ctx, rendezvous_id, ctx.request.query_params)


async def _move(ctx: Contexte, rendezvous_id: UUID, values: Mapping[str, Any], erreur: str = "") -> Response:
    found: RendezVous = await planning.access(ctx, rendezvous_id)
    if found.etat != "confirme":
        # Its page says what it has become.
        return redirect(ctx, f"{RACINE}/{rendezvous_id}")
    prestation = await guichet.access_motif(ctx, found.motif_id)
    today = ctx.today(FUSEAU)
    default = max(found.debut.astimezone(prestation.zone).date(), today)
    du = max(parse_day(values.get("du"), default), today)
    personnes = parse_personnes(values.get("personnes") or found.personnes)
    offres: list[Offre] = []
    try:
        offres = await guichet.find(ctx, prestation, personnes, du, instead_of=found)
    except PersonnesRefuseesError as refusal:
        erreur = refusal.message
    zone = prestation.zone
    local = found.debut.astimezone(zone)
    kept = [o for o in offres if (o.creneau.debut, personnes) != (found.debut, found.personnes)]
    return page(
        ctx,
        "rendezvous/agent/deplacer.html",
        status=422 if erreur else 200,
        fil=[Lien(N_("Rendez-vous"), RACINE), Lien(nom_of(found.contact), f"{RACINE}/{rendezvous_id}")],
        base=f"{RACINE}/{rendezvous_id}/deplacer",
        personne=nom_of(found.contact),
        motif=prestation.motif.nom,
        actuel=f"{jour_long(local.date(), ctx.langue)}, {heure_de(found.debut, zone, ctx.langue)}",
        du=du.isoformat(),
        personnes=str(personnes),
        jours=_jours(kept, prestation, ctx.langue),
        erreurs_formulaire=[Erreur("creneau", erreur)] if erreur else [],
        erreur=erreur,
        cle_idempotence=new_token(),
    )


@router.post("/rendez-vous/{rendezvous_id}/deplacer")
async def move(ctx: AgentDep, form: FormulaireDep, rendezvous_id: UUID) -> Response:
    """Moves it, once; a créneau taken meanwhile leaves it where it was."""
    found = await planning.access(ctx, rendezvous_id)
    personnes = parse_personnes(form.get("personnes") or found.personnes)
    souhait: Souhait | None = guichet.read_creneau(form.get("creneau"), personnes, found.mode)
    if souhait is None:
        return await _move(ctx, rendezvous_id, form, "Choisissez un créneau.")
    try:
        async with savepoint(ctx.db):
            led = await once(ctx, form, f"{RACINE}?jour={souhait.debut.date().isoformat()}")
            if led:
                return redirect(ctx, led)
            id_ = await guichet.move(ctx, rendezvous_id, souhait)
    except BusinessError as refusal:
        if refusal.status not in (409, 422):
            raise
        return await _move(ctx, rendezvous_id, form, refusal.message)
    return redirect(ctx, f"{RACINE}/{id_}?fait=deplace")
