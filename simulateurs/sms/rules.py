"""What the gateway of text messages refuses."""

from simulateurs.socle.rules import Evidence, Rule

JETON = Rule("sms.jeton", Evidence.CONTRACT, "Without a bearer token of 8 characters or more: 401.")
CORPS = Rule("sms.corps", Evidence.CONTRACT, "The body is JSON with the texts id, to and text, else 400.")
NUMERO = Rule(
    "sms.numero",
    Evidence.CONTRACT,
    "to is a mobile number in E.164; French ones begin with 6 or 7 and have 9 digits, else 422.",
)
ATTRIBUE = Rule("sms.attribue", Evidence.CONTRACT, "A number ending in 0404 belongs to nobody: 422.")
LONGUEUR = Rule(
    "sms.longueur",
    Evidence.GSM,
    "A text takes three segments at most (160 or 153 septets, 70 or 67 UTF-16 units).",
)
REJEU = Rule(
    "sms.rejeu", Evidence.CONTRACT, "An id that came before is answered 200 and sent no second time."
)
RULES = (JETON, CORPS, NUMERO, ATTRIBUE, LONGUEUR, REJEU)
