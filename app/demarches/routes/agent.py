"""The agent's page of one dossier, and each act on it.

Every form says which version of the dossier it was made from: an act on a dossier that has changed since, or that a
colleague holds, is refused by the same page, which shows what happened and keeps what was typed.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.documents import Evenement
from app.demarches.domain import jour_local
from app.demarches.domain.etats import LIBELLES_ETAT, Etat
from app.demarches.presentation import histoire_of
from app.demarches.presentation_agent import dossier_of, opened_at
from app.demarches.routes.reception import receive
from app.demarches.routes.suivi import stream, thumbnail
from app.demarches.service import etapes, instruction, papiers, pieces, places, suivi
from app.demarches.service.horloge import lieu_of
from app.socle import vues
from app.socle.audit import record
from app.socle.contexte import AgentDep, Contexte, FormulaireDep, VisiteDep, contexte_agent, open_contexte
from app.socle.errors import BusinessError, ConflictError, InvalidInputError
from app.socle.ids import new_token
from app.socle.permissions import droit_of
from app.socle.televersement import inert_headers
from app.socle.web import led_to, once, page, redirect

router = APIRouter()


@router.get("/dossiers/{dossier_id}")
async def show(ctx: AgentDep, dossier_id: UUID) -> Response:
    """The whole dossier; that the agent read it is recorded."""
    return await show_dossier(ctx, dossier_id, lecture=True)


async def show_dossier(
    ctx: Contexte,
    dossier_id: UUID,
    erreurs: dict[str, str] | None = None,
    saisie: FormData | None = None,
    *,
    conflit: str = "",
    lecture: bool = False,
) -> Response:
    """The page, with what was wrong beside its field, or the reason why an act was refused."""
    dossier = await instruction.access(ctx, dossier_id)
    found = await suivi.assemble(ctx, dossier)
    droit = await droit_of(ctx, dossier.collectivite_id)
    if lecture:
        await record(ctx, "demarches:dossier:lire", str(dossier.id), dossier.collectivite_id)
    travail = await etapes.reading(ctx, dossier)
    typed, wrong = saisie or FormData(), erreurs or {}
    since = opened_at(typed) if conflit else None
    return page(
        ctx,
        "demarches/dossier_agent.html",
        block="contenu",
        status=409 if conflit else 422 if wrong else 200,
        **dossier_of(ctx, found, travail, droit, typed, wrong, since=since),
        places=places.tenues_of(found.definition, travail.places),
        fil=[vues.Lien("Bureau", "/")],
        erreurs_formulaire=[vues.Erreur(cible, phrase) for cible, phrase in wrong.items()],
        erreur_de=wrong,
        conflit=conflit,
        cle_idempotence=new_token(),
        message="",
    )


def version_of(form: FormData) -> int | None:
    """The version of the dossier that the agent had on the screen."""
    texte = str(form.get("version", ""))
    return int(texte) if texte.isdigit() else None


async def act_once(
    ctx: Contexte, form: FormData, dossier_id: UUID, champ: str, act: Callable[[], Awaitable[object]]
) -> Response:
    """Does an act once and goes back to the dossier; a refusal is said on the page, with what was typed."""
    here = f"/dossiers/{dossier_id}"
    try:
        if not await once(ctx, form, here):
            await act()
    except InvalidInputError as refusal:
        await ctx.db.rollback()
        return await show_dossier(ctx, dossier_id, {champ: refusal.message}, form)
    except ConflictError as refusal:
        await ctx.db.rollback()
        return await show_dossier(ctx, dossier_id, None, form, conflit=refusal.message)
    return redirect(ctx, here)


@router.post("/dossiers/{dossier_id}/prise")
async def claim(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Takes the dossier, gives it back, or takes it over from the agent whom the confirmation page named."""
    action = form.get("action")
    remplace = _uuid(form.get("remplace")) if action == "reprendre" else None

    async def act() -> None:
        if action == "rendre":
            await instruction.release(ctx, dossier_id)
        else:
            # Who takes a dossier has read the page just now: what changed since is on the page it leads to.
            await instruction.claim(ctx, dossier_id, remplace=remplace)

    return await act_once(ctx, form, dossier_id, "prise", act)


