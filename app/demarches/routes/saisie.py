"""« Saisir pour quelqu'un »: an agent opens a démarche, fills the same pages, submits, prints the receipt."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.presentation import champ_vu
from app.demarches.routes import remplir
from app.demarches.routes.formulaire import base_of
from app.demarches.routes.suivi import stream
from app.demarches.service import brouillons, instruction, saisie, suivi
from app.demarches.service.brouillons import DejaDeposeError
from app.demarches.service.catalogue import Offre
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX
from app.demarches.service.saisie import AIDANT, IDENTITE, Ouverture
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep, VisiteDep, contexte_agent, open_contexte
from app.socle.errors import UnavailableError
from app.socle.hosts import list_vues
from app.socle.ids import new_token, uuid7
from app.socle.web import once, page, redirect

router = APIRouter()

CHOIX_CANAL = (
    vues.Option("guichet", "Au guichet"),
    vues.Option("telephone", "Au téléphone"),
    vues.Option("courrier", "Par courrier"),
    vues.Option("aidant", "Avec un aidant"),
)
# How long the receipt is waited for, in steps of a quarter of a second: the worker makes it in well under a second.
PATIENCE = 32


@router.get("/saisir")
async def choose(ctx: AgentDep) -> Response:
    """For whom, what, and how the request came."""
    return await _choose(ctx, await saisie.list_offres_for_agent(ctx), Ouverture({}))


async def _choose(ctx: Contexte, offres: Mapping[UUID, Sequence[Offre]], opening: Ouverture) -> Response:
    names = await list_vues(ctx.db, offres)
    titles = {o.definition.slug: o.definition.titre for found in offres.values() for o in found}
    places = [vues.Option(str(id_), view.nom) for id_, view in names.items()]
    champs = [champ_vu(c, opening.brut, opening.erreurs.get(c.id, "")) for c in IDENTITE]

    def typed(name: str) -> str:
        return (opening.brut.get(name) or [""])[0]

    order = ["collectivite", "demarche", "canal", "aidant", *(c.id for c in IDENTITE)]
    return page(
        ctx,
        "demarches/saisir.html",
        block="contenu",
        status=422 if opening.erreurs else 200,
        fil=[vues.Lien("Bureau", "/")],
        collectivites=sorted(places, key=lambda o: o.libelle) if len(places) > 1 else [],
        demarches=[vues.Option(slug, titles[slug]) for slug in sorted(titles, key=lambda s: titles[s])],
        canaux=CHOIX_CANAL,
        valeurs={name: typed(name) for name in ("collectivite", "demarche", "canal", "identite_vue")},
        aidant=champ_vu(AIDANT, opening.brut, opening.erreurs.get("aidant", "")),
        champs=champs,
        erreur_de=opening.erreurs,
        erreurs_formulaire=[vues.Erreur(n, opening.erreurs[n]) for n in order if n in opening.erreurs],
        cle_idempotence=new_token(),
    )


@router.post("/saisir")
async def begin(ctx: AgentDep, form: FormulaireDep) -> Response:
    """Makes the draft and goes to its first page; a double click makes one."""
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    offres = await saisie.list_offres_for_agent(ctx)
    opening = saisie.read_opening(ctx, brut, offres)
    if opening.erreurs or opening.collectivite_id is None:
        return await _choose(ctx, offres, opening)
    definition = next(
        o.definition for o in offres[opening.collectivite_id] if o.definition.slug == opening.slug
    )
    dossier_id = uuid7()
    first = f"etapes/{definition.pages[0].id}" if not definition.representation else "pour-qui"
    first = f"{base_of(ctx, dossier_id)}/{first}"
    already = await once(ctx, form, first)
    if already is None:
        await saisie.start(ctx, opening, dossier_id)
    return redirect(ctx, already or first)


@router.get("/saisir/dossiers/{dossier_id}/reprendre")
async def resume(ctx: AgentDep, dossier_id: UUID) -> Response:
    """Back to a draft, at its first page."""
    try:
        draft = await brouillons.load(ctx, await brouillons.access_draft(ctx, dossier_id))
    except DejaDeposeError:
        return redirect(ctx, f"/dossiers/{dossier_id}")
    return redirect(ctx, f"{base_of(ctx, dossier_id)}/etapes/{draft.definition.pages[0].id}")


@router.post("/saisir/dossiers/{dossier_id}/abandonner")
async def give_up(ctx: AgentDep, form: FormulaireDep, dossier_id: UUID) -> Response:
    """Destroys a draft that will not be finished."""
    if not await once(ctx, form, "/"):
        await brouillons.discard(ctx, dossier_id)
    return redirect(ctx, "/")


@router.get("/saisir/dossiers/{dossier_id}/abandonner")
async def confirm_giving_up(ctx: AgentDep, dossier_id: UUID) -> Response:
    """Asks before anything is destroyed."""
    draft = await brouillons.load(ctx, await brouillons.access_draft(ctx, dossier_id))
    return page(
        ctx,
        "demarches/confirmer.html",
        block="contenu",
        fil=[vues.Lien("Bureau", "/")],
        titre="Abandonner cette saisie ?",
        phrases=[
            f"« {draft.definition.titre} », pour {nom_de(draft.dossier.demandeur)}.",
            "Les réponses et les documents joints seront détruits. Rien n’a encore été déposé.",
        ],
        action_url=f"/saisir/dossiers/{dossier_id}/abandonner",
        bouton_libelle="Abandonner la saisie",
        champs_caches={},
        retour=vues.Lien("Revenir au bureau", "/"),
        cle_idempotence=new_token(),
    )


@router.get("/saisir/dossiers/{dossier_id}/depose")
async def submitted(ctx: AgentDep, dossier_id: UUID) -> Response:
    """The number to tell or write down, and the receipt: sent if there is an address, printed in any case."""
    dossier = await instruction.access(ctx, dossier_id)
    found = await suivi.assemble(ctx, dossier)
    legal = found.definition.legal
    return page(
        ctx,
        "demarches/saisie_deposee.html",
        fil=[vues.Lien("Bureau", "/")],
        numero=dossier.numero,
        depose_le=dossier.depose_le,
        demarche_titre=found.definition.titre,
        personne=nom_de(dossier.demandeur),
        canal=CANAUX[dossier.canal],
        commune=found.collectivite.nom,
        courriel=dossier.demandeur.get("courriel", ""),
        accuse=legal is not None and legal.accuse.delivre,
        accuse_url=f"/saisir/dossiers/{dossier_id}/accuse",
        dossier_url=f"/dossiers/{dossier_id}",
    )


@router.get("/saisir/dossiers/{dossier_id}/accuse")
async def receipt(visit: VisiteDep, dossier_id: UUID) -> Response:
    """The receipt as PDF, waited for while the worker makes it; no connection waits with it."""
    for _ in range(PATIENCE):
        async with open_contexte(visit) as ctx:
            await contexte_agent(ctx)
            found = await suivi.assemble(ctx, await instruction.access(ctx, dossier_id))
            paper = found.document("accuse")
            if paper is not None:
                document, objet = await suivi.open_document(ctx, paper.id)
                return stream(document.nom, "application/pdf", objet)
        await asyncio.sleep(0.25)
    raise UnavailableError(
        "L’accusé est encore en préparation. Attendez un instant, puis rechargez cette page : il sera aussi dans le "
        "dossier."
    )


# The pages of the form come last: their addresses take any name of page.
router.include_router(remplir.pages, prefix="/saisir")
