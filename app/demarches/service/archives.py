"""Archives of an export: a folder per dossier, with its PDF, its papers and its pieces; one ZIP per hundred dossiers.

Bytes go from the encrypted store into the archive as they are read: neither disk nor memory holds them.
"""

import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.demarches.definitions import Definition
from app.demarches.documents import Evenement as Jalon
from app.demarches.domain.etats import LIBELLES_ETAT, Etat
from app.demarches.exports.redacteurs import Tampon
from app.demarches.models import Document, Dossier, Evenement, Export, Piece
from app.demarches.presentation import histoire_of
from app.demarches.repository import exports as repository
from app.demarches.service import papiers
from app.demarches.service.catalogue import load_definitions
from app.demarches.service.extraction import keep, pieces_of
from app.socle.crypto.keystore import KeyOwner
from app.socle.hosts import CollectiviteVue
from app.socle.noyau import Noyau
from app.socle.storage import ObjectAlteredError, ObjectDestroyedError, ObjectMissingError
from app.socle.televersement.entetes import safe_download_name
from app.socle.tenancy import Perimetre

_ILLISIBLE = "Ce document n’a pas pu être lu. Signalez-le à votre OPSN.\n"


class Archive:
    """A ZIP written in one pass; `prendre` gives the bytes that are ready."""

    def __init__(self, instant: datetime) -> None:
        self._tampon = Tampon()
        # Photographs and PDFs are compressed already.
        self._zip = zipfile.ZipFile(self._tampon, "w", zipfile.ZIP_STORED)
        self._quand = instant.timetuple()[:6]
        self._noms: set[str] = set()

    def name_of(self, folder: str, nom: str) -> str:
        """A name that nothing in the archive has yet."""
        safe = safe_download_name(nom)
        stem, dot, extension = safe.rpartition(".") if "." in safe else (safe, "", "")
        name, number = f"{folder}/{safe}", 1
        while name.lower() in self._noms:
            number += 1
            name = f"{folder}/{stem} ({number}){dot}{extension}"
        self._noms.add(name.lower())
        return name

    def opened(self, name: str) -> zipfile._ZipWriteFile:  # type: ignore[name-defined]
        """A file of the archive, to be written and closed before the next."""
        return self._zip.open(zipfile.ZipInfo(name, self._quand), "w", force_zip64=True)

    def add(self, name: str, content: bytes) -> None:
        """A file held in memory."""
        with self.opened(name) as target:
            target.write(content)

    def prendre(self) -> bytes:
        """What was written since the last time."""
        return self._tampon.prendre()

    def close(self) -> None:
        """Ends the archive."""
        self._zip.close()


async def write_archives(noyau: Noyau, perimetre: Perimetre, export: Export, vue: CollectiviteVue) -> None:
    """One file per piece of the extraction; those that are there already are kept."""
    async with noyau.db.session(perimetre) as session:
        done = await repository.list_objets(session, export, "fichier")
        parts = len(await repository.list_objets(session, export, "morceau"))
    written = sum(file.dossiers for file in done)
    async for rang, lines in pieces_of(noyau, perimetre, export, after=len(done) - 1):
        numeros = [line["numero"] for line in lines]
        written += len(lines)
        part = f"-partie-{rang + 1}-sur-{parts}" if parts > 1 else ""
        await keep(
            noyau,
            perimetre,
            export,
            _content(noyau, perimetre, export, vue, numeros),
            progress={"ecrits": written},
            genre="fichier",
            rang=rang,
            nom=f"{export.slug}-{export.demande_le.date().isoformat()}{part}.zip",
            type_mime="application/zip",
            dossiers=len(lines),
        )


async def _content(
    noyau: Noyau, perimetre: Perimetre, export: Export, vue: CollectiviteVue, numeros: Sequence[str]
) -> AsyncIterator[bytes]:
    async with noyau.db.session(perimetre) as session:
        dossiers, pieces, documents, events = await repository.list_dossiers_by_numero(
            session, export.collectivite_id, numeros
        )
        definitions = await load_definitions(session, [(d.version_id, d.surcouche_id) for d in dossiers])
    archive = Archive(noyau.clock.now().astimezone(ZoneInfo(vue.fuseau)))
    for dossier in dossiers:
        definition = definitions[(dossier.version_id, dossier.surcouche_id or "")]
        own = [piece for piece in pieces if piece.dossier_id == dossier.id]
        history = [event for event in events if event.dossier_id == dossier.id]
        pdf = await _pdf(noyau, export, vue, dossier, definition, own, history)
        archive.add(archive.name_of(dossier.numero or "", "dossier.pdf"), pdf)
        papers = [paper for paper in documents if paper.dossier_id == dossier.id]
        joined: list[Piece | Document] = [*papers, *own]
        for item in joined:
            async for block in _copy(noyau, export, archive, dossier, item, definition):
                yield block
    archive.close()
    yield archive.prendre()


async def _pdf(
    noyau: Noyau,
    export: Export,
    vue: CollectiviteVue,
    dossier: Dossier,
    definition: Definition,
    pieces: list[Piece],
    events: list[Evenement],
) -> bytes:
    lines = histoire_of(events)
    return await papiers.make_dossier(
        noyau,
        vue,
        dossier,
        definition,
        pieces,
        [Jalon(instant=line["le"], libelle=line["libelle"], auteur=line["detail"]) for line in lines],
        statut=LIBELLES_ETAT[Etat(dossier.etat)],
        imprime_le=noyau.clock.now(),
        imprime_par=export.agent_nom,
    )


async def _copy(
    noyau: Noyau,
    export: Export,
    archive: Archive,
    dossier: Dossier,
    item: Piece | Document,
    definition: Definition,
) -> AsyncIterator[bytes]:
    """One stored object into the archive; an unreadable one leaves a note in its place, and the export goes on."""
    folder = dossier.numero or ""
    nom = item.nom
    if isinstance(item, Piece):
        nom = f"{definition.champ(item.champ_id).libelle[:60]} - {nom}"
    name = archive.name_of(folder, nom)
    try:
        objet = await noyau.objets.lire(KeyOwner("collectivite", export.collectivite_id), item.id)
    except (ObjectAlteredError, ObjectDestroyedError, ObjectMissingError):
        archive.add(archive.name_of(folder, f"{nom} - ILLISIBLE.txt"), _ILLISIBLE.encode())
        return
    with archive.opened(name) as target:
        async for block in objet:
            target.write(block)
            if ready := archive.prendre():
                yield ready
    yield archive.prendre()
