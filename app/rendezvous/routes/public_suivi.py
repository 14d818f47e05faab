"""A rendez-vous by its secret link: seeing it, keeping it in a calendar, moving it, giving it up; and one's own."""

import io
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import segno
from fastapi import APIRouter, Query
from starlette.responses import Response

from app.rendezvous import presentation
from app.rendezvous.domain.contact import read_predemandes
from app.rendezvous.models import Motif, RendezVous
from app.rendezvous.repository import public as repository
from app.rendezvous.routes.public import fil
from app.rendezvous.service import annonces, deplacement
from app.rendezvous.service.liens import chemin_of, open_lien
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, UsagerDep
from app.socle.hosts import list_nommees
from app.socle.langues import N_
from app.socle.televersement import inert_headers
from app.socle.vues import Erreur
from app.socle.web import coordonnees_of, page, redirect

router = APIRouter()
mon = APIRouter()
Cle = Annotated[str, Query(max_length=200)]
FAITS = {
    "confirme": N_("Votre rendez-vous est confirmé"),
    "deplace": N_("Votre rendez-vous est déplacé"),
    "annule": N_("Votre rendez-vous est annulé"),
}


@router.get("/rendez-vous/suivi")
async def show(ctx: ContexteDep, cle: Cle = "", fait: Cle = "") -> Response:
    """The rendez-vous as it stands, and what may still be done with it."""
    return await _show(ctx, cle, fait=fait)


async def _show(
    ctx: Contexte, cle: str, *, fait: str = "", erreurs: dict[str, str] | None = None, form: Any = None
) -> Response:
    found = await open_lien(ctx, cle)
    if found.etat in ("retenu", "expire"):
        return redirect(ctx, f"/rendez-vous/retenue?cle={cle}")
    motif = await deplacement.motif_of(ctx, found)
    search = f"personnes={found.personnes}&mode={found.mode}&cle={cle}"
    base = f"/rendez-vous/motifs/{found.motif_id}"
    move = deplacement.may_move(found, motif, ctx.now)
    done = found.etat == ("annule" if fait == "annule" else "confirme")
    return page(
        ctx,
        "rendezvous/public/suivi.html",
        block="contenu",
        status=422 if erreurs else 200,
        fil=fil(),
        fait=FAITS.get(fait, "") if done else "",
        rdv=presentation.resume_of(found, ctx.langue),
        fuseau=ZoneInfo(found.fuseau),
        contact=found.contact,
        predemandes=list(found.predemandes),
        manquants=_missing(found, motif, form),
        erreurs_par_champ=erreurs or {},
        erreurs_formulaire=[Erreur(name, phrase) for name, phrase in (erreurs or {}).items()],
        venir=found.etat == "confirme" and found.debut > ctx.now,
        deplacer_url=f"{base}/creneaux?{search}" if move else "",
        personnes_url=f"{base}?{search}" if move and motif and motif.personnes_max > 1 else "",
        annuler_url=f"/rendez-vous/suivi/annuler?cle={cle}"
        if deplacement.may_cancel(found, motif, ctx.now)
        else "",
        autre_url=base if motif and motif.actif and motif.en_ligne else "/rendez-vous",
        arrive_le=found.arrive_le,
        arriver=found.arrive_le is None and deplacement.may_arrive(found, ctx.now),
        calendrier_url=f"/rendez-vous/suivi/calendrier.ics?cle={cle}",
        code_url=f"/rendez-vous/suivi/code.svg?cle={cle}",
        cle=cle,
        coordonnees=coordonnees_of(ctx.collectivite.coordonnees),
    )


def _missing(found: RendezVous, motif: Motif | None, form: Any) -> list[tuple[str, str]]:
    """The fields of the pre-demande numbers, when somebody came without one: (name, what it holds)."""
    if motif is None or not motif.predemande or found.etat != "confirme":
        return []
    if len([number for number in found.predemandes if number]) >= found.personnes:
        return []
    known = [*found.predemandes, *[""] * found.personnes]
    names = [f"predemande-{rank}" for rank in range(1, found.personnes + 1)]
    return [(name, str(form.get(name) or "") if form else known[rank]) for rank, name in enumerate(names)]


