"""Documents attached to a field: proven by opening, scanned, encrypted, then recorded.

The bytes are stored before the row, and announced before that: a crash in between leaves an object that a job
destroys a day later, never a row without its bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from app.demarches.definitions import Champ
from app.demarches.domain import Decrit, lire_decrit
from app.demarches.models import Dossier, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.repository import pieces as lignes
from app.demarches.service import acces
from app.demarches.service.brouillons import ABSENT, Brouillon
from app.socle.antivirus import Verdict, check_piece
from app.socle.attendus import announce, claim
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.crypto.keystore import KeyOwner
from app.socle.errors import NotFoundError
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.langues import N_, phrase
from app.socle.noyau import Noyau
from app.socle.storage import ObjetLu
from app.socle.televersement import FilePart, PieceRefuseeError, inspect_piece, make_thumbnail

_TYPES = {"pdf": "pdf", "jpg": "jpeg", "png": "png", "heic": "heic"}


@dataclass(frozen=True, slots=True)
class PieceRecue:
    """A document that was checked and stored, not yet recorded."""

    id: UUID
    champ_id: str
    nom: str
    mime: str
    taille: int
    empreinte: bytes
    antivirus: str
    decrit: Decrit = field(default_factory=Decrit)
    vignette: bool = False


class TropDePiecesError(PieceRefuseeError):
    """The question takes no more documents."""

    code = "trop_de_pieces"


def vignette_id(piece_id: UUID) -> UUID:
    """The object that holds the thumbnail of a document; it is destroyed with it."""
    return uuid5(piece_id, "vignette")


async def receive(
    noyau: Noyau,
    collectivite_id: UUID,
    champ: Champ,
    fichier: FilePart,
    already: int,
    brut: Mapping[str, Sequence[str]] | None = None,
) -> PieceRecue:
    """Checks and stores one file; PieceRefuseeError with a sentence for beside the field.

    `brut` is the form that it came with, where its kind and its date are typed. A photo that an antivirus has found
    sound gets a thumbnail.

    Refused: a type the question does not take, whatever the name says; empty, cut, locked, too heavy; infected, or
    not scanned while a scanner is configured; one too many. No transaction is needed here.
    """
    rules = champ.piece
    if rules is None:
        raise NotFoundError("Aucun document n’est attendu ici. Rechargez la page et recommencez.")
    if already >= rules.nombre_max:
        raise TropDePiecesError(
            phrase(
                N_(
                    "Cette question accepte %(nombre)s document(s) au plus. Retirez-en un pour en joindre un autre."
                ),
                nombre=rules.nombre_max,
            )
        )
    data = fichier.content()
    accepted = {_TYPES[name] for name in rules.formats if name in _TYPES}
    piece = await inspect_piece(data, fichier.filename, accepted)
    analyse = await check_piece(noyau.antivirus, data)
    piece_id = uuid7()
    await announce(noyau, piece_id)
    owner = KeyOwner("collectivite", collectivite_id)
    depose = await noyau.objets.deposer(owner, piece_id, data)
    small = await make_thumbnail(data, piece.type) if analyse.verdict is Verdict.SAIN else None
    if small is not None:
        await announce(noyau, vignette_id(piece_id))
        await noyau.objets.deposer(owner, vignette_id(piece_id), small)
    return PieceRecue(
        piece_id,
        champ.id,
        piece.nom,
        piece.mime,
        len(data),
        depose.empreinte,
        analyse.verdict.value,
        lire_decrit(champ, brut or {}, champ.id),
        small is not None,
    )


async def attach(ctx: Contexte, dossier: Dossier, piece: PieceRecue) -> None:
    """Records a stored document on the dossier."""
    await claim(ctx.db, piece.id)
    if piece.vignette:
        await claim(ctx.db, vignette_id(piece.id))
    await repository.add_piece(
        ctx.db,
        collectivite_id=dossier.collectivite_id,
        id=piece.id,
        dossier_id=dossier.id,
        champ_id=piece.champ_id,
        nom=piece.nom,
        type_mime=piece.mime,
        taille=piece.taille,
        empreinte=piece.empreinte,
        antivirus=piece.antivirus,
        etat="jointe",
        ajoutee_le=ctx.now,
        nature=piece.decrit.nature,
        date_document=piece.decrit.date,
        vignette=piece.vignette,
    )


async def forget(ctx: Contexte, received: Sequence[PieceRecue]) -> None:
    """Documents that came twice with the same form: their bytes are destroyed once that is committed."""
    for piece in received:
        await claim(ctx.db, piece.id)
        await emit(ctx.db, "demarches:detruire_objet", objet_id=piece.id)


async def describe(ctx: Contexte, draft: Brouillon, brut: Mapping[str, Sequence[str]]) -> None:
    """Writes the kind and the date of documents of a draft, as typed beside each; what was not sent stays."""
    champs = {champ.id: champ for champ in draft.definition.champs()}
    for piece in draft.pieces:
        champ, prefix = champs.get(piece.champ_id), prefixe_de(piece)
        if champ is None or not any(name.startswith(f"{prefix}-") for name in brut):
            continue
        said = lire_decrit(champ, brut, prefix)
        if said != piece.decrit:
            await lignes.update_piece(ctx.db, piece, nature=said.nature, date_document=said.date)
            piece.nature, piece.date_document = said.nature, said.date


def prefixe_de(piece: Piece) -> str:
    """What the inputs about one attached document begin with."""
    return f"{piece.champ_id}-{piece.id.hex}"


async def remove(ctx: Contexte, draft: Brouillon, piece_id: UUID) -> None:
    """Takes a document off a draft; its bytes are destroyed once that is committed."""
    if not await repository.delete_piece(ctx.db, draft.dossier, piece_id):
        raise NotFoundError("Ce document n’est plus dans votre dossier.")
    draft.contenu.pieces = [piece for piece in draft.pieces if piece.id != piece_id]
    await emit(ctx.db, "demarches:detruire_objet", objet_id=piece_id)


async def open_piece(ctx: Contexte, piece_id: UUID) -> tuple[Piece, ObjetLu]:
    """A document of a dossier that the person may see, decrypted as it is read; an agent's reading is recorded."""
    piece = await _get(ctx, piece_id)
    objet = await ctx.noyau.objets.lire(KeyOwner("collectivite", piece.collectivite_id), piece.id)
    if ctx.personne is not None and ctx.personne.agent_id is not None:
        await record(ctx, "demarches:piece:lire", str(piece.id), piece.collectivite_id)
    return piece, objet


async def open_thumbnail(ctx: Contexte, piece_id: UUID) -> ObjetLu:
    """The thumbnail of a document that the person may see; NotFoundError for a document that has none."""
    piece = await _get(ctx, piece_id)
    if not piece.vignette:
        raise NotFoundError(ABSENT)
    owner = KeyOwner("collectivite", piece.collectivite_id)
    objet: ObjetLu = await ctx.noyau.objets.lire(owner, vignette_id(piece.id))
    return objet


async def _get(ctx: Contexte, piece_id: UUID) -> Piece:
    piece = await repository.get_piece(ctx.db, piece_id)
    if piece is None and await acces.entrust(ctx, piece_id):
        piece = await repository.get_piece(ctx.db, piece_id)
    if piece is None:
        raise NotFoundError(ABSENT)
    return piece
