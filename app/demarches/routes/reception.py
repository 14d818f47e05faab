"""Receiving a form with documents: read as it comes, never on a disk in clear, each document proven and stored."""

from collections.abc import Mapping, Sequence

from app.demarches.service import pieces
from app.demarches.service.brouillons import Accueil
from app.socle.contexte import Visite, check_token
from app.socle.errors import BusinessError
from app.socle.televersement import FilePart, FormLimits, PieceRefuseeError, TextPart, read_form

# A page may hold a block of two hundred rows.
LIMITS = FormLimits(poids_max=20_000_000, total_max=25_000_000, fields_max=5_000)


async def receive(visit: Visite) -> tuple[dict[str, list[str]], list[FilePart]]:
    """The fields and files of a form, read without touching a disk, its token checked before anything is kept."""
    fields: dict[str, list[str]] = {}
    files: list[FilePart] = []
    headers = visit.request.headers
    parts = read_form(
        visit.request.stream(), headers.get("content-type", ""), headers.get("content-length"), LIMITS
    )
    async for part in parts:
        if isinstance(part, TextPart):
            fields.setdefault(part.name, []).append(part.value)
        elif part.filename or part.data:
            files.append(part)
        if isinstance(part, FilePart) and "jeton_csrf" in fields:
            check_token(visit, fields["jeton_csrf"][0])
    check_token(visit, (fields.get("jeton_csrf") or [""])[0])
    return fields, files


async def store(
    visit: Visite, accueil: Accueil, files: Sequence[FilePart], fields: Mapping[str, Sequence[str]]
) -> tuple[list[pieces.PieceRecue], dict[str, str]]:
    """The documents that were kept, and a sentence for each question whose document was refused."""
    received: list[pieces.PieceRecue] = []
    refused: dict[str, str] = {}
    for file in files:
        try:
            champ = accueil.definition.champ(file.name)
            already = accueil.jointes.count(champ.id) + sum(p.champ_id == champ.id for p in received)
            received.append(
                await pieces.receive(visit.noyau, accueil.collectivite_id, champ, file, already, fields)
            )
        except KeyError:
            continue
        except PieceRefuseeError as refusal:
            refused[file.name] = refusal.message
        except BusinessError as refusal:
            if refusal.status not in (422, 503):
                raise
            refused[file.name] = refusal.message
    return received, refused
