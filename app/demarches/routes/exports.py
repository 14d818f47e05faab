"""Exports on the desk: asking for one, watching it being made, taking its files, stopping it."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.domain.etats import LIBELLES_ETAT
from app.demarches.models import Export
from app.demarches.repository.exports import Choix
from app.demarches.routes.suivi import stream
from app.demarches.service import exports
from app.demarches.service.exports import ETATS, FORMATS, Demande
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.errors import TooManyRequestsError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import once, page, redirect

router = APIRouter()

AVANCEMENT = {
    "extraction": vues.Etiquette(N_("En préparation"), "attente"),
    "ecriture": vues.Etiquette(N_("En préparation"), "attente"),
    "pret": vues.Etiquette(N_("Prêt"), "succes"),
    "annule": vues.Etiquette(N_("Annulé"), "neutre"),
    "expire": vues.Etiquette(N_("Effacé"), "neutre"),
}


@router.get("/exports")
async def show_all(ctx: AgentDep) -> Response:
    """What was asked lately in the collectivités that the agent serves, and the form that asks for more."""
    return await _show(ctx, await exports.list_choices(ctx), FormData(), {})


async def _show(ctx: Contexte, choices: list[Choix], form: FormData, erreurs: dict[str, str]) -> Response:
    places = {choice.collectivite_id: choice.collectivite for choice in choices}
    titles = {choice.slug: choice.titre for choice in choices}
    return page(
        ctx,
        "demarches/exports.html",
        block="contenu",
        status=422 if erreurs else 200,
        fil=[vues.Lien("Bureau", "/")],
        collectivites=[vues.Option(str(id_), nom) for id_, nom in places.items()] if len(places) > 1 else [],
        demarches=[vues.Option(slug, titles[slug]) for slug in sorted(titles, key=lambda s: titles[s])],
        formats=[vues.Option(key, label) for key, label in FORMATS.items()],
        etats=[vues.Option(etat.value, LIBELLES_ETAT[etat]) for etat in ETATS],
        valeurs={
            "collectivite": form.get("collectivite", ""),
            "demarche": form.get("demarche", ""),
            "format": form.get("format", "xlsx"),
            "etats": form.getlist("etats"),
            "du": _typed(form, "du"),
            "au": _typed(form, "au"),
        },
        erreur_de=erreurs,
        erreurs_formulaire=[vues.Erreur(cible, phrase) for cible, phrase in erreurs.items()],
        lignes=[_ligne(item, places) for item in await exports.list_for_agent(ctx)],
        cle_idempotence=new_token(),
    )


def _typed(form: FormData, name: str) -> dict[str, str]:
    return {part: str(form.get(f"{name}-{part}", "")) for part in ("jour", "mois", "annee")}


def _ligne(item: Export, places: dict[UUID, str]) -> dict[str, object]:
    return {
        "url": f"/exports/{item.id}",
        "titre": item.titre,
        "commune": places.get(item.collectivite_id, ""),
        "format": FORMATS[item.format],
        "dossiers": item.total,
        "par": item.agent_nom,
        "le": item.demande_le,
        "etiquette": AVANCEMENT[item.etat],
    }


@router.post("/exports")
async def ask(ctx: AgentDep, form: FormulaireDep) -> Response:
    """Asks for an export; a double click asks for one."""
    choices = await exports.list_choices(ctx)
    demande, titre = _read(form, choices)
    if demande.erreurs:
        return await _show(ctx, choices, form, dict(demande.erreurs))
    if already := await once(ctx, form, "/exports"):
        return redirect(ctx, already)
    try:
        export_id = await exports.request(ctx, demande, titre)
    except TooManyRequestsError as refusal:
        await ctx.db.rollback()
        return await _show(ctx, await exports.list_choices(ctx), form, {"demarche": refusal.message})
    return redirect(ctx, f"/exports/{export_id}")


def _read(form: FormData, choices: list[Choix]) -> tuple[Demande, str]:
    """What was asked, and the title of the démarche; a sentence beside each field that is wrong."""
    erreurs: dict[str, str] = {}
    places = {str(choice.collectivite_id): choice.collectivite_id for choice in choices}
    place = (
        places.get(str(form.get("collectivite", "")))
        if len(places) > 1
        else next(iter(places.values()), None)
    )
    slug = str(form.get("demarche", ""))
    chosen = next((c for c in choices if c.slug == slug and c.collectivite_id == place), None)
    if place is None:
        erreurs["collectivite"] = "Choisissez la collectivité."
    if slug not in {choice.slug for choice in choices}:
        erreurs["demarche"] = "Choisissez la démarche."
    elif place is not None and chosen is None:
        erreurs["demarche"] = "Cette collectivité ne propose pas cette démarche : choisissez-en une autre."
    kind = str(form.get("format", ""))
    if kind not in FORMATS:
        erreurs["format"] = "Choisissez le format."
    known = {etat.value for etat in ETATS}
    etats = tuple(str(etat) for etat in form.getlist("etats") if etat in known) or tuple(known)
    days: dict[str, date | None] = {}
    for name in ("du", "au"):
        typed = _typed(form, name)
        try:
            days[name] = (
                date(int(typed["annee"]), int(typed["mois"]), int(typed["jour"]))
                if any(typed.values())
                else None
            )
        except ValueError:
            erreurs[name] = "Donnez un jour qui existe, par exemple 27 3 2026, ou laissez vide."
    if not erreurs and days["du"] and days["au"] and days["du"] > days["au"]:
        erreurs["au"] = "Le dernier jour est avant le premier : corrigez l’un des deux."
    demande = Demande(place, slug, kind, etats, days.get("du"), days.get("au"), erreurs)
    return demande, chosen.titre if chosen else ""


@router.get("/exports/{export_id}")
async def show(ctx: AgentDep, export_id: UUID) -> Response:
    """How far it is; its files once it is ready."""
    item, files = await exports.access(ctx, export_id)
    names = await exports.names_of(ctx, [item.collectivite_id])
    # Two halves of the work: taking the dossiers, writing the file.
    done = item.extraits + item.ecrits
    percent = min(99, done * 50 // item.total) if item.total else 0
    return page(
        ctx,
        "demarches/export.html",
        block="avancement",
        fil=[vues.Lien("Bureau", "/"), vues.Lien("Exports", "/exports")],
        titre=item.titre,
        commune=names[item.collectivite_id],
        format=FORMATS[item.format],
        etats=exports.libelles_etats(item.etats),
        du=item.du,
        au=item.au,
        par=item.agent_nom,
        le=item.demande_le,
        etat=item.etat,
        etiquette_export=AVANCEMENT[item.etat],
        en_cours=item.etat in ("extraction", "ecriture"),
        total=item.total,
        percent=100 if item.etat == "pret" else percent,
        expire_le=item.expire_le,
        fichiers=[
            {
                "url": f"/exports/{item.id}/fichiers/{file.rang}",
                "nom": file.nom,
                "taille": file.taille,
                "dossiers": file.dossiers,
            }
            for file in files
        ]
        if item.etat == "pret"
        else [],
        ici=f"/exports/{item.id}",
        cle_idempotence=new_token(),
    )


@router.post("/exports/{export_id}/annuler")
async def cancel(ctx: AgentDep, form: FormulaireDep, export_id: UUID) -> Response:
    """Stops an export under way."""
    here = f"/exports/{export_id}"
    if not await once(ctx, form, here):
        await exports.cancel(ctx, export_id)
    return redirect(ctx, here)


@router.get("/exports/{export_id}/fichiers/{rang}")
async def download(ctx: AgentDep, export_id: UUID, rang: int) -> Response:
    """One file of an export that is ready."""
    file, objet = await exports.open_file(ctx, export_id, rang)
    return stream(file.nom, file.type_mime, objet)
