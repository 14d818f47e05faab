"""A person's own dossier, on its collectivité's host and on Mon espace: the same pages."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from app.demarches.definitions import Champ
from app.demarches.domain import silence_de
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.domain.representation import phrase_represente
from app.demarches.presentation import (
    etiquette_of,
    histoire_of,
    messages_of,
    sections_of,
)
from app.demarches.presentation_pieces import piece_vue, pieces_of
from app.demarches.presentation_regles import ans
from app.demarches.presentation_suite import suites_of
from app.demarches.routes.acces import code_shown
from app.demarches.routes.reception import receive
from app.demarches.service import pieces, places, suivi
from app.demarches.service.mesures import opinion_path
from app.demarches.service.suivi import Suivi
from app.socle import vues
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, VisiteDep, open_contexte
from app.socle.errors import BusinessError, SignInRequiredError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.storage import ObjetLu
from app.socle.televersement import inert_headers
from app.socle.web import coordonnees_of, led_to, once, page, redirect

router = APIRouter()

RECOURS = N_("La décision indique comment et jusqu’à quand la contester.")
DECISIONS = {
    "accepte": N_("Demande acceptée"),
    "refuse": N_("Demande refusée"),
    "sans_suite": N_("Demande classée sans suite"),
}


def require_reader(ctx: Contexte) -> None:
    """Somebody signed in, or this browser's own secret; else the sign-in page, and back."""
    if ctx.personne is None and not ctx.has_temoin:
        raise SignInRequiredError("Identifiez-vous pour voir ce dossier.")


