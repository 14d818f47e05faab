"""Whoever waited for a place is told that they have one; run twice, the job writes once."""

from uuid import UUID, uuid5

from app.demarches.repository import dossiers as repository
from app.demarches.repository import places
from app.demarches.service.places import libelle_of
from app.demarches.tasks import load, owe_mail
from app.socle.jobs import tache
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre


@tache("demarches:place_obtenue")
async def tell(noyau: Noyau, collectivite_id: str, dossier_id: str, quota_id: str) -> None:
    """Writes it in the history and owes the e-mail, once for a place."""
    collectivite, id_ = UUID(collectivite_id), UUID(dossier_id)
    async with noyau.db.session(Perimetre.pour_instruction(collectivite)) as session:
        _, dossier, definition = await load(session, collectivite, id_)
        held = await places.list_tenues(session, collectivite, id_)
        quota = next(
            (
                q
                for q in await places.list_quotas(session, collectivite, dossier.slug)
                if str(q.id) == quota_id
            ),
            None,
        )
        if quota is None or not any(
            (p.champ_id, p.option, p.etat) == (quota.champ_id, quota.option, "prise") for p in held
        ):
            return
        event = uuid5(id_, f"place_obtenue:{quota_id}")
        if await repository.has_evenement(session, dossier, event):
            return
        await repository.add_evenement(
            session,
            dossier,
            id=event,
            quand=noyau.clock.now(),
            genre="place_obtenue",
            auteur="",
            donnees={"libelle": libelle_of(definition, quota.champ_id, quota.option)},
        )
        await owe_mail(session, dossier, "place_obtenue", noyau.clock.now())
