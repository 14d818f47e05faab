"""The dates that come near: every morning, each collectivité's agents are told once of each, and silence is noted.

Alerts before silence decides (15, 7, 2 days, the day itself), on the day after it has, and when a demand, an opinion or
a receipt has passed its day. The row of the alert makes it single; one e-mail an agent, never one a dossier.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.domain import Lieu, afficher_date, afficher_numero, echeance, jour_local, silence_de
from app.demarches.models import Dossier
from app.demarches.repository import agents
from app.demarches.repository import dossiers as repository
from app.demarches.repository import parcours as lignes
from app.demarches.service.avis import code_of
from app.demarches.service.catalogue import definition_of
from app.demarches.service.horloge import lieu_of
from app.socle.articles import de
from app.socle.courriers import send_mail
from app.socle.hosts import list_vues
from app.socle.ids import fingerprint
from app.socle.jobs import emit, tache
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre

PALIERS = (0, 2, 7, 15)
RAPPEL_AVIS = timedelta(days=3)
PHRASES = {
    "silence": "le silence décidera le {jour}",
    "tacite": "le silence a décidé le {jour}",
    "complement": "les pièces demandées avant le {jour} ne sont pas arrivées",
    "avis": "l’avis demandé avant le {jour} n’est pas rendu",
    "accuse": "l’accusé de réception n’est pas parti, il était dû le {jour}",
}


@tache("demarches:echeances", cron="17 4 * * *")
async def watch_all(noyau: Noyau, timestamp: str = "") -> None:
    """One job for each collectivité that has an open dossier."""
    del timestamp
    async with noyau.db.hors_cloison("dates that come near, in every collectivité") as session:
        for collectivite_id in await agents.list_collectivites_open(session):
            await emit(session, "demarches:veiller", collectivite_id=collectivite_id)


@tache("demarches:veiller")
async def watch(noyau: Noyau, collectivite_id: str) -> None:
    """Gives the alerts of one collectivité for its own local day, and calls back experts whose day comes."""
    id_, now = UUID(collectivite_id), noyau.clock.now()
    async with noyau.db.session(Perimetre.pour_instruction(id_)) as session:
        lieu = await lieu_of(session, id_)
        today = jour_local(now, lieu.zone)
        concerned: set[UUID | None] = set()
        for row in await lignes.list_due(session, today, today + timedelta(days=max(PALIERS))):
            found = _alert_of(row, today, lieu)
            if found is None:
                continue
            genre, day, palier = found
            new = await lignes.add_alerte(
                session,
                collectivite_id=id_,
                dossier_id=row.id,
                genre=genre,
                echeance=day,
                palier=palier,
                creee_le=now,
            )
            if new:
                concerned.add(row.agent_id)
                if genre == "tacite":
                    await _note_silence(session, id_, row.id, now)
        everybody = await agents.list_active(session) if None in concerned else []
        for agent_id in sorted({*everybody, *(item for item in concerned if item is not None)}):
            await emit(
                session,
                "demarches:alerter",
                collectivite_id=id_,
                agent_id=agent_id,
                depuis=now.isoformat(),
            )
        for avis in await lignes.list_avis_to_remind(session, today + RAPPEL_AVIS):
            code = fingerprint(code_of(noyau, avis.id))
            if await lignes.update_avis(session, avis, relance_le=now, code_empreinte=code):
                await emit(session, "demarches:ecrire_avis", collectivite_id=id_, avis_id=avis.id)


def _alert_of(row: Any, today: date, lieu: Lieu) -> tuple[str, date, int] | None:
    """(kind, day, days before) of the alert that is due for a row, or None."""
    if row.genre == "accuse":
        due = echeance("accuse_enregistrement", jour_local(row.depose_le, lieu.zone), lieu.departement)
        return ("accuse", due, 0) if today > due else None
    if row.genre != "silence":
        return row.genre, row.echeance, 0
    left = (row.echeance - today).days
    if left < 0:
        return "tacite", row.echeance, -1
    # Whoever comes late is told once, at the nearest step: not of every step that passed.
    return "silence", row.echeance, next(palier for palier in PALIERS if left <= palier)


async def _note_silence(session: AsyncSession, collectivite_id: UUID, dossier_id: UUID, now: Any) -> None:
    """In the history, for everybody: silence has decided, and what."""
    dossier = await repository.get_dossier(session, collectivite_id, dossier_id, lock=True)
    rule = None if dossier is None else await _rule_of(session, dossier)
    if dossier is None or rule is None or dossier.silence_le is None:
        return
    genre = "acceptation_tacite" if rule == "acceptation" else "refus_tacite"
    await repository.add_evenement(
        session,
        dossier,
        id=uuid5(dossier.id, f"{genre}:{dossier.silence_le}"),
        quand=now,
        genre=genre,
        auteur="",
        donnees={"libelle": afficher_date(dossier.silence_le)},
    )
    await repository.update_dossier(session, dossier, now)


async def _rule_of(session: AsyncSession, dossier: Dossier) -> str | None:
    definition = await definition_of(session, dossier.version_id, dossier.surcouche_id)
    rule = silence_de(definition, dossier.reponses)
    return rule.regime if rule else None


@tache("demarches:alerter")
async def warn(noyau: Noyau, collectivite_id: str, agent_id: str, depuis: str) -> None:
    """One e-mail to an agent for all the alerts given at an instant; numbers and dates, nobody's name."""
    id_ = UUID(collectivite_id)
    async with noyau.db.session(Perimetre.pour_instruction(id_)) as session:
        address = await agents.get_address(session, UUID(agent_id))
        rows = await agents.list_alerts_of(session, UUID(agent_id), datetime.fromisoformat(depuis))
        vue = (await list_vues(session, [id_]))[id_]
    if address is None or not rows:
        return
    settings = noyau.settings
    await send_mail(
        noyau,
        "echeances",
        a=address,
        collectivite=vue,
        cle=f"{collectivite_id}:{agent_id}:{depuis}",
        de_collectivite=de(vue.nom),
        lignes=[
            f"{afficher_numero(row.numero)}, {row.titre} : " + _phrase(row.genre, row.echeance)
            for row in rows
        ],
        lien=settings.url_of(settings.service_host("agents"), "/"),
    )


def _phrase(genre: str, jour: date) -> str:
    return PHRASES[genre].format(jour=afficher_date(jour))
