"""Batches: one act on up to ten thousand dossiers, as a job that resumes where it was killed.

Each dossier is one transaction, through the same service as from its own page: what an agent may not do on one, a batch
does not do on many. The line is marked in that transaction, so that nothing is done twice.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from app.demarches.domain import nettoyer
from app.demarches.domain.dessin import LIBELLE_FIN
from app.demarches.domain.etats import Etat
from app.demarches.repository import listes, lots
from app.demarches.repository.lots import Avancement, Lot
from app.demarches.service import bureau, catalogue, etapes, instruction
from app.demarches.service import partage as sharing
from app.demarches.service.bureau import Filtres
from app.demarches.service.catalogue import definition_of
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.contexte_travail import open_travail
from app.socle.db import savepoint, write_in
from app.socle.errors import BusinessError, ConflictError, InvalidInputError, NotFoundError
from app.socle.hosts import list_nommees
from app.socle.jobs import emit
from app.socle.noyau import Noyau
from app.socle.sessions import Personne

AU_PLUS = 10_000
# Lines done in one job; the next ones are another job of the same commit, so that other work passes in between.
PAR_TRAVAIL = 200
VERSIONS_AU_PLUS = 20


@dataclass(frozen=True, slots=True)
class Demande:
    """What the agent asks: an act, its parameter, and on which dossiers (chosen ones, or all that filters find)."""

    acte: str
    parametres: dict[str, str]
    dossiers: Sequence[UUID] = ()
    filtres: Filtres | None = None


async def select(ctx: Contexte, demande: Demande) -> list[tuple[UUID, UUID]]:
    """(collectivité, dossier) of what is meant, within the agent's collectivités; one more than AU_PLUS at most."""
    if ctx.personne is None:
        return []
    if demande.filtres is not None:
        cadre = await bureau.load_cadre(ctx, ctx.today())
        criteres = await bureau.criteres_of(ctx, demande.filtres, cadre)
    else:
        criteres = listes.Criteres(ctx.personne.collectivites, situation="tous", ids=demande.dossiers)
    return await listes.list_ids(ctx.db, criteres, AU_PLUS + 1)


async def start(ctx: Contexte, demande: Demande, lot_id: UUID) -> None:
    """Opens the batch and its job, in this transaction, under an id of the caller's making.

    InvalidInputError for an act unknown or incomplete, for no dossier, or for more than ten thousand.
    """
    me = sharing.agent_id_of(ctx)
    parametres = _check(demande.acte, demande.parametres)
    found = await select(ctx, demande)
    if not found:
        raise InvalidInputError("Aucun dossier n’est choisi : revenez au bureau et cochez-en.")
    if len(found) > AU_PLUS:
        raise InvalidInputError("Un lot porte sur 10 000 dossiers au plus : ajoutez un filtre.")
    await lots.add_lot(ctx.db, me, lot_id, demande.acte, parametres, len(found), ctx.now)
    ranked = sorted(enumerate(found), key=lambda item: item[1][0])
    for place, group in groupby(ranked, key=lambda item: item[1][0]):
        lines = list(group)
        await write_in(ctx.db, place)
        await lots.add_lignes(ctx.db, place, lot_id, [r for r, _ in lines], [d for _, (_, d) in lines])
        await record(ctx, "demarches:lot:lancer", str(lot_id), place, acte=demande.acte, nombre=len(lines))
    await emit(ctx.db, "demarches:traiter_lot", verrou=f"lot:{lot_id}", lot_id=lot_id, agent_id=me)


async def read(ctx: Contexte, lot_id: UUID) -> tuple[Lot, Avancement, list[Any]]:
    """A batch of the agent, how far it is, and the first refusals; NotFoundError for another agent's."""
    lot = await lots.get_lot(ctx.db, sharing.agent_id_of(ctx), lot_id)
    if lot is None:
        raise NotFoundError("Ce lot n’existe pas.")
    return lot, await lots.read_avancement(ctx.db, lot_id), await lots.list_refus(ctx.db, lot_id, 500)


async def carry_on(noyau: Noyau, lot_id: UUID, personne: Personne) -> None:
    """Does the next lines of a batch as that agent, whose rights were just read; leaves the rest to the next job."""
    agent_id = personne.agent_id
    if agent_id is None:
        return
    for _ in range(PAR_TRAVAIL):
        async with open_travail(noyau, personne, str(lot_id)) as ctx:
            ligne = await lots.next_ligne(ctx.db, lot_id)
            if ligne is None:
                return
            lot = await lots.get_lot(ctx.db, agent_id, lot_id)
            if lot is not None:
                await _do(ctx, lot, ligne)
    async with open_travail(noyau, personne, str(lot_id)) as ctx:
        await emit(ctx.db, "demarches:traiter_lot", verrou=f"lot:{lot_id}", lot_id=lot_id, agent_id=agent_id)


