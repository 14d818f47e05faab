"""What an agent may do where: a right is (agent, collectivité, service, secteur, rôle)."""

from dataclasses import dataclass
from uuid import UUID

from app.socle.contexte import Contexte
from app.socle.db import fetch
from app.socle.errors import NotFoundError

_RIGHT = "SELECT qualite, service, role FROM socle_habilitation WHERE agent_id = $1 AND collectivite_id = $2 LIMIT 1"
_ADMINISTERED = (
    "SELECT collectivite_id FROM socle_habilitation WHERE agent_id = $1 AND role = 'administrateur'"
)


@dataclass(frozen=True, slots=True)
class Droit:
    """An agent's right in one collectivité, with the mentions that sign a decision."""

    agent_id: UUID
    collectivite_id: UUID
    prenom: str
    nom: str
    qualite: str
    service: str
    role: str

    @property
    def nom_complet(self) -> str:
        """First name and name."""
        return f"{self.prenom} {self.nom}".strip()


async def droit_of(ctx: Contexte, collectivite_id: UUID) -> Droit:
    """The signed-in agent's right in a collectivité; NotFoundError when they have none there."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise NotFoundError("Cette page n’existe pas.")
    rows = await fetch(ctx.db, _RIGHT, ctx.personne.agent_id, collectivite_id)
    if not rows:
        raise NotFoundError("Cette page n’existe pas.")
    qualite, service, role = rows[0]
    return Droit(
        ctx.personne.agent_id,
        collectivite_id,
        ctx.personne.prenom,
        ctx.personne.nom,
        qualite,
        service,
        role,
    )


async def list_administered(ctx: Contexte) -> set[UUID]:
    """The collectivités of which the signed-in agent is an administrator."""
    agent_id = ctx.personne.agent_id if ctx.personne else None
    return {row[0] for row in await fetch(ctx.db, _ADMINISTERED, agent_id)}
