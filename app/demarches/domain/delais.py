"""Legal clocks of a request and mentions of its receipt (CRPA L. 112-3, R. 112-5, L. 114-5, L. 231-1 and 4).

Days are local days: a request deposited at 23:30 UTC in summer is received on the next day in Paris.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.demarches.definitions.definition import Definition
from app.demarches.definitions.legal import Legal
from app.demarches.types.ecriture import afficher_date

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class Suspension:
    """A request for missing pieces, to be answered by `limite`, answered on `produit_le` if it was."""

    demande_le: date
    limite: date
    produit_le: date | None = None

    @property
    def fin(self) -> date:
        """The day on which the clock runs again: that of the answer, at the latest the deadline."""
        return min(self.produit_le or self.limite, self.limite)


@dataclass(frozen=True)
class ServiceInstructeur:
    """Who handles the request, as the receipt must say."""

    nom: str
    adresse: str
    courriel: str = ""
    telephone: str = ""


def jour_local(instant: datetime, zone: ZoneInfo = PARIS) -> date:
    """The calendar day of an aware instant where the collectivité is."""
    if instant.tzinfo is None:
        raise ValueError("a legal clock needs an aware instant")
    return instant.astimezone(zone).date()


def ajouter_mois(jour: date, mois: int) -> date:
    """The same day number `mois` months later, or the last day of that month when it is shorter."""
    index = jour.year * 12 + jour.month - 1 + mois
    year, month = divmod(index, 12)
    return date(year, month + 1, min(jour.day, calendar.monthrange(year, month + 1)[1]))


def date_silence(
    legal: Legal, depose_le: datetime, suspensions: Sequence[Suspension] = (), *, zone: ZoneInfo = PARIS
) -> date | None:
    """The day at the end of which silence is a decision; None when silence decides nothing or cannot yet.

    Refusal: counted from receipt, and stopped while a complement is awaited, never beyond the time granted.
    Acceptance: counted from the day the file is complete, so None while a complement is awaited.
    """
    if legal.silence is None:
        return None
    received = jour_local(depose_le, zone)
    months = legal.silence.delai_mois
    if legal.silence.regime == "acceptation":
        if any(suspension.produit_le is None for suspension in suspensions):
            return None
        complete = max(
            (suspension.produit_le for suspension in suspensions if suspension.produit_le), default=received
        )
        return ajouter_mois(max(complete, received), months)
    end = ajouter_mois(received, months)
    counted_to = received
    for suspension in sorted(suspensions, key=lambda item: item.demande_le):
        start = max(suspension.demande_le, counted_to)
        if start > end:
            break
        if suspension.fin > start:
            end += suspension.fin - start
            counted_to = suspension.fin
    return end


def mentions_accuse(
    definition: Definition,
    *,
    depose_le: datetime,
    service: ServiceInstructeur,
    tribunal: str = "",
    manquantes: Sequence[str] = (),
    zone: ZoneInfo = PARIS,
) -> tuple[str, ...]:
    """The sentences that the receipt must hold (R. 112-5), in order; none where no receipt is due (R. 112-4).

    `manquantes` names what the file still lacks (L. 114-5), to be produced within the time the definition
    grants.
    """
    legal = definition.legal
    if legal is None or not legal.accuse.delivre:
        return ()
    received = jour_local(depose_le, zone)
    reach = ", ".join(
        part for part in (service.nom, service.adresse, service.courriel, service.telephone) if part
    )
    mentions = [
        f"Nous avons reçu votre demande le {afficher_date(received)}.",
        f"Le service chargé de votre demande est : {reach}.",
    ]
    suspensions: tuple[Suspension, ...] = ()
    if manquantes:
        limit = received + timedelta(days=legal.delai_complement_jours)
        suspensions = (Suspension(received, limit),)
        mentions.append(
            f"Votre dossier n’est pas complet. Envoyez-nous avant le {afficher_date(limit)} : "
            f"{' ; '.join(manquantes)}."
        )
    mentions += _mentions_silence(legal, date_silence(legal, depose_le, suspensions, zone=zone), tribunal)
    return tuple(mentions)


def _mentions_silence(legal: Legal, jour: date | None, tribunal: str) -> list[str]:
    if legal.silence is None:
        return []
    source = legal.silence.fondement
    appeal = legal.voies_recours.replace("{tribunal}", tribunal or "tribunal administratif")
    if legal.silence.regime == "acceptation":
        when = (
            f"le {afficher_date(jour)}"
            if jour
            else f"{legal.silence.delai_mois} mois après l’avoir complétée"
        )
        return [
            f"Si vous n’avez pas reçu de réponse {when}, votre demande sera acceptée ({source}), "
            "à condition que votre dossier soit complet.",
            "Vous pourrez alors nous demander une attestation de cette acceptation (article L. 232-3 du "
            "code des relations entre le public et l’administration).",
        ]
    day = afficher_date(jour) if jour else ""
    return [
        f"Si vous n’avez pas reçu de réponse le {day}, votre demande sera refusée ({source}).",
        "Cette date vaut si votre dossier est complet : si nous vous demandons un complément, elle est "
        "repoussée du temps que nous attendons votre réponse.",
        appeal,
    ]
