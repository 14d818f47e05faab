"""What a step of a parcours may wait for from another module: a payment, a rendez-vous, a signature.

A module that offers one puts its `FournisseurAttente` in `Noyau.attentes` under the kind of thing; where there is none,
the agent says by hand that it is done. When the thing has come, the module emits the job `LEVEE` with its ids.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

Quoi = Literal["paiement", "rendez_vous", "signature"]
# The job that says « it has come »: arguments collectivite_id, attente_id.
LEVEE = "demarches:lever_attente"


@dataclass(frozen=True, slots=True)
class AttenteDemandee:
    """What is waited for, and for which dossier."""

    collectivite_id: UUID
    dossier_id: UUID
    attente_id: UUID
    numero: str
    libelle: str
    usager_id: UUID | None


class FournisseurAttente(Protocol):
    """A module that can make what a step waits for."""

    async def ouvrir(self, session: Any, demande: AttenteDemandee) -> str:
        """Prepares it in the transaction of `session`; returns a reference that the agent is shown."""
        ...
