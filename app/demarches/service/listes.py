"""Publishing the lists of reference of a collectivité: a file is a new version, whole or not at all."""

from typing import Any
from uuid import UUID

from app.demarches.domain.listes import Liste, lire_liste
from app.demarches.repository import referentiels as repository
from app.demarches.service.partage import open_settings
from app.demarches.types.ecriture import plier
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.ids import uuid7
from app.socle.permissions import droit_of


async def publish(ctx: Contexte, collectivite_id: UUID, nom: str, data: bytes) -> int:
    """A new version of a list, of which forms offer the rows from now on; its number.

    NotFoundError for a collectivité that the agent does not serve, InvalidInputError for a name that is none,
    ListeRefuseeError for a file with any fault: nothing of it is kept then.
    """
    await open_settings(ctx, collectivite_id)
    droit = await droit_of(ctx, collectivite_id)
    name = plier(nom).replace(" ", "_")[:40]
    if not name:
        raise InvalidInputError("Donnez un nom à la liste : des lettres et des chiffres.")
    liste = lire_liste(data)
    numero = await repository.add_version(
        ctx.db,
        _rows(liste),
        collectivite_id=collectivite_id,
        id=uuid7(),
        nom=name,
        colonnes=list(liste.colonnes),
        nombre=len(liste.lignes),
        publie_le=ctx.now,
        par=droit.nom_complet,
    )
    if numero is None:
        raise ConflictError("Un collègue publie cette liste en ce moment. Recommencez.", code="liste_prise")
    await record(ctx, "demarches:referentiel:publier", f"{name} {numero}", collectivite_id)
    return numero


def _rows(liste: Liste) -> list[list[Any]]:
    made = []
    for rank, cells in enumerate(liste.lignes, 1):
        label = cells[1] if len(cells) > 1 else cells[0]
        made.append([rank, cells[0], label, plier(label), plier(" ".join(cells)), list(cells)])
    return made
