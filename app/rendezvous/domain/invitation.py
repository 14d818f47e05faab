"""The calendar file of a rendez-vous (RFC 5545, 5546): stable UID, SEQUENCE that grows, its own VTIMEZONE.

What it is about is nobody else's business: calendars are shared, so the summary names the mairie, never the motif.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import (
    Calendar,
    Component,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vText,
    vUri,
)

Methode = Literal["REQUEST", "CANCEL"]
JOUR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a calendar is told; instants are aware, `fuseau` is that of the lieu, `produit_le` says when it changed."""

    uid: str
    sequence: int
    debut: datetime
    fin: datetime
    fuseau: str
    produit_le: datetime
    organisateur: str
    organisateur_courriel: str
    invite: str
    invite_courriel: str
    resume: str
    lieu: Sequence[str]
    description: str
    url: str


def ics(invitation: Invitation, methode: Methode) -> bytes:
    """The file: METHOD REQUEST for a rendez-vous that is taken or moved, CANCEL for one that is given up."""
    zone = ZoneInfo(invitation.fuseau)
    calendar = Calendar()
    calendar.add("prodid", "-//Kumun//Rendez-vous//FR")
    calendar.add("version", "2.0")
    calendar.add("method", methode)
    calendar.add_component(_timezone(invitation.debut, zone, invitation.fuseau))
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.produit_le)
    event.add("dtstart", invitation.debut.astimezone(zone))
    event.add("dtend", invitation.fin.astimezone(zone))
    event.add("summary", invitation.resume)
    event.add("location", ", ".join(invitation.lieu))
    event.add("description", invitation.description)
    event.add("class", "PRIVATE")
    event.add("status", "CONFIRMED" if methode == "REQUEST" else "CANCELLED")
    event["url"] = vUri(invitation.url)
    event["organizer"] = _person(invitation.organisateur, invitation.organisateur_courriel)
    if invitation.invite_courriel:
        attendee = _person(invitation.invite, invitation.invite_courriel)
        attendee.params["partstat"] = vText("ACCEPTED")
        event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _timezone(moment: datetime, zone: ZoneInfo, nom: str) -> Timezone:
    """The zone around a moment: the offset it starts from, then each change of hour over three years."""
    found = Timezone()
    found.add("tzid", nom)
    day = datetime(moment.year - 1, 1, 1, tzinfo=UTC)
    end = datetime(moment.year + 2, 1, 1, tzinfo=UTC)
    found.add_component(_observance(day, zone, before=_offset(day, zone)))
    while day < end:
        before = _offset(day, zone)
        if _offset(day + JOUR, zone) != before:
            # Clocks change on a quarter of an hour, everywhere.
            onset = next(t for n in range(1, 97) if _offset(t := day + n * JOUR / 96, zone) != before)
            found.add_component(_observance(onset, zone, before=before))
        day += JOUR
    return found


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _observance(onset: datetime, zone: ZoneInfo, *, before: timedelta) -> Component:
    local = onset.astimezone(zone)
    made: Component = TimezoneDaylight() if local.dst() else TimezoneStandard()
    # The onset is told in the clock that it ends (RFC 5545, 3.6.5).
    made.add("dtstart", (onset + before).replace(tzinfo=None))
    made.add("tzoffsetfrom", before)
    made.add("tzoffsetto", local.utcoffset() or timedelta())
    made.add("tzname", local.tzname() or "")
    return made


def _person(nom: str, courriel: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{courriel}")
    address.params["cn"] = vText(nom)
    return address
