"""What is set for a collectivité by the OPSN, or by its own administrators; each act leaves an audit line.

Contact, theme, logo, state, agents' rights. Whoever calls has checked that this person may do it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.collectivites import repository
from app.collectivites.blason import BlasonSur
from app.collectivites.models import Blason
from app.collectivites.saisie import theme_values
from app.collectivites.service import agent_values
from app.socle.audit import record_as
from app.socle.contexte import Contexte
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.jobs import emit
from app.socle.models import Collectivite
from app.socle.theme import Theme, check_theme


@dataclass
class Acte:
    """An administrator's act on one collectivité, in its own transaction; `details` go to the audit line."""

    session: AsyncSession
    collectivite: Collectivite
    details: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def acting(ctx: Contexte, slug: str, action: str) -> AsyncIterator[Acte]:
    """The transaction of one act on a collectivité, audited under the name of who is signed in.

    NotFoundError for a slug that is not taken on; nothing is kept, nor audited, when the block raises.
    """
    async with ctx.noyau.db.hors_cloison(action) as session:
        acte = Acte(session, await access(session, slug))
        yield acte
        await record_as(
            session,
            ctx.now,
            ctx.acteur,
            action,
            str(acte.collectivite.id),
            collectivite_id=acte.collectivite.id,
            requete=ctx.requete,
            **acte.details,
        )


async def access(session: AsyncSession, slug: str) -> Collectivite:
    """A collectivité by its slug (platform role); NotFoundError when it is not taken on."""
    found = await repository.get_by_slug(session, slug)
    if found is None:
        raise NotFoundError("Cette collectivité n’est pas prise en charge ici.")
    return found


async def save_coordonnees(ctx: Contexte, slug: str, values: dict[str, Any]) -> None:
    """Replaces how to reach the mairie; an empty mapping hides it from residents."""
    async with acting(ctx, slug, "collectivites:coordonnees:changer") as acte:
        await repository.update_collectivite(acte.session, acte.collectivite.id, coordonnees=values)


async def save_theme(ctx: Contexte, slug: str, theme: Theme) -> None:
    """Gives a collectivité its colours, keeping its logo; refuses a theme that lacks contrast (RGAA 3.2, 3.3)."""
    if faults := check_theme(theme):
        raise InvalidInputError(" ".join(faults), code="contraste")
    async with acting(ctx, slug, "collectivites:theme:changer") as acte:
        kept = replace(theme, blason=acte.collectivite.theme.get("blason", ""))
        await repository.update_collectivite(acte.session, acte.collectivite.id, theme=theme_values(kept))


async def save_blason(ctx: Contexte, slug: str, blason: BlasonSur | None) -> None:
    """Gives a collectivité its logo, already made safe, or takes it away."""
    async with acting(ctx, slug, "collectivites:blason:changer") as acte:
        collectivite = acte.collectivite
        if blason is None:
            await repository.remove_blason(acte.session, collectivite.id)
        else:
            values = {
                "collectivite_id": collectivite.id,
                "empreinte": blason.empreinte,
                "type_mime": blason.type_mime,
                "contenu": blason.contenu,
                "modifie_le": ctx.now,
            }
            await repository.save_blason(acte.session, values)
        address = f"/blason/{blason.empreinte}" if blason else ""
        await repository.update_collectivite(
            acte.session, collectivite.id, theme={**collectivite.theme, "blason": address}
        )


async def read_blason(ctx: Contexte, empreinte: str) -> Blason:
    """The logo of this host's collectivité, under that very hash; NotFoundError otherwise."""
    found = await repository.get_blason(ctx.db, ctx.collectivite.id)
    if found is None or found.empreinte != empreinte:
        raise NotFoundError("Cette image n’existe plus.")
    return found


async def change_etat(ctx: Contexte, slug: str, etat: str) -> None:
    """Suspends a collectivité (its public site then says so, its agents keep their desk), or opens it again."""
    if etat not in ("active", "suspendue"):
        raise InvalidInputError("Choisissez de suspendre ou de rouvrir.")
    async with acting(ctx, slug, "collectivites:etat:changer") as acte:
        acte.details["etat"] = etat
        await repository.update_collectivite(acte.session, acte.collectivite.id, etat=etat)


async def invite(ctx: Contexte, slug: str, values: dict[str, str], *, renommer: bool = True) -> None:
    """Gives a person a right (or changes it) and owes them the e-mail that says so; values are checked already.

    Without `renommer`, somebody known keeps their name: it signs decisions in every collectivité they serve.
    """
    async with acting(ctx, slug, "collectivites:agent:inviter") as acte:
        session, collectivite = acte.session, acte.collectivite
        row = agent_values(values["courriel"], values["prenom"], values["nom"], ctx.now)
        agent_id = await repository.add_agent(session, row, renommer=renommer)
        await repository.grant(
            session,
            collectivite.id,
            agent_id,
            service=values["service"],
            qualite=values["qualite"],
            role=values["role"],
            now=ctx.now,
        )
        acte.details.update(agent=str(agent_id), role=values["role"])
        await emit(
            session,
            "collectivites:inviter",
            collectivite_id=collectivite.id,
            agent_id=agent_id,
            par=ctx.personne.agent_id if ctx.personne else "",
            requete=ctx.requete,
        )


async def revoke(ctx: Contexte, slug: str, agent_id: UUID) -> None:
    """Takes an agent's rights in a collectivité away, at once; NotFoundError when they have none."""
    async with acting(ctx, slug, "collectivites:agent:retirer") as acte:
        acte.details["agent"] = str(agent_id)
        if not await repository.revoke(acte.session, acte.collectivite.id, agent_id):
            raise NotFoundError("Cette personne n’a plus de droit dans cette collectivité.")
