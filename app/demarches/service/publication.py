"""Publishing a version: what changes, what it does to open dossiers and drafts, and then doing it, all at once.

A shared version reaches every adopter by a few statements; those whose overlay touches what changed are asked first. A
dossier keeps the version it pins unless it can follow without losing anything: drafts if the editor says so, submitted
dossiers only if the editor asks for it after seeing how many are concerned.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition, Surcouche, SurcoucheRefuseeError, appliquer
from app.demarches.edition.consequences import Effet, concernes, effet
from app.demarches.edition.difference import Changement, comparer
from app.demarches.edition.fautes import Faute, relire, verifier_contenu
from app.demarches.edition.scenarios import rejouer
from app.demarches.models_edition import Bascule, Chantier
from app.demarches.repository import bascules, edition
from app.demarches.repository import catalogue as adoptions
from app.demarches.service import catalogue
from app.demarches.service.diffusion import Resultat, kept_ids, overlays_to_ask, spread
from app.demarches.service.edition import (
    ABSENT,
    Atelier,
    open_atelier,
    open_chantier,
)
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.noyau import Noyau

LOT = 500
REFUS_GARDES = 200
GARDEE = "La collectivité garde la version précédente."


@dataclass
class Bilan:
    """What a version does to the dossiers of a démarche: counts, and why, with a few numbers of dossiers."""

    ouverts: int = 0
    sans_effet: int = 0
    brouillons: int = 0
    brouillons_suivent: int = 0
    raisons: Counter[str] = field(default_factory=Counter)
    exemples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def a_repondre(self) -> int:
        """Submitted dossiers that would want an answer, or lose one."""
        return self.ouverts - self.sans_effet

    @property
    def brouillons_restent(self) -> int:
        """Drafts that would lose an answer: they stay on their version."""
        return self.brouillons - self.brouillons_suivent


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything to know before publishing; `definition` is None while there are faults."""

    chantier: Chantier
    definition: Definition | None
    fautes: Sequence[Faute]
    changements: Sequence[Changement]
    premiere: bool
    bilan: Bilan
    adoptants: int
    interroges: dict[str, list[str]]
    essais: Sequence[tuple[UUID, str, list[str]]]
    remarques: Sequence[Faute] = ()

    @property
    def essais_rates(self) -> bool:
        """Whether an automated test no longer gives what it did."""
        return any(faults for _, _, faults in self.essais)


@asynccontextmanager
async def open_publication(
    ctx: Contexte, chantier_id: UUID, *, lock: bool = False
) -> AsyncIterator[tuple[Atelier, Chantier]]:
    """A work in progress under the platform's role, once it is known that this person may publish it."""
    async with open_chantier(ctx, chantier_id) as (atelier, found):
        if ctx.hote.genre == "opsn":
            if lock:
                locked = await edition.get_chantier(atelier.session, chantier_id, lock=True)
                if locked is None:
                    raise NotFoundError(ABSENT)
            yield atelier, found
            return
    async with ctx.noyau.db.hors_cloison("publishing what a collectivité wrote for itself") as session:
        chantier = await edition.get_chantier(session, chantier_id, lock=lock)
        if chantier is None or chantier.proprietaire_id != atelier.proprietaire:
            raise NotFoundError(ABSENT)
        yield Atelier(ctx, session, atelier.proprietaire, atelier.auteur), chantier


async def prepare(atelier: Atelier, chantier: Chantier) -> Preparation:
    """Checks a work and reckons what publishing it would do; as many statements for ten dossiers as for a million."""
    definition, fautes = verifier_contenu(chantier.contenu)
    latest = await edition.list_publications(atelier.session, atelier.proprietaire, chantier.slug, 1)
    present = None
    if latest:
        present = await catalogue.definition_of(atelier.session, latest[0].version_id, None)
    if definition is None:
        return Preparation(chantier, None, fautes, (), present is None, Bilan(), 0, {}, ())
    fautes = await kept_ids(atelier.session, atelier.proprietaire, definition)
    changes = comparer(present, definition) if present else ()
    version_id = catalogue.version_id_of(definition, atelier.proprietaire)
    asked = await overlays_to_ask(atelier.session, definition)
    counts = await edition.count_adopters(atelier.session)
    bilan = await reckon(atelier, definition, version_id, set(asked)) if present else Bilan()
    scenarios = await edition.list_scenarios(atelier.session, atelier.proprietaire, chantier.slug)
    played = [(s.id, s.nom, rejouer(definition, s.contenu)) for s in scenarios]
    return Preparation(
        chantier,
        definition if not fautes else None,
        fautes,
        changes,
        present is None,
        bilan,
        counts.get(chantier.slug, 0),
        asked,
        played,
        relire(definition),
    )


@dataclass(frozen=True, slots=True)
class Passage:
    """From one pinned version (and overlay) to the new one: what is concerned."""

    avant: Definition
    apres: Definition
    touches: set[str]
    utiles: set[str]


