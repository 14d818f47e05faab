"""A créneau is held: saying who comes, proving an address, confirming. Whatever was typed is kept."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.rendezvous import presentation
from app.rendezvous.domain.contact import Contact, read_contact
from app.rendezvous.models import RendezVous
from app.rendezvous.presentation import Recherche
from app.rendezvous.routes.public import fil, hold_url, show_others
from app.rendezvous.service import prise, recherche, reservation
from app.rendezvous.service.liens import chemin_of, open_lien
from app.rendezvous.service.prise import Souhait
from app.rendezvous.service.reservation import CreneauPrisError
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, Visite, VisiteDep, open_contexte
from app.socle.errors import BusinessError
from app.socle.langues import N_
from app.socle.vues import Erreur, Lien
from app.socle.web import page, redirect

router = APIRouter()
Cle = Annotated[str, Query(max_length=200)]
ACCORD = N_("Cochez cette case pour que la mairie puisse utiliser ces informations pour ce rendez-vous.")


@router.get("/rendez-vous/retenue")
async def show(visit: VisiteDep, cle: Cle = "") -> Response:
    """The créneau that is held, until when, and the form of whoever comes."""
    async with open_contexte(visit) as ctx:
        found = await open_lien(ctx, cle)
        if found.etat not in ("retenu", "expire"):
            return redirect(ctx, chemin_of(ctx.noyau, found.origine))
        if not prise.is_held(found, ctx.now):
            refusal = CreneauPrisError(
                "Le temps réservé pour ce créneau est passé. S’il est encore dans la liste, choisissez-le à nouveau : "
                "ce que vous aviez écrit est gardé."
            )
            return await _others(ctx, found, cle, refusal)
        return await _draw(ctx, found, cle)


async def _draw(
    ctx: Contexte,
    found: RendezVous,
    cle: str,
    *,
    contact: Contact | None = None,
    oubli: str = "",
    accord: bool = False,
    status: int = 200,
) -> Response:
    """The form, with what was typed or what is known of the person."""
    motif = (await recherche.get_offert(ctx.db, found.collectivite_id, found.motif_id)).motif
    values = dict(contact.valeurs) if contact else dict(found.contact)
    known = _known(ctx)
    erreurs = dict(contact.erreurs) if contact else {}
    if oubli:
        erreurs["accord"] = oubli
    numbers = contact.predemandes if contact else tuple(found.predemandes)
    asked = found.personnes if motif.predemande else 0
    signed = ctx.usager_id is not None
    here = hold_url(cle)
    fc = not signed and await ctx.noyau.ports.identification.has_franceconnect(ctx)
    return page(
        ctx,
        "rendezvous/public/retenue.html",
        block="formulaire",
        status=status,
        fil=fil(Lien(motif.nom, f"/rendez-vous/motifs/{motif.id}")),
        rdv=presentation.resume_of(found, ctx.langue),
        fuseau=ZoneInfo(found.fuseau),
        expire_le=found.expire_le,
        prolonger=found.prolongations < reservation.PROLONGATIONS_MAX,
        changer_url=_search_of(found, cle),
        identifie=signed,
        franceconnect_url=f"/connexion/franceconnect?suite={quote(here)}" if fc else "",
        code_url="" if signed else f"/connexion?suite={quote(here)}",
        valeurs={name: values.get(name) or known.get(name, "") for name in known},
        sms=values.get("sms") == "oui",
        accord=accord,
        sms_possible=ctx.noyau.passerelle_sms.actif,
        predemandes=[
            (f"predemande-{rank}", numbers[rank - 1] if len(numbers) >= rank else "")
            for rank in range(1, asked + 1)
        ],
        erreurs_par_champ=erreurs,
        erreurs_formulaire=[Erreur(name, phrase) for name, phrase in erreurs.items()],
        cle=cle,
    )


def _known(ctx: Contexte) -> dict[str, str]:
    donnees = ctx.personne.donnees if ctx.personne else {}
    return {
        "prenom": (donnees.get("prenoms") or [""])[0],
        "nom": str(donnees.get("nom_usage") or donnees.get("nom_naissance") or ""),
        "courriel": str(donnees.get("courriel") or ""),
        "telephone": "",
        "adresse": "",
    }


def _search_of(found: RendezVous, cle: str) -> str:
    values = f"personnes={found.personnes}&mode={found.mode}&cle={cle}"
    return f"/rendez-vous/motifs/{found.motif_id}/creneaux?{values}"


async def _others(ctx: Contexte, found: RendezVous, cle: str, refusal: BusinessError) -> Response:
    offert = await recherche.get_offert(ctx.db, found.collectivite_id, found.motif_id)
    asked = Recherche(offert, found.personnes, found.mode, "", cle, ctx.langue)
    souhait = Souhait(found.lieu_id, found.debut, found.personnes, found.mode)
    return await show_others(ctx, asked, souhait, refusal)


@router.post("/rendez-vous/retenue/confirmer")
async def confirm(visit: VisiteDep, form: FormulaireDep) -> Response:
    """Confirms for whoever is signed in; sends a code to anybody else. Twice leads to the same page, once done."""
    cle = str(form.get("cle") or "")
    try:
        async with open_contexte(visit) as ctx:
            return await _confirm(ctx, form, cle)
    except CreneauPrisError as refusal:
        return await _keep_and_show(visit, form, cle, refusal)


async def _read(ctx: Contexte, form: Any, found: RendezVous) -> Contact:
    motif = (await recherche.get_offert(ctx.db, found.collectivite_id, found.motif_id)).motif
    return read_contact(
        form,
        mode=found.mode,
        predemandes=found.personnes if motif.predemande else 0,
        courriel_prouve=_known(ctx)["courriel"],
    )


async def _confirm(ctx: Contexte, form: Any, cle: str) -> Response:
    found = await open_lien(ctx, cle, lock=True)
    if found.etat not in ("retenu", "expire"):
        return redirect(ctx, chemin_of(ctx.noyau, found.origine))
    contact = await _read(ctx, form, found)
    oubli = "" if form.get("accord") == "oui" else ACCORD
    if contact.erreurs or oubli:
        return await _draw(ctx, found, cle, contact=contact, oubli=oubli, accord=not oubli, status=422)
    if ctx.usager_id is not None:
        await prise.confirm(ctx, cle, contact)
        return redirect(ctx, f"{chemin_of(ctx.noyau, found.origine)}&fait=confirme")
    if not prise.is_held(found, ctx.now):
        raise CreneauPrisError(
            "Le temps réservé pour ce créneau est passé. Ce que vous aviez écrit est gardé."
        )
    await prise.keep(ctx, found, contact)
    await prise.send_code(ctx, found, contact.valeurs["courriel"])
    return redirect(ctx, f"/rendez-vous/retenue/code?cle={cle}")


async def _keep_and_show(visit: Visite, form: Any, cle: str, refusal: CreneauPrisError) -> Response:
    """The hold was lost: what was typed goes with it to the next créneau."""
    async with open_contexte(visit) as ctx:
        found = await open_lien(ctx, cle, lock=True)
        contact = await _read(ctx, form, found)
        await prise.keep(ctx, found, contact)
    async with open_contexte(visit) as ctx:
        return await _others(ctx, await open_lien(ctx, cle), cle, refusal)


@router.post("/rendez-vous/retenue/prolonger")
async def extend(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Ten minutes more."""
    cle = str(form.get("cle") or "")
    await prise.extend(ctx, cle)
    return redirect(ctx, hold_url(cle))


