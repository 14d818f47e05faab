"""How agents share the work of a collectivité: who follows a dossier, groups, labels, absences, templates, views.

Its administrators set groups, routing, labels and templates, which all its agents read and use; absences and views are
each agent's own. Each change of settings is in the audit trail.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.demarches.domain import afficher_date, afficher_numero, nettoyer
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.models import Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.repository import partage
from app.demarches.service import instruction
from app.demarches.service.bureau import COLONNES, Filtres, load_cadre
from app.demarches.service.depot import nom_de
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from app.socle.ids import uuid7
from app.socle.permissions import droit_of

TONS = ("neutre", "info", "attente", "action", "succes", "refus")
RESUMES = ("aucun", "quotidien", "hebdomadaire")
LONGEST_ABSENCE = timedelta(days=366)
VUES_AU_PLUS = 20
MOTS_DU_MODELE = ("personne", "numero", "demarche", "commune", "date_depot", "agent")


def agent_id_of(ctx: Contexte) -> UUID:
    """The agent who asks; NotFoundError for anybody else."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise NotFoundError("Cette page n’existe pas.")
    return ctx.personne.agent_id


async def open_settings(ctx: Contexte, collectivite_id: UUID) -> None:
    """Lets the transaction write the settings of one of the agent's collectivités; NotFoundError for another."""
    if ctx.personne is None or collectivite_id not in ctx.personne.collectivites:
        raise NotFoundError("Cette page n’existe pas.")
    await write_in(ctx.db, collectivite_id)


async def administer(ctx: Contexte, collectivite_id: UUID) -> None:
    """The same, to change them; ForbiddenError for an agent who is no administrator of the collectivité."""
    await open_settings(ctx, collectivite_id)
    if (await droit_of(ctx, collectivite_id)).role != "administrateur":
        raise ForbiddenError(
            "Seuls les administrateurs de la collectivité changent ces réglages : demandez à l’un d’eux, dont la "
            "liste est sur « Ma collectivité ».",
            code="administrateur",
        )


def _short(texte: str, limit: int, phrase: str) -> str:
    clean = nettoyer(texte)
    if not clean or len(clean) > limit:
        raise InvalidInputError(phrase)
    return clean


async def add_etiquette(ctx: Contexte, collectivite_id: UUID, nom: str, ton: str) -> None:
    """A new label; ConflictError when one of that name is in use."""
    await administer(ctx, collectivite_id)
    nom = _short(nom, 40, "Donnez à l’étiquette un nom de 40 caractères au plus.")
    ton = ton if ton in TONS else "neutre"
    if not await partage.add_etiquette(ctx.db, collectivite_id, uuid7(), nom, ton):
        raise ConflictError("Une étiquette porte déjà ce nom.", code="deja_prise")
    await record(ctx, "demarches:etiquette:ajouter", nom, collectivite_id)


async def add_groupe(ctx: Contexte, collectivite_id: UUID, nom: str, membres: Sequence[UUID]) -> None:
    """A new group and its members; ConflictError when one of that name is in use."""
    await administer(ctx, collectivite_id)
    nom = _short(nom, 60, "Donnez au groupe un nom de 60 caractères au plus.")
    id_ = uuid7()
    if not await partage.add_groupe(ctx.db, collectivite_id, id_, nom):
        raise ConflictError("Un groupe porte déjà ce nom.", code="deja_pris")
    await partage.set_membres(ctx.db, collectivite_id, id_, membres)
    await record(ctx, "demarches:groupe:ajouter", str(id_), collectivite_id)


async def set_membres(ctx: Contexte, collectivite_id: UUID, groupe_id: UUID, membres: Sequence[UUID]) -> None:
    """Who is in a group from now on; NotFoundError for a group that is not in use there."""
    await administer(ctx, collectivite_id)
    if groupe_id not in {groupe.id for groupe in await partage.list_groupes(ctx.db, collectivite_id)}:
        raise NotFoundError("Ce groupe n’existe pas.")
    await partage.set_membres(ctx.db, collectivite_id, groupe_id, membres)
    await record(ctx, "demarches:groupe:composer", str(groupe_id), collectivite_id)


