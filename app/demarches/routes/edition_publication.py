"""Before and after a publication: preview of the real pages with nothing stored, file, what changes, publishing."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.demarches.definitions import Definition
from app.demarches.domain import champs_visibles, pages_applicables, parse_page
from app.demarches.edition import fichier
from app.demarches.edition.difference import Changement
from app.demarches.edition.fautes import verifier_contenu
from app.demarches.expressions import Circonstances
from app.demarches.models_edition import Chantier
from app.demarches.presentation import champ_vu
from app.demarches.routes.edition_commun import (
    RACINE,
    base_of,
    brut_of,
    common,
    revision_of,
    shown_faults,
)
from app.demarches.service import edition, publication
from app.demarches.service.publication import Preparation
from app.socle import vues
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep
from app.socle.errors import BusinessError, NotFoundError
from app.socle.vues import Erreur, Lien
from app.socle.web import once, page, redirect

router = APIRouter()
LISTE = "/demarches?fait=publiee"


def yaml_response(ctx: Contexte, name: str, text: str) -> Response:
    """A définition as a file to keep."""
    headers = {
        "content-disposition": f'attachment; filename="{name}.yaml"',
        "cache-control": "private, no-store",
    }
    return ctx.finish(Response(text, media_type="application/yaml; charset=utf-8", headers=headers))


@router.get(f"{RACINE}/{{chantier_id}}/fichier.yaml")
async def download(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """The work in progress as one readable file, right or wrong."""
    async with edition.open_chantier(ctx, chantier_id) as (_, chantier):
        return yaml_response(ctx, chantier.slug, fichier.ecrire_fichier(chantier.contenu))


@router.get(f"{RACINE}/{{chantier_id}}/abandonner")
async def confirm_giving_up(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """Asks before anything is dropped."""
    async with edition.open_chantier(ctx, chantier_id) as (_, chantier):
        base = base_of(chantier)
        return page(
            ctx,
            "demarches/edition/confirmer.html",
            **common(ctx, chantier, [], "Abandonner"),
            titre="Abandonner ce chantier ?",
            phrases=["Ce qui est publié reste en place. Les changements de ce chantier sont perdus."],
            action_url=f"{base}/abandonner",
            bouton_libelle="Abandonner le chantier",
            retour=Lien("Revenir au chantier", base),
        )


@router.post(f"{RACINE}/{{chantier_id}}/abandonner")
async def give_up(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID) -> Response:
    """Drops the work in progress."""
    if not await once(ctx, form, "/demarches"):
        async with edition.open_chantier(ctx, chantier_id, lock=True) as (atelier, chantier):
            await edition.give_up(atelier, chantier)
    return redirect(ctx, "/demarches?fait=abandonne")


# The preview: the pages that residents will see. What is typed travels in the form itself, and is stored nowhere.


@router.get(f"{RACINE}/{{chantier_id}}/apercu")
async def preview(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """The first page, empty."""
    async with edition.open_chantier(ctx, chantier_id) as (_, chantier):
        definition = _right(chantier)
        return _apercu(ctx, chantier, definition, definition.pages[0].id, {}, {}, {})


def _right(chantier: Chantier) -> Definition:
    definition, fautes = verifier_contenu(chantier.contenu)
    if definition is None or not definition.pages:
        reason = fautes[0].phrase if fautes else "une fiche n’a pas de formulaire."
        raise NotFoundError(f"L’aperçu vient quand le formulaire est complet. Il reste à corriger : {reason}")
    return definition


@router.post(f"{RACINE}/{{chantier_id}}/apercu")
async def play_preview(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID) -> Response:
    """Checks the page as it will be checked, and shows the next one; nothing is written."""
    async with edition.open_chantier(ctx, chantier_id) as (_, chantier):
        definition = _right(chantier)
        brut = brut_of(form)
        page_id = str(form.get("page_apercu", definition.pages[0].id))
        answers: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for one in definition.pages:
            saisie = parse_page(definition, one, brut, answers, ctx.today())
            answers |= {cle: value for cle, value in saisie.valeurs.items() if value is not None}
            if one.id == page_id:
                errors = dict(saisie.erreurs)
        around = Circonstances(aujourdhui=ctx.today())
        places = [one.id for one in pages_applicables(definition, answers, around)]
        here = places.index(page_id) if page_id in places else 0
        if not errors:
            if here + 1 >= len(places):
                return _apercu(ctx, chantier, definition, page_id, brut, answers, {}, fini=True)
            page_id = places[here + 1]
        return _apercu(ctx, chantier, definition, page_id, brut, answers, errors)


def _apercu(
    ctx: Contexte,
    chantier: Chantier,
    definition: Definition,
    page_id: str,
    brut: dict[str, list[str]],
    answers: dict[str, Any],
    errors: dict[str, str],
    *,
    fini: bool = False,
) -> Response:
    current = definition.page(page_id)
    places = [one.id for one in pages_applicables(definition, answers, Circonstances(aujourdhui=ctx.today()))]
    shown = champs_visibles(definition, current, answers, Circonstances(aujourdhui=ctx.today()))
    champs = [champ_vu(champ, brut, errors.get(champ.id, "")) for champ in shown]
    if current.intro:
        champs.insert(0, vues.Champ("intro", "explication", current.intro))
    here = {name for champ in current.champs for name in champ.entrees}
    carried = [
        (name, value)
        for one in definition.pages
        for champ in one.champs
        for name in champ.entrees
        if name not in here
        for value in brut.get(name, ())
    ]
    number = places.index(page_id) + 1 if page_id in places else 1
    return page(
        ctx,
        "demarches/edition/apercu.html",
        status=422 if errors else 200,
        **common(ctx, chantier, [], "Aperçu"),
        etape={"numero": number, "total": len(places), "titre": current.titre},
        champs=[] if fini else champs,
        portees=carried,
        page_apercu=page_id,
        fini=fini,
        erreurs_formulaire=[Erreur(c.id, c.erreur) for c in champs if c.erreur],
        action_url=f"{base_of(chantier)}/apercu",
    )


@router.get(f"{RACINE}/{{chantier_id}}/publication")
async def show(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """What would change, for whom, and what still stands in the way."""
    async with publication.open_publication(ctx, chantier_id) as (atelier, chantier):
        return _show(ctx, chantier, await publication.prepare(atelier, chantier))


def grouped(changes: list[Changement]) -> list[dict[str, Any]]:
    """Differences by part, for `differences`."""
    groups: dict[str, list[Changement]] = {}
    for one in changes:
        groups.setdefault(one.partie, []).append(one)
    return [{"partie": partie, "changements": found} for partie, found in groups.items()]


def _show(ctx: Contexte, chantier: Chantier, ready: Preparation, refusal: str = "") -> Response:
    base = base_of(chantier)
    interroges = overlays_of(ready)
    return page(
        ctx,
        "demarches/edition/publier.html",
        status=422 if refusal else 200,
        **common(ctx, chantier, ready.fautes, "Publier"),
        erreurs_formulaire=[Erreur("publier", refusal)] if refusal else [],
        prete=ready.definition is not None and not ready.essais_rates,
        premiere=ready.premiere,
        remarques=shown_faults(chantier, ready.remarques),
        changements=grouped(list(ready.changements)),
        bilan=ready.bilan,
        raisons=[
            {"phrase": phrase, "nombre": n, "exemples": ready.bilan.exemples.get(phrase, [])}
            for phrase, n in ready.bilan.raisons.most_common(20)
        ],
        adoptants=ready.adoptants,
        partagee=chantier.proprietaire_id is None,
        interroges=interroges,
        essais=[
            {"id": str(id_), "nom": nom, "fautes": faults, "url": f"{base}/essais/{id_}"}
            for id_, nom, faults in ready.essais
        ],
        action_url=f"{base}/publication",
    )


def overlays_of(ready: Preparation) -> list[dict[str, Any]]:
    """What overlays and the new version both change: sentence and number of different overlays."""
    found: dict[str, int] = {}
    for parties in ready.interroges.values():
        for phrase in parties:
            found[phrase] = found.get(phrase, 0) + 1
    return [{"phrase": phrase, "nombre": n} for phrase, n in found.items()]


@router.post(f"{RACINE}/{{chantier_id}}/publication")
async def publish(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID) -> Response:
    """Publishes; a double click does it once, and what stands in the way is said on the same page."""
    if await once(ctx, form, "/demarches"):
        return redirect(ctx, LISTE)
    try:
        async with publication.open_publication(ctx, chantier_id, lock=True) as (atelier, chantier):
            await publication.publish(
                atelier,
                chantier,
                vue=revision_of(form),
                note=str(form.get("note", ""))[:500],
                brouillons=form.get("brouillons") == "deplacer",
                deposes=form.get("deposes") == "deplacer",
            )
            moves = await publication.list_moves(atelier, chantier.slug)
            owner = f"&collectivite={atelier.proprietaire}" if atelier.proprietaire else ""
            follow = bool(moves) and moves[0]["finie_le"] is None and moves[0]["prevus"]
            suite = f"/demarches/versions/{chantier.slug}/dossiers?fait=publiee{owner}" if follow else LISTE
    except NotFoundError:
        raise
    except BusinessError as refusal:
        if refusal.status not in (409, 422):
            raise
        async with publication.open_publication(ctx, chantier_id) as (atelier, chantier):
            return _show(ctx, chantier, await publication.prepare(atelier, chantier), refusal.message)
    return redirect(ctx, suite)
