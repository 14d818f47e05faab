"""A small town hall that receives: two agents, one biometric station, one room, motifs that need them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.rendezvous import repository
from app.rendezvous.models import Besoin, Lieu, Motif, Plage, Ressource
from app.rendezvous.service import recherche, regles, reservation
from app.rendezvous.service.recherche import Offre
from app.rendezvous.service.reservation import Choix
from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre
from tests.outillage.base import BaseEssai

ZONE = "Europe/Paris"


@dataclass
class Agenda:
    """What the tests book: ids by name, in one commune."""

    noyau: Noyau
    collectivite_id: UUID
    lieu_id: UUID
    ressources: dict[str, UUID]
    motifs: dict[str, UUID]

    @property
    def instruction(self) -> Perimetre:
        """The perimeter of somebody who acts for the commune."""
        return Perimetre.pour_instruction(self.collectivite_id)

    def visitor(self, jeton: bytes) -> Perimetre:
        """The perimeter of an anonymous browser on the commune's site."""
        return Perimetre(lecture=(self.collectivite_id,), ecriture=self.collectivite_id, jeton=jeton)

    async def creneaux(
        self, motif: str, day: date, personnes: int = 1, now: datetime | None = None, au: date | None = None
    ) -> list[Offre]:
        """What is proposed to an anonymous visitor."""
        async with self.noyau.db.session(self.visitor(b"lecteur")) as session:
            found = await repository.get_motif(session, self.collectivite_id, self.motifs[motif])
            assert found is not None
            return await recherche.find_creneaux(
                session, found, personnes, day, au or day, now=now or self.noyau.clock.now(), fuseau=ZONE
            )

    def choix(self, motif: str, debut: datetime, **values: Any) -> Choix:
        """A wish of an anonymous visitor."""
        values = {"jeton_empreinte": b"visiteur", **values}
        return Choix(self.motifs[motif], self.lieu_id, debut, ZONE, **values)

    async def book(self, motif: str, debut: datetime, **values: Any) -> UUID:
        """Holds and confirms, as the anonymous visitor `jeton_empreinte`."""
        choix = self.choix(motif, debut, **values)
        now = self.noyau.clock.now()
        async with self.noyau.db.session(self.visitor(choix.jeton_empreinte or b"")) as session:
            id_ = await reservation.hold(session, self.collectivite_id, choix, now)
            await reservation.confirm(session, id_, now)
        return id_


def serve(base: BaseEssai, commune: str, prenoms: tuple[str, ...]) -> dict[str, UUID]:
    """Gives these agents a right there; first name to id."""
    base.sql(
        "INSERT INTO socle_habilitation (collectivite_id, agent_id, service, role, qualite, cree_le)"
        " SELECT c.id, a.id, 'Accueil', 'agent', 'Secrétaire', now() FROM socle_collectivite c, socle_agent a"
        " WHERE c.slug = %s AND a.prenom = ANY (%s) ON CONFLICT DO NOTHING",
        commune,
        list(prenoms),
    )
    return dict(base.sql("SELECT prenom, id FROM socle_agent WHERE prenom = ANY (%s)", list(prenoms)))


async def _ressource(session: AsyncSession, collectivite: UUID, nom: str, genre: str, **values: Any) -> UUID:
    id_ = uuid7()
    row = {"occupant_id": id_, **values}
    await repository.add(
        session, Ressource, collectivite_id=collectivite, id=id_, nom=nom, genre=genre, **row
    )
    return id_


async def open_agenda(
    noyau: Noyau, collectivite: UUID, agents: dict[str, UUID], *, day: date, jours: int = 1
) -> Agenda:
    """Nine to noon each day from `day`: agents `agents`, one station, motifs « conseil » and « titre »."""
    async with noyau.db.session(Perimetre.pour_instruction(collectivite)) as session:
        lieu = uuid7()
        await repository.add(
            session, Lieu, collectivite_id=collectivite, id=lieu, nom="Mairie", adresse={}, fuseau=ZONE
        )
        ressources = {
            nom: await _ressource(session, collectivite, nom, "agent", occupant_id=id_)
            for nom, id_ in agents.items()
        }
        ressources["station"] = await _ressource(session, collectivite, "Station biométrique", "station")
        motifs = {}
        for nom, premiere, suivante, besoins in (
            ("conseil", 20, 0, [list(agents)]),
            ("titre", 15, 10, [list(agents), ["station"]]),
        ):
            motifs[nom] = uuid7()
            await repository.add(
                session,
                Motif,
                collectivite_id=collectivite,
                id=motifs[nom],
                nom=nom,
                modes=["sur_place"],
                duree_premiere=premiere,
                duree_suivante=suivante,
                personnes_max=6,
            )
            for rang, candidates in enumerate(besoins, 1):
                for name in candidates:
                    await repository.add(
                        session,
                        Besoin,
                        collectivite_id=collectivite,
                        motif_id=motifs[nom],
                        rang=rang,
                        ressource_id=ressources[name],
                    )
        for ressource in ressources.values():
            await repository.add(
                session,
                Plage,
                collectivite_id=collectivite,
                id=uuid7(),
                lieu_id=lieu,
                ressource_id=ressource,
                du=day,
                au=day + timedelta(days=jours - 1),
                heure_debut=time(9),
                heure_fin=time(12),
                feries=True,
            )
        await regles.expand(
            session, collectivite, noyau.clock.now(), departement="22", en_vacances=lambda _: False
        )
    return Agenda(noyau, collectivite, lieu, ressources, motifs)


async def count(noyau: Noyau, collectivite: UUID, sql: str) -> int:
    """A figure under the commune's perimeter."""
    async with noyau.db.session(Perimetre.pour_instruction(collectivite)) as session:
        return int((await session.execute(text(sql))).scalar_one())
