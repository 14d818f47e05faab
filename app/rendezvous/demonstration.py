"""The rendez-vous of the demonstration, from `data/demo/rendezvous.yaml`: who receives where and when, and some visits.

Made by the same services and doors as real ones; a collectivité that has a lieu already is left as it is.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import ROOT
from app.rendezvous import repository
from app.rendezvous.models import Besoin, Lieu, Motif, Plage, Ressource
from app.rendezvous.service import ouvertures, recherche, reservation
from app.rendezvous.service.reservation import Choix
from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

FICHIER = ROOT / "data" / "demo" / "rendezvous.yaml"
FUSEAU = "Europe/Paris"
RECHERCHE = timedelta(days=45)


async def load(noyau: Noyau, collectivites: Mapping[str, UUID], agents: Mapping[str, UUID]) -> bool:
    """Loads what is missing; `collectivites` by slug, `agents` by e-mail. True when something was added."""
    data: dict[str, dict[str, Any]] = yaml.safe_load(FICHIER.read_text(encoding="utf-8"))
    added = False
    for slug, found in data.items():
        if slug not in collectivites:
            continue
        id_ = collectivites[slug]
        async with noyau.db.session(Perimetre.pour_instruction(id_)) as session:
            if await repository.list_lieux(session, id_):
                continue
            await _load_one(session, id_, found, agents, noyau.clock.now())
            added = True
    return added


async def _load_one(
    session: AsyncSession, id_: UUID, found: dict[str, Any], agents: Mapping[str, UUID], now: datetime
) -> None:
    today = now.date()
    lieu = await _lieux(session, id_, found["lieux"])
    ressources = {}
    for row in found["ressources"]:
        ressources[row["nom"]] = own = uuid7()
        values = {
            "nom": row["nom"],
            "genre": row["genre"],
            "occupant_id": agents.get(row.get("occupe", ""), own),
        }
        await repository.add(session, Ressource, collectivite_id=id_, id=own, **values)
    motifs = await _motifs(session, id_, found["motifs"], ressources)
    for row in found["plages"]:
        await repository.add(
            session,
            Plage,
            collectivite_id=id_,
            id=uuid7(),
            lieu_id=lieu,
            ressource_id=ressources[row["ressource"]],
            du=today,
            regle=f"FREQ=WEEKLY;BYDAY={row['jours']}",
            heure_debut=time.fromisoformat(row["debut"]),
            heure_fin=time.fromisoformat(row["fin"]),
            vacances=row.get("vacances", "toujours"),
        )
    await ouvertures.refresh(session, id_, now)
    for number, row in enumerate(found["rendezvous"]):
        await _book(session, id_, motifs[row["motif"]], row, now, today + timedelta(days=1 + number % 3))


async def _lieux(session: AsyncSession, id_: UUID, rows: list[dict[str, Any]]) -> UUID:
    for row in rows:
        lieu = uuid7()
        adresse = {name: row.pop(name) for name in ("ligne", "code_postal", "commune")}
        await repository.add(
            session, Lieu, collectivite_id=id_, id=lieu, adresse=adresse, fuseau=FUSEAU, **row
        )
    return lieu


async def _motifs(
    session: AsyncSession, id_: UUID, rows: list[dict[str, Any]], ressources: Mapping[str, UUID]
) -> dict[str, UUID]:
    motifs = {}
    for row in rows:
        besoins = row.pop("besoins")
        motifs[row["nom"]] = motif = uuid7()
        await repository.add(session, Motif, collectivite_id=id_, id=motif, **{"modes": ["sur_place"], **row})
        for rang, names in enumerate(besoins, 1):
            for name in names:
                await repository.add(
                    session,
                    Besoin,
                    collectivite_id=id_,
                    motif_id=motif,
                    rang=rang,
                    ressource_id=ressources[name],
                )
    return motifs


async def _book(
    session: AsyncSession, id_: UUID, motif_id: UUID, row: dict[str, Any], now: datetime, day: date
) -> None:
    motif = await repository.get_motif(session, id_, motif_id)
    if motif is None:
        raise LookupError("a motif of the demonstration is not there")
    offers = await recherche.find_creneaux(
        session, motif, row["personnes"], day, day + RECHERCHE, now=now, fuseau=FUSEAU
    )
    offer = offers[min(2, len(offers) - 1)]
    prenom, _, nom = row["civil"].partition(" ")
    choix = Choix(
        motif_id,
        offer.lieu_id,
        offer.creneau.debut,
        FUSEAU,
        row["personnes"],
        canal=row["canal"],
        mode=row.get("mode", "sur_place"),
        contact={"prenom": prenom, "nom": nom, "telephone": "02 61 91 12 34", "courriel": ""},
        predemandes=row.get("predemandes", ()),
    )
    await reservation.confirm(session, await reservation.hold(session, id_, choix, now), now)
