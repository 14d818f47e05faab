"""The démarches that a collectivité offers, what it changes in them, and what it chooses when the shared one changes.

Overlays are immutable, like versions: a change is another overlay, and dossiers keep the one they pin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.demarches.definitions import (
    Definition,
    Surcouche,
    SurcoucheRefuseeError,
    appliquer,
    cles_touchees,
    elaguer,
    empreinte,
)
from app.demarches.edition.difference import Changement, comparer
from app.demarches.repository import catalogue as adoptions
from app.demarches.repository import edition as repository
from app.demarches.service import catalogue, edition
from app.demarches.service.edition import Atelier
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, NotFoundError
from app.socle.hosts import list_nommees


@dataclass(frozen=True, slots=True)
class Adoptee:
    """A démarche as a collectivité has it: the shared version, and the overlay that it lays on it."""

    slug: str
    partagee: Definition
    surcouche: Surcouche
    surcouche_id: str | None
    version_id: str
    ouverte: bool

    @property
    def effective(self) -> Definition:
        """As residents see it."""
        return appliquer(self.partagee, self.surcouche)


def touchees(surcouche: Surcouche, changements: Sequence[Changement]) -> list[str]:
    """What an overlay and a new version both change, as sentences; empty when they have nothing in common."""
    mine = cles_touchees(surcouche)
    found: list[str] = []
    for one in changements:
        hit = any(cle == one.cle or cle.startswith(f"{one.cle}.") for cle in mine)
        # A page that stays takes an added question whatever changed in it; one that goes does not.
        if hit and not (one.cle.startswith("page:") and one.nature != "retrait"):
            found.append(f"{one.lieu} : {one.phrase}" if one.lieu else one.phrase)
    return list(dict.fromkeys(found))


async def overview_opsn(ctx: Contexte) -> dict[str, Any]:
    """Shared démarches: version, adopters, works in progress; four statements whatever their number."""
    async with edition.open_atelier(ctx) as atelier:
        await catalogue.current_catalogue(atelier.session, ctx.now)
        rows = await repository.list_current(atelier.session)
        works = {row.slug: row for row in await repository.list_chantiers(atelier.session, None)}
        counts = await repository.count_adopters(atelier.session)
        definitions = await catalogue.load_definitions(atelier.session, [(r.version_id, None) for r in rows])
    lines = [
        _ligne(definitions[(row.version_id, "")], row, works.pop(row.slug, None), counts.get(row.slug, 0))
        for row in rows
    ]
    lines += [_nouvelle(row) for row in works.values()]
    return {"groupes": [{"titre": "", "id": "", "lignes": _tri(lines), "a_adopter": [], "choix": []}]}


def _tri(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(lines, key=lambda line: (line["titre"], line["slug"]))


def _ligne(definition: Definition, row: Any, work: Any, adopters: int) -> dict[str, Any]:
    return {
        "titre": definition.titre,
        "slug": row.slug,
        "genre": definition.genre,
        "numero": row.numero,
        "publiee_le": row.publiee_le,
        "auteur": row.auteur,
        "adoptants": adopters,
        "chantier": f"/demarches/chantiers/{work.id}" if work else "",
        "chantier_par": work.modifie_par if work else "",
        "surcouche_url": "",
        "ouverte": True,
        "a_soi": True,
    }


def _nouvelle(row: Any) -> dict[str, Any]:
    """A démarche that is not published yet."""
    return {
        "titre": row.titre or "Sans titre",
        "slug": row.slug,
        "genre": "",
        "numero": 0,
        "publiee_le": None,
        "auteur": "",
        "adoptants": 0,
        "chantier": f"/demarches/chantiers/{row.id}",
        "chantier_par": row.modifie_par,
        "surcouche_url": "",
        "ouverte": False,
        "a_soi": True,
    }


async def overview_agent(ctx: Contexte) -> dict[str, Any]:
    """For each collectivité that the agent administers: its démarches, what to choose, what could be adopted.

    Seven statements whatever the numbers.
    """
    ids = await edition.administered(ctx)
    names = await list_nommees(ctx.db, ids)
    rows = await adoptions.list_adoptions_in(ctx.db, ids)
    current = await repository.list_current(ctx.db, ids)
    works = await repository.list_chantiers(ctx.db, ids)
    choices = await repository.list_nouveautes(ctx.db, ids)
    pairs = [(r.version_id, r.surcouche_id) for r in rows] + [(r.version_id, None) for r in current]
    definitions = await catalogue.load_definitions(ctx.db, pairs)
    shared = {row.slug: row for row in current if row.proprietaire_id is None}
    groups = []
    for id_ in sorted(ids, key=lambda one: names[one].nom):
        mine = [row for row in rows if row.collectivite_id == id_]
        own = {row.slug: row for row in current if row.proprietaire_id == id_}
        begun = {row.slug: row for row in works if row.proprietaire_id == id_}
        lines = [_adoptee(id_, row, definitions, own, shared, begun.get(row.slug)) for row in mine]
        lines += [_nouvelle(row) for slug, row in begun.items() if slug not in {r.slug for r in mine}]
        have = {row.slug for row in mine}
        groups.append(
            {
                "titre": names[id_].nom,
                "id": str(id_),
                "lignes": _tri(lines),
                "a_adopter": sorted(
                    (definitions[(row.version_id, "")].titre, slug)
                    for slug, row in shared.items()
                    if slug not in have
                ),
                "choix": [
                    {
                        "titre": next(
                            (line["titre"] for line in lines if line["slug"] == one.slug), one.slug
                        ),
                        "url": f"/demarches/adoptions/{id_}/{one.slug}/version",
                        "parties": one.parties or [],
                    }
                    for one in choices
                    if one.collectivite_id == id_
                ],
            }
        )
    return {"groupes": groups}


def _adoptee(
    id_: UUID, row: Any, definitions: Any, own: dict[str, Any], shared: dict[str, Any], work: Any
) -> dict[str, Any]:
    definition = definitions[(row.version_id, row.surcouche_id or "")]
    published = own.get(row.slug) or shared.get(row.slug)
    behind = published is not None and published.version_id != row.version_id
    return {
        "titre": definition.titre,
        "slug": row.slug,
        "genre": definition.genre,
        "numero": published.numero if published and not behind else 0,
        "publiee_le": published.publiee_le if published else None,
        "auteur": published.auteur if published else "",
        "adoptants": 0,
        "chantier": f"/demarches/chantiers/{work.id}" if work else "",
        "chantier_par": work.modifie_par if work else "",
        "surcouche_url": f"/demarches/adoptions/{id_}/{row.slug}",
        "ouverte": row.ouverte,
        "a_soi": row.slug in own,
    }


async def get_adoptee(session: Any, collectivite_id: UUID, slug: str) -> Adoptee:
    """A démarche that a collectivité has adopted; NotFoundError when it has not."""
    row = await adoptions.get_adoption(session, collectivite_id, slug)
    if row is None:
        raise NotFoundError("Cette collectivité n’a pas adopté cette démarche.")
    shared = await catalogue.definition_of(session, row.version_id, None)
    surcouche = Surcouche()
    if row.surcouche_id:
        kept = await adoptions.list_surcouches(session, [row.surcouche_id])
        surcouche = Surcouche.model_validate(kept[row.surcouche_id])
    return Adoptee(slug, shared, surcouche, row.surcouche_id, row.version_id, row.ouverte)


class SurcoucheConflitError(ConflictError):
    """Somebody else has changed the overlay meanwhile."""

    code = "conflit"

    def __init__(self) -> None:
        super().__init__(
            "Quelqu’un d’autre a changé cette adaptation entre-temps. Rien n’a été écrasé : relisez ce qui est "
            "enregistré, puis enregistrez à nouveau ce que vous voulez garder."
        )


async def save(atelier: Atelier, adoptee: Adoptee, surcouche: Surcouche, vue: str) -> None:
    """Gives an adoption another overlay; SurcoucheRefuseeError when it does not fit.

    SurcoucheConflitError when `vue` (the overlay that the person was looking at) is no longer the present one.
    """
    if vue != (adoptee.surcouche_id or ""):
        raise SurcoucheConflitError
    appliquer(adoptee.partagee, surcouche)
    await _set(atelier, adoptee.slug, adoptee.version_id, surcouche)
    await atelier.record("demarches:surcouche:changer", str(atelier.proprietaire), slug=adoptee.slug)


async def _set(atelier: Atelier, slug: str, version_id: str, surcouche: Surcouche) -> None:
    collectivite_id = _owner(atelier)
    surcouche_id = None
    if surcouche != Surcouche():
        surcouche_id = empreinte(surcouche)
        await repository.add_surcouche(
            atelier.session,
            collectivite_id=collectivite_id,
            id=surcouche_id,
            slug=slug,
            contenu=surcouche.model_dump(mode="json", exclude_defaults=True),
            cree_le=atelier.ctx.now,
        )
    await repository.set_adoption(
        atelier.session, collectivite_id, slug, version_id=version_id, surcouche_id=surcouche_id
    )


def _owner(atelier: Atelier) -> UUID:
    if atelier.proprietaire is None:
        raise NotFoundError("Cette page n’existe que pour une collectivité.")
    return atelier.proprietaire


@dataclass(frozen=True, slots=True)
class Choix:
    """A new shared version before a collectivité: what changes, what of its overlay is concerned or lost."""

    adoptee: Adoptee
    version_id: str
    nouvelle: Definition
    changements: Sequence[Changement]
    parties: Sequence[str]
    perdu: str


async def get_choix(atelier: Atelier, slug: str) -> Choix:
    """What is to be chosen; NotFoundError when nothing is."""
    collectivite_id = _owner(atelier)
    row = await repository.get_nouveaute(atelier.session, collectivite_id, slug)
    if row is None:
        raise NotFoundError("Il n’y a plus rien à choisir pour cette démarche.")
    adoptee = await get_adoptee(atelier.session, collectivite_id, slug)
    new = await catalogue.definition_of(atelier.session, row.version_id, None)
    lost = ""
    try:
        appliquer(new, adoptee.surcouche)
    except SurcoucheRefuseeError as refusal:
        lost = refusal.message
    changes = comparer(adoptee.partagee, new)
    return Choix(adoptee, row.version_id, new, changes, row.parties or [], lost)


async def choose(atelier: Atelier, choix: Choix, decision: str) -> None:
    """Takes the new version: with the overlay (`garder`, less what has lost its place), or without (`retirer`).

    Anything else leaves the old version, and the question open.
    """
    if decision not in ("garder", "retirer"):
        return
    surcouche = Surcouche()
    if decision == "garder":
        surcouche = choix.adoptee.surcouche
        if choix.perdu:
            surcouche = elaguer(choix.nouvelle, surcouche)
        appliquer(choix.nouvelle, surcouche)
    await _set(atelier, choix.adoptee.slug, choix.version_id, surcouche)
    await repository.delete_nouveaute(atelier.session, _owner(atelier), choix.adoptee.slug)
    await atelier.record(
        "demarches:version:prendre", str(atelier.proprietaire), slug=choix.adoptee.slug, decision=decision
    )


async def adopt(atelier: Atelier, slug: str) -> None:
    """Offers a shared démarche to residents; NotFoundError when there is none of that name."""
    collectivite_id = _owner(atelier)
    current = {row.slug: row for row in await repository.list_current(atelier.session)}
    if slug not in current:
        raise NotFoundError("Cette démarche n’est pas au catalogue.")
    already = await adoptions.get_adoption(atelier.session, collectivite_id, slug)
    if already is not None:
        await adoptions.switch(atelier.session, collectivite_id, [slug], ouverte=True)
    else:
        await catalogue.adopt_all(atelier.session, [collectivite_id], {slug: current[slug].version_id})
    await atelier.record("demarches:adoption:changer", str(collectivite_id), slug=slug)
