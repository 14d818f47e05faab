"""Drawing one page of a form, for who fills it: questions, what was typed, what is wrong, what others wrote."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from app.demarches.definitions import Page
from app.demarches.domain import avertissements
from app.demarches.domain.representation import phrase_represente, qualite_de
from app.demarches.presentation import annonces_of, cachees_of, champs_of, controles_of
from app.demarches.presentation_conflits import Conflit, conflits_of
from app.demarches.routes.public import fil, service_of
from app.demarches.service import connu, places, reponses
from app.demarches.service.brouillons import Brouillon
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX
from app.demarches.types.compose import erreurs_de
from app.socle import vues
from app.socle.contexte import Contexte, Visite
from app.socle.errors import NotFoundError
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.web import page

SOURCES = {"franceconnect": N_("Donné par FranceConnect"), "courriel": N_("Adresse vérifiée par un code")}
Saisies = Mapping[str, Mapping[str, list[str]]]


def base_of(visit: Visite, dossier_id: UUID) -> str:
    """Where the pages of a draft are on this host."""
    return f"{'/saisir' if visit.hote.genre == 'agents' else ''}/dossiers/{dossier_id}"


def around(ctx: Contexte, draft: Brouillon) -> dict[str, Any]:
    """What surrounds a page of the form: the way back, the service to call, for whom an agent or a person fills it."""
    common = {"represente": represented(ctx, draft)}
    if draft.dossier.canal == "web":
        service = service_of(ctx, draft.definition)
        nom = draft.definition.service.nom
        return common | {"fil": fil(), "service_nom": nom, "service": service, "pour": None}
    pour = {
        "personne": nom_de(draft.dossier.demandeur),
        "canal": CANAUX[draft.dossier.canal],
        "commune": draft.collectivite.nom,
    }
    return common | {"fil": [vues.Lien("Bureau", "/")], "service_nom": "", "service": None, "pour": pour}


def represented(ctx: Contexte, draft: Brouillon) -> dict[str, str] | None:
    """Who is represented and where that is changed; None where a démarche is always for oneself."""
    if not draft.definition.representation:
        return None
    return {
        "nom": phrase_represente(draft.dossier.beneficiaire),
        "qualite": qualite_de(draft.dossier.beneficiaire),
        "changer_url": f"{base_of(ctx, draft.dossier.id)}/pour-qui",
    }


def page_of(draft: Brouillon, page_id: str) -> tuple[int, tuple[Page, ...]]:
    """The place of a page among those that apply; NotFoundError for a page the answers leave out."""
    applicable = draft.pages()
    for index, found in enumerate(applicable):
        if found.id == page_id:
            return index, applicable
    raise NotFoundError(
        "Cette étape ne fait pas partie de votre dossier. Reprenez-le depuis la page de la démarche."
    )


async def draw(
    ctx: Contexte,
    draft: Brouillon,
    page_id: str,
    erreurs: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    nouvelles: bool = False,
    conflits: Saisies | None = None,
) -> Response:
    """One page of the form. `conflits` are questions answered elsewhere meanwhile, with what was typed here."""
    index, applicable = page_of(draft, page_id)
    current, erreurs = applicable[index], erreurs or {}
    base = base_of(ctx, draft.dossier.id)
    etat = draft.etat()
    remarks = avertissements(draft.definition, draft.reponses, draft.circonstances, etat)
    asked = [champ.id for champ in etat.champs(current.id)]
    # Both answers are shown: this one stays in its field, the stored one stands above it.
    opposed = conflits_of(draft, current, conflits or {}, ctx.acteur)
    marques = reponses.marques_of(draft, current.champs)
    for id_, typed in (conflits or {}).items():
        draft.brut[id_] = dict(typed)
    champs = champs_of(
        draft,
        current,
        erreurs=erreurs,
        connues=connu.identite_prefill(ctx.personne),
        source=SOURCES.get(ctx.personne.niveau, "") if ctx.personne else "",
        remarques=remarks,
    )
    if any(champ.options or champ.donnees.get("groupes") for champ in champs):
        champs = await places.annoncer(ctx, draft.dossier.collectivite_id, draft.dossier.slug, champs)
    if current.intro:
        champs.insert(0, vues.Champ("intro", "explication", current.intro))
    return page(
        ctx,
        "demarches/remplir.html",
        block="formulaire",
        status=status,
        demarche_titre=draft.definition.titre,
        **around(ctx, draft),
        etape=_step(applicable, index),
        champs=champs,
        conflits=opposed,
        annonces=annonces_of(etat, current.id),
        controles={id_: p for id_, p in controles_of(etat, current.id).items() if id_ not in erreurs},
        erreurs_formulaire=[*_disputes(opposed), *erreurs_de(champs)],
        action_url=f"{base}/etapes/{current.id}",
        precedent_url=f"{base}/etapes/{applicable[index - 1].id}" if index else "",
        brouillon_url=f"{base}/champs",
        etape_id=current.id,
        champs_montres=" ".join(asked),
        parties_cachees=" ".join(cachees_of(champs)),
        nouvelles=nouvelles,
        enregistre_le=draft.enregistre_le,
        versions=marques,
        origine=new_token()[:16],
        cle_idempotence=new_token(),
        version=draft.dossier.revision,
    )


def _step(applicable: Sequence[Page], index: int) -> dict[str, Any]:
    following = applicable[index + 1].titre if index + 1 < len(applicable) else "Vérifier et déposer"
    return {
        "numero": index + 1,
        "total": len(applicable) + 1,
        "titre": applicable[index].titre,
        "suivante": following,
    }


def _disputes(opposed: Mapping[str, Conflit]) -> list[vues.Erreur]:
    return [vues.Erreur(f"conflit-{id_}", conflit.phrase) for id_, conflit in opposed.items()]


def draw_conflicts(ctx: Contexte, draft: Brouillon, current: Page, conflits: Saisies) -> dict[str, str]:
    """For a page that is being filled: what to put above each question that was answered elsewhere meanwhile."""
    template = ctx.noyau.gabarits[ctx.langue].get_template("demarches/conflit.html")
    opposed = conflits_of(draft, current, conflits, ctx.acteur)
    return {id_: template.render(conflit=conflit) for id_, conflit in opposed.items()}
