"""What a collectivité offers, and the exact definition a dossier was made with.

Definitions never change, so each process keeps those it has read; a dossier's is found by what it pins.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import THEMES, Definition, Surcouche, appliquer, empreinte
from app.demarches.repository import catalogue as repository
from app.socle.errors import NotFoundError

_CACHE_SIZE = 256
THEME_ORDER = list(THEMES)
_definitions: OrderedDict[tuple[str, str], Definition] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Offre:
    """A démarche as one collectivité offers it."""

    definition: Definition
    version_id: str
    surcouche_id: str | None
    ouverte: bool

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
        raise NotFoundError("Cette collectivité ne propose pas cette démarche. Cherchez dans celles qu’elle propose, ou appelez-la.")
    definition = await definition_of(session, row.version_id, row.surcouche_id)
    return Offre(definition, row.version_id, row.surcouche_id, row.ouverte)


async def publish(session: AsyncSession, definitions: list[Definition], now: datetime) -> dict[str, str]:
    """Puts versions in the shared catalogue (platform role); slug to version id. Twice is harmless."""
    published: dict[str, str] = {}
    for definition in definitions:
        version_id = empreinte(definition)
        contenu = definition.model_dump(mode="json", exclude_defaults=True)
        await repository.publish_version(session, version_id, definition.slug, contenu, now)
        published[definition.slug] = version_id
    return published


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
