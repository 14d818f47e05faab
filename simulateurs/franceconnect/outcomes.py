"""How a sign-in may end badly at FranceConnect; codes, texts and returned errors are FranceConnect's."""

from collections.abc import Mapping
from dataclasses import dataclass

ABORTED = "user authentication aborted"
BROKEN = "authentication aborted due to a technical error on the authorization server"
IDENTITY_PROBLEM = (
    "Un problème lié à vos données d’identité empêche la connexion d’aboutir. "
    "Nous vous invitons à nous contacter pour corriger le problème."
)
TECHNICAL = "Une erreur technique est survenue. Si le problème persiste, veuillez nous contacter."


@dataclass(frozen=True)
class Outcome:
    """One way to fail: our label, FranceConnect's code and message, error that the service receives."""

    label: str
    code: str
    message: str
    error: str
    description: str
    status: int = 403


OUTCOMES: Mapping[str, Outcome] = {
    "introuvable": Outcome("Introuvable au RNIPP", "Y010008", IDENTITY_PROBLEM, "access_denied", ABORTED),
    "echos": Outcome("Plusieurs identités au RNIPP", "Y010006", IDENTITY_PROBLEM, "access_denied", ABORTED),
    "nom-usage": Outcome("Trouvée par le nom d’usage", "Y010007", IDENTITY_PROBLEM, "access_denied", ABORTED),
    "decede": Outcome(
        "Personne décédée", "Y010015",
        "Les identifiants utilisés correspondent à une identité qui ne permet plus la connexion.",
        "access_denied", ABORTED,
    ),
    "desactive": Outcome(
        "Accès désactivé par la personne", "Y180001",
        "Votre accès a été désactivé. Pour le réactiver merci de nous contacter.", "access_denied", ABORTED,
    ),
    "fournisseur-bloque": Outcome(
        "Fournisseur d’identité bloqué par la personne", "Y100011",
        "Vous avez bloqué l’utilisation de ce fournisseur d’identité.", "access_denied", ABORTED,
    ),
    "indisponible": Outcome(
        "RNIPP sans réponse", "Y010011", TECHNICAL, "temporarily_unavailable", BROKEN, status=504,
    ),
    "erreur": Outcome("Erreur technique", "Y000010", TECHNICAL, "server_error", BROKEN, status=500),
}  # fmt: skip
NO_EMAIL = Outcome(
    "Identité sans adresse électronique",
    "Y600006",
    IDENTITY_PROBLEM,
    "server_error",
    BROKEN,
    status=400,
)
# The link « revenir au service » of FranceConnect's pages.
CANCELLED = "User auth aborted"