@router.get("/dossiers/{dossier_id}/reprendre")
async def confirm_taking_over(ctx: AgentDep, dossier_id: UUID) -> Response:
    """Names the colleague who holds the dossier, before it is taken from them."""
    dossier = await instruction.access(ctx, dossier_id)
    other = instruction.holder(dossier, ctx)
    if other is None:
        return redirect(ctx, f"/dossiers/{dossier_id}")
    found = await suivi.assemble(ctx, dossier)
    until = papiers.en_tete_of(ctx.noyau, found.collectivite, found.definition.service.nom).moment(
        dossier.bail_jusqu_a or ctx.now
    )
    return page(
        ctx,
        "demarches/confirmer.html",
        block="contenu",
        fil=[vues.Lien("Bureau", "/"), vues.Lien(found.definition.titre, f"/dossiers/{dossier_id}")],
        titre=f"Reprendre ce dossier à {other} ?",
        phrases=[
            f"{other} s’en occupe, et le dossier lui est réservé jusqu’au {until}.",
            f"Si vous le reprenez, {other} ne pourra plus agir dessus sans le reprendre à son tour, "
            "et l’historique gardera trace de ce changement. Ce qui n’est pas encore envoyé sera perdu.",
        ],
        action_url=f"/dossiers/{dossier_id}/prise",
        bouton_libelle=f"Reprendre le dossier à {other}",
        champs_caches={"action": "reprendre", "remplace": str(dossier.agent_id)},
        retour=vues.Lien("Revenir au dossier", f"/dossiers/{dossier_id}"),
        cle_idempotence=new_token(),
    )


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