@router.post("/rendez-vous/suivi/numeros")
async def complete(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """The pre-demande numbers of those who were added."""
    cle = str(form.get("cle") or "")
    found = await open_lien(ctx, cle)
    numbers, erreurs = read_predemandes(form, found.personnes)
    if erreurs:
        return await _show(ctx, cle, erreurs=erreurs, form=form)
    await deplacement.complete(ctx, cle, numbers)
    return redirect(ctx, chemin_of(ctx.noyau, found.origine))


@router.post("/rendez-vous/suivi/arrivee")
async def arrive(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """« Je suis là », pressed on the phone or by whoever reads the code at the door."""
    cle = str(form.get("cle") or "")
    await deplacement.arrive(ctx, cle)
    return redirect(ctx, f"/rendez-vous/suivi?cle={cle}")


@router.get("/rendez-vous/suivi/annuler")
async def ask_cancel(ctx: ContexteDep, cle: Cle = "") -> Response:
    """Asks before a rendez-vous is given up."""
    found = await open_lien(ctx, cle)
    return page(
        ctx,
        "rendezvous/public/annuler.html",
        block="contenu",
        fil=fil(),
        rdv=presentation.resume_of(found, ctx.langue),
        cle=cle,
        retour_url=chemin_of(ctx.noyau, found.origine),
    )


@router.post("/rendez-vous/suivi/annuler")
async def cancel(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Gives it up; sent twice, it is given up once."""
    cle = str(form.get("cle") or "")
    await deplacement.cancel(ctx, cle)
    return redirect(ctx, f"/rendez-vous/suivi?cle={cle}&fait=annule")


@router.get("/rendez-vous/suivi/calendrier.ics")
async def calendar(ctx: ContexteDep, cle: Cle = "") -> Response:
    """The file that a calendar takes."""
    found = await open_lien(ctx, cle)
    methode: Any = "REQUEST" if found.etat == "confirme" else "CANCEL"
    body = annonces.invitation_of(ctx.noyau, ctx.collectivite, found, methode)
    return Response(body, media_type="text/calendar; charset=utf-8", headers=inert_headers("rendez-vous.ics"))


@router.get("/rendez-vous/suivi/code.svg")
async def code(ctx: ContexteDep, cle: Cle = "") -> Response:
    """The QR code to show at the mairie: it holds the link of this rendez-vous."""
    found = await open_lien(ctx, cle)
    out = io.BytesIO()
    segno.make(annonces.url_of(ctx.noyau, ctx.collectivite, found), error="m").save(
        out, kind="svg", scale=5, border=4, light="#fff", svgclass=None, lineclass=None
    )
    headers = {"cache-control": "private, no-store"}
    return Response(out.getvalue(), media_type="image/svg+xml", headers=headers)


@mon.get("/rendez-vous")
async def list_mine(ctx: UsagerDep) -> Response:
    """One's own rendez-vous in every collectivité: those to come, then those that are over."""
    rows = await repository.list_own(ctx.db, ctx.usager_id) if ctx.usager_id else []
    communes = await list_nommees(ctx.db, {row.collectivite_id for row in rows}) if rows else {}
    settings = ctx.noyau.settings

    def line(row: RendezVous) -> dict[str, Any]:
        commune = communes[row.collectivite_id]
        url = settings.url_of(commune.hote, chemin_of(ctx.noyau, row.origine))
        return {**presentation.resume_of(row, ctx.langue), "commune": commune.nom, "url": url}

    soon = [row for row in rows if row.etat == "confirme" and row.fin > ctx.now]
    return page(
        ctx,
        "rendezvous/public/miens.html",
        block="contenu",
        a_venir=[line(row) for row in reversed(soon)],
        passes=[line(row) for row in rows if row not in soon],
    )
