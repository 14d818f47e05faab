"""« Why is there no créneau? », « what if I opened then? », and the figures of the rendez-vous."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.rendezvous.domain.repetitions import JOURS, regle_of_saisie
from app.rendezvous.domain.saisie_reglages import read_heure
from app.rendezvous.presentation import heure_de, jour_long
from app.rendezvous.repository import explication as besoins
from app.rendezvous.repository import planning as lignes
from app.rendezvous.routes.agent import FUSEAU, RACINE, parse_day, parse_uuid
from app.rendezvous.routes.agent_prise import parse_personnes
from app.rendezvous.service import explication, guichet, mesures, planning
from app.rendezvous.service.guichet import Prestation
from app.rendezvous.service.recherche import Offre, PersonnesRefuseesError
from app.socle.contexte import AgentDep, Contexte
from app.socle.errors import NotFoundError
from app.socle.langues import N_
from app.socle.vues import Erreur, Lien, Option
from app.socle.web import page

router = APIRouter()
LARGEUR, HAUTEUR = 600, 80


@router.get("/rendez-vous/pourquoi")
async def explain(ctx: AgentDep) -> Response:
    """Four weeks of a motif, day by day; and what an opening that one imagines would change."""
    values = ctx.request.query_params
    rows = await lignes.list_motifs(ctx.db, planning.communes_of(ctx))
    several = len({row.collectivite_id for row in rows}) > 1
    motif_id = parse_uuid(values.get("motif"))
    personnes = parse_personnes(values.get("personnes"))
    du = max(parse_day(values.get("du"), ctx.today(FUSEAU)), ctx.today(FUSEAU))
    erreurs: dict[str, str] = {}
    found: dict[str, Any] = {"toujours": [], "jours": [], "ressources": [], "essai": None}
    if motif_id is not None:
        try:
            found = await _explained(ctx, motif_id, personnes, du, values, erreurs)
        except PersonnesRefuseesError as refusal:
            erreurs["personnes"] = refusal.message
        except NotFoundError as refusal:
            erreurs["motif"] = refusal.message
    return page(
        ctx,
        "rendezvous/agent/pourquoi.html",
        status=422 if erreurs else 200,
        fil=[Lien(N_("Rendez-vous"), RACINE)],
        motifs=[Option(str(r.id), f"{r.commune} – {r.nom}" if several else r.nom) for r in rows],
        motif=str(motif_id or ""),
        personnes=str(values.get("personnes") or "1"),
        du=du.isoformat(),
        jours_semaine=[Option(code, ctx.traduire(nom)) for code, nom in JOURS.items()],
        valeurs={
            "jour": values.getlist("ouvert_jour"),
            "avec": values.getlist("avec"),
            "de": values.get("de", ""),
            "a": values.get("a", ""),
        },
        erreurs_formulaire=[Erreur(name, phrase) for name, phrase in erreurs.items()],
        erreur_de=erreurs,
        **found,
    )


async def _explained(
    ctx: Contexte, motif_id: UUID, personnes: int, du: Any, values: Any, erreurs: dict[str, str]
) -> dict[str, Any]:
    prestation = await guichet.access_motif(ctx, motif_id)
    always, jours = await explication.explain(ctx, prestation, personnes, du)
    rangs = await besoins.list_rangs(ctx.db, prestation.motif.collectivite_id, motif_id)
    essai = None
    if values.get("essayer") == "oui":
        essai = await _tried(ctx, prestation, personnes, values, {row.id for row in rangs}, erreurs)
    return {
        "toujours": always,
        "jours": [
            {"jour": jour_long(j.jour, ctx.langue), "nombre": j.nombre, "cause": j.cause} for j in jours
        ],
        "ressources": [Option(str(row.id), row.nom) for row in rangs],
        "essai": essai,
    }


async def _tried(
    ctx: Contexte,
    prestation: Prestation,
    personnes: int,
    values: Any,
    known: set[UUID],
    erreurs: dict[str, str],
) -> dict[str, Any] | None:
    wanted = [id_ for id_ in (parse_uuid(x) for x in values.getlist("avec")) if id_ in known]
    regle, wrong = regle_of_saisie("semaine", values.getlist("ouvert_jour"), "")
    hours: list[time | None] = [read_heure(values.get(name, "")) for name in ("de", "a")]
    if wrong:
        erreurs["ouvert_jour"] = wrong["jours"]
    if not wanted:
        erreurs["avec"] = "Choisissez qui ou ce qui recevrait."
    for name, hour in zip(("de", "a"), hours, strict=True):
        if hour is None:
            erreurs[name] = "Écrivez l’heure comme 14 h ou 14 h 30."
    start, end = hours
    if start and end and end <= start:
        erreurs["a"] = "L’heure de fin doit venir après celle de début."
    if erreurs or start is None or end is None or not prestation.lieux:
        return None
    found = await explication.try_opening(
        ctx, prestation, personnes, [id_ for id_ in wanted if id_ is not None], regle, (start, end)
    )
    return {
        "avant": _quand(ctx, prestation, found.avant),
        "apres": _quand(ctx, prestation, found.apres),
        "nombre_avant": found.nombre_avant,
        "nombre_apres": found.nombre_apres,
    }


def _quand(ctx: Contexte, prestation: Prestation, offre: Offre | None) -> str:
    if offre is None:
        return ctx.traduire(N_("aucun"))
    local = offre.creneau.debut.astimezone(prestation.zone)
    days = (local.date() - ctx.today(str(prestation.zone))).days
    text = ctx.traduire(N_("{jour} à {heure}, dans {n} jours"))
    return text.format(
        jour=jour_long(local.date(), ctx.langue),
        heure=heure_de(offre.creneau.debut, prestation.zone, ctx.langue),
        n=days,
    )


@router.get("/rendez-vous/statistiques")
async def show_statistics(ctx: AgentDep) -> Response:
    """The wait for the first créneau over time, filling, no-shows, lost minutes."""
    asked = parse_uuid(ctx.request.query_params.get("commune"))
    ressources = await lignes.list_ressources(ctx.db, planning.communes_of(ctx))
    communes = {row.collectivite_id: row.commune for row in ressources}
    found = await mesures.read(ctx, asked if asked in communes else None)
    venus, absents = sum(r.venus for r in found.presences), sum(r.absents for r in found.presences)
    several = len(communes) > 1 and asked not in communes
    taken = {row.id: (row.prises, row.ouvertes) for row in found.avenir}
    return page(
        ctx,
        "rendezvous/agent/statistiques.html",
        fil=[Lien(N_("Rendez-vous"), RACINE)],
        communes=[Option("", ctx.traduire(N_("Toutes"))), *(Option(str(i), n) for i, n in communes.items())],
        commune=str(asked or ""),
        venus=venus,
        absents=absents,
        taux_absents=round(100 * absents / (venus + absents)) if venus + absents else None,
        perdues=sum(found.perdues.values()),
        mois=[
            (f"{r.mois:%m/%Y}", r.venus, r.absents, r.annules, f"{_share(r.absents, r.venus + r.absents)} %")
            for r in found.presences
        ],
        remplissage=[(_nom(r, several), _share(r.prises, r.ouvertes)) for r in found.avenir if r.ouvertes],
        ressources=[
            (
                _nom(r, several),
                f"{_share(r.prises, r.ouvertes)} %",
                f"{_share(*taken.get(r.id, (0, 0)))} %",
                found.perdues.get(r.id, 0),
            )
            for r in found.passe
        ],
        delais=_curves(found.delais, several),
    )


def _share(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _nom(row: Any, several: bool) -> str:
    return f"{row.nom} ({row.commune})" if several else str(row.nom)


def _curves(rows: Sequence[Any], several: bool) -> list[dict[str, Any]]:
    """By motif: the wait of its first and last day, the longest, and the points of its curve."""
    by_motif: dict[UUID, list[Any]] = {}
    for row in rows:
        by_motif.setdefault(row.motif_id, []).append(row)
    curves: list[dict[str, Any]] = []
    for own in by_motif.values():
        known: list[Mapping[str, Any]] = [
            {"jour": r.jour, "n": r.delai_jours} for r in own if r.delai_jours is not None
        ]
        most = max((point["n"] for point in known), default=0)
        span = max((own[-1].jour - own[0].jour).days, 1)
        points = " ".join(
            f"{round(LARGEUR * (p['jour'] - own[0].jour).days / span)},"
            f"{round(HAUTEUR - 4 - (HAUTEUR - 8) * p['n'] / max(most, 1))}"
            for p in known
        )
        curves.append(
            {
                "nom": _nom(own[0], several),
                "dernier": own[-1].delai_jours,
                "plus_long": most,
                "sans": sum(r.delai_jours is None for r in own),
                "depuis": own[0].jour,
                "points": points if len(known) > 1 else "",
            }
        )
    return curves
