"""What a job acts with when it goes on with an agent's work: the context of a request, rights read anew."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from starlette.requests import Request

from app.socle.contexte import Contexte
from app.socle.hosts import HoteResolu
from app.socle.noyau import Noyau
from app.socle.sessions import Personne
from app.socle.tenancy import Perimetre, essayeur


def personne_of(row: Any) -> Personne:
    """The agent of a row (id, courriel, prenom, nom, collectivites), as a session would give them."""
    return Personne(
        session_id=UUID(int=0),
        nom_affiche=f"{row.prenom} {row.nom}".strip() or row.courriel,
        agent_id=row.id,
        courriel=row.courriel,
        prenom=row.prenom,
        nom=row.nom,
        collectivites=tuple(row.collectivites),
    )


@asynccontextmanager
async def open_travail(noyau: Noyau, personne: Personne, requete: str) -> AsyncIterator[Contexte]:
    """One transaction that acts for this agent in the collectivités that they serve; `requete` names the work.

    Services refuse and record as they do for a request: nothing is allowed to a job that its agent could not do.
    """
    request = Request(
        {"type": "http", "method": "POST", "path": "/", "headers": [], "state": {"requete": requete}}
    )
    essai = bool(essayeur.get())
    hote = HoteResolu("agents", noyau.settings.service_host("agents"), essai=essai)
    perimetre = Perimetre(
        lecture=personne.collectivites, agent=personne.agent_id, instruction=True, essai=essai
    )
    async with noyau.db.session(perimetre) as session:
        yield Contexte(noyau, request, hote, noyau.clock.now(), "fr", db=session, personne=personne)
