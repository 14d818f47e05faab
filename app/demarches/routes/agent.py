"""The agent's page of one dossier, and each act on it."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.presentation import etiquette_of, histoire_of, messages_of, pieces_of, sections_of
from app.demarches.routes.suivi import stream
from app.demarches.service import instruction, pieces, suivi
from app.demarches.service.bureau import days_left
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX
from app.socle import vues
from app.socle.audit import record
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.errors import InvalidInputError
from app.socle.ids import new_token
from app.socle.permissions import droit_of
from app.socle.web import once, page, redirect

router = APIRouter()

CHOIX = (
    vues.Option("accepte", "Accepter"),
    vues.Option("refuse", "Refuser"),
    vues.Option("sans_suite", "Classer sans suite"),
)


@router.get("/dossiers/{dossier_id}")
async def show(ctx: AgentDep, dossier_id: UUID) -> Response:
    """The whole dossier; that the agent read it is recorded."""
    response = await _show(ctx, dossier_id)
    await record(ctx, "demarches:dossier:lire", str(dossier_id), await _where(ctx, dossier_id))
    return response


async def _where(ctx: Contexte, dossier_id: UUID) -> UUID:
    return (await instruction.access(ctx, dossier_id)).collectivite_id


async def _show(
    ctx: Contexte, dossier_id: UUID, erreur_de: dict[str, str] | None = None, saisie: FormData | None = None
) -> Response:
    dossier = await instruction.access(ctx, dossier_id)
    found = await suivi.assemble(ctx, dossier)
    droit = await droit_of(ctx, dossier.collectivite_id)
    erreurs, typed = erreur_de or {}, saisie or FormData()
    base = f"/dossiers/{dossier.id}"
    autre = instruction.holder(dossier, ctx)
    mine = (
        ctx.personne is not None
        and dossier.agent_id == ctx.personne.agent_id
        and dossier.bail_jusqu_a is not None
    )
    mine = mine and dossier.bail_jusqu_a is not None and dossier.bail_jusqu_a > ctx.now
    closed = Etat(dossier.etat) in ETATS_FINAUX
    reponses = dossier.reponses or {}
    return page(
        ctx,
        "demarches/dossier_agent.html",
        block="contenu",
        status=422 if erreurs else 200,
        dossier={
            "numero": dossier.numero,
            "demarche": found.definition.titre,
            "commune": found.collectivite.nom,
            "personne": nom_de(dossier.demandeur),
            "canal": CANAUX[dossier.canal],
            "recu_le": dossier.depose_le,
            "etiquette": etiquette_of(dossier.etat),
            "jours_restants": None if closed else days_left(dossier.silence_le, ctx.today()),
            "echeance": dossier.silence_le,
            "silence": _silence(found),
        },
        fil=[vues.Lien("Bureau", "/")],
        prise={
            "par": autre or "",
            "par_moi": mine,
            "jusqu_a": dossier.bail_jusqu_a,
            "action_url": f"{base}/prise",
        },
        sections=sections_of(found.definition, reponses),
        pieces=pieces_of(found.definition, found.pieces, reponses),
        messages=messages_of(found.messages, agent=True),
        notes=[{"auteur": m.auteur, "le": m.quand, "texte": m.texte} for m in found.messages if m.interne],
        historique=histoire_of(found.evenements),
        documents=[{"nom": d.nom, "url": f"/documents/{d.id}", "taille": d.taille} for d in found.documents],
        erreurs_formulaire=[vues.Erreur(cible, phrase) for cible, phrase in erreurs.items()],
        demande=_demande(base, found, typed) if mine and not closed else None,
        decision=_decision(base, typed, droit) if mine and not closed else None,
        rendue=found.decision,
        message_form={"action_url": f"{base}/messages", "valeur": typed.get("message", "")},
        note_form={"action_url": f"{base}/notes", "valeur": typed.get("note", "")},
        erreur_de=erreurs,
        version=dossier.revision,
        cle_idempotence=new_token(),
        message="",
    )


def _silence(found: suivi.Suivi) -> str:
    legal = found.definition.legal
    if legal is None or legal.silence is None or found.dossier.silence_le is None:
        return ""
    return "Le silence vaudra " + ("refus" if legal.silence.regime == "refus" else "acceptation")


def _demande(base: str, found: suivi.Suivi, typed: FormData) -> dict[str, Any]:
    options = [
        vues.Option(champ.id, champ.libelle) for champ in found.definition.champs() if champ.type == "piece"
    ]
    jour = {part: typed.get(f"avant_le-{part}", "") for part in ("jour", "mois", "annee")}
    valeurs = {"piece": typed.get("piece", ""), "raison": typed.get("raison", ""), "avant_le": jour}
    return {"action_url": f"{base}/complements", "pieces": options, "valeurs": valeurs}


def _decision(base: str, typed: FormData, droit: Any) -> dict[str, Any]:
    auteur = {"prenom": droit.prenom, "nom": droit.nom, "qualite": droit.qualite, "service": droit.service}
    valeurs = {"sens": typed.get("sens", ""), "motif": typed.get("motif", ""), **auteur}
    return {"action_url": f"{base}/decision", "choix": CHOIX, "valeurs": valeurs}


@router.post("/dossiers/{dossier_id}/prise")
async def claim(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Takes the dossier, takes it over knowingly, or gives it back."""
    if form.get("action") == "rendre":
        await instruction.release(ctx, dossier_id)
    else:
        await instruction.claim(ctx, dossier_id, take_over=True)
    return redirect(ctx, f"/dossiers/{dossier_id}")