async def passages(
    session: AsyncSession, definition: Definition, pinned: Sequence[tuple[str, str | None]]
) -> dict[tuple[str, str | None], Passage]:
    """How each pinned version passes to the new one; absent when its overlay does not fit it."""
    former = await catalogue.load_definitions(session, list(pinned))
    kept = await adoptions.list_surcouches(session, {s for _, s in pinned if s})
    found: dict[tuple[str, str | None], Passage] = {}
    for version_id, surcouche_id in pinned:
        after = definition
        if surcouche_id:
            try:
                after = appliquer(definition, Surcouche.model_validate(kept[surcouche_id]))
            except SurcoucheRefuseeError:
                continue
        before = former[(version_id, surcouche_id or "")]
        found[(version_id, surcouche_id)] = Passage(before, after, *concernes(before, after))
    return found


async def reckon(atelier: Atelier, definition: Definition, version_id: str, retenues: set[str]) -> Bilan:
    """The effect on open dossiers and drafts, in four statements, but where the collectivité will be asked first."""
    session, slug, owner = atelier.session, definition.slug, atelier.proprietaire
    pinned = await bascules.list_pinned(session, slug, version_id, owner)
    ways = await passages(session, definition, pinned)
    ids = sorted(set().union(*(way.utiles for way in ways.values()))) if ways else []
    by_day = any(
        "aujourdhui" in str(way.apres.model_dump(mode="json")) for way in ways.values() if way.touches
    )
    groups = await bascules.list_groups(session, slug, version_id, owner, ids, par_jour=by_day)
    bilan = Bilan()
    for group in groups:
        if group.surcouche_id in retenues:
            continue
        way = ways.get((group.version_id, group.surcouche_id))
        _count(bilan, group, way, atelier.ctx)
    return bilan


def _count(bilan: Bilan, group: bascules.Groupe, way: Passage | None, ctx: Contexte) -> None:
    result = (
        effet(way.avant, way.apres, group.reponses, group.pieces, group.jour or ctx.today(), way.touches)
        if way
        else None
    )
    if group.brouillon:
        bilan.brouillons += group.nombre
        bilan.brouillons_suivent += group.nombre if result and result.sans_perte else 0
        return
    bilan.ouverts += group.nombre
    if result and result.aucun:
        bilan.sans_effet += group.nombre
        return
    for raison in raisons_of(way, result):
        bilan.raisons[raison] += group.nombre
        shown = bilan.exemples.setdefault(raison, [])
        shown.extend(group.exemples[: 5 - len(shown)])


def raisons_of(way: Passage | None, result: Effet | None) -> list[str]:
    """Why a dossier cannot follow by itself."""
    if way is None or result is None:
        return ["L’adaptation de la collectivité ne convient pas à la nouvelle version."]
    titles = {champ.id: champ.libelle for champ in (*way.avant.champs(), *way.apres.champs())}
    return [
        *(f"« {titles[c]} » : réponse à donner" for c in result.manquants),
        *(f"« {titles[c]} » : réponse à corriger" for c in result.fautifs),
        *(f"« {titles[c]} » : réponse qui ne compterait plus" for c in result.perdus),
    ]


async def publish(
    atelier: Atelier,
    chantier: Chantier,
    *,
    vue: int,
    note: str = "",
    brouillons: bool = False,
    deposes: bool = False,
) -> Resultat:
    """Publishes a work: one transaction, a few statements whatever the number of adopters; dossiers follow by a job.

    Refused with what is wrong: a fault, a failed automated test, a work that somebody changed since it was looked at
    (`vue`), a version that is the present one already.
    """
    if vue != chantier.revision:
        raise ConflictError(
            f"{chantier.modifie_par} a changé la démarche depuis que cette page est affichée : relisez, puis publiez."
        )
    ready = await prepare(atelier, chantier)
    if ready.definition is None:
        raise InvalidInputError("La démarche a encore des points à corriger : " + ready.fautes[0].phrase)
    if ready.essais_rates:
        raise InvalidInputError(
            "Un essai automatique ne donne plus le résultat attendu : voyez lequel ci-dessous."
        )
    if not ready.premiere and not ready.changements:
        raise InvalidInputError("Rien n’a changé depuis la version publiée.")
    result = await spread(
        atelier.session,
        ready.definition,
        ready.interroges,
        atelier.ctx.now,
        atelier.auteur,
        atelier.proprietaire,
        note,
    )
    await atelier.record(
        "demarches:version:publier",
        result.version_id,
        slug=chantier.slug,
        numero=result.numero,
        adoptants=result.deplacees,
    )
    await edition.delete_chantier(atelier.session, chantier.id)
    if brouillons or deposes:
        await follow(atelier, ready.definition.slug, result.version_id, deposes=deposes)
    return result


