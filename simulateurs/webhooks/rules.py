"""What a receiver of signed calls refuses."""

from simulateurs.socle.rules import Evidence, Rule

SECRET = Rule("webhooks.secret", Evidence.STANDARD, "A receiver that was given no secret takes nothing: 404.")
ENTETES = Rule(
    "webhooks.entetes",
    Evidence.STANDARD,
    "webhook-id, webhook-timestamp and webhook-signature are there, else 400.",
)
INSTANT = Rule(
    "webhooks.instant", Evidence.STANDARD, "webhook-timestamp is within five minutes of now, else 400."
)
SIGNATURE = Rule(
    "webhooks.signature",
    Evidence.STANDARD,
    "One of the signatures is v1, then HMAC-SHA256 in base64 of id.timestamp.body with the secret, else 401.",
)
REJEU = Rule("webhooks.rejeu", Evidence.STANDARD, "An id that came before is answered 200 and taken once.")
RULES = (SECRET, ENTETES, INSTANT, SIGNATURE, REJEU)
