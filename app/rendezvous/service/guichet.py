"""An agent books for somebody, or moves what stands: at the counter or on the phone, without the motif's lead time.

The database refuses an agent what it refuses everybody: time that is not open, or that is taken.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous import repository
from app.rendezvous.domain.contact import read_predemandes
from app.rendezvous.models import Lieu, Motif, RendezVous
from app.rendezvous.service import planning, recherche, reservation
from app.rendezvous.service.liens import empreinte_of
from app.rendezvous.service.prise import Souhait, address_lines
from app.rendezvous.service.recherche import Offre
from app.rendezvous.service.reservation import Choix, CreneauPrisError
from app.socle.adresses import parse_email
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import savepoint, write_in
from app.socle.errors import ConflictError, NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit

JOURS = 14
CANAUX = ("guichet", "telephone", "courrier", "aidant")


@dataclass(frozen=True, slots=True)
class Prestation:
    """A motif of one of the agent's collectivités, with its lieux."""

    motif: Motif
    lieux: dict[UUID, Lieu]

    @property
    def zone(self) -> ZoneInfo:
        """The clock in which its days are counted."""
        return ZoneInfo(next((lieu.fuseau for lieu in self.lieux.values()), "Europe/Paris"))


async def access_motif(ctx: Contexte, motif_id: UUID) -> Prestation:
    """A motif in use of a collectivité that the agent serves; NotFoundError otherwise."""
    for commune in planning.communes_of(ctx):
        motif = await repository.get_motif(ctx.db, commune, motif_id)
        if motif is not None and motif.actif:
            lieux = await repository.list_lieux(ctx.db, commune)
            return Prestation(motif, {lieu.id: lieu for lieu in lieux})
    raise NotFoundError("Ce motif n’existe pas, ou n’est plus proposé.")


async def find(
    ctx: Contexte, prestation: Prestation, personnes: int, du: date, *, instead_of: RendezVous | None = None
) -> list[Offre]:
    """What is free from a day on, for two weeks, whatever the lead time; as if `instead_of` were given up."""
    values: dict[str, Any] = {"now": ctx.now, "fuseau": str(prestation.zone), "sans_delai": True}
    last = du + timedelta(days=JOURS - 1)
    if instead_of is None:
        return await recherche.find_creneaux(ctx.db, prestation.motif, personnes, du, last, **values)
    await write_in(ctx.db, instead_of.collectivite_id)
    found: list[Offre] = []
    with suppress(_TriedError):
        async with savepoint(ctx.db):
            await reservation.cancel(ctx.db, instead_of.id, ctx.now)
            found = await recherche.find_creneaux(ctx.db, prestation.motif, personnes, du, last, **values)
            raise _TriedError
    return found


class _TriedError(Exception):
    """Gives a trial up: what it wrote goes with its savepoint."""