async def follow(atelier: Atelier, slug: str, version_id: str, *, deposes: bool) -> None:
    """Dossiers go to the version by a job: drafts that can, and submitted ones when `deposes`."""
    bascule_id, owner = uuid7(), atelier.proprietaire
    await bascules.add_bascule(
        atelier.session,
        prevus=await bascules.count_followers(atelier.session, slug, version_id, owner, deposes=deposes),
        id=bascule_id,
        proprietaire_id=owner,
        slug=slug,
        version_id=version_id,
        deposes=deposes,
        cree_le=atelier.ctx.now,
    )
    await emit(atelier.session, "demarches:basculer", bascule_id=bascule_id)


async def move_batch(noyau: Noyau, bascule_id: UUID) -> bool:
    """Moves the next dossiers and says how far it is, in one transaction; False when there is none left.

    Killed at any moment, it goes on where it was; run twice, it does nothing more.
    """
    async with noyau.db.hors_cloison("dossiers follow a publication") as session:
        bascule = await bascules.get_bascule(session, bascule_id)
        if bascule is None or bascule.finie_le is not None:
            return False
        batch = await bascules.list_batch(session, bascule, LOT)
        now = noyau.clock.now()
        if not batch:
            await bascules.save_progress(session, bascule, finie_le=now)
            return False
        definition = await catalogue.definition_of(session, bascule.version_id, None)
        offered = await adoptions.list_adopters(session, bascule.slug, bascule.version_id)
        ways = await passages(session, definition, list({(d.version_id, d.surcouche_id) for d in batch}))
        stays = {d.id: _reste(d, ways, offered, now.date()) for d in batch}
        moved = [d for d in batch if not stays[d.id]]
        await bascules.move(session, moved, bascule.version_id, now)
        await bascules.save_progress(
            session,
            bascule,
            curseur=batch[-1].id,
            deplaces=bascule.deplaces + len(moved),
            laisses=bascule.laisses + len(batch) - len(moved),
            **_raisons(bascule, batch, stays),
        )
        return True


def _reste(
    dossier: bascules.Suiveur,
    ways: dict[tuple[str, str | None], Passage],
    offered: Collection[UUID],
    today: date,
) -> list[str]:
    """Why a dossier keeps its version, a sentence each; empty for one that follows."""
    if dossier.collectivite_id not in offered:
        return [GARDEE]
    way = ways.get((dossier.version_id, dossier.surcouche_id))
    if way is None:
        return raisons_of(None, None)
    jour = dossier.depose_le or today
    result = effet(way.avant, way.apres, dossier.reponses, dossier.pieces, jour, way.touches)
    follows = result.sans_perte if dossier.brouillon else result.aucun
    return [] if follows else raisons_of(way, result)


def _raisons(
    bascule: Bascule, batch: Sequence[bascules.Suiveur], stays: Mapping[UUID, list[str]]
) -> dict[str, Any]:
    """Counts of reasons with those of a batch added, and the first submitted dossiers that stay, by number."""
    counts = Counter(bascule.raisons)
    counts.update(raison for raisons in stays.values() for raison in raisons)
    told = [{"numero": d.numero, "raisons": stays[d.id]} for d in batch if d.numero and stays[d.id]]
    return {"raisons": dict(counts), "refus": [*bascule.refus, *told][:REFUS_GARDES]}


async def read_moves(ctx: Contexte, proprietaire: UUID | None, slug: str) -> list[dict[str, Any]]:
    """`list_moves` for who may edit that démarche; the moves themselves are the platform's alone."""
    async with open_atelier(ctx, proprietaire) as atelier:
        if atelier.proprietaire is None:
            return await list_moves(atelier, slug)
    async with ctx.noyau.db.hors_cloison("how dossiers follow a collectivité's own version") as session:
        return await list_moves(Atelier(ctx, session, atelier.proprietaire, atelier.auteur), slug)


async def list_moves(atelier: Atelier, slug: str) -> list[dict[str, Any]]:
    """How dossiers follow the versions of a démarche, latest move first; NotFoundError when it is not theirs."""
    rows = await edition.list_publications(atelier.session, atelier.proprietaire, slug)
    if not rows:
        raise NotFoundError("Cette démarche n’existe pas, ou n’est pas à vous.")
    numbers = {row.version_id: row.numero for row in rows}
    return [
        {
            "version": numbers.get(move.version_id, ""),
            "cree_le": move.cree_le,
            "finie_le": move.finie_le,
            "prevus": max(move.prevus, move.deplaces + move.laisses),
            "deplaces": move.deplaces,
            "laisses": move.laisses,
            "raisons": sorted(move.raisons.items(), key=lambda item: -item[1]),
            "refus": move.refus,
        }
        for move in await bascules.list_bascules(atelier.session, atelier.proprietaire, slug)
    ]
