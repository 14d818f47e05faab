"""The decision: prepared by one agent, rendered by one who has the right, always with its author's four mentions.

When silence has decided before, the agent may still do what the law leaves: replace an implicit refusal, confirm an
implicit acceptance, or withdraw it if it is unlawful, within four months (CRPA L242-1).
"""

from typing import Literal
from uuid import UUID

from app.demarches.definitions import Definition
from app.demarches.domain import afficher_date, classer_sans_suite, decider, nettoyer
from app.demarches.domain.etats import Etat
from app.demarches.models import Dossier, Proposition
from app.demarches.repository import dossiers as repository
from app.demarches.repository import parcours as lignes
from app.demarches.service.catalogue import definition_of
from app.demarches.service.horloge import lieu_of, tacite_du
from app.demarches.service.prise import note, open_for_act, required, signature
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, ForbiddenError, InvalidInputError
from app.socle.jobs import emit
from app.socle.permissions import Droit

Sens = Literal["accepte", "refuse", "sans_suite"]
_MOTIVER = "Une décision défavorable doit être motivée : dites pourquoi (article L211-2 du CRPA)."


def missing_mentions(droit: Droit) -> list[str]:
    """What an agent's right lacks to be the author of a decision (CRPA L212-2); empty when nothing does."""
    mentions = {
        "prénom": droit.prenom,
        "nom": droit.nom,
        "qualité": droit.qualite,
        "service": droit.service,
    }
    return [label for label, value in mentions.items() if not value.strip()]


async def propose(
    ctx: Contexte, dossier_id: UUID, sens: Sens, motif: str, *, version: int | None = None
) -> None:
    """Prepares a decision for another agent to sign; a later proposal replaces it. It decides nothing by itself."""
    work = await open_for_act(ctx, dossier_id, version=version)
    _next_state(Etat(work.dossier.etat), sens)
    motif = nettoyer(motif, lignes=True) if sens == "accepte" else required(motif, _MOTIVER)
    await lignes.save_proposition(
        ctx.db,
        work.dossier,
        sens=sens,
        motif=motif,
        agent_id=work.droit.agent_id,
        par=signature(work.droit),
        proposee_le=ctx.now,
    )
    await repository.update_dossier(ctx.db, work.dossier, ctx.now)
    await note(ctx, work, "proposition", interne=True, sens=sens)
    await record(ctx, "demarches:decision:proposer", str(dossier_id), work.dossier.collectivite_id, sens=sens)


def _next_state(etat: Etat, sens: Sens) -> Etat:
    return classer_sans_suite(etat) if sens == "sans_suite" else decider(etat, sens)


async def decide(
    ctx: Contexte,
    dossier_id: UUID,
    sens: Sens,
    motif: str,
    *,
    version: int | None = None,
    retrait: bool = False,
) -> None:
    """The decision: once, reasoned when unfavourable (CRPA L211-2), by an author known by name, quality and service.

    ForbiddenError when the agent's right does not say in which quality they sign, or when the démarche wants two agents
    and this one proposed; TransitionRefuseeError when the dossier is decided already. After an implicit acceptance, a
    refusal must be an express withdrawal (`retrait`) in time: InvalidInputError or ConflictError otherwise.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    dossier, droit = work.dossier, work.droit
    if missing := missing_mentions(droit):
        raise ForbiddenError(
            f"La décision doit porter vos prénom, nom, qualité et service (article L212-2 du CRPA). Il manque : "
            f"{', '.join(missing)}. Faites compléter votre fiche par l’administrateur.",
            code="auteur_incomplet",
        )
    new = _next_state(Etat(dossier.etat), sens)
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    withdrawn = await _against_silence(ctx, dossier, definition, sens, retrait=retrait)
    proposition = await _proposition_to_sign(ctx, dossier, definition, droit)
    if sens != "accepte":
        motif = required(motif, _MOTIVER)
    await repository.add_decision(
        ctx.db,
        dossier,
        sens=sens,
        motif=nettoyer(motif, lignes=True),
        auteur_prenom=droit.prenom,
        auteur_nom=droit.nom,
        auteur_qualite=droit.qualite,
        auteur_service=droit.service,
        agent_id=droit.agent_id,
        rendue_le=ctx.now,
        propose_par=proposition.par if proposition else "",
        retire_tacite=withdrawn,
    )
    await lignes.delete_proposition(ctx.db, dossier)
    await repository.update_dossier(
        ctx.db, dossier, ctx.now, etat=new.value, clos_le=ctx.now, bail_jusqu_a=None
    )
    await note(ctx, work, "decision", sens=sens)
    await emit(
        ctx.db, "demarches:notifier_decision", collectivite_id=dossier.collectivite_id, dossier_id=dossier.id
    )
    await record(ctx, "demarches:dossier:decider", str(dossier.id), dossier.collectivite_id, sens=sens)


async def _proposition_to_sign(
    ctx: Contexte, dossier: Dossier, definition: Definition, droit: Droit
) -> Proposition | None:
    """What was prepared, if anything; where the démarche wants two agents, refused without it or to its own author."""
    proposition = await lignes.get_proposition(ctx.db, dossier)
    if definition.decision is None or not definition.decision.deux_agents:
        return proposition
    if proposition is None:
        raise ConflictError(
            "Cette démarche se décide à deux : un agent propose, un autre signe.", code="proposition"
        )
    if proposition.agent_id == droit.agent_id:
        raise ForbiddenError(
            "Vous avez proposé cette décision : un autre agent doit la signer.", code="deux_agents"
        )
    return proposition


async def _against_silence(
    ctx: Contexte, dossier: Dossier, definition: Definition, sens: Sens, *, retrait: bool
) -> bool:
    """Whether this decision takes back an implicit acceptance; refused when the law does not allow it (L242-1)."""
    if definition.legal is None or dossier.silence_le is None or sens == "accepte":
        return False
    lieu = await lieu_of(ctx.db, dossier.collectivite_id)
    tacite = tacite_du(dossier, definition, lieu, ctx.now)
    if tacite is None or tacite.regime != "acceptation":
        return False
    born = afficher_date(tacite.nee_le)
    if sens == "sans_suite":
        raise ConflictError(
            f"Le silence a valu acceptation le {born} : cette demande ne peut plus être classée sans suite.",
            code="acceptation_tacite",
        )
    if ctx.now.astimezone(lieu.zone).date() > tacite.limite:
        raise ConflictError(
            f"Le silence a valu acceptation le {born}. Le délai de quatre mois pour la retirer est passé "
            "(article L242-1 du CRPA).",
            code="acceptation_tacite",
        )
    if not retrait:
        raise InvalidInputError(
            f"Le silence a valu acceptation le {born}. La refuser, c’est la retirer : seulement si elle est illégale, "
            f"jusqu’au {afficher_date(tacite.limite)}, après avoir entendu la personne (articles L242-1 et L121-1 du "
            "CRPA). Cochez la case pour le confirmer."
        )
    return True
