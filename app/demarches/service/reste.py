"""What a person still has to do, in every collectivité: drafts with what they miss, and those they were invited to."""

from dataclasses import dataclass
from uuid import UUID

from app.demarches.repository import listes, remplissage
from app.demarches.repository.listes import LigneConfiee
from app.demarches.service.brouillons import Brouillon, assemble
from app.demarches.service.catalogue import load_definitions
from app.demarches.service.depot import Manques, manques_of
from app.socle.contexte import Contexte
from app.socle.hosts import CollectiviteVue, list_vues

# Beyond, the oldest are left out: they are at the end of the list.
AU_PLUS = 20


@dataclass(frozen=True, slots=True)
class Reste:
    """A draft and what stands in the way of its submission."""

    brouillon: Brouillon
    manques: Manques

    @property
    def pieces(self) -> int:
        """How many documents are missing."""
        return sum(self._est_piece(champ_id) for _, champ_id, _ in self.manques)

    @property
    def champs(self) -> int:
        """How many answers are missing or wrong."""
        return len(self.manques) - self.pieces

    def _est_piece(self, champ_id: str) -> bool:
        found = (champ for champ in self.brouillon.definition.champs() if champ.id == champ_id)
        return any(champ.type == "piece" for champ in found)


def reste_of(ctx: Contexte, draft: Brouillon) -> Reste:
    """What one draft misses."""
    return Reste(draft, manques_of(ctx, draft))


async def list_unfinished(
    ctx: Contexte,
) -> tuple[list[Reste], list[LigneConfiee], dict[UUID, CollectiviteVue]]:
    """The person's drafts, those entrusted to them, and their collectivités: as many statements for one as for all."""
    if ctx.usager_id is None:
        return [], [], {}
    found = await remplissage.list_drafts(ctx.db, ctx.usager_id, AU_PLUS)
    confies = await listes.list_entrusted(ctx.db)
    places = {d.collectivite_id for d, _ in found} | {c.collectivite_id for c in confies}
    if not places:
        return [], [], {}
    vues = await list_vues(ctx.db, places)
    definitions = await load_definitions(ctx.db, [(d.version_id, d.surcouche_id) for d, _ in found])
    return (
        [
            reste_of(
                ctx,
                assemble(
                    ctx,
                    dossier,
                    contenu,
                    definitions[(dossier.version_id, dossier.surcouche_id or "")],
                    vues[dossier.collectivite_id],
                ),
            )
            for dossier, contenu in found
        ],
        confies,
        vues,
    )
