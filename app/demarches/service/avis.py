"""Opinions on a dossier: asked of a service inside, or of an outside expert who answers by a link and a code.

The expert has no account and no perimeter: the code, which the e-mail carries beside the link, opens one function
of the database that gives that one dossier (docs/portes-sql.md). What an opinion says is for the agents alone.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.demarches.definitions import Champ
from app.demarches.definitions.champs import ReglesPiece
from app.demarches.domain import jour_local, nettoyer
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.models import Avis
from app.demarches.repository import dossiers as repository
from app.demarches.repository import parcours as lignes
from app.demarches.service import pieces
from app.demarches.service.horloge import lieu_of
from app.demarches.service.prise import Instruction, access, note, open_for_act, required, signature
from app.socle import limites
from app.socle.adresses import parse_email
from app.socle.attendus import claim
from app.socle.audit import record, record_as
from app.socle.contexte import Contexte, Visite
from app.socle.crypto.keystore import KeyOwner
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.ids import fingerprint, uuid7
from app.socle.jobs import emit
from app.socle.noyau import Noyau
from app.socle.storage import ObjetLu

# No letter or digit that is taken for another.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
ABSENT = "Cet avis n’est plus demandé, ou le code n’est pas le bon."
FICHIER = Champ(id="fichier", type="piece", libelle="Document joint à l’avis", piece=ReglesPiece())


@dataclass(frozen=True, slots=True)
class DemandeAvis:
    """What is asked, of whom, until when; with `courriel`, of somebody outside."""

    objet: str
    nom: str
    avant_le: date
    courriel: str = ""
    oui_non: bool = True
    confidentiel: bool = False


def code_of(noyau: Noyau, avis_id: UUID) -> str:
    """The code of an opinion asked outside: 12 letters and digits (59 bits) that only this installation can compute."""
    digest = hashlib.sha256(noyau.sceau.sign("avis", str(avis_id)).encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:12])


def clean_code(typed: str) -> str:
    """A code as it was sent, whatever the spaces, dashes and capitals it was typed with."""
    return "".join(char for char in typed.lower() if char in _ALPHABET)


async def ask(ctx: Contexte, dossier_id: UUID, asked: DemandeAvis, *, version: int | None = None) -> UUID:
    """Asks an opinion; outside, an e-mail leaves with the link and the code. Returns its id.

    InvalidInputError for no question, nobody, an address that is none, a day that is not to come; ConflictError on a
    dossier that is not in instruction.
    """
    work = await open_for_act(ctx, dossier_id, version=version)
    dossier, avis_id = work.dossier, uuid7()
    if Etat(dossier.etat) not in (Etat.EN_INSTRUCTION, Etat.EN_ATTENTE):
        raise ConflictError("Un avis se demande pendant l’instruction du dossier.", code="avis_impossible")
    courriel = ""
    if asked.courriel.strip():
        try:
            courriel = parse_email(asked.courriel).normalized
        except ValueError as error:
            raise InvalidInputError("Cette adresse électronique n’est pas valable.") from error
    lieu = await lieu_of(ctx.db, dossier.collectivite_id)
    if asked.avant_le <= jour_local(ctx.now, lieu.zone):
        raise InvalidInputError("La date de réponse doit être à venir.")
    nom = required(asked.nom, "Dites à qui vous demandez cet avis.").replace("\n", " ")[:200]
    await lignes.add_row(
        ctx.db,
        Avis,
        dossier,
        id=avis_id,
        etape=dossier.etape,
        objet=required(asked.objet, "Écrivez votre question.")[:2000],
        oui_non=asked.oui_non,
        confidentiel=asked.confidentiel,
        nom=nom,
        courriel=courriel,
        code_empreinte=fingerprint(code_of(ctx.noyau, avis_id)) if courriel else None,
        demande_le=ctx.now,
        demande_par=signature(work.droit),
        avant_le=asked.avant_le,
    )
    await repository.update_dossier(ctx.db, dossier, ctx.now)
    if courriel:
        await _send(ctx, work, avis_id)
    await note(ctx, work, "avis_demande", interne=True, libelle=nom)
    await record(
        ctx, "demarches:avis:demander", str(dossier_id), dossier.collectivite_id, externe=bool(courriel)
    )
    return avis_id


async def _send(ctx: Contexte, work: Instruction, avis_id: UUID) -> None:
    await emit(ctx.db, "demarches:ecrire_avis", collectivite_id=work.dossier.collectivite_id, avis_id=avis_id)


async def remind(ctx: Contexte, dossier_id: UUID, avis_id: UUID) -> None:
    """Sends the e-mail of an outside opinion again; ConflictError when it is not awaited any more."""
    work, avis = await _awaited(ctx, dossier_id, avis_id)
    if not avis.courriel:
        raise ConflictError(
            "Cet avis est demandé à un service de votre collectivité : parlez-lui.", code="avis_interne"
        )
    # Computed anew: a code sent before the installation's secret changed opens again from here.
    code = fingerprint(code_of(ctx.noyau, avis_id))
    await lignes.update_avis(ctx.db, avis, relance_le=ctx.now, code_empreinte=code)
    await _send(ctx, work, avis_id)
    await note(ctx, work, "avis_relance", interne=True, libelle=avis.nom)


async def revoke(ctx: Contexte, dossier_id: UUID, avis_id: UUID) -> None:
    """Takes the question back: the link and the code open nothing any more."""
    work, avis = await _awaited(ctx, dossier_id, avis_id)
    await lignes.update_avis(ctx.db, avis, revoque_le=ctx.now)
    await repository.update_dossier(ctx.db, work.dossier, ctx.now)
    await note(ctx, work, "avis_revoque", interne=True, libelle=avis.nom)
    await record(ctx, "demarches:avis:revoquer", str(dossier_id), work.dossier.collectivite_id)


async def _awaited(ctx: Contexte, dossier_id: UUID, avis_id: UUID) -> tuple[Instruction, Avis]:
    work = await open_for_act(ctx, dossier_id)
    avis = await lignes.get_avis(ctx.db, avis_id, dossier_id)
    if avis is None:
        raise NotFoundError("Cet avis n’existe pas.")
    if avis.rendu_le is not None or avis.revoque_le is not None:
        raise ConflictError("Cet avis n’est plus attendu.", code="avis_clos")
    return work, avis


async def give_inside(
    ctx: Contexte, dossier_id: UUID, avis_id: UUID, favorable: bool | None, texte: str
) -> None:
    """An agent of the collectivité gives the opinion asked of a service; no lease is needed for that.

    ConflictError when it is not awaited any more, or was asked outside.
    """
    work = await open_for_act(ctx, dossier_id, with_lease=False)
    avis = await lignes.get_avis(ctx.db, avis_id, dossier_id)
    if avis is None:
        raise NotFoundError("Cet avis n’existe pas.")
    if avis.courriel or Etat(work.dossier.etat) in ETATS_FINAUX:
        raise ConflictError("Cet avis ne se rend pas ici.", code="avis_impossible")
    values = _opinion(avis.oui_non, favorable, texte)
    if not await lignes.update_avis(
        ctx.db, avis, **values, rendu_le=ctx.now, rendu_par=signature(work.droit)
    ):
        raise ConflictError("Cet avis n’est plus attendu.", code="avis_clos")
    await repository.update_dossier(ctx.db, work.dossier, ctx.now)
    await note(ctx, work, "avis_rendu", interne=True, libelle=avis.nom)
    await record(ctx, "demarches:avis:rendre", str(dossier_id), work.dossier.collectivite_id)


def _opinion(oui_non: bool, favorable: bool | None, texte: str) -> dict[str, Any]:
    clean = nettoyer(texte, lignes=True)[:10_000]
    if oui_non and favorable is None:
        raise InvalidInputError("Choisissez : favorable ou défavorable.")
    if (not oui_non or favorable is False) and not clean:
        raise InvalidInputError("Écrivez votre avis.")
    return {"favorable": favorable if oui_non else None, "texte": clean}


# From here on, the outside expert.


async def count_try(visit: Visite, avis_id: UUID) -> None:
    """Ten codes an hour for one opinion, right or wrong; TooManyRequestsError beyond."""
    await limites.limit(visit.noyau, "avis", str(avis_id), at_most=10, per=timedelta(hours=1))


async def open_outside(ctx: Contexte, avis_id: UUID, code: str) -> dict[str, Any]:
    """What the expert may see: question, answers and documents of one dossier, opinions that are not confidential.

    NotFoundError for a wrong code, an opinion taken back, one of another collectivité's host or long past its day.
    """
    found = await lignes.read_avis_outside(ctx.db, avis_id, fingerprint(clean_code(code)), ctx.now)
    if found is None or UUID(found["collectivite_id"]) != ctx.collectivite.id:
        raise NotFoundError(ABSENT)
    return found


async def note_reading(ctx: Contexte, found: dict[str, Any]) -> None:
    """That the expert read the dossier is in the audit, under the opinion's id."""
    await record_as(
        ctx.db,
        ctx.now,
        f"expert:{found['avis']['id']}",
        "demarches:avis:lire",
        found["dossier_id"],
        collectivite_id=UUID(found["collectivite_id"]),
        requete=ctx.requete,
    )


