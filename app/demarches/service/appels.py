"""Calls of outside addresses by the steps of a parcours: what they carry, how they are tried, who sees them fail.

The addresses are the collectivité's own list, set by its administrators; a definition only names one. What a call says
is fixed when the step begins, so that trying again says the same under the same id. Delivered at least once.
"""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.demarches.definitions import Definition, Etape
from app.demarches.definitions.parcours import ActionWebhook
from app.demarches.models import Dossier
from app.demarches.models_exterieur import Appel
from app.demarches.repository import appels, dossiers
from app.demarches.repository import parcours as lignes
from app.demarches.service.prise import Instruction, access, note, open_for_act
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from app.socle.hosts import CollectiviteVue, list_vues
from app.socle.ids import uuid7
from app.socle.jobs import WAITS, emit
from app.socle.noyau import Noyau
from app.socle.permissions import Droit, droit_of
from app.socle.sortie import Reponse, new_secret, signer
from app.socle.tenancy import Perimetre

USAGE = "webhook"
CLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
POINTS_AU_PLUS = 20
JOURNAL = timedelta(days=30)


async def owe(
    ctx: Contexte, work: Instruction, definition: Definition, etape: Etape, action: ActionWebhook
) -> None:
    """Owes one call, in the transaction in which the step begins; a test dossier calls nobody."""
    dossier, appel_id = work.dossier, uuid7()
    vue = (await list_vues(ctx.db, [dossier.collectivite_id]))[dossier.collectivite_id]
    await lignes.add_row(
        ctx.db,
        Appel,
        dossier,
        id=appel_id,
        etape=etape.id,
        point=action.point,
        libelle=action.libelle,
        bloquant=action.bloquant,
        corps=body_of(vue, dossier, definition, etape, action, ctx.now.isoformat()),
        etat="passe" if dossier.essai else "a_faire",
        detail="essai : rien n’est envoyé" if dossier.essai else "",
        cree_le=ctx.now,
    )
    if not dossier.essai:
        await _emit(ctx.db, dossier.collectivite_id, appel_id)


def body_of(
    vue: CollectiviteVue,
    dossier: Dossier,
    definition: Definition,
    etape: Etape,
    action: ActionWebhook,
    instant: str,
) -> dict[str, Any]:
    """What a call says: number, state, step, démarche, and of the answers only those that the definition names."""
    reponses = dossier.reponses or {}
    return {
        "type": "dossier.etape",
        "timestamp": instant,
        "data": {
            "numero": dossier.numero,
            "etat": dossier.etat,
            "etape": etape.id,
            "demarche": definition.slug,
            "collectivite": vue.slug,
            "code_insee": vue.code_insee,
            "reponses": {champ_id: reponses[champ_id] for champ_id in action.champs if champ_id in reponses},
        },
    }


async def _emit(session: Any, collectivite_id: UUID, appel_id: UUID, **when: Any) -> None:
    await emit(session, "demarches:appeler", collectivite_id=collectivite_id, appel_id=appel_id, **when)


