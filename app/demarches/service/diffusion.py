"""Giving a version to whoever offers the démarche: ids kept, overlays that must choose, a few statements for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition, Surcouche, SurcoucheRefuseeError, appliquer
from app.demarches.definitions.surcouche import PREFIXE_LOCAL
from app.demarches.edition.difference import Changement, comparer
from app.demarches.edition.fautes import Faute
from app.demarches.repository import edition
from app.demarches.service import catalogue
from app.demarches.service.surcouches import touchees


async def reserved_ids(session: AsyncSession, proprietaire: UUID | None, slug: str) -> dict[str, str]:
    """Every field id that a version of the démarche ever had, with its type: an id never changes meaning."""
    found: dict[str, str] = {}
    for contenu in await edition.list_contents(session, proprietaire, slug):
        for page in contenu.get("pages", ()):
            found |= {champ["id"]: champ["type"] for champ in page.get("champs", ())}
    return found


async def kept_ids(session: AsyncSession, proprietaire: UUID | None, definition: Definition) -> list[Faute]:
    """An id that was published never changes meaning: not its type, and a shared one never takes a local name."""
    known = await reserved_ids(session, proprietaire, definition.slug)
    faults = []
    for page in definition.pages:
        for champ in page.champs:
            if known.get(champ.id, champ.type) != champ.type:
                phrase = (
                    f"« {champ.id} » était d’un autre type dans une version publiée : ajoutez une question nouvelle et "
                    "retirez celle-ci."
                )
                faults.append(Faute(phrase, "pages", page.id, champ.id, "type"))
            if champ.id.startswith(PREFIXE_LOCAL):
                phrase = (
                    "Les identifiants « local_… » sont réservés aux questions que les collectivités ajoutent."
                )
                faults.append(Faute(phrase, "pages", page.id, champ.id))
    return faults


async def overlays_to_ask(session: AsyncSession, definition: Definition) -> dict[str, list[str]]:
    """The overlays whose collectivité must choose, with what concerns them; each different overlay is read once."""
    overlays: Sequence[tuple[str, str, dict[str, object]]] = await edition.list_overlays(
        session, definition.slug
    )
    versions = await catalogue.load_definitions(session, [(row[0], None) for row in overlays])
    changes: dict[str, list[Changement]] = {}
    found: dict[str, list[str]] = {}
    for version_id, surcouche_id, contenu in overlays:
        surcouche = Surcouche.model_validate(contenu)
        if version_id not in changes:
            changes[version_id] = comparer(versions[(version_id, "")], definition)
        parties = touchees(surcouche, changes[version_id])
        try:
            appliquer(definition, surcouche)
        except SurcoucheRefuseeError as refusal:
            parties = [*parties, refusal.message]
        if parties:
            found[surcouche_id] = list(dict.fromkeys([*found.get(surcouche_id, ()), *parties]))
    return found


@dataclass(frozen=True, slots=True)
class Resultat:
    """What was published: its version, how many collectivités have it, how many must choose."""

    version_id: str
    numero: int
    deplacees: int
    interrogees: int


async def spread(
    session: AsyncSession,
    definition: Definition,
    interroges: dict[str, list[str]],
    now: datetime,
    auteur: str,
    proprietaire: UUID | None = None,
    note: str = "",
) -> Resultat:
    """Numbers the version and gives it to whoever offers the démarche (platform role).

    A shared one goes to every adopter in three statements, but for overlays of `interroges`: those are asked.
    """
    slug = definition.slug
    published = await catalogue.publish(
        session, [definition], now, auteur=auteur, proprietaire=proprietaire, note=note
    )
    version_id = published[slug]
    if proprietaire is None:
        moved, asked = await edition.propagate(session, slug, version_id, interroges, now)
    else:
        await catalogue.adopt_all(session, [proprietaire], published)
        moved, asked = 1, 0
    latest = await edition.list_publications(session, proprietaire, slug, 1)
    return Resultat(version_id, latest[0].numero, moved, asked)
