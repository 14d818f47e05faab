"""The legal clock of a dossier: from its rows to the date of silence, and to the decision that silence has made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition
from app.demarches.domain import Lieu, Suspension, Tacite, date_silence, jour_local, silence_de, tacite_de
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.models import Complement, Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.service.catalogue import definition_of
from app.socle.contexte import Contexte
from app.socle.hosts import list_vues


async def lieu_of(session: AsyncSession, collectivite_id: UUID) -> Lieu:
    """Where a collectivité counts its days."""
    vue = (await list_vues(session, [collectivite_id]))[collectivite_id]
    return Lieu.de(vue.fuseau, vue.departement)


async def reset_clock(ctx: Contexte, dossier: Dossier) -> None:
    """Computes the date of silence anew from every complement asked so far (CRPA L114-5)."""
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    if definition.legal is None or dossier.depose_le is None:
        return
    lieu = await lieu_of(ctx.db, dossier.collectivite_id)
    complements = await repository.list_complements(ctx.db, dossier)
    rule = silence_de(definition, dossier.reponses)
    silence = date_silence(
        rule,
        dossier.depose_le,
        suspensions_of(complements, lieu),
        lieu=lieu,
        recu_initial_le=dossier.recu_initial_le,
    )
    if silence != dossier.silence_le:
        sens = rule.regime if rule else None
        await repository.update_dossier(ctx.db, dossier, ctx.now, silence_le=silence, silence_sens=sens)


def suspensions_of(complements: list[Complement], lieu: Lieu) -> list[Suspension]:
    """The stops of the clock."""
    return [
        Suspension(
            jour_local(item.demande_le, lieu.zone),
            item.avant_le,
            jour_local(item.satisfait_le, lieu.zone) if item.satisfait_le else None,
            item.indispensable,
        )
        for item in complements
    ]


def tacite_du(dossier: Dossier, definition: Definition, lieu: Lieu, now: datetime) -> Tacite | None:
    """The decision that silence has made on an open dossier, if its day has passed; None for a closed one."""
    if Etat(dossier.etat) in ETATS_FINAUX:
        return None
    rule = silence_de(definition, dossier.reponses)
    return tacite_de(rule, dossier.silence_le, jour_local(now, lieu.zone), lieu.departement)
