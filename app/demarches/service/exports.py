"""What agents ask to take away: one démarche of one collectivité, in one format, made by a job and kept a week."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from app.demarches.domain.etats import LIBELLES_ETAT, Etat
from app.demarches.models import Export, ExportObjet
from app.demarches.repository import exports as repository
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.crypto.keystore import KeyOwner
from app.socle.db import write_in
from app.socle.errors import NotFoundError, TooManyRequestsError
from app.socle.hosts import list_vues
from app.socle.ids import uuid7
from app.socle.jobs import emit
from app.socle.permissions import droit_of
from app.socle.storage import ObjetLu

GARDE = timedelta(days=7)
EN_COURS_MAX = 3
LISTE = 50
ETATS = tuple(etat for etat in Etat if etat is not Etat.BROUILLON)
FORMATS = {
    "xlsx": "Classeur (XLSX)",
    "ods": "Classeur libre (ODS)",
    "csv": "Tableau simple (CSV)",
    "json": "Données (JSON)",
    "zip": "Pièces et PDF (ZIP)",
}
ABSENT = "Cet export n’existe pas, ou n’est plus gardé. Demandez-en un nouveau."


@dataclass(frozen=True, slots=True)
class Demande:
    """What the form asks, and a sentence beside each field that is wrong."""

    collectivite_id: UUID | None = None
    slug: str = ""
    format: str = ""
    etats: tuple[str, ...] = ()
    du: date | None = None
    au: date | None = None
    erreurs: Mapping[str, str] = field(default_factory=dict)


async def list_choices(ctx: Contexte) -> list[repository.Choix]:
    """The démarches of the collectivités that the agent serves, closed ones too: they keep their dossiers."""
    served = ctx.personne.collectivites if ctx.personne else ()
    return await repository.list_choices(ctx.db, list(served))


async def request(ctx: Contexte, demande: Demande, titre: str) -> UUID:
    """Records the demand and its job; TooManyRequestsError while three of this agent's are being made."""
    collectivite_id = demande.collectivite_id
    if collectivite_id is None or ctx.personne is None or ctx.personne.agent_id is None:
        raise NotFoundError(ABSENT)
    droit = await droit_of(ctx, collectivite_id)
    if await repository.count_running(ctx.db, droit.agent_id) >= EN_COURS_MAX:
        raise TooManyRequestsError(
            f"Vous avez déjà {EN_COURS_MAX} exports en préparation. Attendez que l’un d’eux soit prêt, ou annulez-le.",
            retry_after=60,
        )
    await write_in(ctx.db, collectivite_id)
    export_id = uuid7()
    await repository.add_export(
        ctx.db,
        collectivite_id=collectivite_id,
        id=export_id,
        slug=demande.slug,
        titre=titre,
        format=demande.format,
        etats=list(demande.etats),
        du=demande.du,
        au=demande.au,
        agent_id=droit.agent_id,
        agent_nom=droit.nom_complet,
        demande_le=ctx.now,
        etat="extraction",
        expire_le=ctx.now + GARDE,
    )
    await record(
        ctx,
        "demarches:export:demander",
        str(export_id),
        collectivite_id,
        slug=demande.slug,
        format=demande.format,
        etats=list(demande.etats),
    )
    await emit(
        ctx.db,
        "demarches:exporter",
        verrou=f"export:{export_id}",
        collectivite_id=collectivite_id,
        export_id=export_id,
    )
    return export_id


async def list_for_agent(ctx: Contexte) -> list[Export]:
    """The latest exports of the collectivités that the agent serves, whoever asked for them."""
    served = ctx.personne.collectivites if ctx.personne else ()
    return await repository.list_exports(ctx.db, served, LISTE)


async def access(ctx: Contexte, export_id: UUID) -> tuple[Export, list[ExportObjet]]:
    """An export of a collectivité that the agent serves, and its files; NotFoundError otherwise."""
    export = await repository.get_export(ctx.db, export_id)
    if export is None:
        raise NotFoundError(ABSENT)
    await droit_of(ctx, export.collectivite_id)
    return export, await repository.list_objets(ctx.db, export, "fichier")


async def cancel(ctx: Contexte, export_id: UUID) -> None:
    """Stops an export under way; what was extracted is destroyed. Nothing happens to one that is ready."""
    export, _ = await access(ctx, export_id)
    await write_in(ctx.db, export.collectivite_id)
    locked = await repository.get_export(ctx.db, export_id, lock=True)
    if locked is None or locked.etat not in ("extraction", "ecriture"):
        return
    await repository.update_export(ctx.db, locked, etat="annule", fini_le=ctx.now)
    for genre in ("morceau", "fichier"):
        for objet_id in await repository.delete_objets(ctx.db, locked, genre):
            await emit(ctx.db, "demarches:detruire_objet", objet_id=objet_id)
    await record(ctx, "demarches:export:annuler", str(export_id), locked.collectivite_id)


async def open_file(ctx: Contexte, export_id: UUID, rang: int) -> tuple[ExportObjet, ObjetLu]:
    """One file of a ready export, decrypted as it is read; that the agent took it is recorded."""
    export, files = await access(ctx, export_id)
    found = next((file for file in files if file.rang == rang), None)
    if found is None or export.etat != "pret":
        raise NotFoundError(ABSENT)
    objet = await ctx.noyau.objets.lire(KeyOwner("collectivite", export.collectivite_id), found.objet_id)
    await record(ctx, "demarches:export:prendre", str(export_id), export.collectivite_id, fichier=found.nom)
    return found, objet


async def names_of(ctx: Contexte, collectivites: list[UUID]) -> dict[UUID, str]:
    """The names of collectivités."""
    return {id_: vue.nom for id_, vue in (await list_vues(ctx.db, collectivites)).items()}


def libelles_etats(etats: list[str]) -> str:
    """The states chosen, in words; all of them is « tous »."""
    if len(etats) == len(ETATS):
        return "tous les états"
    return ", ".join(LIBELLES_ETAT[Etat(etat)].lower() for etat in etats)
