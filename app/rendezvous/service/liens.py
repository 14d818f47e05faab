"""The secret link of a rendez-vous: it goes by e-mail, and opens that rendez-vous alone, through its moves.

The secret follows from the rendez-vous and the installation's key, so that a reminder can carry it; the database keeps
its hash only.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from app.rendezvous.models import RendezVous
from app.rendezvous.repository import public
from app.socle.contexte import Contexte
from app.socle.db import set_perimetre
from app.socle.errors import NotFoundError
from app.socle.ids import fingerprint
from app.socle.langues import N_
from app.socle.noyau import Noyau

USAGE = "rendezvous:lien"
INCONNU = N_(
    "Ce lien n’ouvre aucun rendez-vous. Copiez-le en entier depuis votre message, ou appelez la mairie : "
    "elle retrouvera votre rendez-vous à votre nom."
)


def cle_of(noyau: Noyau, origine: UUID) -> str:
    """The secret of a rendez-vous."""
    return f"{origine}.{noyau.sceau.sign(USAGE, str(origine))}"


def empreinte_of(noyau: Noyau, origine: UUID) -> bytes:
    """What the database keeps of it."""
    return fingerprint(cle_of(noyau, origine))


def chemin_of(noyau: Noyau, origine: UUID) -> str:
    """The page of a rendez-vous on its collectivité's host. The secret is in the query: no log keeps it."""
    return f"/rendez-vous/suivi?cle={cle_of(noyau, origine)}"


async def open_lien(ctx: Contexte, cle: Any, *, lock: bool = False) -> RendezVous:
    """The rendez-vous of a secret; NotFoundError for one that is not ours. The transaction may then write it."""
    text = cle if isinstance(cle, str) else ""
    origine, _, signature = text.partition(".")
    if not ctx.noyau.sceau.verify(USAGE, origine, signature):
        raise NotFoundError(INCONNU)
    jeton = fingerprint(text)
    await set_perimetre(ctx.db, replace(ctx.db.info["perimetre"], jeton=jeton))
    found = await public.get_by_jeton(ctx.db, jeton, lock=lock)
    if found is None or found.collectivite_id != ctx.collectivite.id:
        raise NotFoundError(INCONNU)
    return found