async def add_modele(ctx: Contexte, collectivite_id: UUID, nom: str, slug: str, texte: str) -> None:
    """A new template of message; InvalidInputError for a word that no dossier has."""
    await administer(ctx, collectivite_id)
    nom = _short(nom, 80, "Donnez au modèle un nom de 80 caractères au plus.")
    texte = nettoyer(texte, lignes=True)
    if not texte or len(texte) > 5000:
        raise InvalidInputError("Écrivez le texte du modèle, en 5 000 caractères au plus.")
    if unknown := sorted(words_of(texte) - set(MOTS_DU_MODELE)):
        raise InvalidInputError(
            f"Le mot {{{unknown[0]}}} n’est pas connu. Les mots possibles sont : "
            + ", ".join(f"{{{mot}}}" for mot in MOTS_DU_MODELE)
            + "."
        )
    known = {demarche for demarche, _ in await partage.list_demarches(ctx.db, collectivite_id)}
    slug = slug if slug in known else ""
    if not await partage.add_modele(ctx.db, collectivite_id, id=uuid7(), slug=slug, nom=nom, texte=texte):
        raise ConflictError("Un modèle porte déjà ce nom.", code="deja_pris")
    await record(ctx, "demarches:modele:ajouter", nom, collectivite_id)


async def retire(ctx: Contexte, collectivite_id: UUID, quoi: str, id_: UUID) -> None:
    """Takes a label, a group or a template out of use; NotFoundError when it is not in use there."""
    await administer(ctx, collectivite_id)
    if not await partage.retire(ctx.db, quoi, collectivite_id, id_):
        raise NotFoundError("Cette page n’existe pas.")
    await record(ctx, f"demarches:{quoi}:retirer", str(id_), collectivite_id)


async def set_routage(ctx: Contexte, collectivite_id: UUID, routes: dict[str, UUID]) -> None:
    """To which group the dossiers of each démarche go, when they are submitted."""
    await administer(ctx, collectivite_id)
    await partage.set_routage(ctx.db, collectivite_id, routes)
    await record(ctx, "demarches:routage:regler", str(collectivite_id), collectivite_id, regles=len(routes))


async def add_absence(ctx: Contexte, remplacant_id: UUID, du: date, au: date) -> int:
    """The agent is away: in each collectivité that the substitute serves too, they see the agent's dossiers.

    Returns in how many; InvalidInputError for dates that make no sense or a colleague who serves none of them.
    """
    me = agent_id_of(ctx)
    if not ctx.today() <= au or not du <= au or au - du > LONGEST_ABSENCE:
        raise InvalidInputError(
            "Vérifiez les dates : la fin vient après le début, et l’absence dure un an au plus."
        )
    if remplacant_id == me:
        raise InvalidInputError("Choisissez un collègue.")
    assert ctx.personne is not None  # noqa: S101 - agent_id_of has looked
    served = [
        id_ for id_ in ctx.personne.collectivites if await partage.get_agent_of(ctx.db, id_, remplacant_id)
    ]
    if not served:
        raise InvalidInputError("Ce collègue n’a de droit dans aucune de vos collectivités.")
    for id_ in served:
        await write_in(ctx.db, id_)
        await partage.add_absence(
            ctx.db, id_, id=uuid7(), agent_id=me, remplacant_id=remplacant_id, du=du, au=au, cree_le=ctx.now
        )
        await record(ctx, "demarches:absence:declarer", str(remplacant_id), id_, du=str(du), au=str(au))
    return len(served)


async def delete_absence(ctx: Contexte, du: date, au: date) -> None:
    """The agent is not away after all, in any collectivité."""
    me = agent_id_of(ctx)
    for id_ in ctx.personne.collectivites if ctx.personne else ():
        await write_in(ctx.db, id_)
        await partage.delete_absence(ctx.db, id_, me, du, au)


async def save_view(ctx: Contexte, nom: str, requete: str) -> None:
    """Saves the filters of the desk under a name; InvalidInputError without name or filter, or beyond twenty views."""
    me = agent_id_of(ctx)
    nom = _short(nom, 60, "Donnez à la vue un nom de 60 caractères au plus.")
    query = Filtres.parse(requete).query()
    if not query:
        raise InvalidInputError("Choisissez d’abord des filtres sur le bureau, puis enregistrez-les.")
    if len((await load_cadre(ctx, ctx.today())).vues) >= VUES_AU_PLUS:
        raise InvalidInputError(f"Vous avez déjà {VUES_AU_PLUS} vues : retirez-en une.")
    await partage.add_vue(ctx.db, me, uuid7(), nom, query, ctx.now)


async def delete_view(ctx: Contexte, vue_id: UUID) -> None:
    """Forgets a view; NotFoundError for another agent's."""
    if not await partage.delete_vue(ctx.db, agent_id_of(ctx), vue_id):
        raise NotFoundError("Cette vue n’existe pas.")