@router.get("/rendez-vous/retenue/code")
async def show_code(ctx: ContexteDep, cle: Cle = "") -> Response:
    """Where the code that proves an address is typed."""
    return await _show_code(ctx, cle)


async def _show_code(ctx: Contexte, cle: str, *, erreur: str = "", status: int = 200) -> Response:
    found = await open_lien(ctx, cle)
    if found.etat not in ("retenu", "expire"):
        return redirect(ctx, chemin_of(ctx.noyau, found.origine))
    if not found.contact.get("courriel"):
        return redirect(ctx, hold_url(cle))
    return page(
        ctx,
        "rendezvous/public/code.html",
        block="contenu",
        status=status,
        fil=fil(),
        courriel=found.contact["courriel"],
        rdv=presentation.resume_of(found, ctx.langue),
        cle=cle,
        changer_url=hold_url(cle),
        erreurs_formulaire=[Erreur("code", erreur)] if erreur else [],
    )


@router.post("/rendez-vous/retenue/code")
async def check_code(visit: VisiteDep, form: FormulaireDep) -> Response:
    """Confirms when the code is right."""
    cle = str(form.get("cle") or "")
    try:
        async with open_contexte(visit) as ctx:
            wrong = await prise.check_code(ctx, cle, str(form.get("code") or ""))
            if wrong:
                return await _show_code(ctx, cle, erreur=wrong, status=422)
            origine = UUID(cle.partition(".")[0])
            return redirect(ctx, f"{chemin_of(ctx.noyau, origine)}&fait=confirme")
    except CreneauPrisError as refusal:
        async with open_contexte(visit) as ctx:
            return await _others(ctx, await open_lien(ctx, cle), cle, refusal)


@router.post("/rendez-vous/retenue/renvoyer")
async def send_again(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """The code again, to the same address."""
    cle = str(form.get("cle") or "")
    found = await open_lien(ctx, cle)
    if found.contact.get("courriel") and prise.is_held(found, ctx.now):
        await prise.send_code(ctx, found, str(found.contact["courriel"]))
    return redirect(ctx, f"/rendez-vous/retenue/code?cle={cle}")