async def open_piece_outside(
    ctx: Contexte, avis_id: UUID, code: str, piece_id: UUID
) -> tuple[dict[str, Any], ObjetLu]:
    """One document of the dossier on which the opinion is asked; NotFoundError for any other."""
    found = await open_outside(ctx, avis_id, code)
    piece = next((item for item in found["pieces"] if UUID(item["id"]) == piece_id), None)
    if piece is None:
        raise NotFoundError(ABSENT)
    await note_reading(ctx, found)
    owner = KeyOwner("collectivite", UUID(found["collectivite_id"]))
    return piece, await ctx.noyau.objets.lire(owner, piece_id)


async def give_outside(
    ctx: Contexte,
    avis_id: UUID,
    code: str,
    favorable: bool | None,
    texte: str,
    received: Sequence[pieces.PieceRecue],
) -> None:
    """The expert's opinion, once, with at most one document; ConflictError when it is given or no more awaited."""
    found = await open_outside(ctx, avis_id, code)
    values = _opinion(found["avis"]["oui_non"], favorable, texte)
    fichier = received[0] if received else None
    if fichier is not None:
        await claim(ctx.db, fichier.id)
    given = await lignes.give_avis_outside(
        ctx.db,
        id=avis_id,
        code=fingerprint(clean_code(code)),
        maintenant=ctx.now,
        **values,
        fichier_id=fichier.id if fichier else None,
        fichier_nom=fichier.nom if fichier else None,
        fichier_type=fichier.mime if fichier else None,
        fichier_taille=fichier.taille if fichier else None,
    )
    if not given:
        raise ConflictError("Votre avis est déjà enregistré, ou n’est plus attendu.", code="avis_clos")


async def open_file(ctx: Contexte, dossier_id: UUID, avis_id: UUID) -> tuple[Avis, ObjetLu]:
    """The document that came with an opinion, for the dossier's agents."""
    await access(ctx, dossier_id)
    avis = await lignes.get_avis(ctx.db, avis_id, dossier_id)
    if avis is None or avis.fichier_id is None:
        raise NotFoundError("Ce document n’existe pas.")
    await record(ctx, "demarches:avis:lire", str(dossier_id), avis.collectivite_id)
    return avis, await ctx.noyau.objets.lire(KeyOwner("collectivite", avis.collectivite_id), avis.fichier_id)


def is_late(avis: Avis, today: date) -> bool:
    """Whether an opinion is awaited beyond its day."""
    return avis.rendu_le is None and avis.revoque_le is None and avis.avant_le < today


def moment(text: str) -> datetime:
    """An instant out of the database's JSON."""
    return datetime.fromisoformat(text)


def day(text: str) -> date:
    """A day out of the database's JSON."""
    return date.fromisoformat(text)
