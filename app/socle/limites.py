"""Rate limits, counted in PostgreSQL so that they hold across processes; kept in their own transaction."""

import hashlib
from datetime import timedelta

from sqlalchemy import text

from app.socle.errors import TooManyRequestsError
from app.socle.noyau import Noyau

_COUNT = text(
    "INSERT INTO socle_limite (cle, fenetre, compte) VALUES (:cle, :fenetre, 1)"
    " ON CONFLICT (cle, fenetre) DO UPDATE SET compte = socle_limite.compte + 1 RETURNING compte"
)


async def limit(noyau: Noyau, action: str, who: str, *, at_most: int, per: timedelta) -> None:
    """Counts one `action` of `who`; TooManyRequestsError beyond `at_most` in the current window of `per`.

    `who` is hashed: the table holds no address and no e-mail.
    """
    now = noyau.clock.now()
    seconds = int(per.total_seconds())
    elapsed = int(now.timestamp()) % seconds
    window = now.replace(microsecond=0) - timedelta(seconds=elapsed)
    key = f"{action}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    async with noyau.db.session() as session:
        count = (await session.execute(_COUNT, {"cle": key, "fenetre": window})).scalar_one()
    if count > at_most:
        minutes = max(1, -(-(seconds - elapsed) // 60))
        raise TooManyRequestsError(
            f"Trop de tentatives. Attendez {minutes} minute{'s' if minutes > 1 else ''} et recommencez, "
            "ou adressez-vous à l’accueil de votre mairie.",
            retry_after=seconds - elapsed,
        )
