"""The custom steps of a dossier in instruction: entering one sets off what it says, leaving it follows a way.

The legal states do not move with them. What a step waits for from a module that is absent is said, and closed by hand.
"""

from uuid import UUID

from app.contrats.attentes import AttenteDemandee
from app.demarches.definitions import FIN, Definition, Etape, Suite
from app.demarches.definitions.parcours import (
    ActionAttente,
    ActionAvis,
    ActionCourriel,
    ActionDocument,
    ActionSms,
    ActionWebhook,
)
from app.demarches.domain import TransitionRefuseeError, ajouter, holds, jour_local
from app.demarches.domain.etats import Etat
from app.demarches.models import Attente, Avis, Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.repository import parcours as lignes
from app.demarches.service import appels
from app.demarches.service.catalogue import definition_of
from app.demarches.service.horloge import lieu_of
from app.demarches.service.prise import Instruction, emit_mail, note, open_for_act, signature
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, ForbiddenError, NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.langues import N_
from app.socle.permissions import Droit


async def begin(ctx: Contexte, work: Instruction) -> None:
    """The first step of a dossier that has just been taken on; nothing where the démarche has no parcours."""
    definition = await definition_of(ctx.db, work.dossier.version_id, work.dossier.surcouche_id)
    if definition.parcours is not None and work.dossier.etape == "":
        await _enter(ctx, work, definition, definition.parcours.premiere)


def ways(definition: Definition, dossier: Dossier) -> tuple[Suite, ...]:
    """The ways out of the present step whose condition holds for the answers."""
    etape = definition.parcours.etape(dossier.etape) if definition.parcours else None
    if etape is None:
        return ()
    answers = dossier.reponses or {}
    return tuple(suite for suite in etape.suites if suite.si is None or holds(definition, suite.si, answers))


def may_follow(suite: Suite, droit: Droit) -> bool:
    """Whether an agent may take a way."""
    return suite.par == "agent" or droit.role == "administrateur"


