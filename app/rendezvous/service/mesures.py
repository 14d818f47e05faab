"""Figures of the rendez-vous: the wait for the first créneau, noted each night; filling, no-shows, lost minutes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous import repository as rendezvous
from app.rendezvous.repository import mesures as repository
from app.rendezvous.repository import ouvertures as calendrier
from app.rendezvous.service import recherche
from app.rendezvous.service.planning import communes_of, instants_of
from app.socle.contexte import Contexte
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

MOIS = timedelta(days=30)
AN = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Chiffres:
    """What the page shows: by month, by ressource (last thirty days, then the next), by motif."""

    presences: list[Any]
    passe: list[Any]
    avenir: list[Any]
    perdues: dict[UUID, int]
    delais: list[Any]


async def note(noyau: Noyau, collectivite_id: UUID) -> None:
    """Notes how long a resident would wait today for each motif that is booked online; none is null."""
    now = noyau.clock.now()
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        departement, fuseau = await calendrier.get_territoire(session, collectivite_id)
        today = now.astimezone(ZoneInfo(fuseau)).date()
        for motif in await rendezvous.list_motifs(session, collectivite_id):
            if not motif.en_ligne:
                continue
            last = today + timedelta(days=motif.horizon_jours)
            found = await recherche.find_creneaux(
                session, motif, 1, today, last, now=now, fuseau=fuseau, departement=departement
            )
            wait = (
                (found[0].creneau.debut.astimezone(ZoneInfo(fuseau)).date() - today).days if found else None
            )
            await repository.note_delai(session, collectivite_id, motif.id, today, wait)


async def read(ctx: Contexte, commune: UUID | None) -> Chiffres:
    """The figures of one collectivité of the agent, or of all; five statements."""
    served = communes_of(ctx)
    asked = (commune,) if commune in served else served
    today = ctx.today()
    now = instants_of(today, 1, ZoneInfo("Europe/Paris"))[0]
    return Chiffres(
        presences=await repository.list_presences(ctx.db, asked, now - AN, now + timedelta(days=1)),
        passe=await repository.list_remplissage(ctx.db, asked, now - MOIS, now),
        avenir=await repository.list_remplissage(ctx.db, asked, now, now + MOIS),
        perdues=await repository.list_perdues(ctx.db, asked, now, now + MOIS),
        delais=await repository.list_delais(ctx.db, asked, today - timedelta(days=180)),
    )
