"""The agent's acts on the instruction: documents examined, steps, opinions, handing over, attestation of silence."""

from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.domain import RAISONS
from app.demarches.routes.agent import act_once, date_of, show_dossier, version_of
from app.demarches.routes.suivi import stream
from app.demarches.service import avis, etapes, examen, instruction, partage, suivi, tacite, transmission
from app.demarches.service.avis import DemandeAvis
from app.demarches.service.examen import Examen
from app.demarches.service.transmission import Destination
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.ids import new_token
from app.socle.web import once, page, redirect

router = APIRouter()


@router.post("/dossiers/{dossier_id}/examen")
async def examine(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Accepts or refuses each document."""
    found: list[Examen] = []
    for name, value in form.items():
        if not name.startswith("examen-") or not isinstance(value, str):
            continue
        try:
            piece_id = UUID(name.removeprefix("examen-"))
        except ValueError:
            continue
        motif = str(form.get(f"motif-{piece_id}", ""))
        if value in RAISONS:
            found.append(Examen(piece_id, "refusee", value, motif))
        elif value in ("jointe", "acceptee"):
            found.append(Examen(piece_id, value))  # type: ignore[arg-type]
    version = version_of(form)
    return await act_once(
        ctx,
        form,
        dossier_id,
        "examen",
        lambda: instruction.examine(ctx, dossier_id, found, version=version),
    )


@router.post("/dossiers/{dossier_id}/refusees")
async def ask_refused(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """One letter for every document that was refused."""
    day = date_of(form, "refusees_avant_le")
    if day is None:
        phrase = "Indiquez une date à venir, par exemple dans trois semaines."
        return await show_dossier(ctx, dossier_id, {"refusees_avant_le": phrase}, form)
    return await act_once(
        ctx,
        form,
        dossier_id,
        "refusees_avant_le",
        lambda: examen.ask_refused(ctx, dossier_id, day, version=version_of(form)),
    )


@router.post("/dossiers/{dossier_id}/etape")
async def follow(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Goes to another step, or to the decision."""
    vers = str(form.get("vers", ""))
    return await act_once(
        ctx,
        form,
        dossier_id,
        "vers",
        lambda: etapes.follow(ctx, dossier_id, vers, version=version_of(form)),
    )


@router.post("/dossiers/{dossier_id}/partage")
async def share(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Gives the dossier to a colleague, puts a label on it, or takes one away."""
    agent, added, removed = (_uuid(form.get(name)) for name in ("agent", "etiquette", "retirer"))

    async def act() -> None:
        if agent is None and added is None and removed is None:
            raise InvalidInputError("Choisissez un collègue ou une étiquette.")
        if removed is not None or added is not None:
            await partage.label(ctx, dossier_id, ajout=added, retrait=removed)
        if agent is not None:
            await partage.assign(ctx, dossier_id, agent)

    return await act_once(ctx, form, dossier_id, "partage", act)


@router.post("/dossiers/{dossier_id}/attentes/{attente_id}")
async def close_wait(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID, attente_id: UUID) -> Response:
    """What was awaited has come, says the agent."""
    return await act_once(
        ctx, form, dossier_id, "attente", lambda: etapes.close_by_hand(ctx, dossier_id, attente_id)
    )


@router.post("/dossiers/{dossier_id}/avis")
async def ask_opinion(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Asks an opinion, inside or outside."""
    wrong: dict[str, str] = {}
    day = date_of(form, "avis_avant_le")
    for name, phrase in (
        ("avis_question", "Écrivez votre question."),
        ("avis_nom", "Dites à qui vous la posez."),
    ):
        if not str(form.get(name, "")).strip():
            wrong[name] = phrase
    if day is None:
        wrong["avis_avant_le"] = "Indiquez une date à venir, par exemple dans quinze jours."
    if wrong or day is None:
        return await show_dossier(ctx, dossier_id, wrong, form)
    asked = DemandeAvis(
        objet=str(form["avis_question"]),
        nom=str(form["avis_nom"]),
        courriel=str(form.get("avis_courriel", "")),
        avant_le=day,
        oui_non="avis_texte_seul" not in form,
        confidentiel="avis_confidentiel" in form,
    )
    return await act_once(
        ctx,
        form,
        dossier_id,
        "avis_courriel",
        lambda: avis.ask(ctx, dossier_id, asked, version=version_of(form)),
    )


@router.post("/dossiers/{dossier_id}/avis/{avis_id}/rendre")
async def give_opinion(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID, avis_id: UUID) -> Response:
    """An agent of the collectivité answers for the service that was asked."""
    favorable = {"oui": True, "non": False}.get(str(form.get(f"favorable-{avis_id}", "")))
    texte = str(form.get(f"avis_texte-{avis_id}", ""))
    return await act_once(
        ctx,
        form,
        dossier_id,
        f"avis-{avis_id}",
        lambda: avis.give_inside(ctx, dossier_id, avis_id, favorable, texte),
    )


@router.post("/dossiers/{dossier_id}/avis/{avis_id}/relancer")
async def remind(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID, avis_id: UUID) -> Response:
    """Sends the link and the code again."""
    return await act_once(ctx, form, dossier_id, "avis", lambda: avis.remind(ctx, dossier_id, avis_id))


@router.post("/dossiers/{dossier_id}/avis/{avis_id}/revoquer")
async def revoke(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID, avis_id: UUID) -> Response:
    """Takes the question back."""
    return await act_once(ctx, form, dossier_id, "avis", lambda: avis.revoke(ctx, dossier_id, avis_id))


@router.get("/dossiers/{dossier_id}/avis/{avis_id}/fichier")
async def read_file(ctx: AgentDep, dossier_id: UUID, avis_id: UUID) -> Response:
    """The document that came with an opinion."""
    found, objet = await avis.open_file(ctx, dossier_id, avis_id)
    return stream(found.fichier_nom, found.fichier_type, objet)


@router.post("/dossiers/{dossier_id}/attestation")
async def attest(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """The attestation of an implicit acceptance, on demand."""
    return await act_once(
        ctx, form, dossier_id, "attestation", lambda: tacite.request_as_agent(ctx, dossier_id)
    )


@router.get("/dossiers/{dossier_id}/transmettre")
async def show_forwarding(ctx: AgentDep, dossier_id: UUID) -> Response:
    """To whom, and why: a page of its own, since the dossier then leaves."""
    return await _show_forwarding(ctx, dossier_id, FormData(), {})


async def _show_forwarding(
    ctx: Contexte, dossier_id: UUID, typed: FormData, wrong: dict[str, str], conflit: str = ""
) -> Response:
    dossier = await instruction.access(ctx, dossier_id)
    found = await suivi.assemble(ctx, dossier)
    known = await transmission.list_destinations(ctx.db, dossier.collectivite_id)
    fields = ("vers", "organisme", "adresse", "courriel", "motif")
    return page(
        ctx,
        "demarches/transmettre.html",
        block="contenu",
        status=409 if conflit else 422 if wrong else 200,
        fil=[vues.Lien("Bureau", "/"), vues.Lien(found.definition.titre, f"/dossiers/{dossier_id}")],
        dossier={"numero": dossier.numero, "demarche": found.definition.titre},
        competence=transmission.competence_sentence(found.definition, dossier),
        collectivites=[vues.Option(str(id_), nom) for id_, nom in known],
        valeurs={name: typed.get(name, "") for name in fields},
        action_url=f"/dossiers/{dossier_id}/transmettre",
        retour=vues.Lien("Revenir au dossier", f"/dossiers/{dossier_id}"),
        version=typed.get("version", dossier.revision),
        erreurs_formulaire=[vues.Erreur(cible, phrase) for cible, phrase in wrong.items()],
        erreur_de=wrong,
        conflit=conflit,
        cle_idempotence=new_token(),
    )


@router.post("/dossiers/{dossier_id}/transmettre")
async def forward(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Hands the dossier over; then back to it, closed."""
    here = f"/dossiers/{dossier_id}"
    wrong = {}
    if not form.get("vers") and not str(form.get("organisme", "")).strip():
        wrong["vers"] = "Choisissez la collectivité compétente, ou nommez l’organisme."
    if not str(form.get("motif", "")).strip():
        wrong["motif"] = "Dites pourquoi ce dossier n’est pas de votre compétence : la personne le lira."
    if wrong:
        return await _show_forwarding(ctx, dossier_id, form, wrong)
    to = Destination(
        motif=str(form["motif"]),
        collectivite_id=_uuid(form.get("vers")),
        organisme=str(form.get("organisme", "")),
        adresse=str(form.get("adresse", "")),
        courriel=str(form.get("courriel", "")),
    )
    try:
        if not await once(ctx, form, here):
            await transmission.forward(ctx, dossier_id, to, version=version_of(form))
    except InvalidInputError as refusal:
        await ctx.db.rollback()
        cible = "courriel" if to.collectivite_id is None else "vers"
        return await _show_forwarding(ctx, dossier_id, form, {cible: refusal.message})
    except ConflictError as refusal:
        await ctx.db.rollback()
        return await _show_forwarding(ctx, dossier_id, form, {}, refusal.message)
    return redirect(ctx, here)


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
