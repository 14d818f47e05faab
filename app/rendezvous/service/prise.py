"""A resident books by themselves: holds a créneau, says who they are, confirms. Each step may be sent twice.

A hold is owned by the secret of its link from the first moment: signing in, another tab or « back » find it again.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous import repository
from app.rendezvous.domain.contact import Contact
from app.rendezvous.models import RendezVous
from app.rendezvous.repository import public
from app.rendezvous.service import recherche, reservation
from app.rendezvous.service.liens import empreinte_of, open_lien
from app.rendezvous.service.recherche import Offert
from app.rendezvous.service.reservation import Choix, CreneauPrisError
from app.socle import limites
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import set_perimetre
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.ids import fingerprint, uuid7
from app.socle.jobs import emit
from app.socle.langues import N_
from app.socle.noyau import Noyau

TEMOIN = "kumun-rendez-vous"
FENETRE = timedelta(minutes=10)
ESSAIS_CODE = 5
FINI = N_("Ce rendez-vous n’est plus à prendre : il a été annulé, ou il a déjà eu lieu. Prenez-en un autre.")


@dataclass(frozen=True, slots=True)
class Souhait:
    """What somebody chose: where and when (an aware instant), for how many, how."""

    lieu_id: UUID
    debut: datetime
    personnes: int
    mode: str

    @property
    def valeur(self) -> str:
        """The créneau as the button that chooses it says it."""
        return f"{self.debut.astimezone(UTC):%Y-%m-%dT%H:%MZ} {self.lieu_id}"


def read_personnes(form: Mapping[str, Any], offert: Offert) -> int:
    """How many come, one when nothing is said; PersonnesRefuseesError beyond what the motif receives."""
    typed = str(form.get("personnes") or "1")
    number = int(typed) if typed.isdecimal() and len(typed) < 4 else 0
    recherche.check_personnes(offert.motif, number)
    return number


def read_mode(form: Mapping[str, Any], offert: Offert) -> str:
    """How the meeting is held; InvalidInputError for a way that the motif does not offer."""
    mode = str(form.get("mode") or offert.motif.modes[0])
    if mode not in offert.motif.modes:
        raise InvalidInputError("Ce rendez-vous ne se tient pas de cette façon. Choisissez-en une autre.")
    return mode


def read_souhait(form: Mapping[str, Any], offert: Offert) -> Souhait:
    """What a form chose; InvalidInputError for a créneau that no page of ours wrote."""
    moment, _, place = str(form.get("creneau") or "").partition(" ")
    try:
        debut = datetime.strptime(moment, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        lieu_id = UUID(place)
    except ValueError:
        raise InvalidInputError("Choisissez un créneau dans la liste.") from None
    if lieu_id not in offert.lieux:
        raise InvalidInputError(
            "Ce lieu ne reçoit pas pour ce rendez-vous. Choisissez un créneau dans la liste."
        )
    return Souhait(lieu_id, debut, read_personnes(form, offert), read_mode(form, offert))


async def _act_for(ctx: Contexte, jeton: bytes) -> None:
    await set_perimetre(ctx.db, replace(ctx.db.info["perimetre"], jeton=jeton))


async def _give_back(ctx: Contexte) -> None:
    """Frees what this browser held before: one hold at a time."""
    cle = ctx.request.cookies.get(ctx.cookie_name(TEMOIN), "")
    if not cle:
        return
    await _act_for(ctx, fingerprint(cle))
    former = await public.get_by_jeton(ctx.db, fingerprint(cle), lock=True)
    if former is not None and former.etat == "retenu":
        await reservation.release(ctx.db, former, ctx.now)


async def begin(ctx: Contexte, offert: Offert, souhait: Souhait, rendezvous_id: UUID) -> None:
    """Holds a créneau for this browser, which gives back what it held; CreneauPrisError when somebody has it.

    Limited by browser and by network, so that nobody keeps a day from everybody.
    """
    client = ctx.request.client.host if ctx.request.client else "?"
    for who, at_most in ((f"t:{ctx.temoin}", 20), (f"a:{client}", 300)):
        await limites.limit(ctx.noyau, "rendez-vous", who, at_most=at_most, per=FENETRE)
    await _give_back(ctx)
    await _act_for(ctx, empreinte_of(ctx.noyau, rendezvous_id))
    await _hold(ctx, offert, souhait, rendezvous_id)


async def _hold(
    ctx: Contexte,
    offert: Offert,
    souhait: Souhait,
    rendezvous_id: UUID,
    avant: RendezVous | None = None,
    sequence: int = 0,
) -> None:
    """Holds what is proposed, and nothing else: within the lead time, the horizon and the quota of the motif."""
    if souhait.debut <= ctx.now:
        raise CreneauPrisError("Ce créneau est déjà passé. Choisissez-en un autre.")
    motif, lieu = offert.motif, offert.lieux[souhait.lieu_id]
    day = souhait.debut.astimezone(ZoneInfo(offert.fuseau)).date()
    if motif.quota_jour is not None:
        await public.lock_quota(ctx.db, motif.id, day)
    offres = await recherche.find_offres(
        ctx.db,
        offert,
        souhait.personnes,
        day,
        day,
        now=ctx.now,
        departement=ctx.collectivite.departement,
        lieu_id=lieu.id,
    )
    if all(offre.creneau.debut != souhait.debut for offre in offres):
        raise CreneauPrisError(
            "Ce créneau n’est plus libre : il vient peut-être d’être pris. Choisissez-en un autre."
        )
    origine = avant.origine if avant else rendezvous_id
    choix = Choix(
        motif.id,
        lieu.id,
        souhait.debut,
        lieu.fuseau,
        personnes=souhait.personnes,
        mode=souhait.mode,
        canal=avant.canal if avant else "web",
        usager_id=avant.usager_id if avant else ctx.usager_id,
        jeton_empreinte=empreinte_of(ctx.noyau, origine),
        contact=avant.contact if avant else {},
        predemandes=avant.predemandes[: souhait.personnes] if avant else (),
        libelles={
            "motif": motif.nom,
            "consignes": motif.consignes,
            "lieu": lieu.nom,
            "adresse": address_lines(lieu.adresse),
            "acces": lieu.acces,
        },
        langue=avant.langue if avant else ctx.langue,
        origine_id=origine if avant else None,
        sequence=sequence,
    )
    await reservation.hold(ctx.db, ctx.collectivite.id, choix, ctx.now, rendezvous_id=rendezvous_id)


def address_lines(adresse: Mapping[str, Any]) -> list[str]:
    """The postal address of a lieu, as it is written on an envelope."""
    last = f"{adresse.get('code_postal', '')} {adresse.get('commune', '')}".strip()
    return [line for line in (adresse.get("ligne", ""), adresse.get("complement", ""), last) if line]


async def replace_by(
    ctx: Contexte, offert: Offert, avant: RendezVous, souhait: Souhait, rendezvous_id: UUID
) -> None:
    """Another créneau in the place of a hold, or of a rendez-vous that stands; the link and what was typed stay.

    In one transaction: when the new one cannot be had, the old one is untouched. `avant` must be locked.
    """
    await public.lock_occupants(ctx.db, avant.collectivite_id, avant.motif_id)
    # Read before it changes: the row follows what is written to it.
    sequence = avant.sequence + 1 if avant.etat == "confirme" else 0
    if avant.etat == "confirme":
        await reservation.cancel(ctx.db, avant.id, ctx.now, deplace=True)
    elif avant.etat in ("retenu", "expire"):
        await repository.update_rendezvous(
            ctx.db, avant, ctx.now, etat="expire", expire_le=None, deplace=True
        )
    else:
        raise ConflictError(FINI)
    await _hold(ctx, offert, souhait, rendezvous_id, avant, sequence)


def is_held(found: RendezVous, now: datetime) -> bool:
    """Whether a créneau is still kept for whoever chose it."""
    return found.etat == "retenu" and found.expire_le is not None and found.expire_le > now


async def _held_again(ctx: Contexte, found: RendezVous) -> UUID:
    """The hold, or a new one of the same créneau when its time is over and nobody came; CreneauPrisError else."""
    if is_held(found, ctx.now):
        return found.id
    offert = await recherche.get_offert(ctx.db, found.collectivite_id, found.motif_id)
    if found.lieu_id not in offert.lieux:
        raise CreneauPrisError("Ce lieu ne reçoit plus pour ce rendez-vous. Choisissez un autre créneau.")
    again = uuid7()
    souhait = Souhait(found.lieu_id, found.debut, found.personnes, found.mode)
    await replace_by(ctx, offert, found, souhait, again)
    return again


async def confirm(ctx: Contexte, cle: Any, contact: Contact | None = None) -> RendezVous:
    """Makes a hold a rendez-vous and tells the person; `contact` is what was typed, None for what the hold keeps.

    Twice is harmless. When the hold is over its créneau is taken again if it is free: CreneauPrisError otherwise.
    """
    found = await open_lien(ctx, cle, lock=True)
    if found.etat == "confirme":
        return found
    if found.etat not in ("retenu", "expire"):
        raise ConflictError(FINI)
    rendezvous_id = await _held_again(ctx, found)
    values: dict[str, Any] = {"usager_id": ctx.usager_id or found.usager_id, "langue": ctx.langue}
    if contact is not None:
        values |= {"contact": contact.stored(), "predemandes": list(contact.predemandes)}
    await reservation.confirm(ctx.db, rendezvous_id, ctx.now, **values)
    await announce(ctx, rendezvous_id, "confirme")
    await record(ctx, "rendezvous:prendre", str(rendezvous_id), ctx.collectivite.id)
    return found


async def announce(ctx: Contexte, rendezvous_id: UUID, quoi: str) -> None:
    """Enqueues the message that tells the person: confirme, deplace, annule."""
    await emit(
        ctx.db,
        "rendezvous:annoncer",
        collectivite_id=ctx.collectivite.id,
        rendezvous_id=rendezvous_id,
        quoi=quoi,
    )


async def keep(ctx: Contexte, found: RendezVous, contact: Contact) -> None:
    """Keeps what was typed on the hold, until its address is proved."""
    await repository.update_rendezvous(
        ctx.db,
        found,
        ctx.now,
        contact=contact.stored(),
        predemandes=list(contact.predemandes),
        langue=ctx.langue,
    )


async def send_code(ctx: Contexte, found: RendezVous, courriel: str) -> None:
    """Sends the six digits that prove an address; limited by browser, address and network."""
    client = ctx.request.client.host if ctx.request.client else "?"
    for who, at_most in ((f"t:{ctx.temoin}", 5), (f"c:{courriel}", 5), (f"a:{client}", 60)):
        await limites.limit(ctx.noyau, "code", who, at_most=at_most, per=timedelta(minutes=15))
    await emit(
        ctx.db, "rendezvous:envoyer_code", collectivite_id=found.collectivite_id, rendezvous_id=found.id
    )


def code_of(noyau: Noyau, origine: UUID, courriel: str) -> str:
    """The six digits that prove an address for one rendez-vous; they follow from both."""
    signature = noyau.sceau.sign("rendezvous:code", f"{origine}\n{courriel}")
    return f"{int.from_bytes(fingerprint(signature)[:8], 'big') % 1_000_000:06d}"


async def check_code(ctx: Contexte, cle: Any, typed: str) -> str:
    """Confirms when the code is the right one; else the sentence for beside the field. Five tries an hour."""
    found = await open_lien(ctx, cle, lock=True)
    if found.etat == "confirme":
        return ""
    courriel = str(found.contact.get("courriel") or "")
    digits = "".join(c for c in typed if c.isdigit())
    who = str(found.origine)
    await limites.limit(ctx.noyau, "rendez-vous-code", who, at_most=ESSAIS_CODE, per=timedelta(hours=1))
    if not courriel or not hmac.compare_digest(digits, code_of(ctx.noyau, found.origine, courriel)):
        return N_("Ce code n’est pas le bon. Vérifiez les six chiffres reçus.")
    await confirm(ctx, cle)
    return ""


async def extend(ctx: Contexte, cle: Any) -> None:
    """Ten minutes more for a hold; ConflictError beyond the third time."""
    found = await open_lien(ctx, cle, lock=True)
    if found.etat == "retenu":
        await reservation.extend(ctx.db, found.id, ctx.now)
