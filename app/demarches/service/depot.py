"""Submitting: the draft becomes a dossier, with its number and everything it sets off, in one transaction.

Answers are frozen, the legal clock is set (CRPA L231-1 and following), the receipt and the e-mail are jobs of the
same commit: once the page says « déposé », killing any process loses nothing.
"""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.demarches.definitions import Definition
from app.demarches.domain import (
    Lieu,
    a_completer,
    afficher,
    date_silence,
    deposer,
    duree_de,
    nouveau_numero,
    router,
    silence_de,
)
from app.demarches.domain.etats import Etat
from app.demarches.domain.representation import nom_represente
from app.demarches.models import Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.repository import remplissage
from app.demarches.service import acces
from app.demarches.service.brouillons import Brouillon, DejaDeposeError, absent, access_draft, load, owns
from app.demarches.service.reponses import empreinte_of
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ConflictError, ForbiddenError, TooManyRequestsError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.langues import N_
from app.socle.permissions import droit_of

Manques = list[tuple[str, str, str]]
# How many a person may submit in an hour.
AT_MOST = 30


class NumeroPrisError(ConflictError):
    """The number that was drawn exists: the request is done again, with another."""

    code = "numero_pris"


def manques_of(ctx: Contexte, draft: Brouillon) -> Manques:
    """What still stands in the way of submission: (page, field, sentence), in the order of the form."""
    return a_completer(draft.definition, draft.reponses, draft.documents(), draft.circonstances, draft.etat())


class DossierChangeError(ConflictError):
    """The draft is no longer what the person has just read: it is shown again before it is submitted."""

    code = "dossier_change"


async def submit(ctx: Contexte, dossier_id: UUID, *, vu: str = "") -> tuple[Dossier, Manques]:
    """Submits the person's draft; with what is missing when something is (then nothing has changed).

    `vu` is what the review page showed (`empreinte_of`): DossierChangeError when the draft has changed since.
    NotFoundError for somebody else's; DejaDeposeError for one that is submitted; TooManyRequestsError beyond thirty an
    hour; NumeroPrisError to be tried again in another transaction. Two submissions at once: the row lock lets one
    through.
    """
    dossier = await _locked(ctx, dossier_id)
    # Read after the lock: what was being saved meanwhile is part of what is submitted.
    draft = await load(ctx, dossier)
    if vu and vu != empreinte_of(draft):
        raise DossierChangeError(N_("Des réponses ont changé depuis que cette page est ouverte."))
    manques = manques_of(ctx, draft)
    if not manques:
        await freeze(ctx, draft, demandeur_of(ctx, draft), auteur=await _auteur(ctx, dossier))
    return dossier, manques


async def _locked(ctx: Contexte, dossier_id: UUID) -> Dossier:
    if ctx.hote.genre == "agents":
        return await access_draft(ctx, dossier_id, lock=True)
    hour = timedelta(hours=1)
    since = ctx.now - hour
    found = await remplissage.lock_to_submit(ctx.db, ctx.collectivite.id, dossier_id, since)
    if found is None and await acces.entrust(ctx, dossier_id):
        found = await remplissage.lock_to_submit(ctx.db, ctx.collectivite.id, dossier_id, since)
    if found is None or not owns(ctx, found[0]):
        raise absent(ctx)
    dossier, recents = found
    if not acces.may_submit(ctx, dossier):
        raise ForbiddenError(
            "Vous êtes invité à remplir ce dossier : seule la personne qui l’a commencé le dépose."
        )
    if dossier.etat != "brouillon":
        raise DejaDeposeError(dossier_id)
    if recents >= AT_MOST:
        raise TooManyRequestsError(
            "Vous avez déposé beaucoup de demandes en peu de temps. Attendez une heure et recommencez, "
            "ou adressez-vous à l’accueil de votre mairie.",
            retry_after=3600,
        )
    return dossier


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
    return {
        **draft.dossier.demandeur,
        **declared,
        **proven,
        "courriel": declared.get("courriel") or proven.get("courriel", ""),
    }


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
        value, source = draft.reponses.get(champ.id), str(champ.prerempli or "")
        if not source or not value:
            continue
        if not draft.dossier.beneficiaire:
            # Nobody is represented: the person concerned is the applicant.
            source = source.replace("beneficiaire", "identite")
        parts = value if isinstance(value, dict) else {source.removeprefix("identite."): value}
        for part, said in parts.items() if source.startswith("identite") else ():
            if part == "prenoms":
                found["prenoms"] = str(said).split()
            elif f"identite.{part}" in _DECLARED:
                found[_DECLARED[f"identite.{part}"]] = said
    return found


async def freeze(ctx: Contexte, draft: Brouillon, demandeur: dict[str, Any], *, auteur: str) -> None:
    """Gives the draft its number, its dates and its consequences; the caller holds its lock."""
    dossier, definition = draft.dossier, draft.definition
    etat = draft.etat()
    reponses = etat.reponses
    lieu = Lieu.de(draft.collectivite.fuseau, draft.collectivite.departement)
    rule = silence_de(definition, reponses)
    silence = date_silence(rule, ctx.now, lieu=lieu)
    numero = nouveau_numero(secrets.randbelow, essai=dossier.essai)
    try:
        await remplissage.freeze(
            ctx.db,
            dossier,
            etat=deposer(Etat(dossier.etat)).value,
            numero=numero,
            demandeur=demandeur,
            reponses=reponses,
            depose_le=ctx.now,
            silence_le=silence,
            silence_sens=rule.regime if rule else None,
            evenement_id=uuid7(),
            auteur=auteur,
            mots=words_of(definition, demandeur, reponses, numero, dossier),
            langue=ctx.langue if dossier.canal == "web" else "fr",
            # Where the collectivité has no group of that name, its own table of routing says (a trigger).
            groupe=router(definition, draft.reponses, draft.circonstances) if definition.routage else None,
            prix_centimes=etat.centimes,
            dua_annees=duree_de(definition, reponses),
        )
    except IntegrityError as error:
        # Anything else is not ours to hide.
        if "demarches_dossier_numero" not in str(error):
            raise
        raise NumeroPrisError(N_("Ce numéro existe déjà. Recommencez.")) from None
    await emit(ctx.db, "demarches:accuser", collectivite_id=dossier.collectivite_id, dossier_id=dossier.id)
    await record(
        ctx, "demarches:dossier:deposer", str(dossier.id), dossier.collectivite_id, canal=dossier.canal
    )


def words_of(
    definition: Definition,
    demandeur: dict[str, Any],
    reponses: dict[str, Any],
    numero: str,
    dossier: Dossier,
) -> str:
    """What a dossier is found by: its number and title, the applicant, who is represented, every answer as it reads."""
    words = [numero, dossier.titre, *nom_de(demandeur).split(), demandeur.get("courriel", "")]
    words += nom_represente(dossier.beneficiaire).split()
    words += [afficher(champ, reponses[champ.id]) for champ in definition.champs() if champ.id in reponses]
    return " ".join(words)[:20_000]


def nom_de(demandeur: dict[str, Any]) -> str:
    """How a letter calls the applicant: all first names and the usage or birth name; the e-mail for want of a name."""
    prenoms = " ".join(demandeur.get("prenoms") or [])
    nom = demandeur.get("nom_usage") or demandeur.get("nom_naissance") or ""
    return f"{prenoms} {nom}".strip() or str(demandeur.get("courriel") or "Demandeur")