@router.get("/dossiers/{dossier_id}")
async def show(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """State, messages, what is asked, decision, history."""
    require_reader(ctx)
    try:
        found = await suivi.load(ctx, dossier_id)
    except suivi.PasDeposeError:
        if ctx.hote.collectivite is None:
            raise
        return redirect(ctx, f"/dossiers/{dossier_id}/enregistre")
    return await _show(ctx, found, consultations=await suivi.list_consultations(ctx, dossier_id))


async def _show(
    ctx: Contexte,
    found: Suivi,
    *,
    status: int = 200,
    typed: str = "",
    erreur: str = "",
    refus: dict[str, str] | None = None,
    consultations: Sequence[Any] = (),
) -> Response:
    dossier, definition, reponses = found.dossier, found.definition, found.dossier.reponses or {}
    base = f"/dossiers/{dossier.id}"
    act = found.document("decision")
    closed = Etat(dossier.etat) in ETATS_FINAUX
    return page(
        ctx,
        "portail/mon_dossier.html",
        fuseau=ZoneInfo(found.collectivite.fuseau),
        block="contenu",
        status=status,
        dossier=_facts(ctx, found),
        places=await places.list_tenues(ctx, found.dossier, definition),
        fil=[vues.Lien(N_("Mes dossiers"), "/dossiers")] if ctx.hote.genre == "mon" else [],
        demandes=_demandes(found, f"{base}/pieces", refus or {}, ctx.today(found.collectivite.fuseau)),
        decision=_decision(found, f"/documents/{act.id}" if act else "", act.taille if act else 0),
        messages=messages_of(found.messages, agent=False),
        reponse=None
        if closed
        else {
            "action_url": f"{base}/messages",
            "valeur": typed,
            "erreur": erreur,
            "cle_idempotence": new_token(),
        },
        historique=histoire_of(found.evenements),
        avis_url=_opinion_url(ctx, found),
        sections=sections_of(definition, reponses),
        pieces=pieces_of(definition, found.pieces),
        conservation=_conservation(found),
        consultations=[{"le": c.quand, "qui": f"{c.agent}, {c.collectivite}"} for c in consultations],
        service_nom=definition.service.nom,
        service=coordonnees_of(found.collectivite.coordonnees),
        message="",
    )


def _conservation(found: Suivi) -> str:
    """How long this dossier is kept once it is decided: its own term where its answers gave it one."""
    clocks, own = found.definition.conservation, found.dossier.dua_annees
    return ans(clocks.dua_annees if own is None else own) if clocks is not None else ""


def _demandes(found: Suivi, action_url: str, refus: Mapping[str, str], jour: date) -> list[dict[str, Any]]:
    """What is asked again, each with the field that answers it and what was wrong with the last try."""
    return [
        {
            "libelle": champ.libelle,
            "raison": item.motif,
            "avant_le": item.avant_le,
            "champ": _asked(found, champ, refus.get(item.champ_id, ""), jour),
            "action_url": action_url,
            "cle_idempotence": new_token(),
        }
        for item in found.demandes
        for champ in (found.definition.champ(item.champ_id),)
    ]


def _opinion_url(ctx: Contexte, found: Suivi) -> str:
    """Where the one question after closure is answered, on the collectivité's own host; '' when it may not be."""
    if Etat(found.dossier.etat) not in ETATS_FINAUX or found.dossier.avis_donne:
        return ""
    return str(ctx.noyau.settings.url_of(found.collectivite.hote, opinion_path(ctx.noyau, found.dossier.id)))


def _facts(ctx: Contexte, found: Suivi) -> dict[str, Any]:
    """What the page says of the dossier itself, and what the person may do with it."""
    dossier, definition = found.dossier, found.definition
    base = f"/dossiers/{dossier.id}"
    receipt = found.document("accuse")
    closed = Etat(dossier.etat) in ETATS_FINAUX
    here = ctx.hote.collectivite is not None
    mine = ctx.usager_id is not None and dossier.usager_id == ctx.usager_id
    return {
        "numero": dossier.numero,
        "demarche": definition.titre,
        "commune": found.collectivite.nom,
        "represente": phrase_represente(dossier.beneficiaire),
        "depose_le": dossier.depose_le,
        "etiquette": etiquette_of(dossier.etat),
        "recu_url": f"/documents/{receipt.id}" if receipt else "",
        "accuse": definition.legal is not None and definition.legal.accuse.delivre,
        "silence": _silence(found) if not closed else None,
        "suppression_le": dossier.suppression_le,
        "imprimer_url": f"{base}/imprimer",
        "retirer_url": "" if closed else f"{base}/retirer",
        "refaire_url": f"{base}/refaire" if here else "",
        "confier_url": f"{base}/acces" if here and mine else "",
        "cle_idempotence": new_token(),
        **suites_of(ctx, found),
    }


def _asked(found: Suivi, champ: Champ, erreur: str, jour: date) -> vues.Champ:
    mine = [piece for piece in found.pieces if piece.champ_id == champ.id and piece.etat == "redemandee"]
    return vues.Champ(
        id=champ.id,
        type="piece",
        libelle=champ.libelle,
        aide=champ.aide,
        erreur=erreur,
        **piece_vue(champ, mine, jour, decrire=False),
    )


def _silence(found: Suivi) -> dict[str, Any] | None:
    legal = found.definition.legal
    rule = silence_de(found.definition, found.dossier.reponses)
    if legal is None or rule is None or not legal.accuse.delivre or found.dossier.silence_le is None:
        return None
    refused = rule.regime == "refus"
    what = "elle sera refusée" if refused else "elle sera acceptée"
    return {
        "date": found.dossier.silence_le,
        "sens": "refus" if refused else "accord",
        "texte": f"Si vous n’avez pas reçu de réponse à cette date, {what}, si votre dossier est complet.",
    }


def _decision(found: Suivi, url: str, taille: int) -> dict[str, Any] | None:
    decision = found.decision
    if decision is None:
        return None
    auteur = f"{decision.auteur_prenom} {decision.auteur_nom}, {decision.auteur_qualite}, {decision.auteur_service}"
    return {
        "libelle": DECISIONS[decision.sens],
        "le": decision.rendue_le,
        "auteur": auteur,
        "motif": decision.motif,
        "url": url,
        "taille": taille,
        "recours": "" if decision.sens == "accepte" else RECOURS,
    }


@router.get("/dossiers/{dossier_id}/depose")
async def submitted(ctx: ContexteDep, dossier_id: UUID) -> Response:
    """The page after submission: number, date, what happens next (CRPA R112-5)."""
    require_reader(ctx)
    found = await suivi.load_receipt(ctx, dossier_id)
    receipt = found.document("accuse")
    after = [found.definition.textes.apres] if found.definition.textes.apres else []
    legal = found.definition.legal
    return page(
        ctx,
        "demarches/depose.html",
        numero=found.dossier.numero,
        depose_le=found.dossier.depose_le,
        demarche_titre=found.definition.titre,
        courriel=found.dossier.demandeur.get("courriel", ""),
        recu_url=f"/documents/{receipt.id}" if receipt else "",
        accuse=legal is not None and legal.accuse.delivre,
        dossier_url=f"/dossiers/{dossier_id}",
        code=code_shown(ctx, dossier_id),
        suites=[
            *after,
            N_(
                "Vous pouvez suivre votre demande, écrire au service et répondre à ses questions depuis votre dossier."
            ),
        ],
        silence=_silence(found),
        service_nom=found.definition.service.nom,
        service=coordonnees_of(found.collectivite.coordonnees),
    )


@router.post("/dossiers/{dossier_id}/messages")
async def write(ctx: ContexteDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A message to the service."""
    here = f"/dossiers/{dossier_id}"
    typed = str(form.get("message", ""))
    if not typed.strip():
        found = await suivi.load(ctx, dossier_id)
        return await _show(ctx, found, status=422, erreur=N_("Écrivez votre message avant de l’envoyer."))
    if not await once(ctx, form, f"{here}#messages"):
        await suivi.write_message(ctx, dossier_id, typed)
    return redirect(ctx, f"{here}#messages")


@router.post("/dossiers/{dossier_id}/pieces")
async def answer(
    visit: VisiteDep,
    dossier_id: UUID,
) -> Response:
    """The documents that were asked again."""
    async with open_contexte(visit) as ctx:
        found = await suivi.load(ctx, dossier_id)
    fields, files = await receive(visit)
    async with open_contexte(visit) as ctx:
        key = {"cle_idempotence": (fields.get("cle_idempotence") or [""])[0]}
        if seen := await led_to(ctx, key):
            # A double click: the first one was committed before this one asked what is awaited.
            return redirect(ctx, seen)
    received: list[pieces.PieceRecue] = []
    refused: dict[str, str] = {}
    for file in files:
        champ = suivi.asked_champ(found, file.name)
        already = sum(piece.champ_id == champ.id for piece in received)
        try:
            received.append(
                await pieces.receive(visit.noyau, found.dossier.collectivite_id, champ, file, already, fields)
            )
        except BusinessError as refusal:
            if refusal.status not in (422, 503):
                raise
            refused[champ.id] = refusal.message
    async with open_contexte(visit) as ctx:
        refused |= suivi.faults(ctx, found, received)
        if refused or not received:
            found = await suivi.load(ctx, dossier_id)
            nothing = {item.champ_id: N_("Choisissez le fichier à envoyer.") for item in found.demandes}
            return await _show(ctx, found, status=422, refus=refused or nothing)
        here = f"/dossiers/{dossier_id}"
        if await once(ctx, key, here):
            await pieces.forget(ctx, received)
        else:
            await suivi.answer(ctx, dossier_id, received)
        return redirect(ctx, here)


def stream(nom: str, mime: str, objet: ObjetLu) -> Response:
    """A file, decrypted on its way out; it can only be downloaded, and nothing in it can run."""
    headers = inert_headers(nom) | {"Content-Length": str(objet.end - objet.start)}
    return StreamingResponse(objet, media_type=mime, headers=headers)


@router.get("/pieces/{piece_id}")
async def read_piece(ctx: ContexteDep, piece_id: UUID) -> Response:
    """One attached document."""
    require_reader(ctx)
    piece, objet = await pieces.open_piece(ctx, piece_id)
    return stream(piece.nom, piece.type_mime, objet)


@router.get("/pieces/{piece_id}/vignette")
async def read_thumbnail(ctx: ContexteDep, piece_id: UUID) -> Response:
    """The thumbnail of one attached photo, shown in pages."""
    require_reader(ctx)
    return thumbnail(await pieces.open_thumbnail(ctx, piece_id))


def thumbnail(objet: ObjetLu) -> Response:
    """A thumbnail that we made: shown inside a page, still inert."""
    headers = inert_headers("vignette.jpg") | {
        "Content-Disposition": "inline",
        "Content-Length": str(objet.end - objet.start),
    }
    return StreamingResponse(objet, media_type="image/jpeg", headers=headers)


@router.get("/documents/{document_id}")
async def read_document(ctx: ContexteDep, document_id: UUID) -> Response:
    """One paper of the dossier."""
    require_reader(ctx)
    document, objet = await suivi.open_document(ctx, document_id)
    return stream(document.nom, "application/pdf", objet)