async def follow(ctx: Contexte, dossier_id: UUID, vers: str, *, version: int | None = None) -> None:
    """Goes from the present step to another, or to the decision, by a way that the parcours has.

    ConflictError for a way that is not there now, or shut because something is still awaited; ForbiddenError for one
    that is not this agent's.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    dossier = work.dossier
    if Etat(dossier.etat) not in (Etat.EN_INSTRUCTION, Etat.EN_ATTENTE):
        raise TransitionRefuseeError("avancer", N_("avancé"), Etat(dossier.etat))
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    suite = next((item for item in ways(definition, dossier) if item.vers == vers), None)
    if suite is None or definition.parcours is None:
        raise ConflictError("Cette étape n’est plus possible : rechargez la page.", code="etape_impossible")
    if not may_follow(suite, work.droit):
        raise ForbiddenError(
            "Ce passage est réservé à un administrateur de la collectivité.", code="etape_reservee"
        )
    if suite.attend_tout and await lignes.count_awaited(ctx.db, dossier, dossier.etape):
        raise ConflictError(
            "Quelque chose est encore attendu à cette étape : attendez-le, annulez-le, ou dites qu’il est fait.",
            code="etape_attend",
        )
    after = definition.parcours.etape(vers)
    if after is None:
        await repository.update_dossier(ctx.db, dossier, ctx.now, etape=FIN, etape_le=ctx.now)
    else:
        await _enter(ctx, work, definition, after)
    words = after.titre if after else suite.libelle
    await note(ctx, work, "etape", interne=True, libelle=words, vers=vers)
    await record(ctx, "demarches:etape:suivre", str(dossier_id), dossier.collectivite_id, vers=vers)


async def _enter(ctx: Contexte, work: Instruction, definition: Definition, etape: Etape) -> None:
    dossier, entree_id = work.dossier, uuid7()
    await repository.update_dossier(ctx.db, dossier, ctx.now, etape=etape.id, etape_le=ctx.now)
    for rang, action in enumerate(etape.actions):
        if isinstance(action, ActionAvis):
            if not action.externe:
                await _ask_inside(ctx, work, etape, action)
        elif isinstance(action, ActionAttente):
            await _wait(ctx, work, etape, action)
        elif isinstance(action, ActionDocument):
            await emit(
                ctx.db,
                "demarches:document_etape",
                collectivite_id=dossier.collectivite_id,
                dossier_id=dossier.id,
                etape=etape.id,
                rang=rang,
                entree_id=entree_id,
                agent_id=work.droit.agent_id,
            )
        elif isinstance(action, ActionCourriel):
            await emit_mail(ctx, dossier, f"etape:{etape.id}:{rang}")
        elif isinstance(action, ActionWebhook):
            await appels.owe(ctx, work, definition, etape, action)
        elif isinstance(action, ActionSms):
            await _write_sms(ctx, work, etape, rang, action)


async def _ask_inside(ctx: Contexte, work: Instruction, etape: Etape, action: ActionAvis) -> None:
    lieu = await lieu_of(ctx.db, work.dossier.collectivite_id)
    today = jour_local(ctx.now, lieu.zone)
    await lignes.add_row(
        ctx.db,
        Avis,
        work.dossier,
        id=uuid7(),
        etape=etape.id,
        objet=action.objet,
        oui_non=action.oui_non,
        confidentiel=action.confidentiel,
        nom=action.nom,
        demande_le=ctx.now,
        demande_par=signature(work.droit),
        avant_le=ajouter(today, action.delai, lieu.departement),
    )
    await note(ctx, work, "avis_demande", interne=True, libelle=action.nom)


async def _write_sms(ctx: Contexte, work: Instruction, etape: Etape, rang: int, action: ActionSms) -> None:
    """Owes a text message to whoever has agreed to it and gave a number; nothing to anybody else."""
    dossier, reponses = work.dossier, work.dossier.reponses or {}
    numero = reponses.get(action.telephone) if action.telephone else dossier.demandeur.get("telephone")
    if reponses.get(action.accord) is not True or not numero:
        return
    envoi_id = uuid7()
    await repository.add_envoi(
        ctx.db,
        dossier,
        id=envoi_id,
        evenement=f"etape:{etape.id}:{rang}",
        destinataire=str(numero),
        moyen="sms",
        cree_le=ctx.now,
    )
    await emit(ctx.db, "demarches:envoyer_sms", collectivite_id=dossier.collectivite_id, envoi_id=envoi_id)


async def _wait(ctx: Contexte, work: Instruction, etape: Etape, action: ActionAttente) -> None:
    dossier, attente_id = work.dossier, uuid7()
    supplier = ctx.noyau.attentes.get(action.quoi)
    reference = ""
    if supplier is not None:
        reference = await supplier.ouvrir(
            ctx.db,
            AttenteDemandee(
                dossier.collectivite_id,
                dossier.id,
                attente_id,
                dossier.numero or "",
                action.libelle,
                dossier.usager_id,
            ),
        )
    await lignes.add_row(
        ctx.db,
        Attente,
        dossier,
        id=attente_id,
        etape=etape.id,
        genre=action.quoi,
        libelle=action.libelle,
        automatique=supplier is not None,
        reference=reference,
        ouverte_le=ctx.now,
    )


async def close_by_hand(
    ctx: Contexte, dossier_id: UUID, attente_id: UUID, *, version: int | None = None
) -> None:
    """The agent says that what was awaited has come; NotFoundError for what is not awaited on that dossier."""
    work = await open_for_act(ctx, dossier_id, version=version)
    closed = await lignes.close_attente(ctx.db, attente_id, ctx.now, signature(work.droit))
    if closed is None or closed.dossier_id != dossier_id:
        raise NotFoundError("Ceci n’est plus attendu. Rechargez la page.")
    await repository.update_dossier(ctx.db, work.dossier, ctx.now)
    await note(ctx, work, "attente_levee", interne=True, libelle=closed.libelle)


async def reading(ctx: Contexte, dossier: Dossier) -> lignes.Travail:
    """What hangs under a dossier, which the agent may read (`access`), for its agents alone."""
    return await lignes.load_travail(ctx.db, dossier)