def read_civil(form: Mapping[str, Any], predemandes: int) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Who comes, as an agent types it: a name is enough; what is given must be right. (contact, numbers, errors)."""
    names = ("prenom", "nom", "telephone", "courriel")
    contact = {name: " ".join(str(form.get(name) or "").split())[:100] for name in names}
    errors: dict[str, str] = {}
    if not contact["nom"]:
        errors["nom"] = "Écrivez le nom de la personne qui vient."
    if contact["courriel"]:
        try:
            contact["courriel"] = parse_email(contact["courriel"]).normalized.lower()
        except ValueError:
            errors["courriel"] = "Cette adresse de courriel n’est pas complète. Corrigez-la, ou laissez vide."
    digits = [c for c in contact["telephone"] if c.isdigit()]
    if contact["telephone"] and not 9 <= len(digits) <= 15:
        errors["telephone"] = "Ce numéro de téléphone n’est pas complet. Corrigez-le, ou laissez vide."
    numbers, wrong = read_predemandes(form, predemandes)
    return contact, list(numbers), errors | wrong


async def book(
    ctx: Contexte,
    prestation: Prestation,
    souhait: Souhait,
    contact: Mapping[str, str],
    predemandes: list[str],
    canal: str,
) -> UUID:
    """Books for somebody, at once, and tells whoever gave an e-mail; CreneauPrisError when it is not free any more."""
    motif = prestation.motif
    await write_in(ctx.db, motif.collectivite_id)
    id_ = uuid7()
    choix = _choix(
        ctx, prestation, souhait, origine=id_, contact=contact, predemandes=predemandes, canal=canal
    )
    await reservation.hold(ctx.db, motif.collectivite_id, choix, ctx.now, rendezvous_id=id_)
    await reservation.confirm(ctx.db, id_, ctx.now)
    await announce(ctx, motif.collectivite_id, id_, "confirme")
    await record(ctx, "rendezvous:prendre", str(id_), motif.collectivite_id, canal=canal)
    return id_


def _choix(ctx: Contexte, prestation: Prestation, souhait: Souhait, *, origine: UUID, **values: Any) -> Choix:
    lieu = prestation.lieux.get(souhait.lieu_id)
    if lieu is None:
        raise CreneauPrisError("Ce lieu ne reçoit pas pour ce rendez-vous. Choisissez un autre créneau.")
    return Choix(
        prestation.motif.id,
        lieu.id,
        souhait.debut,
        lieu.fuseau,
        personnes=souhait.personnes,
        mode=souhait.mode,
        jeton_empreinte=empreinte_of(ctx.noyau, origine),
        libelles=libelles_of(prestation.motif, lieu),
        **values,
    )


def libelles_of(motif: Motif, lieu: Lieu) -> dict[str, Any]:
    """Motif and lieu in the words of the day."""
    return {
        "motif": motif.nom,
        "consignes": motif.consignes,
        "lieu": lieu.nom,
        "adresse": address_lines(lieu.adresse),
        "acces": lieu.acces,
    }


async def move(ctx: Contexte, rendezvous_id: UUID, souhait: Souhait) -> UUID:
    """Another créneau in the place of this one: it keeps its link and its place in calendars; returns the new id.

    CreneauPrisError leaves everything as it was (the caller rolls back); ConflictError for one that is over.
    """
    found = await planning.access(ctx, rendezvous_id, lock=True)
    if found.etat != "confirme":
        raise ConflictError("Ce rendez-vous ne tient plus : il ne se déplace pas. Prenez-en un autre.")
    prestation = await access_motif(ctx, found.motif_id)
    # Read before: giving it up changes the row that we hold. Calendars want a version that grows (RFC 5546).
    sequence = found.sequence + 1
    await reservation.cancel(ctx.db, found.id, ctx.now, deplace=True)
    id_ = uuid7()
    choix = _choix(
        ctx,
        prestation,
        souhait,
        origine=found.origine,
        contact=found.contact,
        predemandes=found.predemandes[: souhait.personnes],
        canal=found.canal,
        usager_id=found.usager_id,
        langue=found.langue,
        origine_id=found.origine,
        sequence=sequence,
    )
    await reservation.hold(ctx.db, found.collectivite_id, choix, ctx.now, rendezvous_id=id_)
    await reservation.confirm(ctx.db, id_, ctx.now)
    await announce(ctx, found.collectivite_id, id_, "deplace")
    await record(ctx, "rendezvous:deplacer", str(id_), found.collectivite_id)
    return id_


async def announce(ctx: Contexte, collectivite_id: UUID, rendezvous_id: UUID, quoi: str) -> None:
    """Enqueues the message that tells the person: confirme, deplace, annule."""
    await emit(
        ctx.db,
        "rendezvous:annoncer",
        collectivite_id=collectivite_id,
        rendezvous_id=rendezvous_id,
        quoi=quoi,
    )


def read_creneau(valeur: Any, personnes: int, mode: str) -> Souhait | None:
    """The créneau that a form names; None when it names none."""
    moment, _, place = str(valeur or "").partition(" ")
    try:
        debut = datetime.fromisoformat(moment.replace("Z", "+00:00"))
        return Souhait(UUID(place), debut, personnes, mode) if debut.tzinfo else None
    except ValueError:
        return None
