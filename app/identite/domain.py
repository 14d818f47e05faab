"""Pure rules on identities: what FranceConnect says, in our words, with the odd cases kept (FranceConnect §1.4)."""

import hashlib
import hmac
import re
from typing import Any

from app.socle.langues import N_

SEXES = {"male": "homme", "female": "femme", "unspecified": "non précisé"}
COG_FRANCE = "99100"

# What the person reads when a sign-in did not end well, and what remains possible. Keys travel in URLs: closed list.
ERREURS = {
    "annulee": N_(
        "Vous n’avez pas terminé l’identification avec FranceConnect, ou FranceConnect ne l’a pas acceptée. "
        "Recommencez, ou choisissez une autre façon de continuer ci-dessous."
    ),
    "indisponible": N_(
        "FranceConnect ne répond pas en ce moment. Ce que vous avez saisi est gardé. Réessayez dans quelques minutes, "
        "ou choisissez une autre façon de continuer ci-dessous."
    ),
    # What FranceConnect answers, without saying why, to an identity that has no e-mail address.
    "echouee": N_(
        "FranceConnect n’a pas pu terminer : il est en difficulté, ou votre compte chez le fournisseur d’identité "
        "choisi n’a pas d’adresse de courriel. Ce que vous avez saisi est gardé. Recommencez avec un autre fournisseur "
        "d’identité, ou choisissez une autre façon de continuer ci-dessous."
    ),
    "invalide": N_(
        "L’identification n’a pas abouti, à cause d’un problème technique. Recommencez ; si cela se reproduit, "
        "appelez votre mairie : elle peut faire la démarche avec vous."
    ),
    "expiree": N_("L’identification a pris trop de temps. Recommencez : ce que vous avez saisi est gardé."),
    "navigateur": N_(
        "L’identification s’est terminée dans un autre navigateur que celui où elle a commencé. "
        "Recommencez ici : ce que vous avez saisi est gardé."
    ),
}
ERREURS_AGENT = {
    "annulee": N_(
        "Vous n’avez pas terminé l’identification avec ProConnect, ou ProConnect ne l’a pas acceptée. Recommencez."
    ),
    "indisponible": N_("ProConnect ne répond pas en ce moment. Réessayez dans quelques minutes."),
    "echouee": N_("ProConnect n’a pas pu terminer l’identification. Réessayez dans quelques minutes."),
    "invalide": N_(
        "L’identification n’a pas abouti, à cause d’un problème technique. Recommencez ; si cela se reproduit, "
        "prévenez l’OPSN qui gère ce portail."
    ),
    "expiree": N_("L’identification a pris trop de temps. Recommencez."),
    "navigateur": N_(
        "L’identification s’est terminée dans un autre navigateur que celui où elle a commencé. Recommencez ici."
    ),
    "sans_droit": N_(
        "ProConnect vous a reconnu, mais votre adresse n’a pas encore d’accès ici. Demandez une invitation à "
        "l’administrateur de votre collectivité, ou à l’OPSN qui gère ce portail."
    ),
}


def identite_franceconnect(claims: dict[str, Any]) -> dict[str, Any]:
    """A person's identity in our words, from FranceConnect's claims.

    Mononyms, births abroad (no place), presumed dates (`naissance` keeps 00 for what is not known) and an unspecified
    sex are ordinary cases; absent values are absent, never invented.
    """
    prenoms = claims.get("given_name_array") or str(claims.get("given_name") or "").split()
    naissance = claims.get("idp_birthdate") or claims.get("birthdate") or ""
    donnees: dict[str, Any] = {
        "prenoms": [p for p in prenoms if p and p != "-"],
        "nom_naissance": (claims.get("family_name") or "").strip(),
        "nom_usage": (claims.get("preferred_username") or "").strip(),
        "sexe": SEXES.get(claims.get("gender", ""), ""),
        "civilite": {"male": "monsieur", "female": "madame"}.get(claims.get("gender", ""), ""),
        "naissance": naissance if re.fullmatch(r"\d{4}-\d{2}-\d{2}", naissance) else "",
        "lieu_naissance": claims.get("birthplace") or "",
        "pays_naissance": claims.get("birthcountry") or "",
        "courriel": (claims.get("email") or "").strip(),
    }
    return {cle: valeur for cle, valeur in donnees.items() if valeur}


def erreur_of(code: str) -> str:
    """Our own word for an error that FranceConnect or ProConnect returned (FranceConnect §1.6)."""
    if code == "access_denied":
        return "annulee"
    if code in ("server_error", "temporarily_unavailable"):
        return "echouee" if code == "server_error" else "indisponible"
    return "invalide"


def code_courriel(secret: str, connexion_id: str) -> str:
    """The six digits sent by e-mail for a sign-in: derived from the secret, so that no table holds them."""
    digest = hmac.new(secret.encode(), f"code-courriel:{connexion_id}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"
