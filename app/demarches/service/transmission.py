"""Handing a dossier over to the competent administration, and telling the person (CRPA L114-2, L114-3).

To another collectivité of the installation, a job makes the dossier there: same answers, same history, documents
encrypted anew under its key, clocks kept; the first one keeps its own, closed. To a body outside, the whole dossier
leaves as PDF, by e-mail or on paper. No transaction holds both perimeters.
"""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition
from app.demarches.domain import competence_de, date_silence, nouveau_numero, silence_de, transmettre
from app.demarches.domain.etats import Etat
from app.demarches.models import Dossier, Evenement, Message, Piece, Transmission
from app.demarches.repository import dossiers as repository
from app.demarches.repository import parcours as lignes
from app.demarches.repository import transmission as copies
from app.demarches.service.catalogue import definition_of
from app.demarches.service.depot import words_of
from app.demarches.service.horloge import lieu_of
from app.demarches.service.prise import note, open_for_act, required, signature
from app.socle.adresses import parse_email
from app.socle.audit import record, record_as
from app.socle.contexte import Contexte
from app.socle.crypto.keystore import KeyOwner
from app.socle.errors import ConflictError, InvalidInputError
from app.socle.jobs import emit
from app.socle.noyau import Noyau
from app.socle.storage import ObjectExistsError
from app.socle.tenancy import Perimetre


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: `collectivite_id` for one of the installation, else a body outside by its name and address."""

    motif: str
    collectivite_id: UUID | None = None
    organisme: str = ""
    adresse: str = ""
    courriel: str = ""


async def list_destinations(session: AsyncSession, but: UUID) -> list[tuple[UUID, str]]:
    """The active collectivités of the installation, but one: (id, name), EPCI first."""
    return await copies.list_collectivites(session, but)


async def forward(ctx: Contexte, dossier_id: UUID, to: Destination, *, version: int | None = None) -> None:
    """Closes the dossier here as handed over; what follows is a job. The person gets a letter and an e-mail.

    InvalidInputError for no reason or nobody to hand it to; ConflictError for a closed dossier, or a collectivité that
    it came from (each would send it back to the other for ever).
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    dossier = work.dossier
    new = transmettre(Etat(dossier.etat))
    if dossier.essai:
        raise ConflictError("Un dossier d’essai reste ici : il n’est transmis à personne.", code="essai")
    motif = required(
        to.motif, "Dites pourquoi ce dossier n’est pas de votre compétence : la personne le lira."
    )
    organisme, courriel = to.organisme.strip()[:200], ""
    if to.collectivite_id is not None:
        known = dict(await copies.list_collectivites(ctx.db, dossier.collectivite_id))
        if to.collectivite_id not in known:
            raise InvalidInputError("Choisissez la collectivité compétente.")
        if to.collectivite_id == dossier.origine_collectivite_id:
            raise ConflictError(
                "Ce dossier vient de cette collectivité : appelez-la avant de le lui rendre.",
                code="transmission_retour",
            )
        organisme = known[to.collectivite_id]
    elif not organisme:
        raise InvalidInputError("Choisissez la collectivité compétente, ou nommez l’organisme.")
    elif to.courriel.strip():
        try:
            courriel = parse_email(to.courriel).normalized
        except ValueError as error:
            raise InvalidInputError("L’adresse électronique de l’organisme n’est pas valable.") from error
    elif not to.adresse.strip():
        raise InvalidInputError("Indiquez l’adresse électronique ou postale de l’organisme.")
    await lignes.add_row(
        ctx.db,
        Transmission,  # type: ignore[arg-type]
        dossier,
        vers_collectivite_id=to.collectivite_id,
        organisme=organisme,
        adresse=to.adresse.strip()[:1000],
        courriel=courriel,
        motif=motif,
        par=signature(work.droit),
        transmis_le=ctx.now,
    )
    await repository.update_dossier(
        ctx.db, dossier, ctx.now, etat=new.value, clos_le=ctx.now, bail_jusqu_a=None
    )
    await note(ctx, work, "transmission", libelle=organisme, ici="oui" if to.collectivite_id else "")
    task = "demarches:remettre" if to.collectivite_id else "demarches:remettre_dehors"
    for nom in ("demarches:ecrire_transmission", task):
        await emit(ctx.db, nom, collectivite_id=dossier.collectivite_id, dossier_id=dossier.id)
    await record(
        ctx,
        "demarches:dossier:transmettre",
        str(dossier_id),
        dossier.collectivite_id,
        vers=str(to.collectivite_id or "dehors"),
    )


def new_id_of(dossier_id: UUID) -> UUID:
    """The id of the dossier that its successor has elsewhere: the job may run twice and makes it once."""
    return uuid5(dossier_id, "transmission")


@dataclass(frozen=True, slots=True)
class Copie:
    """What is handed over: the dossier, what hangs under it, its overlay."""

    dossier: Dossier
    transmission: Transmission
    pieces: list[Piece]
    evenements: list[Evenement]
    messages: list[Message]
    surcouche: dict[str, Any] | None
    nom: str


