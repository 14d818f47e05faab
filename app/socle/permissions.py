"""What an agent may do where: a right is (agent, collectivité, service, secteur, rôle)."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.socle.contexte import Contexte
from app.socle.errors import NotFoundError
from app.socle.models import Habilitation


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
    query = (
        select(Habilitation.qualite, Habilitation.service, Habilitation.role)
        .where(
            Habilitation.agent_id == ctx.personne.agent_id,
            Habilitation.collectivite_id == collectivite_id,
        )
        .limit(1)
    )
    row = (await ctx.db.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("Cette page n’existe pas.")
    return Droit(
        ctx.personne.agent_id,
        collectivite_id,
        ctx.personne.prenom,
        ctx.personne.nom,
        row.qualite,
        row.service,
        row.role,
    )
