"""Rate limits, counted in PostgreSQL so that they hold across processes; kept in their own transaction."""

import hashlib
from datetime import timedelta

from app.socle.errors import TooManyRequestsError
from app.socle.langues import N_, phrase
from app.socle.noyau import Noyau

_COUNT = (
    "INSERT INTO socle_limite (cle, fenetre, compte) VALUES ($1, $2, 1)"
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
    ((count,),) = await noyau.db.alone(_COUNT, key, window)
    if count > at_most:
        minutes = max(1, -(-(seconds - elapsed) // 60))
        raise TooManyRequestsError(
            phrase(
                N_(
                    "Trop de tentatives. Attendez %(minutes)s min et recommencez, ou adressez-vous à l’accueil de "
                    "votre mairie."
                ),
                minutes=minutes,
            ),
            retry_after=seconds - elapsed,
        )
