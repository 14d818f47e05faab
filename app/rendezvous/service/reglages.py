"""Who receives, where, when and why: set by the administrators of a collectivité; absences by each of its agents.

A change opens and closes créneaux at once, in its own transaction; what is booked keeps its time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous import repository as rendezvous
from app.rendezvous.domain.ouvertures import RegleRefuseeError, check_recurrence
from app.rendezvous.domain.saisie_reglages import Lu
from app.rendezvous.models import Besoin, Lieu, Motif, Plage, Ressource
from app.rendezvous.models_agenda import Absence, Fermeture
from app.rendezvous.repository import ouvertures as calendrier
from app.rendezvous.repository import planning as lignes
from app.rendezvous.repository import reglages as repository
from app.rendezvous.service import ouvertures
from app.rendezvous.service.regles import regle_of
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ForbiddenError, NotFoundError
from app.socle.ids import uuid7
from app.socle.models import Collectivite
from app.socle.permissions import Droit, droit_of

INCONNU = "Cette page n’existe pas."


@dataclass(frozen=True, slots=True)
class Place:
    """A collectivité that the agent serves."""

    collectivite: Collectivite
    droit: Droit

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.collectivite.id

    @property
    def zone(self) -> ZoneInfo:
        """Its clock."""
        return ZoneInfo(self.collectivite.fuseau)

    @property
    def administre(self) -> bool:
        """Whether the agent may change its settings."""
        return self.droit.role == "administrateur"


@dataclass(frozen=True, slots=True)
class Reglages:
    """Everything that is set there."""

    lieux: list[Lieu]
    ressources: list[Ressource]
    motifs: list[Motif]
    besoins: list[Besoin]
    plages: list[Plage]
    fermetures: list[Fermeture]
    absences: list[Absence]
    vendredi_saint: bool


async def access(ctx: Contexte, slug: str) -> Place:
    """NotFoundError for a collectivité where the agent has no right: for them it does not exist."""
    found = await repository.get_collectivite(ctx.db, slug)
    if found is None:
        raise NotFoundError(INCONNU)
    return Place(found, await droit_of(ctx, found.id))


async def administer(ctx: Contexte, slug: str, genre: str) -> Place:
    """The same, to write: ForbiddenError for settings when the agent is no administrator; absences are everybody's."""
    place = await access(ctx, slug)
    if genre != "absence" and not place.administre:
        raise ForbiddenError(
            "Seuls les administrateurs de la collectivité changent ces réglages : demandez à l’un d’eux, dont la "
            "liste est sur « Ma collectivité »."
        )
    await write_in(ctx.db, place.id)
    return place


async def load(ctx: Contexte, place: Place) -> Reglages:
    """All of it, one statement a kind."""
    session, id_ = ctx.db, place.id
    reglage = await calendrier.get_reglage(session, id_)
    return Reglages(
        lieux=await repository.list_all(session, Lieu, id_),
        ressources=await repository.list_all(session, Ressource, id_),
        motifs=await repository.list_all(session, Motif, id_),
        besoins=await repository.list_besoins(session, id_),
        plages=await repository.list_plages(session, id_),
        fermetures=await calendrier.list_fermetures(session, id_, ctx.today(place.collectivite.fuseau)),
        absences=await calendrier.list_absences(session, id_, ctx.now),
        vendredi_saint=reglage is None or reglage.vendredi_saint,
    )


def find(reglages: Reglages, genre: str, id_: UUID) -> Any:
    """One of them; NotFoundError when there is none."""
    lists: dict[str, list[Any]] = {
        "lieu": reglages.lieux,
        "ressource": reglages.ressources,
        "motif": reglages.motifs,
        "plage": reglages.plages,
        "fermeture": reglages.fermetures,
        "absence": reglages.absences,
    }
    found = next((row for row in lists[genre] if row.id == id_), None)
    if found is None:
        raise NotFoundError(INCONNU)
    return found


async def check_plage(ctx: Contexte, place: Place, lu: Lu) -> None:
    """Adds to what is wrong when a rule cannot be followed, or opens on no day within a year."""
    if lu.erreurs:
        return
    try:
        check_recurrence(lu.valeurs["regle"])
        columns = ("du", "au", "heure_debut", "heure_fin", "regle", "vacances", "feries")
        plage = Plage(**{name: lu.valeurs[name] for name in columns})
        today = ctx.today(place.collectivite.fuseau)
        agenda = await ouvertures.load_agenda(ctx.db, place.id, today)
        ouvertures.check_opens(agenda, regle_of(plage), today)
    except RegleRefuseeError as refusal:
        lu.erreurs["repetition"] = refusal.message