async def save_preference(ctx: Contexte, colonnes: Sequence[str], resume: str, heure: int, jour: int) -> None:
    """The columns of the desk, in their order, and the summary by e-mail."""
    chosen = [c for c in COLONNES if c in colonnes]
    if not chosen:
        raise InvalidInputError("Gardez au moins une colonne.")
    if resume not in RESUMES or not 0 <= heure <= 23 or not 1 <= jour <= 7:
        raise InvalidInputError("Choisissez quand le résumé doit vous parvenir.")
    await partage.save_preference(ctx.db, agent_id_of(ctx), partage.Preference(chosen, resume, heure, jour))


async def assign(ctx: Contexte, dossier_id: UUID, agent_id: UUID) -> None:
    """Gives a dossier to a colleague (or to oneself); the history says so, to agents only.

    BailError while somebody else works on it; NotFoundError for an agent who does not serve the collectivité;
    ConflictError when it is closed, or that agent's already.
    """
    work = await instruction.open_for_act(ctx, dossier_id, with_lease=False)
    dossier = work.dossier
    if Etat(dossier.etat) in ETATS_FINAUX:
        raise ConflictError("Ce dossier est terminé : il n’y a plus à le suivre.", code="termine")
    holder = instruction.holder(dossier, ctx)
    if holder is not None and dossier.agent_id != agent_id:
        raise instruction.BailError(f"{holder} s’occupe de ce dossier en ce moment : rien n’a été changé.")
    nom = await partage.get_agent_of(ctx.db, dossier.collectivite_id, agent_id)
    if nom is None:
        raise NotFoundError("Cet agent n’a pas de droit dans cette collectivité.")
    if dossier.agent_id == agent_id:
        raise ConflictError(f"{nom} suit déjà ce dossier.", code="deja_suivi")
    await repository.update_dossier(
        ctx.db, dossier, ctx.now, agent_id=agent_id, agent_nom=nom, bail_jusqu_a=None
    )
    await note(ctx, dossier, "attribution", f"{work.droit.nom_complet}, {work.droit.qualite}", libelle=nom)
    await record(
        ctx, "demarches:dossier:attribuer", str(dossier.id), dossier.collectivite_id, a=str(agent_id)
    )


async def note(ctx: Contexte, dossier: Dossier, genre: str, auteur: str, **donnees: str) -> None:
    """A line of the history for agents only."""
    await repository.add_evenement(
        ctx.db, dossier, id=uuid7(), quand=ctx.now, genre=genre, auteur=auteur, interne=True, donnees=donnees
    )


async def label(
    ctx: Contexte, dossier_id: UUID, *, ajout: UUID | None = None, retrait: UUID | None = None
) -> None:
    """Puts a label on a dossier, or takes it away; ConflictError when it changes nothing."""
    dossier = await instruction.access(ctx, dossier_id)
    await write_in(ctx.db, dossier.collectivite_id)
    if not await partage.set_etiquettes(
        ctx.db, dossier.collectivite_id, dossier_id, ajout=ajout, retrait=retrait
    ):
        raise ConflictError(
            "Rien à changer : l’étiquette y est déjà, n’y est pas, ou n’est pas de cette collectivité.",
            code="sans_effet",
        )


async def move_to_group(ctx: Contexte, dossier_id: UUID, groupe_id: UUID) -> None:
    """Gives a dossier to a group of its collectivité; ConflictError when it changes nothing."""
    dossier = await instruction.access(ctx, dossier_id)
    await write_in(ctx.db, dossier.collectivite_id)
    if not await partage.set_groupe(ctx.db, dossier.collectivite_id, dossier_id, groupe_id):
        raise ConflictError(
            "Rien à changer : ce dossier est déjà dans ce groupe, ou ce groupe n’est pas de cette collectivité.",
            code="sans_effet",
        )


def words_of(texte: str) -> set[str]:
    """The `{words}` of a template."""
    return set(re.findall(r"\{([a-z_]+)\}", texte))


def fill(texte: str, dossier: Dossier, commune: str, agent: str) -> str:
    """A template with the words of one dossier; what was typed in them is never read as a template again."""
    words: dict[str, Any] = {
        "personne": nom_de(dossier.demandeur),
        "numero": afficher_numero(dossier.numero or ""),
        "demarche": dossier.titre,
        "commune": commune,
        "date_depot": afficher_date(dossier.depose_le.date()) if dossier.depose_le else "",
        "agent": agent,
    }
    return re.sub(r"\{([a-z_]+)\}", lambda m: str(words.get(m[1], m[0])), texte)
