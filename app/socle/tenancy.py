"""The perimeter of a transaction: what it may read, where it may write, for whom it acts.

Three belts hold it, each sufficient on its own for what it covers: PostgreSQL's forced row-level security (all SQL),
an ORM criterion on every tenant table, and composite keys that carry `collectivite_id`. See docs/security.md.
"""

from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)

# The agent (id) whose test a job goes on with; empty for real work. It makes perimeters of test mode, and sends e-mails
# to that agent alone.
essayeur: ContextVar[str] = ContextVar("essayeur", default="")


@dataclass(frozen=True, slots=True)
class Perimetre:
    """What one transaction may touch; the empty one touches no tenant row at all.

    `lecture` are the collectivités it may read, `ecriture` the one it may write, `usager` the person whose own rows it
    may read, `jeton` (SHA-256) the possession of an account-less draft. `instruction` says that it acts for the
    collectivité (an agent, a job): without it, the personal rows of `lecture` stay unreadable. `essai` turns to the
    dossiers of test mode, and to them alone.
    """

    lecture: tuple[UUID, ...] = ()
    ecriture: UUID | None = None
    usager: UUID | None = None
    agent: UUID | None = None
    jeton: bytes | None = None
    instruction: bool = False
    essai: bool = False

    @classmethod
    def pour_instruction(cls, collectivite_id: UUID) -> Self:
        """The perimeter of a job of one collectivité, in test mode when the job comes from a test."""
        essai = bool(essayeur.get())
        return cls(lecture=(collectivite_id,), ecriture=collectivite_id, instruction=True, essai=essai)

    def ecrivant(self, collectivite_id: UUID) -> "Perimetre":
        """The same perimeter, allowed to write in one collectivité."""
        return replace(self, ecriture=collectivite_id)

    def reglages(self) -> dict[str, str]:
        """The PostgreSQL settings that say it. Every value is rebuilt from its type: none can carry SQL."""
        lecture = ",".join(str(UUID(str(c))) for c in self.lecture)
        return {
            "app.perimetre": f"{{{lecture}}}",
            "app.collectivite": str(UUID(str(self.ecriture))) if self.ecriture else "",
            "app.usager": str(UUID(str(self.usager))) if self.usager else "",
            "app.agent": str(UUID(str(self.agent))) if self.agent else "",
            "app.jeton": bytes(self.jeton).hex() if self.jeton else "",
            "app.instruction": "oui" if self.instruction else "",
            "app.essai": "oui" if self.essai else "",
        }

    def sql(self) -> str:
        """One SELECT that sets everything for the current transaction only."""
        return _set(self.reglages())

    def begin(self) -> str:
        """BEGIN under this perimeter. What it does not say is unset: PostgreSQL forgets it with each transaction."""
        said = {nom: valeur for nom, valeur in self.reglages().items() if valeur not in ("", "{}")}
        return f"BEGIN; {_set(said)}" if said else "BEGIN"


def _set(reglages: dict[str, str]) -> str:
    calls = ", ".join(f"set_config('{nom}', '{valeur}', true)" for nom, valeur in reglages.items())
    return f"SELECT {calls}"


class TenantMixin:
    """A table whose rows belong to one collectivité."""

    collectivite_id: Mapped[UUID] = mapped_column(primary_key=True)


class CommunMixin(TenantMixin):
    """A tenant table of settings and content, nobody's own."""


class PersonnelMixin(TenantMixin):
    """A tenant table whose rows are also a person's own: that person reads them on any host."""


class CloisonSession(Session):
    """The session class that carries the belts; `info["perimetre"]` says which perimeter."""

    @property
    def perimetre(self) -> Perimetre:
        """The perimeter of the current transaction."""
        value: Perimetre = self.info.get("perimetre") or Perimetre()
        return value


@lru_cache(maxsize=512)
def _criterion(mixin: type[TenantMixin], lecture: tuple[UUID, ...]) -> Any:
    """The ORM criterion of a mixin under one perimeter, kept: making it costs more than a query. Empty is false."""
    allowed = list(lecture)
    return with_loader_criteria(mixin, lambda cls: cls.collectivite_id.in_(allowed), include_aliases=True)


@event.listens_for(CloisonSession, "do_orm_execute")
def _add_criteria(state: ORMExecuteState) -> None:
    session = state.session
    if not isinstance(session, CloisonSession) or session.info.get("plateforme"):
        return
    # Written SQL and bare tables take no ORM criterion, and an insert reads nothing: PostgreSQL's policies hold them.
    if not state.is_orm_statement or state.is_insert or state.is_column_load or state.is_relationship_load:
        return
    perimetre = session.perimetre
    # A person's own rows are told apart by the policies, which know the owner of each.
    owner = perimetre.usager is not None or perimetre.jeton is not None
    mixins = (CommunMixin,) if owner else (CommunMixin, PersonnelMixin)
    state.statement = state.statement.options(*(_criterion(mixin, perimetre.lecture) for mixin in mixins))
