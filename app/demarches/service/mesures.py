"""What is counted: statistics for agents, the delay told to residents, one anonymous question, the agents' summary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.demarches.domain.etats import Etat
from app.demarches.repository import listes
from app.demarches.repository import mesures as repository
from app.demarches.repository.listes import Criteres
from app.demarches.service.bureau import load_cadre, silence_avant
from app.demarches.service.catalogue import load_definitions
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, NotFoundError
from app.socle.noyau import Noyau

UN_AN = timedelta(days=365)
NOTES = (4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Statistiques:
    """The figures of a year; `pages` says where unfinished drafts stopped (one démarche only), in form order."""

    brut: Mapping[str, Any]
    pages: list[tuple[str, int]] = field(default_factory=list)

    @property
    def deposes(self) -> int:
        """How many were filed."""
        return sum((self.brut["etats"] or {}).values())

    @property
    def abandonnes(self) -> int:
        """How many were begun and left."""
        return sum(number for _, number in self.pages)


async def read_statistics(ctx: Contexte, commune: str, slug: str) -> Statistiques:
    """The figures of the last year, in the agent's collectivités or one of them; drafts only for one démarche."""
    places = [
        id_ for id_ in (ctx.personne.collectivites if ctx.personne else ()) if commune in ("", str(id_))
    ]
    brut = await repository.read_statistiques(ctx.db, places, slug, ctx.now - UN_AN, ctx.today())
    pages: dict[str, int] = dict(brut["abandons"] or {})
    titles: dict[str, str] = {}
    if slug:
        drafts = await repository.count_drafts(ctx.db, slug, ctx.now)
        definitions = await load_definitions(ctx.db, [(version, None) for version, _, _ in drafts])
        for version, champ_id, number in drafts:
            definition = definitions[(version, "")]
            page = next((p.id for p in definition.pages if any(c.id == champ_id for c in p.champs)), "")
            pages[page] = pages.get(page, 0) + number
        for definition in definitions.values():
            titles |= {page.id: page.titre for page in definition.pages}
    order = list(titles)
    named = [(titles.get(page, page), number) for page, number in pages.items()]
    ranked = sorted(zip(pages, named, strict=True), key=lambda x: order.index(x[0]) if x[0] in order else -1)
    return Statistiques(brut, [item for _, item in ranked])


def opinion_path(noyau: Noyau, dossier_id: UUID) -> str:
    """The address where one anonymous answer may be given for a dossier: possession of it is the proof."""
    return f"/satisfaction/{dossier_id}/{noyau.sceau.sign('satisfaction', str(dossier_id))}"


def check_opinion(ctx: Contexte, dossier_id: UUID, preuve: str) -> None:
    """NotFoundError for an address that we did not give."""
    if not ctx.noyau.sceau.verify("satisfaction", str(dossier_id), preuve):
        raise NotFoundError("Cette page n’existe pas à cette adresse.")


async def give_opinion(ctx: Contexte, dossier_id: UUID, preuve: str, note: int) -> None:
    """Counts one answer; ConflictError when it was given already, or the dossier is not closed."""
    check_opinion(ctx, dossier_id, preuve)
    if not await repository.give_opinion(ctx.db, dossier_id, note, ctx.now):
        raise ConflictError("Votre réponse est déjà prise en compte. Merci.", code="deja_donne")


async def digest_lines(ctx: Contexte) -> tuple[int, list[str]]:
    """What the agent's summary says, and how many dossiers it speaks of; nothing when there is nothing to see."""
    assert ctx.personne is not None  # noqa: S101 - made by the job
    assert ctx.personne.agent_id is not None  # noqa: S101 - made by the job
    places, me = ctx.personne.collectivites, ctx.personne.agent_id
    # The first statement of the transaction must be the session's own.
    cadre = await load_cadre(ctx, ctx.today())
    since = await repository.last_digest(ctx.db, me) or ctx.now - timedelta(days=1)
    mine = [me, *cadre.remplaces]
    asked = {
        "{n} délai dépassé|{n} délais dépassés": Criteres(
            places, silence_avant=silence_avant(cadre, places, ctx.now, 0)
        ),
        "{n} délai légal dans les sept jours|{n} délais légaux dans les sept jours": Criteres(
            places, silence_avant=silence_avant(cadre, places, ctx.now, 8)
        ),
        "{n} nouvelle demande|{n} nouvelles demandes": Criteres(
            places, situation="tous", depose_depuis=since
        ),
        "{n} dossier à prendre|{n} dossiers à prendre": Criteres(places, etat=Etat.DEPOSE.value),
        "{n} dossier suivi par vous|{n} dossiers suivis par vous": Criteres(places, agents=mine),
    }
    counted = await listes.count_desk(ctx.db, list(asked.values()))
    # What is overdue is not also near.
    counted[1] -= counted[0]
    lines = []
    for sentence, number in zip(asked, counted, strict=True):
        one, several = sentence.split("|")
        if number:
            told = f"plus de {listes.BEAUCOUP}" if number > listes.BEAUCOUP else str(number)
            lines.append((one if number == 1 else several).replace("{n}", told))
    return counted[0] + counted[1] + counted[2] + counted[3], lines
