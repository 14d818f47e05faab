"""The second half of an export: its file is written from the pieces of the extraction, in constant memory.

A job that is killed here begins the file again, or goes on after the last archive: what was begun is never left behind,
since each object is announced before its bytes.
"""

from collections.abc import AsyncIterator
from uuid import UUID
from zoneinfo import ZoneInfo

from anyio import to_thread

from app.demarches.exports import REDACTEURS, Plan
from app.demarches.exports.redacteurs import Redacteur
from app.demarches.models import Export
from app.demarches.repository import exports as repository
from app.demarches.service.archives import write_archives
from app.demarches.service.catalogue import load_definitions
from app.demarches.service.extraction import ECRITURE, ExportArreteError, extract, go_on, keep, pieces_of
from app.socle.errors import NotFoundError
from app.socle.hosts import CollectiviteVue, list_vues
from app.socle.jobs import emit
from app.socle.noyau import Noyau
from app.socle.tenancy import Perimetre


async def make(noyau: Noyau, collectivite_id: UUID, export_id: UUID) -> None:
    """Makes the export from wherever it stands; nothing happens when it is over or gone."""
    perimetre = Perimetre.pour_instruction(collectivite_id)
    async with noyau.db.session(perimetre) as session:
        export = await repository.get_export(session, export_id)
        if export is None or export.etat not in ("extraction", "ecriture"):
            return
        vue = (await list_vues(session, [collectivite_id]))[collectivite_id]
    try:
        if export.etat == "extraction":
            await extract(noyau, perimetre, export, vue)
        await _write(noyau, perimetre, export, vue)
    except ExportArreteError:
        return


async def _write(noyau: Noyau, perimetre: Perimetre, export: Export, vue: CollectiviteVue) -> None:
    """Writes the files from the pieces, then forgets the pieces and says that the export is ready."""
    if export.format == "zip":
        await write_archives(noyau, perimetre, export, vue)
    else:
        await _write_table(noyau, perimetre, export, vue)
    now = noyau.clock.now()
    async with noyau.db.session(perimetre) as session:
        await go_on(session, export)
        await repository.update_export(session, export, etat="pret", fini_le=now, ecrits=export.total)
        for objet_id in await repository.delete_objets(session, export, "morceau"):
            await emit(session, "demarches:detruire_objet", objet_id=objet_id)


async def _write_table(noyau: Noyau, perimetre: Perimetre, export: Export, vue: CollectiviteVue) -> None:
    async with noyau.db.session(perimetre) as session:
        pinned = await repository.list_versions(session, export, vue.fuseau)
        loaded = await load_definitions(session, pinned)
        if await repository.list_objets(session, export, "fichier"):
            return
    plan = Plan({(v, s or ""): loaded[(v, s or "")] for v, s in pinned}, ZoneInfo(vue.fuseau))
    kind = REDACTEURS[export.format]
    redacteur = await to_thread.run_sync(kind, plan, export.titre, limiter=ECRITURE)
    try:
        await keep(
            noyau,
            perimetre,
            export,
            _content(noyau, perimetre, export, redacteur),
            progress={"ecrits": export.total},
            genre="fichier",
            rang=0,
            nom=f"{export.slug}-{export.demande_le.date().isoformat()}.{kind.extension}",
            type_mime=kind.mime,
            dossiers=export.total,
        )
    finally:
        redacteur.abandonner()


async def _content(
    noyau: Noyau, perimetre: Perimetre, export: Export, redacteur: Redacteur
) -> AsyncIterator[bytes]:
    """The bytes of the file as the pieces go into it; the progress is committed after each piece."""
    written = 0
    async for _, dossiers in pieces_of(noyau, perimetre, export):
        await to_thread.run_sync(redacteur.ecrire, dossiers, limiter=ECRITURE)
        if ready := redacteur.prendre():
            yield ready
        written += len(dossiers)
        async with noyau.db.session(perimetre) as session:
            await go_on(session, export)
            await repository.update_export(session, export, ecrits=written)
    await to_thread.run_sync(redacteur.fermer, limiter=ECRITURE)
    while ready := redacteur.prendre():
        yield ready


async def expire(noyau: Noyau, collectivite_id: UUID, export_id: UUID) -> None:
    """Destroys the files of an export whose week is over; its row stays, to tell that it existed."""
    async with noyau.db.session(Perimetre.pour_instruction(collectivite_id)) as session:
        export = await repository.get_export(session, export_id, lock=True)
        if export is None:
            raise NotFoundError("export")
        await repository.update_export(session, export, etat="expire", expire_le=None)
        for genre in ("morceau", "fichier"):
            for objet_id in await repository.delete_objets(session, export, genre):
                await emit(session, "demarches:detruire_objet", objet_id=objet_id)
