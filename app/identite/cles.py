"""Each collectivité's own client at FranceConnect: FranceConnect refuses one key for a pool of communes."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identite import repository
from app.socle.audit import record_as
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.noyau import Noyau


async def get_franceconnect(session: AsyncSession, collectivite_id: UUID) -> tuple[str, str] | None:
    """A collectivité's FranceConnect issuer and client id, or None; the secret never leaves this module."""
    found = await repository.get_cle_franceconnect(session, collectivite_id)
    return (found.emetteur, found.client_id) if found else None


async def set_franceconnect(
    noyau: Noyau,
    slug: str,
    *,
    issuer: str,
    client_id: str,
    client_secret: str,
    acteur: str = "systeme",
    requete: str = "",
) -> None:
    """Gives a collectivité its own FranceConnect client (FranceConnect refuses one key for a pool of communes).

    NotFoundError for a collectivité that is not taken on. The secret is sealed with the installation's key; an empty
    one keeps the secret that is there, and is refused (InvalidInputError) when there is none.
    """
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("FranceConnect client of a collectivité") as session:
        collectivite_id = await repository.get_collectivite_id(session, slug)
        if collectivite_id is None:
            raise NotFoundError(f"La collectivité {slug} n’est pas prise en charge ici.")
        known = None if client_secret else await repository.get_cle_franceconnect(session, collectivite_id)
        if known is None and not client_secret:
            raise InvalidInputError("Indiquez le secret donné par FranceConnect.")
        await repository.save_cle_franceconnect(
            session,
            {
                "collectivite_id": collectivite_id,
                "emetteur": issuer.rstrip("/"),
                "client_id": client_id,
                "secret": known.secret if known else noyau.sceau.seal("franceconnect", client_secret),
                "entite": client_id,
                "modifie_le": now,
            },
        )
        await record_as(
            session,
            now,
            acteur,
            "identite:franceconnect:declarer",
            client_id,
            collectivite_id=collectivite_id,
            requete=requete,
        )
