"""« Ma collectivité » on the desk: what its administrators set themselves, and what each agent may read of it.

An administrator sets contact and hours, invites agents and takes their access away, in the collectivités where a right
says so; looks, démarches and FranceConnect keys stay the OPSN's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.collectivites import reglages, repository
from app.collectivites.saisie import ROLES, coordonnees_of_form, invitation_of_form
from app.portail.console.commun import FAITS, agent_shown, contact_values, erreurs_of
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.errors import ConflictError, ForbiddenError, NotFoundError
from app.socle.hosts import list_nommees
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.models import Collectivite
from app.socle.permissions import Droit, droit_of
from app.socle.vues import Lien, Option
from app.socle.web import coordonnees_of, once, page, redirect

router = APIRouter()
ADMINISTRATEUR = "administrateur"
INVITATION = ("courriel", "prenom", "nom", "qualite", "service", "role")
CONTACT = ("adresse", "telephone", "courriel", "horaires", "accueil")


@dataclass(frozen=True, slots=True)
class Place:
    """A collectivité that the agent serves, and their right there."""

    collectivite: Collectivite
    droit: Droit

    @property
    def administre(self) -> bool:
        """Whether the agent may change it."""
        return self.droit.role == ADMINISTRATEUR


async def access(ctx: Contexte, slug: str) -> Place:
    """NotFoundError for a collectivité where the agent has no right: for them it does not exist."""
    found = await repository.get_by_slug(ctx.db, slug)
    if found is None:
        raise NotFoundError("Cette page n’existe pas.")
    return Place(found, await droit_of(ctx, found.id))


async def administer(ctx: Contexte, slug: str) -> Place:
    """The same, for an act: ForbiddenError for an agent who is no administrator there."""
    place = await access(ctx, slug)
    if not place.administre:
        raise ForbiddenError(
            "Seuls les administrateurs de la collectivité changent ses réglages : demandez à l’un d’eux, dont la "
            "liste est sur « Ma collectivité »."
        )
    return place


@router.get("/collectivite")
async def mine(ctx: AgentDep) -> Response:
    """The collectivité that the agent serves, or the choice among several."""
    ids = ctx.personne.collectivites if ctx.personne else ()
    served = await repository.list_slugs_of(ctx.db, ids)
    if len(served) == 1:
        return redirect(ctx, f"/collectivite/{served[0][0]}")
    choices = [Lien(nom, f"/collectivite/{slug}") for slug, nom in served]
    return page(ctx, "portail/mes_collectivites.html", choix=choices)


@router.get("/collectivite/{slug}")
async def contact(ctx: AgentDep, slug: str) -> Response:
    """Contact and hours; as a form for an administrator."""
    place = await access(ctx, slug)
    return await _contact(ctx, place, contact_values(place.collectivite.coordonnees))


async def _contact(
    ctx: Contexte, place: Place, valeurs: Mapping[str, Any], erreurs: dict[str, str] | None = None
) -> Response:
    shown = coordonnees_of(place.collectivite.coordonnees)
    return await draw(ctx, "contact", place, erreurs, coordonnees=shown, valeurs=valeurs)


@router.post("/collectivite/{slug}")
async def save_contact(ctx: AgentDep, form: FormulaireDep, slug: str) -> Response:
    """Keeps contact and hours; the public pages show them within a second."""
    place = await administer(ctx, slug)
    values, erreurs = coordonnees_of_form(form)
    if erreurs:
        return await _contact(ctx, place, {name: form.get(name, "") for name in CONTACT}, erreurs)
    suite = f"/collectivite/{slug}?fait=coordonnees"
    if not await once(ctx, form, suite):
        await reglages.save_coordonnees(ctx, slug, values)
    return redirect(ctx, suite)


@router.get("/collectivite/{slug}/agents")
async def agents(ctx: AgentDep, slug: str) -> Response:
    """Who works there; with the form that invites for an administrator."""
    return await _agents(ctx, await access(ctx, slug), {"role": "agent"})


async def _agents(
    ctx: Contexte, place: Place, valeurs: Mapping[str, str], erreurs: dict[str, str] | None = None
) -> Response:
    rows = await repository.list_agents(ctx.db, place.collectivite.id)
    return await draw(
        ctx,
        "agents",
        place,
        erreurs,
        agents=[
            {**agent_shown(row), "retirable": place.administre and row.agent_id != place.droit.agent_id}
            for row in rows
        ],
        valeurs={name: valeurs.get(name, "") for name in INVITATION},
        roles=[Option(role, label) for role, label in ROLES.items()],
    )


async def draw(
    ctx: Contexte, courant: str, place: Place, erreurs: dict[str, str] | None, **context: Any
) -> Response:
    """One page of the settings, under its tab."""
    found = place.collectivite
    hosts = await list_nommees(ctx.db, [found.id])
    base = f"/collectivite/{found.slug}"
    several = ctx.personne is not None and len(ctx.personne.collectivites) > 1
    fait = FAITS.get(ctx.request.query_params.get("fait", ""), "")
    return page(
        ctx,
        f"portail/ma_collectivite_{courant}.html",
        status=422 if erreurs else 200,
        collectivite=found,
        site=ctx.noyau.settings.url_of(hosts[found.id].hote, "/") if found.id in hosts else "",
        administre=place.administre,
        fil=[Lien(ctx.traduire(N_("Vos collectivités")), "/collectivite"), Lien(found.nom, "")]
        if several
        else [],
        base=base,
        onglets=[
            Lien(ctx.traduire(N_("Coordonnées et horaires")), base, courant == "contact"),
            Lien(ctx.traduire(N_("Agents")), f"{base}/agents", courant == "agents"),
            Lien(ctx.traduire(N_("Bornes")), f"{base}/bornes", courant == "bornes"),
        ],
        message="" if erreurs else fait,
        erreurs_formulaire=erreurs_of(erreurs or {}),
        erreur_de=erreurs or {},
        cle_idempotence=new_token(),
        **context,
    )


@router.post("/collectivite/{slug}/agents")
async def invite(ctx: AgentDep, form: FormulaireDep, slug: str) -> Response:
    """Opens a right and sends the e-mail that says so; a person already known keeps their own name."""
    place = await administer(ctx, slug)
    values, erreurs = invitation_of_form(form)
    own = ctx.personne.courriel.lower() if ctx.personne else ""
    if not erreurs and values["courriel"] == own and values["role"] != ADMINISTRATEUR:
        erreurs["role"] = (
            "Vous ne pouvez pas retirer votre propre rôle d’administrateur : demandez à un autre."
        )
    if erreurs:
        return await _agents(ctx, place, values, erreurs)
    suite = f"/collectivite/{slug}/agents?fait=invitation"
    if not await once(ctx, form, suite):
        await reglages.invite(ctx, slug, values, renommer=False)
    return redirect(ctx, suite)


@router.post("/collectivite/{slug}/agents/{agent_id}/retirer")
async def revoke(ctx: AgentDep, form: FormulaireDep, slug: str, agent_id: UUID) -> Response:
    """Takes a right away, at once; never one's own, so that a collectivité keeps somebody."""
    place = await administer(ctx, slug)
    if agent_id == place.droit.agent_id:
        raise ConflictError(
            "Vous ne pouvez pas retirer votre propre accès : demandez à un autre administrateur ou à votre OPSN."
        )
    suite = f"/collectivite/{slug}/agents?fait=retrait"
    if not await once(ctx, form, suite):
        await reglages.revoke(ctx, slug, agent_id)
    return redirect(ctx, suite)