@router.post("/dossiers/{dossier_id}/messages")
async def write_message(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A message that the applicant reads."""
    return await _write(ctx, form, dossier_id, "message", interne=False)


@router.post("/dossiers/{dossier_id}/notes")
async def write_note(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """A note that agents alone read."""
    return await _write(ctx, form, dossier_id, "note", interne=True)


async def _write(ctx: Contexte, form: FormData, dossier_id: UUID, champ: str, *, interne: bool) -> Response:
    texte = str(form.get(champ, ""))
    if not texte.strip():
        return await show_dossier(ctx, dossier_id, {champ: "Écrivez votre texte avant de l’envoyer."}, form)
    return await act_once(
        ctx,
        form,
        dossier_id,
        champ,
        lambda: instruction.write_message(ctx, dossier_id, texte, interne=interne),
    )


@router.post("/dossiers/{dossier_id}/complements")
async def ask(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Asks for one piece again, with a reason and a date."""
    erreurs: dict[str, str] = {}
    avant_le = date_of(form, "avant_le")
    dossier = await instruction.access(ctx, dossier_id)
    today = jour_local(ctx.now, (await lieu_of(ctx.db, dossier.collectivite_id)).zone)
    if not form.get("piece"):
        erreurs["piece"] = "Choisissez la pièce à redemander."
    if not str(form.get("raison", "")).strip():
        erreurs["raison"] = "Dites à la personne ce qui manque ou ne convient pas."
    if avant_le is None or avant_le <= today:
        erreurs["avant_le"] = "Indiquez une date à venir, par exemple dans trois semaines."
    if erreurs or avant_le is None:
        return await show_dossier(ctx, dossier_id, erreurs, form)
    piece, raison, version = str(form["piece"]), str(form["raison"]), version_of(form)
    return await act_once(
        ctx,
        form,
        dossier_id,
        "piece",
        lambda: instruction.ask_complement(ctx, dossier_id, piece, raison, avant_le, version=version),
    )


def date_of(form: FormData, name: str) -> date | None:
    """A date typed in three fields; None when it is none."""
    try:
        return date(*(int(str(form.get(f"{name}-{part}", ""))) for part in ("annee", "mois", "jour")))
    except ValueError:
        return None


@router.post("/dossiers/{dossier_id}/decision")
async def decide(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """The decision, once."""
    sens = form.get("sens")
    if sens not in ("accepte", "refuse", "sans_suite"):
        return await show_dossier(ctx, dossier_id, {"sens": "Choisissez la décision."}, form)
    motif = str(form.get("motif", ""))
    if sens != "accepte" and not motif.strip():
        phrase = "Une décision défavorable doit être motivée : dites pourquoi (article L211-2 du CRPA)."
        return await show_dossier(ctx, dossier_id, {"motif": phrase}, form)
    return await act_once(
        ctx,
        form,
        dossier_id,
        "motif",
        lambda: _decide_or_propose(ctx, form, dossier_id, sens, motif),  # type: ignore[arg-type]
    )


async def _decide_or_propose(
    ctx: Contexte, form: FormData, dossier_id: UUID, sens: instruction.Sens, motif: str
) -> None:
    if form.get("action") == "proposer":
        await instruction.propose(ctx, dossier_id, sens, motif, version=version_of(form))
        return
    retrait = form.get("retrait") == "oui"
    await instruction.decide(ctx, dossier_id, sens, motif, version=version_of(form), retrait=retrait)


@router.post("/dossiers/{dossier_id}/pieces")
async def receive_answer(
    visit: VisiteDep,
    dossier_id: UUID,
) -> Response:
    """What the person brought to the counter or sent on paper, in answer to a demand."""
    async with open_contexte(visit) as ctx:
        await contexte_agent(ctx)
        found = await suivi.assemble(ctx, await instruction.access(ctx, dossier_id))
    fields, files = await receive(visit)
    form = FormData([(name, value) for name, values in fields.items() for value in values])
    async with open_contexte(visit) as ctx:
        if seen := await led_to(ctx, form):
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
        await contexte_agent(ctx)
        if refused or not received:
            nothing = {item.champ_id: "Choisissez le fichier reçu." for item in found.demandes}
            return await show_dossier(ctx, dossier_id, refused or nothing, form)
        return await act_once(
            ctx,
            form,
            dossier_id,
            received[0].champ_id,
            lambda: instruction.receive_answer(ctx, dossier_id, received, version=version_of(form)),
        )


@router.get("/dossiers/{dossier_id}/imprimer")
async def print_dossier(ctx: AgentDep, dossier_id: UUID) -> Response:
    """The whole dossier as PDF, made on the spot and kept nowhere; that the agent took it is recorded."""
    dossier = await instruction.access(ctx, dossier_id)
    found = await suivi.assemble(ctx, dossier)
    droit = await droit_of(ctx, dossier.collectivite_id)
    await record(ctx, "demarches:dossier:imprimer", str(dossier.id), dossier.collectivite_id)
    lines = histoire_of(e for e in found.evenements if not e.interne)
    pdf = await papiers.make_dossier(
        ctx.noyau,
        found.collectivite,
        dossier,
        found.definition,
        found.pieces,
        [Evenement(instant=line["le"], libelle=line["libelle"], auteur=line["detail"]) for line in lines],
        statut=LIBELLES_ETAT[Etat(dossier.etat)],
        imprime_le=ctx.now,
        imprime_par=f"{droit.nom_complet}, {droit.qualite}",
    )
    nom = papiers.file_name("dossier", dossier.numero, ctx.today(found.collectivite.fuseau))
    return Response(pdf, media_type="application/pdf", headers=inert_headers(nom))


@router.get("/pieces/{piece_id}")
async def read_piece(ctx: AgentDep, piece_id: UUID) -> Response:
    """One attached document; that the agent read it is recorded."""
    piece, objet = await instruction.open_piece(ctx, piece_id)
    return stream(piece.nom, piece.type_mime, objet)


@router.get("/pieces/{piece_id}/vignette")
async def read_thumbnail(ctx: AgentDep, piece_id: UUID) -> Response:
    """The thumbnail of one attached photo, shown in the page of its dossier."""
    return thumbnail(await instruction.open_thumbnail(ctx, piece_id))


@router.get("/documents/{document_id}")
async def read_document(ctx: AgentDep, document_id: UUID) -> Response:
    """One paper of a dossier."""
    document, objet = await suivi.open_document(ctx, document_id)
    return stream(document.nom, "application/pdf", objet)
