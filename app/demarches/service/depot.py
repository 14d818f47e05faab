"""Submitting: the draft becomes a dossier, with its number and everything it sets off, in one transaction.

Answers are frozen, the legal clock is set (CRPA L231-1 and following), the receipt and the e-mail are jobs of the
same commit: once the page says « déposé », killing any process loses nothing.
"""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from app.demarches.domain import (
    a_completer,
    afficher,
    date_silence,
    deposer,
    nouveau_numero,
)
from app.demarches.domain.etats import Etat
from app.demarches.models import Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.service.brouillons import Brouillon, access_draft, load
from app.socle import limites
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.permissions import droit_of

Manques = list[tuple[str, str, str]]


def manques_of(ctx: Contexte, draft: Brouillon) -> Manques:
    """What still stands in the way of submission: (page, field, sentence), in the order of the form."""
    pieces = {piece.champ_id for piece in draft.pieces}
    return a_completer(draft.definition, draft.reponses, pieces, draft.circonstances)


async def submit(ctx: Contexte, dossier_id: UUID) -> tuple[Dossier, Manques]:
    """Submits the person's draft; with what is missing when something is (then nothing has changed).

    NotFoundError for somebody else's; DejaDeposeError for one that is submitted. Two submissions at once: the row lock
    lets one through.
    """
    dossier = await access_draft(ctx, dossier_id, lock=True)
    await limites.limit(
        ctx.noyau, "depot", ctx.session_token or ctx.temoin, at_most=30, per=timedelta(hours=1)
    )
    draft = await load(ctx, dossier)
    manques = manques_of(ctx, draft)
    if not manques:
        await freeze(ctx, draft, demandeur_of(ctx, draft), auteur=await _auteur(ctx, dossier))
    return dossier, manques


async def _auteur(ctx: Contexte, dossier: Dossier) -> str:
    """Who submits, for the history: the person, or the agent who does it for them and is recorded as such."""
    if dossier.canal == "web":
        return "demandeur"
    droit = await droit_of(ctx, dossier.collectivite_id)
    depose_par = {**(dossier.mandataire or {}), "nom": droit.nom_complet, "qualite": droit.qualite}
    await repository.update_dossier(ctx.db, dossier, ctx.now, mandataire=depose_par)
    return f"{droit.nom_complet}, {droit.qualite}"


def demandeur_of(ctx: Contexte, draft: Brouillon) -> dict[str, Any]:
    """The frozen identity of the applicant: what the sign-in proved, completed by what the form declares.

    At the counter nobody is signed in as the person: the identity given to the agent, corrected by the form.
    """
    declared = declared_identity(draft)
    if draft.dossier.canal != "web":
        given = draft.dossier.demandeur
        return {**given, **declared, "courriel": declared.get("courriel") or given.get("courriel", "")}
    proven = dict(ctx.personne.donnees) if ctx.personne else {}
    return {**declared, **proven, "courriel": declared.get("courriel") or proven.get("courriel", "")}


# A form may ask for these under its own ids: what they fill is the definition's to say, by `prerempli`.
_DECLARED = {
    "identite.nom_naissance": "nom_naissance",
    "identite.nom_usage": "nom_usage",
    "identite.courriel": "courriel",
    "identite.telephone": "telephone",
    "identite.civilite": "civilite",
}


def declared_identity(draft: Brouillon) -> dict[str, Any]:
    """What the answers say of the applicant."""
    found: dict[str, Any] = {}
    for champ in draft.definition.champs():
        value = draft.reponses.get(champ.id)
        if not champ.prerempli or not value:
            continue
        if champ.prerempli == "identite.prenoms":
            found["prenoms"] = str(value).split()
        elif champ.prerempli in _DECLARED:
            found[_DECLARED[champ.prerempli]] = value
    return found


async def freeze(ctx: Contexte, draft: Brouillon, demandeur: dict[str, Any], *, auteur: str) -> None:
    """Gives the draft its number, its dates and its consequences; the caller holds its lock."""
    dossier, definition = draft.dossier, draft.definition
    reponses = draft.etat().reponses
    legal = definition.legal
    silence = date_silence(legal, ctx.now, zone=ZoneInfo(draft.collectivite.fuseau)) if legal else None
    values = {
        "etat": deposer(Etat(dossier.etat)).value,
        "demandeur": demandeur,
        "reponses": reponses,
        "depose_le": ctx.now,
        "silence_le": silence,
    }
    await _with_number(ctx, dossier, values)
    await repository.delete_reponses(ctx.db, dossier)
    await repository.add_evenement(ctx.db, dossier, id=uuid7(), quand=ctx.now, genre="depot", auteur=auteur)
    words = [dossier.numero or "", dossier.titre, *nom_de(demandeur).split(), demandeur.get("courriel", "")]
    words += [afficher(champ, reponses[champ.id]) for champ in definition.champs() if champ.id in reponses]
    await repository.index_dossier(ctx.db, dossier, " ".join(words)[:20_000])
    await emit(ctx.db, "demarches:accuser", collectivite_id=dossier.collectivite_id, dossier_id=dossier.id)
    await record(
        ctx, "demarches:dossier:deposer", str(dossier.id), dossier.collectivite_id, canal=dossier.canal
    )


async def _with_number(ctx: Contexte, dossier: Dossier, values: dict[str, Any]) -> None:
    for _ in range(5):
        numero = nouveau_numero(secrets.randbelow, essai=dossier.essai)
        try:
            async with ctx.db.begin_nested():
                await repository.update_dossier(ctx.db, dossier, ctx.now, numero=numero, **values)
            return
        except IntegrityError as error:
            # Drawn before: 10^11 numbers, so another draw settles it. Anything else is not ours to hide.
            if "numero" not in str(error.orig):
                raise
    raise RuntimeError("five draws of a number that all existed")


def nom_de(demandeur: dict[str, Any]) -> str:
    """How a letter calls the applicant: all first names and the usage or birth name; the e-mail for want of a name."""
    prenoms = " ".join(demandeur.get("prenoms") or [])
    nom = demandeur.get("nom_usage") or demandeur.get("nom_naissance") or ""
    return f"{prenoms} {nom}".strip() or str(demandeur.get("courriel") or "Demandeur")