async def deliver(noyau: Noyau, collectivite_id: UUID, appel_id: UUID) -> None:
    """One try; what failed is tried again later, further and further apart, then an agent is shown why it failed."""
    perimetre = Perimetre.pour_instruction(collectivite_id)
    async with noyau.db.session(perimetre) as session:
        appel = await appels.get_appel(session, appel_id)
        if appel is None or appel.etat != "a_faire":
            return
        point = await appels.get_point(session, collectivite_id, appel.point)
    secret = noyau.sceau.open(USAGE, point.secret) if point else None
    if point is None or secret is None:
        answer, over = Reponse(0, f"aucune adresse n’est réglée sous le nom « {appel.point} »"), True
    else:
        body = json.dumps(appel.corps, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        instant = int(noyau.clock.now().timestamp())
        answer = await noyau.sortie.poster(point.url, body, signer(secret, str(appel.id), instant, body))
        over = answer.definitive or appel.essais >= len(WAITS)
    now = noyau.clock.now()
    async with noyau.db.session(perimetre) as session:
        changed = await appels.update_appel(
            session,
            appel,
            "a_faire",
            etat="livre" if answer.livree else "echec" if over else "a_faire",
            essais=appel.essais + 1,
            detail=answer.detail[:300],
            dernier_le=now,
        )
        if not changed:
            return
        if not over:
            later = now + timedelta(seconds=WAITS[appel.essais])
            await _emit(session, collectivite_id, appel_id, quand=later)
        elif not answer.livree:
            dossier = await dossiers.get_dossier(session, collectivite_id, appel.dossier_id)
            if dossier is not None:
                await dossiers.add_evenement(
                    session,
                    dossier,
                    id=uuid7(),
                    quand=now,
                    genre="appel_echoue",
                    auteur="",
                    interne=True,
                    donnees={"libelle": f"{appel.libelle} : {answer.detail}"},
                )


async def retry(ctx: Contexte, dossier_id: UUID, appel_id: UUID) -> None:
    """An agent has a call made again now, under the same id; ConflictError when it has succeeded or was given up."""
    dossier = await access(ctx, dossier_id)
    await write_in(ctx.db, dossier.collectivite_id)
    appel = await _appel_of(ctx, dossier_id, appel_id)
    if not await appels.update_appel(ctx.db, appel, "echec", "a_faire", etat="a_faire", essais=0, detail=""):
        raise ConflictError("Cet appel est déjà fait. Rechargez la page.", code="appel_fait")
    await _emit(ctx.db, dossier.collectivite_id, appel_id)
    await record(ctx, "demarches:appel:refaire", str(appel_id), dossier.collectivite_id)


async def give_up(ctx: Contexte, dossier_id: UUID, appel_id: UUID, *, version: int | None = None) -> None:
    """An agent goes on without a call that a step waits for; the history says who."""
    work = await open_for_act(ctx, dossier_id, version=version)
    appel = await _appel_of(ctx, dossier_id, appel_id)
    if not await appels.update_appel(ctx.db, appel, "echec", "a_faire", etat="passe"):
        raise ConflictError("Cet appel est déjà fait. Rechargez la page.", code="appel_fait")
    await dossiers.update_dossier(ctx.db, work.dossier, ctx.now)
    await note(ctx, work, "appel_passe", interne=True, libelle=appel.libelle)


async def _appel_of(ctx: Contexte, dossier_id: UUID, appel_id: UUID) -> Appel:
    appel = await appels.get_appel(ctx.db, appel_id)
    if appel is None or appel.dossier_id != dossier_id:
        raise NotFoundError("Cet appel n’existe pas.")
    return appel


async def open_points(ctx: Contexte, collectivite_id: UUID) -> Droit:
    """Lets an administrator of the collectivité write its addresses; ForbiddenError for its other agents."""
    if ctx.personne is None or collectivite_id not in ctx.personne.collectivites:
        raise NotFoundError("Cette page n’existe pas.")
    droit = await droit_of(ctx, collectivite_id)
    if droit.role != "administrateur":
        raise ForbiddenError(
            "Ces réglages sont réservés aux administrateurs de la collectivité.", code="administrateur"
        )
    await write_in(ctx.db, collectivite_id)
    return droit


async def save_point(ctx: Contexte, collectivite_id: UUID, cle: str, url: str) -> str:
    """Adds an address, or changes it, with a new secret either way: the secret, told now and never again.

    InvalidInputError for a name or an address that is none, and beyond twenty.
    """
    droit = await open_points(ctx, collectivite_id)
    cle, url = cle.strip().lower(), url.strip()
    if not CLE.fullmatch(cle):
        raise InvalidInputError(
            "Donnez un nom en lettres minuscules sans accent, chiffres et « _ », par exemple sig."
        )
    if len(url) > 500:
        raise InvalidInputError("Cette adresse est trop longue.")
    ctx.noyau.sortie.verifier(url)
    known = {point.cle for point in await appels.list_points(ctx.db, collectivite_id)}
    if cle not in known and len(known) >= POINTS_AU_PLUS:
        raise InvalidInputError(f"Vous avez déjà {POINTS_AU_PLUS} adresses : retirez-en une.")
    secret = new_secret()
    await appels.save_point(
        ctx.db,
        collectivite_id,
        cle,
        url=url,
        secret=ctx.noyau.sceau.seal(USAGE, secret),
        modifie_le=ctx.now,
        modifie_par=droit.nom_complet,
    )
    await record(ctx, "demarches:point:regler", cle, collectivite_id, url=url)
    return secret


async def delete_point(ctx: Contexte, collectivite_id: UUID, cle: str) -> None:
    """Takes an address off the list: nothing is sent there any more."""
    await open_points(ctx, collectivite_id)
    if not await appels.delete_point(ctx.db, collectivite_id, cle):
        raise NotFoundError("Cette adresse n’existe pas.")
    await record(ctx, "demarches:point:retirer", cle, collectivite_id)