async def save(ctx: Contexte, place: Place, genre: str, id_: UUID | None, lu: Lu) -> UUID:
    """Writes what was read without fault, and opens or closes créneaux; returns its id. Needs `administer`."""
    values = dict(lu.valeurs)
    besoins: list[list[UUID]] = values.pop("besoins", [])
    model = repository.MODELES[genre]
    new = id_ or uuid7()
    # Read before: what is written next changes the row that we hold.
    former = _traces(find(await load(ctx, place), genre, id_)) if id_ else {}
    if id_ is None:
        if genre == "ressource":
            values.setdefault("occupant_id", new)
        await repository.add(ctx.db, model, {"collectivite_id": place.id, "id": new, **values})
    else:
        # The physical person or thing stays the same, whatever the form says: what is booked hangs on it.
        for fixed in ("occupant_id", "genre") if genre == "ressource" else ():
            values.pop(fixed, None)
        await repository.change(ctx.db, model, place.id, new, values)
    if genre == "motif":
        await _write_besoins(ctx, place.id, new, besoins)
    await _follow(ctx, place, genre, values, former)
    await record(ctx, f"rendezvous:{genre}:enregistrer", str(new), place.id)
    return new


async def _write_besoins(
    ctx: Contexte, collectivite_id: UUID, motif_id: UUID, besoins: list[list[UUID]]
) -> None:
    await rendezvous.delete_besoins(ctx.db, collectivite_id, motif_id)
    for rang, ressources in enumerate(besoins, 1):
        for ressource_id in ressources:
            await rendezvous.add(
                ctx.db,
                Besoin,
                collectivite_id=collectivite_id,
                motif_id=motif_id,
                rang=rang,
                ressource_id=ressource_id,
            )


def _traces(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("ressource_id", "fuseau") if hasattr(row, name)}


async def _follow(
    ctx: Contexte, place: Place, genre: str, values: dict[str, Any], former: dict[str, Any]
) -> None:
    """Expands again what a change opens or closes; absences are followed by the database itself."""
    if genre == "plage":
        touched = {values["ressource_id"], former.get("ressource_id", values["ressource_id"])}
        for ressource_id in sorted(touched, key=str):
            await ouvertures.refresh(ctx.db, place.id, ctx.now, ressource_id)
    elif genre == "fermeture" or (genre == "lieu" and former and former["fuseau"] != values["fuseau"]):
        await ouvertures.refresh(ctx.db, place.id, ctx.now)


async def remove(ctx: Contexte, place: Place, genre: str, id_: UUID) -> str:
    """Deletes, or takes out of use what rendez-vous still need: « retire » or « archive ». Needs `administer`."""
    row = find(await load(ctx, place), genre, id_)
    model = repository.MODELES[genre]
    kept = False
    if genre == "motif":
        kept = (await repository.count_rendezvous(ctx.db, id_, ctx.now))[0] > 0
    elif genre in ("lieu", "ressource"):
        kept = await repository.is_used(ctx.db, genre, id_)
    if kept:
        await repository.change(ctx.db, model, place.id, id_, {"actif": False})
    else:
        await repository.remove(ctx.db, model, place.id, id_)
    if genre == "plage":
        await ouvertures.refresh(ctx.db, place.id, ctx.now, row.ressource_id)
    elif genre == "fermeture":
        await ouvertures.refresh(ctx.db, place.id, ctx.now)
    await record(ctx, f"rendezvous:{genre}:retirer", str(id_), place.id, archive=kept)
    return "archive" if kept else "retire"


async def set_vendredi_saint(ctx: Contexte, place: Place, ferie: bool) -> None:
    """Whether Good Friday is a holiday there (Alsace-Moselle). Needs `administer`."""
    await calendrier.save_reglage(ctx.db, place.id, vendredi_saint=ferie)
    await ouvertures.refresh(ctx.db, place.id, ctx.now)
    await record(ctx, "rendezvous:calendrier:changer", place.collectivite.slug, place.id)


async def list_concerned(ctx: Contexte, occupant_id: UUID, debut: datetime, fin: datetime) -> list[Any]:
    """The rendez-vous that an absence leaves without anybody, in every collectivité that the agent serves."""
    return await lignes.list_during(ctx.db, occupant_id, debut, fin)


async def count_to_come(ctx: Contexte, motif_id: UUID) -> int:
    """How many rendez-vous of a motif are to come."""
    return (await repository.count_rendezvous(ctx.db, motif_id, ctx.now))[1]


async def list_agents(ctx: Contexte, place: Place) -> dict[UUID, str]:
    """Those who may be a ressource there."""
    return await repository.list_agents(ctx.db, place.id)
