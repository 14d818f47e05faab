"""What a collectivité offers, and the exact definition a dossier was made with.

Definitions never change, so each process keeps those it has read; a dossier's is found by what it pins.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import (
    THEMES,
    Definition,
    Surcouche,
    appliquer,
    canonical_bytes,
    empreinte,
    load_catalogue,
)
from app.demarches.repository import catalogue as repository
from app.demarches.repository import edition
from app.socle.errors import NotFoundError
from app.socle.ids import uuid7

_CACHE_SIZE = 256
# Who publishes what is shipped with the portal.
CATALOGUE = "Catalogue de Kumun"
THEME_ORDER = list(THEMES)
_definitions: OrderedDict[tuple[str, str], Definition] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Offre:
    """A démarche as a collectivité offers it; half of the demands were answered within `delai_jours`, if known."""

    definition: Definition
    version_id: str
    surcouche_id: str | None
    ouverte: bool
    delai_jours: int | None = None

    @property
    def en_ligne(self) -> bool:
        """Whether it can be done here, now."""
        return self.definition.genre == "teleservice" and self.ouverte


def _remember(key: tuple[str, str], definition: Definition) -> Definition:
    _definitions[key] = definition
    if len(_definitions) > _CACHE_SIZE:
        _definitions.popitem(last=False)
    return definition


async def load_definitions(
    session: AsyncSession, pinned: list[tuple[str, str | None]]
) -> dict[tuple[str, str], Definition]:
    """The definitions of (version, overlay) pairs; at most two statements for those this process has not read yet."""
    keys = [(version, surcouche or "") for version, surcouche in pinned]
    missing = {key for key in keys if key not in _definitions}
    versions = await repository.list_versions(session, {v for v, _ in missing}) if missing else {}
    overlays = {s for _, s in missing if s}
    surcouches = await repository.list_surcouches(session, overlays) if overlays else {}
    for version, surcouche in missing:
        definition = Definition.model_validate(versions[version])
        if surcouche:
            definition = appliquer(definition, Surcouche.model_validate(surcouches[surcouche]))
        _remember((version, surcouche), definition)
    return {key: _definitions[key] for key in keys}


async def definition_of(session: AsyncSession, version_id: str, surcouche_id: str | None) -> Definition:
    """The definition that a dossier pins."""
    found = await load_definitions(session, [(version_id, surcouche_id)])
    return found[(version_id, surcouche_id or "")]


async def list_offres(session: AsyncSession, collectivite_id: UUID) -> list[Offre]:
    """Everything a collectivité offers, by theme then title; closed téléservices are left out."""
    rows = await repository.list_adoptions(session, collectivite_id)
    definitions = await load_definitions(session, [(r.version_id, r.surcouche_id) for r in rows])
    offres = [
        Offre(definitions[(r.version_id, r.surcouche_id or "")], r.version_id, r.surcouche_id, r.ouverte)
        for r in rows
    ]
    kept = [offre for offre in offres if offre.ouverte]
    return sorted(kept, key=lambda o: (THEME_ORDER.index(o.definition.theme), o.definition.titre))


async def get_offre(session: AsyncSession, collectivite_id: UUID, slug: str) -> Offre:
    """One démarche of a collectivité; NotFoundError when it does not offer it."""
    row = await repository.get_adoption(session, collectivite_id, slug)
    if row is None or not row.ouverte:
        raise NotFoundError(
            "Cette collectivité ne propose pas cette démarche. Cherchez dans celles qu’elle propose, ou appelez-la."
        )
    definition = await definition_of(session, row.version_id, row.surcouche_id)
    return Offre(definition, row.version_id, row.surcouche_id, row.ouverte, row.delai_mediane)


def version_id_of(definition: Definition, proprietaire: UUID | None = None) -> str:
    """The address of a version: of its content when shared; of its content and owner when a collectivité keeps it.

    So two collectivités that write the same thing hold two versions, and a content is not guessed from its address.
    """
    if proprietaire is None:
        return empreinte(definition)
    return hashlib.sha256(proprietaire.bytes + canonical_bytes(definition)).hexdigest()


async def keep_version(
    session: AsyncSession, definition: Definition, now: datetime, proprietaire: UUID | None = None
) -> str:
    """Writes a version, published or only to be tried; its id. Twice is harmless."""
    version_id = version_id_of(definition, proprietaire)
    contenu = definition.model_dump(mode="json", exclude_defaults=True)
    await repository.publish_version(session, version_id, definition.slug, contenu, now, proprietaire)
    return version_id


async def publish(
    session: AsyncSession,
    definitions: list[Definition],
    now: datetime,
    *,
    auteur: str = CATALOGUE,
    proprietaire: UUID | None = None,
    note: str = "",
) -> dict[str, str]:
    """Numbers these versions (platform role); slug to version id. One that is the latest already gets no new number."""
    owners = [] if proprietaire is None else [proprietaire]
    latest = {
        row.slug: row
        for row in await edition.list_current(session, owners)
        if row.proprietaire_id == proprietaire
    }
    published: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for definition in definitions:
        slug = definition.slug
        published[slug] = await keep_version(session, definition, now, proprietaire)
        if slug in latest and latest[slug].version_id == published[slug]:
            continue
        rows.append(
            {
                "id": uuid7(),
                "proprietaire_id": proprietaire,
                "slug": slug,
                "numero": latest[slug].numero + 1 if slug in latest else 1,
                "version_id": published[slug],
                "publiee_le": now,
                "auteur": auteur,
                "note": note,
            }
        )
    await edition.add_publications(session, rows)
    return published


async def current_catalogue(session: AsyncSession, now: datetime) -> dict[str, str]:
    """The shared démarches as they are now, slug to version id (platform role).

    A shipped one that nobody has edited here follows its file; once the OPSN has published its own, that one holds.
    """
    latest = {row.slug: row for row in await edition.list_current(session)}
    shipped = [d for d in load_catalogue() if d.slug not in latest or latest[d.slug].auteur == CATALOGUE]
    return {slug: row.version_id for slug, row in latest.items()} | await publish(session, shipped, now)


async def adopt_all(session: AsyncSession, collectivite_ids: list[UUID], published: dict[str, str]) -> None:
    """Opens every given démarche for every given collectivité, a few statements in all (platform role)."""
    rows = [
        {
            "collectivite_id": collectivite_id,
            "slug": slug,
            "version_id": version_id,
            "surcouche_id": None,
            "ouverte": True,
        }
        for collectivite_id in collectivite_ids
        for slug, version_id in published.items()
    ]
    for start in range(0, len(rows), 5000):
        await repository.adopt(session, rows[start : start + 5000])


async def open_everything(session: AsyncSession, collectivite_ids: list[UUID], now: datetime) -> None:
    """Opens the whole shared catalogue, as it is now, for these collectivités (platform role)."""
    await adopt_all(session, collectivite_ids, await current_catalogue(session, now))


async def list_choices(session: AsyncSession, collectivite_id: UUID) -> list[tuple[Definition, bool]]:
    """Every démarche that a collectivité has or could have, by theme then title, and whether it is open there."""
    rows = await repository.list_adoptions(session, collectivite_id)
    latest = await edition.list_current(session, [collectivite_id])
    adopted = {r.slug: ((r.version_id, r.surcouche_id or ""), r.ouverte) for r in rows}
    keys = {row.slug: ((row.version_id, ""), False) for row in latest} | adopted
    definitions = await load_definitions(session, [(version, s or None) for (version, s), _ in keys.values()])
    known = {slug: (definitions[key], ouverte) for slug, (key, ouverte) in keys.items()}
    known = {d.slug: (d, False) for d in load_catalogue()} | known
    order = list(THEMES)
    return sorted(known.values(), key=lambda pair: (order.index(pair[0].theme), pair[0].titre))


async def open_only(
    session: AsyncSession, collectivite_id: UUID, slugs: set[str], now: datetime
) -> tuple[list[str], list[str]]:
    """Opens these démarches and closes the others (platform role); returns what was opened and what was closed.

    A démarche that was adopted keeps its version and its overlay; one that was not gets the present version. Dossiers
    already begun go on. Unknown slugs are left out.
    """
    now_open = {d.slug: ouverte for d, ouverte in await list_choices(session, collectivite_id)}
    wanted = slugs & now_open.keys()
    opened = sorted(slug for slug in wanted if not now_open[slug])
    closed = sorted(slug for slug, ouverte in now_open.items() if ouverte and slug not in wanted)
    adopted = {row.slug for row in await repository.list_adoptions(session, collectivite_id)}
    current = await current_catalogue(session, now)
    new = {slug: current[slug] for slug in opened if slug not in adopted and slug in current}
    await adopt_all(session, [collectivite_id], new)
    await repository.switch(session, collectivite_id, opened, ouverte=True)
    await repository.switch(session, collectivite_id, closed, ouverte=False)
    return opened, closed


async def count_open(session: AsyncSession, collectivite_ids: list[UUID]) -> dict[UUID, int]:
    """How many démarches each of these collectivités has open; absent when none."""
    return await repository.count_open(session, collectivite_ids)