async def deliver(noyau: Noyau, collectivite_id: UUID, dossier_id: UUID) -> None:
    """Makes the dossier at the other collectivité; run twice, it is made once."""
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        copie = await _read(session, collectivite_id, dossier_id)
    if copie is None or copie.transmission.remis_le is not None:
        return
    there = copie.transmission.vers_collectivite_id
    if there is None:
        return
    new_id = new_id_of(dossier_id)
    copied = {piece.id: uuid5(new_id, str(piece.id)) for piece in copie.pieces}
    for piece in copie.pieces:
        await _copy_bytes(noyau, collectivite_id, there, piece.id, copied[piece.id])
    async with noyau.db.session(Perimetre.pour_instruction(there)) as session:
        await _write(noyau, session, copie, there, new_id, copied)
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        await lignes.update_transmission(
            session, copie.dossier, remis_le=noyau.clock.now(), nouveau_id=new_id
        )


async def _read(session: AsyncSession, collectivite_id: UUID, dossier_id: UUID) -> Copie | None:
    dossier = await repository.get_dossier(session, collectivite_id, dossier_id)
    transmission = None if dossier is None else await lignes.get_transmission(session, dossier)
    if dossier is None or transmission is None:
        return None
    return Copie(
        dossier,
        transmission,
        await repository.list_pieces(session, dossier),
        await repository.list_evenements(session, dossier),
        await repository.list_messages(session, dossier),
        await copies.read_surcouche(session, collectivite_id, dossier.surcouche_id),
        await copies.name_of(session, collectivite_id),
    )


async def _copy_bytes(noyau: Noyau, here: UUID, there: UUID, old: UUID, new: UUID) -> None:
    objet = await noyau.objets.lire(KeyOwner("collectivite", here), old)
    data = await objet.read()
    try:
        await noyau.objets.deposer(KeyOwner("collectivite", there), new, data)
    except ObjectExistsError:
        # A former run stored them and died before the rows: the same bytes, under the same id.
        return


async def _write(
    noyau: Noyau, session: AsyncSession, copie: Copie, there: UUID, new_id: UUID, copied: dict[UUID, UUID]
) -> None:
    """The rows of the new dossier, all in one transaction of its own collectivité."""
    now, old = noyau.clock.now(), copie.dossier
    definition = await definition_of(session, old.version_id, None)
    lieu = await lieu_of(session, there)
    first = old.recu_initial_le or old.depose_le or now
    rule = silence_de(definition, old.reponses)
    silence = date_silence(rule, now, lieu=lieu, recu_initial_le=first)
    await copies.copy_surcouche(session, there, copie.surcouche, now)
    values = {
        "collectivite_id": there,
        "id": new_id,
        "slug": old.slug,
        "version_id": old.version_id,
        "surcouche_id": old.surcouche_id,
        "titre": old.titre,
        "usager_id": old.usager_id,
        "jeton_empreinte": old.jeton_empreinte,
        "canal": old.canal,
        "etat": "depose",
        "niveau_identite": old.niveau_identite,
        "demandeur": old.demandeur,
        "beneficiaire": old.beneficiaire,
        "mandataire": old.mandataire,
        "reponses": old.reponses,
        "dua_annees": old.dua_annees,
        "cree_le": now,
        "modifie_le": now,
        "depose_le": now,
        "silence_le": silence,
        "silence_sens": rule.regime if rule else None,
        "recu_initial_le": first,
        "origine_collectivite_id": old.collectivite_id,
        "origine_id": old.id,
    }
    made = await _with_number(session, values)
    if made is None:
        return
    await copies.copy_rows(
        session, made, copie.pieces, copie.evenements, copie.messages, copied, copie.transmission, copie.nom
    )
    words = words_of(definition, old.demandeur, old.reponses or {}, made.numero or "", old)
    await repository.index_dossier(session, made, f"{words} {old.numero}"[:20_000])
    await emit(session, "demarches:accuser", collectivite_id=there, dossier_id=new_id)
    await record_as(
        session,
        now,
        "systeme",
        "demarches:dossier:recevoir",
        str(new_id),
        collectivite_id=there,
        origine=str(old.id),
    )


async def _with_number(session: AsyncSession, values: dict[str, Any]) -> Dossier | None:
    """The new row with a number of its own; None when a former run made it."""
    for _ in range(5):
        try:
            async with session.begin_nested():
                return await copies.add_dossier(session, **values, numero=nouveau_numero(secrets.randbelow))
        except IntegrityError as error:
            if "numero" not in str(error.orig):
                raise
    raise RuntimeError("five draws of a number that all existed")


def competence_sentence(definition: Definition, dossier: Dossier) -> str:
    """What the answers say of who is competent; empty when it is the collectivité itself."""
    other = competence_de(definition, dossier.reponses or {})
    return (
        ""
        if other is None
        else f"D’après les réponses, cette demande relève de : {other.nom} ({other.fondement})."
    )