async def _do(ctx: Contexte, lot: Lot, ligne: lots.Ligne) -> None:
    await write_in(ctx.db, ligne.collectivite_id)
    if not await lots.take_ligne(ctx.db, lot.id, ligne):
        return
    try:
        async with savepoint(ctx.db):
            await ACTES[lot.acte](ctx, ligne.dossier_id, lot.parametres)
    except BusinessError as refusal:
        await lots.refuse_ligne(ctx.db, lot.id, ligne, refusal.message)


def _uuid(parametres: Mapping[str, str], name: str, phrase: str) -> UUID:
    try:
        return UUID(parametres.get(name, ""))
    except ValueError:
        raise InvalidInputError(phrase) from None


def _check(acte: str, parametres: Mapping[str, str]) -> dict[str, str]:
    """The parameter that the act needs, and nothing else."""
    if acte not in ACTES:
        raise InvalidInputError("Choisissez ce qu’il faut faire de ces dossiers.")
    wanted, phrase = PARAMETRES[acte]
    if not wanted:
        return {}
    value = nettoyer(parametres.get(wanted, ""), lignes=True)
    if not value:
        raise InvalidInputError(phrase)
    if wanted not in ("motif", "texte", "vers"):
        _uuid({wanted: value}, wanted, phrase)
    return {wanted: value[:5000]}


async def _assign(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    await sharing.assign(ctx, dossier_id, UUID(p["agent"]))


async def _label(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    await sharing.label(ctx, dossier_id, ajout=UUID(p["etiquette"]))


async def _unlabel(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    await sharing.label(ctx, dossier_id, retrait=UUID(p["etiquette"]))


async def _group(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    await sharing.move_to_group(ctx, dossier_id, UUID(p["groupe"]))


async def _claim(ctx: Contexte, dossier_id: UUID, _p: Mapping[str, str]) -> None:
    await instruction.claim(ctx, dossier_id)


async def _write(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    dossier = await instruction.access(ctx, dossier_id)
    unknown = sorted(sharing.words_of(p["texte"]) - set(sharing.MOTS_DU_MODELE))
    if unknown:
        raise InvalidInputError(f"Le mot {{{unknown[0]}}} n’est pas connu.")
    commune = (await list_nommees(ctx.db, [dossier.collectivite_id]))[dossier.collectivite_id].nom
    agent = ctx.personne.nom_affiche if ctx.personne else ""
    await instruction.write_message(
        ctx, dossier_id, sharing.fill(p["texte"], dossier, commune, agent), interne=False
    )


async def _close(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    await instruction.decide(ctx, dossier_id, "sans_suite", p["motif"])


async def _accept(ctx: Contexte, dossier_id: UUID, _p: Mapping[str, str]) -> None:
    dossier = await instruction.access(ctx, dossier_id)
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    if definition.decision is not None and definition.decision.nature == "arrete":
        raise ConflictError(
            "La décision de cette démarche est un arrêté : il se prend dossier par dossier.", code="un_par_un"
        )
    if dossier.etat == Etat.DEPOSE:
        await instruction.claim(ctx, dossier_id)
    await instruction.decide(ctx, dossier_id, "accepte", "")


async def _advance(ctx: Contexte, dossier_id: UUID, p: Mapping[str, str]) -> None:
    await etapes.follow(ctx, dossier_id, p["vers"])


async def list_pas(ctx: Contexte, found: Sequence[tuple[UUID, UUID]]) -> dict[str, str]:
    """Where the parcours of these dossiers lead, by id; nothing when they are of too many versions to choose among."""
    pinned = await lots.list_versions(ctx.db, [id_ for _, id_ in found[:AU_PLUS]], VERSIONS_AU_PLUS + 1)
    if len(pinned) > VERSIONS_AU_PLUS:
        return {}
    names: dict[str, str] = {}
    for definition in (await catalogue.load_definitions(ctx.db, pinned)).values():
        for etape in definition.parcours.etapes if definition.parcours else ():
            for suite in etape.suites:
                after = definition.parcours.etape(suite.vers) if definition.parcours else None
                names[suite.vers] = after.titre if after else LIBELLE_FIN
    return names


Acte = Callable[[Contexte, UUID, Mapping[str, str]], Awaitable[None]]
ACTES: dict[str, Acte] = {
    "attribuer": _assign,
    "prendre": _claim,
    "etiqueter": _label,
    "desetiqueter": _unlabel,
    "groupe": _group,
    "message": _write,
    "sans_suite": _close,
    "accepter": _accept,
    "avancer": _advance,
}
# What each act needs, and what to say when it lacks.
PARAMETRES: dict[str, tuple[str, str]] = {
    "attribuer": ("agent", "Choisissez à qui confier ces dossiers."),
    "prendre": ("", ""),
    "etiqueter": ("etiquette", "Choisissez l’étiquette."),
    "desetiqueter": ("etiquette", "Choisissez l’étiquette."),
    "groupe": ("groupe", "Choisissez le groupe."),
    "message": ("texte", "Écrivez le message, ou choisissez un modèle."),
    "sans_suite": ("motif", "Dites aux demandeurs pourquoi leur demande est classée sans suite."),
    "accepter": ("", ""),
    "avancer": ("vers", "Choisissez l’étape."),
}
