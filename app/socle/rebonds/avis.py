"""What a delivery status notification says (RFC 3464, RFC 6522): which recipient, what became of the message, why."""

import email
from dataclasses import dataclass
from email import policy
from email.message import Message

# Where servers write the address that the notification was sent to, the nearest to the envelope first.
_ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
MAX_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Avis:
    """A notification that a message could not be delivered. `adresses` are those it was sent to, as written."""

    adresses: tuple[str, ...]
    statut: str
    detail: str


def lire_avis(brut: bytes) -> Avis | None:
    """The failure that a message tells, or None: not a notification, or one that tells no failure for good.

    « delayed » is not a failure (RFC 3464 2.3.3): the server goes on trying. Nothing of the returned message is read.
    """
    # The compatible policy never raises on a malformed header: strangers write these messages.
    message = email.message_from_bytes(brut, policy=policy.compat32)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    if str(message.get_param("report-type", "")).lower() != "delivery-status":
        return None
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for bloc in _blocks(part):
                if _field(bloc, "Action").lower() == "failed":
                    return Avis(_addresses(message), _field(bloc, "Status"), _detail(bloc))
            return None
    return None


def _blocks(part: Message) -> list[Message]:
    """The groups of fields: one for the message, then one per recipient (RFC 3464 2.1)."""
    payload = part.get_payload()
    return [bloc for bloc in payload if isinstance(bloc, Message)] if isinstance(payload, list) else []


def _addresses(message: Message) -> tuple[str, ...]:
    return tuple(str(value) for name in _ENVELOPE for value in message.get_all(name, []))


def _detail(bloc: Message) -> str:
    """`5.1.1 550 5.1.1 user unknown`, one line."""
    diagnostic = _field(bloc, "Diagnostic-Code")
    _, _, said = diagnostic.partition(";")
    return " ".join(f"{_field(bloc, 'Status')} {said or diagnostic}".split())[:MAX_DETAIL]


def _field(bloc: Message, name: str) -> str:
    text = str(bloc.get(name, "")).encode("ascii", "replace").decode()
    # A comment may follow a word: « failed (permanent) » (RFC 5322 3.2.2).
    return " ".join((text.partition("(")[0] if name in {"Action", "Status"} else text).split())
