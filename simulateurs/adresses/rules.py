"""What the geocoding service refuses, with the evidence for each rule."""

from simulateurs.socle.rules import Evidence, Rule

REQUETE = Rule(
    "adresses.requete",
    Evidence.BAN_OBS,
    "q has 3 to 200 characters and begins with a letter or a figure, else 400 with the list of reasons.",
)
DEBIT = Rule(
    "adresses.debit",
    Evidence.BAN_DOC,
    "beyond 50 requests a second from one address, 429 and retry-after: 5.",
)
RULES = (REQUETE, DEBIT)
