"""Whose client we are: each collectivité's own at FranceConnect, one for the account service, one for the agents."""

from app.identite import repository
from app.socle.contexte import Visite
from app.socle.oidc import ClientOidc
from app.socle.tenancy import Perimetre

SCOPE_FRANCECONNECT = " ".join(
    (
        "openid",
        "given_name",
        "family_name",
        "preferred_username",
        "gender",
        "birthdate",
        "idp_birthdate",
        "birthplace",
        "birthcountry",
        "email",
    )
)
SCOPE_PROCONNECT = "openid given_name usual_name email uid siret"


async def franceconnect_client(visit: Visite, hote: str) -> ClientOidc | None:
    """The FranceConnect client of a host: the collectivité's own keys, or the installation's on Mon espace."""
    settings = visit.noyau.settings
    resolved = await visit.noyau.hosts.resolve(hote)
    if resolved is None:
        return None
    if resolved.collectivite is None:
        if resolved.genre != "mon" or not settings.franceconnect_client_id:
            return None
        secret = settings.franceconnect_client_secret.get_secret_value()
        client_id = settings.franceconnect_client_id
        return ClientOidc(
            settings.franceconnect_issuer, client_id, secret, SCOPE_FRANCECONNECT, "eidas1", client_id
        )
    async with visit.noyau.db.session(Perimetre(lecture=(resolved.collectivite.id,))) as session:
        cle = await repository.get_cle_franceconnect(session, resolved.collectivite.id)
    opened = visit.noyau.sceau.open("franceconnect", cle.secret) if cle else None
    if cle is None or opened is None:
        return None
    return ClientOidc(cle.emetteur, cle.client_id, opened, SCOPE_FRANCECONNECT, "eidas1", cle.entite)


async def has_franceconnect(visit: Visite) -> bool:
    """Whether the host of a visit offers FranceConnect."""
    return await franceconnect_client(visit, visit.hote.nom) is not None


class PortIdentification:
    """What other modules may ask of this one."""

    async def has_franceconnect(self, visit: Visite) -> bool:
        """Whether this host offers FranceConnect: its collectivité has keys."""
        return await has_franceconnect(visit)


def proconnect_client(visit: Visite) -> ClientOidc | None:
    """The installation's one ProConnect client."""
    settings = visit.noyau.settings
    if not settings.proconnect_client_id:
        return None
    secret = settings.proconnect_client_secret.get_secret_value()
    client_id = settings.proconnect_client_id
    return ClientOidc(settings.proconnect_issuer, client_id, secret, SCOPE_PROCONNECT, "mfa", client_id)
