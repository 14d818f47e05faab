"""Shared démarches from the command line: read as a file, begun from a file, published from a file."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition
from app.demarches.edition.difference import comparer
from app.demarches.edition.fichier import ecrire_fichier, lire_fichier
from app.demarches.edition.scenarios import rejouer
from app.demarches.repository import catalogue as versions
from app.demarches.repository import edition
from app.demarches.service import catalogue, diffusion
from app.demarches.service.edition import PREFIXE_LOCAL
from app.socle.audit import record_as
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.ids import uuid7
from app.socle.noyau import Noyau

AUTEUR = "Ligne de commande"


@dataclass(frozen=True, slots=True)
class Compte:
    """What a publication does: differences, failed automated tests, collectivités that have it or must choose."""

    slug: str
    numero: int
    changements: list[str]
    rates: list[str]
    deplacees: int
    interrogees: int


async def read_published(noyau: Noyau, slug: str) -> str:
    """The file of the present version of a shared démarche; NotFoundError when there is none of that name."""
    async with noyau.db.hors_cloison("a shared démarche as a file") as session:
        latest = await edition.list_publications(session, None, slug, 1)
        if not latest:
            raise NotFoundError(f"Aucune démarche partagée ne s’appelle « {slug} ».")
        contents = await versions.list_versions(session, [latest[0].version_id])
        return ecrire_fichier(contents[latest[0].version_id])


async def begin_work(noyau: Noyau, octets: bytes) -> str:
    """Opens a work in progress on what a file holds; ConflictError when one is open. Returns its name."""
    definition = _shared(octets)
    async with noyau.db.hors_cloison("a work in progress from a file") as session:
        contenu = definition.model_dump(mode="json", exclude_defaults=True)
        now, chantier_id = noyau.clock.now(), uuid7()
        latest = await edition.list_publications(session, None, definition.slug, 1)
        made = await edition.add_chantier(
            session,
            id=chantier_id,
            proprietaire_id=None,
            slug=definition.slug,
            base_version_id=latest[0].version_id if latest else None,
            contenu=contenu,
            cree_le=now,
            modifie_le=now,
            modifie_par=AUTEUR,
        )
        if made is None:
            raise InvalidInputError(
                "Un chantier est déjà ouvert sur cette démarche : publiez-le ou abandonnez-le d’abord sur la console."
            )
        await edition.add_pas(
            session,
            chantier_id=chantier_id,
            revision=1,
            contenu=contenu,
            geste="Importé d’un fichier",
            auteur=AUTEUR,
            quand=now,
        )
    return definition.slug


def _shared(octets: bytes) -> Definition:
    definition = lire_fichier(octets)
    if definition.slug.startswith(PREFIXE_LOCAL):
        raise InvalidInputError(
            "Un nom en « local-… » est celui d’une démarche qu’une collectivité garde pour elle."
        )
    return definition


async def publish_file(noyau: Noyau, octets: bytes, *, a_blanc: bool = False) -> Compte:
    """Publishes a file as the next version, all or nothing; `a_blanc` only tells what it would do.

    A failed automated test is told in `rates`, and nothing is published. Dossiers keep the version that they pin.
    """
    definition = _shared(octets)
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("publishing a shared démarche") as session:
        latest = await edition.list_publications(session, None, definition.slug, 1)
        changes = []
        if latest:
            present = await catalogue.definition_of(session, latest[0].version_id, None)
            changes = [
                f"{c.lieu} : {c.phrase}" if c.lieu else c.phrase for c in comparer(present, definition)
            ]
            if not changes:
                raise InvalidInputError("Rien n’a changé depuis la version publiée.")
        if faults := await diffusion.kept_ids(session, None, definition):
            raise InvalidInputError(faults[0].phrase)
        failed = await _failed(session, definition)
        asked = await diffusion.overlays_to_ask(session, definition)
        numero = latest[0].numero + 1 if latest else 1
        if a_blanc or failed:
            adopters = (await edition.count_adopters(session)).get(definition.slug, 0)
            return Compte(definition.slug, numero, changes, failed, adopters, len(asked))
        result = await diffusion.spread(session, definition, asked, now, AUTEUR)
        await record_as(
            session,
            now,
            AUTEUR,
            "demarches:version:publier",
            result.version_id,
            slug=definition.slug,
            numero=numero,
        )
        return Compte(definition.slug, result.numero, changes, [], result.deplacees, result.interrogees)


async def _failed(session: AsyncSession, definition: Definition) -> list[str]:
    rows = await edition.list_scenarios(session, None, definition.slug)
    return [f"Essai « {one.nom} » : {phrase}" for one in rows for phrase in rejouer(definition, one.contenu)]