@router.post("/dossiers/{dossier_id}/messages")
async def write_message(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A message that the applicant reads."""
    return await _write(ctx, form, dossier_id, "message", interne=False)


@router.post("/dossiers/{dossier_id}/notes")
async def write_note(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A note that agents alone read."""
    return await _write(ctx, form, dossier_id, "note", interne=True)


async def _write(ctx: Contexte, form: FormData, dossier_id: UUID, champ: str, *, interne: bool) -> Response:
    here = f"/dossiers/{dossier_id}"
    texte = str(form.get(champ, ""))
    if not texte.strip():
        return await _show(ctx, dossier_id, {champ: "Écrivez votre texte avant de l’envoyer."}, form)
    if not await once(ctx, form, here):
        await instruction.write_message(ctx, dossier_id, texte, interne=interne)
    return redirect(ctx, here)


@router.post("/dossiers/{dossier_id}/complements")
async def ask(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Asks for one piece again, with a reason and a date."""
    erreurs: dict[str, str] = {}
    avant_le = _date(form, "avant_le")
    if not form.get("piece"):
        erreurs["piece"] = "Choisissez la pièce à redemander."
    if not str(form.get("raison", "")).strip():
        erreurs["raison"] = "Dites à la personne ce qui manque ou ne convient pas."
    if avant_le is None or avant_le <= ctx.today():
        erreurs["avant_le"] = "Indiquez une date à venir, par exemple dans trois semaines."
    if erreurs or avant_le is None:
        return await _show(ctx, dossier_id, erreurs, form)
    here = f"/dossiers/{dossier_id}"
    if not await once(ctx, form, here):
        await instruction.ask_complement(ctx, dossier_id, str(form["piece"]), str(form["raison"]), avant_le)
    return redirect(ctx, here)


def _date(form: FormData, name: str) -> date | None:
    try:
        return date(*(int(str(form.get(f"{name}-{part}", ""))) for part in ("annee", "mois", "jour")))
    except ValueError:
        return None


@router.post("/dossiers/{dossier_id}/decision")
async def decide(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """The decision, once."""
    sens = form.get("sens")
    if sens not in ("accepte", "refuse", "sans_suite"):
        return await _show(ctx, dossier_id, {"sens": "Choisissez la décision."}, form)
    motif = str(form.get("motif", ""))
    if sens != "accepte" and not motif.strip():
        phrase = "Une décision défavorable doit être motivée : dites pourquoi (article L211-2 du CRPA)."
        return await _show(ctx, dossier_id, {"motif": phrase}, form)
    here = f"/dossiers/{dossier_id}"
    if not await once(ctx, form, here):
        try:
            await instruction.decide(ctx, dossier_id, sens, motif)  # type: ignore[arg-type]
        except InvalidInputError as refusal:
            return await _show(ctx, dossier_id, {"motif": refusal.message}, form)
    return redirect(ctx, here)


@router.get("/pieces/{piece_id}")
async def read_piece(ctx: AgentDep, piece_id: UUID) -> Response:
    """One attached document; that the agent read it is recorded."""
    piece, objet = await pieces.open_piece(ctx, piece_id)
    return stream(piece.nom, piece.type_mime, objet)


@router.get("/documents/{document_id}")
async def read_document(ctx: AgentDep, document_id: UUID) -> Response:
    """One paper of a dossier."""
    document, objet = await suivi.open_document(ctx, document_id)
    return stream(document.nom, "application/pdf", objet)
