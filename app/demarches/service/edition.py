"""Work in progress on a démarche: begun, changed step by step, undone and redone, by several people at once.

The OPSN's are shared démarches, worked on through the platform's role; a collectivité's are its own, under its
perimeter, by its administrators. Every change is a step: nothing that somebody typed is lost by another's save.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demarches.definitions import Definition
from app.demarches.edition import gestes, lieux
from app.demarches.edition.gestes import Brut, GesteRefuseError, nom_court
from app.demarches.models_edition import Chantier
from app.demarches.repository import catalogue as versions
from app.demarches.repository import edition as repository
from app.demarches.types import TYPES
from app.socle.audit import record_as
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import ConflictError, ForbiddenError, NotFoundError, SignInRequiredError
from app.socle.ids import uuid7
from app.socle.permissions import droit_of

ABSENT = "Ce chantier n’existe pas, ou a été publié ou abandonné."
PREFIXE_LOCAL = "local-"
TYPES_DE_CHAMP: tuple[str, ...] = tuple(TYPES)


@dataclass(frozen=True, slots=True)
class Atelier:
    """Where one works: a transaction, for whom (None: the platform, for all), and under which name."""

    ctx: Contexte
    session: AsyncSession
    proprietaire: UUID | None
    auteur: str

    async def record(self, action: str, objet: str, **details: Any) -> None:
        """An audit line of what is done here."""
        await record_as(
            self.session,
            self.ctx.now,
            self.ctx.acteur,
            action,
            objet,
            collectivite_id=self.proprietaire,
            requete=self.ctx.requete,
            **details,
        )


class ConflitError(ConflictError):
    """Somebody else changed the same thing meanwhile; nothing was written, both wordings are shown."""

    code = "conflit"

    def __init__(self, chantier: Chantier, par: str, le: datetime, geste: str) -> None:
        super().__init__(
            f"{par} a changé la même chose entre-temps ({geste.lower()}). Rien n’a été écrasé : comparez, puis "
            "enregistrez à nouveau ce que vous voulez garder."
        )
        self.chantier, self.par, self.le, self.geste = chantier, par, le, geste


def name_of(ctx: Contexte) -> str:
    """Who works here; SignInRequiredError when nobody is signed in."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise SignInRequiredError("Identifiez-vous avec ProConnect pour continuer.")
    return f"{ctx.personne.prenom} {ctx.personne.nom}".strip() or ctx.personne.courriel


async def administered(ctx: Contexte) -> list[UUID]:
    """The collectivités whose démarches this agent may change: those that they administer."""
    name_of(ctx)
    return await repository.list_administered(ctx.db, ctx.personne.agent_id if ctx.personne else None)


@asynccontextmanager
async def open_atelier(ctx: Contexte, proprietaire: UUID | None = None) -> AsyncIterator[Atelier]:
    """Where who is signed in works: the platform on the console, a collectivité that they administer elsewhere.

    ForbiddenError for who is neither; NotFoundError for a collectivité that is not theirs.
    """
    nom = name_of(ctx)
    if ctx.hote.genre == "opsn":
        if not (ctx.personne and ctx.personne.opsn):
            raise ForbiddenError("Cette console est réservée aux administrateurs de l’OPSN.")
        async with ctx.noyau.db.hors_cloison("editing shared démarches") as session:
            yield Atelier(ctx, session, None, f"{nom}, OPSN")
        return
    if proprietaire is None:
        raise NotFoundError(ABSENT)
    droit = await droit_of(ctx, proprietaire)
    if droit.role != "administrateur":
        raise ForbiddenError(
            "Seuls les administrateurs de la collectivité changent ses démarches. Demandez à l’un d’eux, ou à votre "
            "OPSN de vous en donner le droit."
        )
    await write_in(ctx.db, proprietaire)
    yield Atelier(ctx, ctx.db, proprietaire, f"{nom}, {droit.qualite}")


@asynccontextmanager
async def open_chantier(
    ctx: Contexte, chantier_id: UUID, *, lock: bool = False
) -> AsyncIterator[tuple[Atelier, Chantier]]:
    """A work in progress that this person may see and change; NotFoundError otherwise."""
    proprietaire = None
    if ctx.hote.genre != "opsn":
        name_of(ctx)
        found = await repository.get_chantier(ctx.db, chantier_id)
        if found is None or found.proprietaire_id is None:
            raise NotFoundError(ABSENT)
        proprietaire = found.proprietaire_id
    async with open_atelier(ctx, proprietaire) as atelier:
        chantier = await repository.get_chantier(atelier.session, chantier_id, lock=lock)
        if chantier is None or chantier.proprietaire_id != atelier.proprietaire:
            raise NotFoundError(ABSENT)
        yield atelier, chantier


def vierge(genre: str, titre: str, slug: str, service: str) -> Brut:
    """A definition to begin from: what the law always asks is there, wrong nowhere but where it is empty."""
    common: Brut = {
        "genre": genre,
        "slug": slug,
        "titre": titre,
        "theme": "papiers",
        "resume": "",
        "pour_qui": "",
        "cout": "Gratuit.",
        "service": {"nom": service},
    }
    if genre == "fiche":
        return {**common, "ou": "", "contact": ""}
    return {
        **common,
        "duree_minutes": 5,
        "identites": ["franceconnect", "courriel"],
        "declaration": "Je certifie que ces renseignements sont exacts.",
        "pages": [{"id": "demande", "titre": "Votre demande", "champs": []}],
        "legal": {"accuse": {"delivre": True, "fondement": "Articles L112-3 et R112-5 du CRPA."}},
        "conservation": {
            "brouillon_jours": 30,
            "base_active_mois": 12,
            "dua_annees": 1,
            "sort_final": "destruction",
        },
    }


async def begin(atelier: Atelier, contenu: Brut, base: str | None, geste: str) -> UUID:
    """Begins a work from a content, or gives the one already in progress on that démarche."""
    ctx, slug = atelier.ctx, str(contenu["slug"])
    chantier_id = uuid7()
    made = await repository.add_chantier(
        atelier.session,
        id=chantier_id,
        proprietaire_id=atelier.proprietaire,
        slug=slug,
        base_version_id=base,
        revision=1,
        contenu=contenu,
        cree_le=ctx.now,
        modifie_le=ctx.now,
        modifie_par=atelier.auteur,
    )
    if made is None:
        found = await repository.find_chantier(atelier.session, atelier.proprietaire, slug)
        if found is None:
            raise GesteRefuseError("Ce nom vient d’être pris : rechargez la page et recommencez.")
        return found
    await repository.add_pas(
        atelier.session,
        chantier_id=made,
        revision=1,
        contenu=contenu,
        geste=geste,
        auteur=atelier.auteur,
        quand=ctx.now,
    )
    await atelier.record("demarches:chantier:ouvrir", str(made), slug=slug)
    return made


async def begin_new(atelier: Atelier, genre: str, titre: str, service: str) -> UUID:
    """A démarche that nobody has yet; GesteRefuseError when its name is taken."""
    if not titre.strip():
        raise GesteRefuseError("Donnez un titre à la démarche.")
    slug = slug_of(titre, atelier.proprietaire)
    if await repository.list_publications(atelier.session, atelier.proprietaire, slug, 1):
        raise GesteRefuseError("Une démarche porte déjà ce nom : modifiez-la, ou choisissez un autre titre.")
    contenu = vierge("fiche" if genre == "fiche" else "teleservice", titre.strip(), slug, service)
    return await begin(atelier, contenu, None, "Démarche commencée")


def slug_of(titre: str, proprietaire: UUID | None) -> str:
    """The name of a démarche in addresses: what a collectivité writes for itself begins with « local- »."""
    return _nomme(nom_court(titre, separateur="-", repli="demarche"), proprietaire)


def _nomme(slug: str, proprietaire: UUID | None) -> str:
    bare = slug.removeprefix(PREFIXE_LOCAL)[: 60 - len(PREFIXE_LOCAL)].strip("-") or "demarche"
    return bare if proprietaire is None else f"{PREFIXE_LOCAL}{bare}"


async def begin_next(atelier: Atelier, slug: str) -> UUID:
    """Work on the next version of a published démarche, from its latest one."""
    latest = await repository.list_publications(atelier.session, atelier.proprietaire, slug, 1)
    if not latest:
        raise NotFoundError("Cette démarche n’existe pas, ou n’est pas à vous.")
    version_id = latest[0].version_id
    contents = await versions.list_versions(atelier.session, [version_id])
    return await begin(
        atelier, contents[version_id], version_id, f"Commencé à partir de la version {latest[0].numero}"
    )


async def begin_import(atelier: Atelier, definition: Definition) -> UUID:
    """Work on what a file holds: a new démarche, or the next version of one of that name.

    When a work is in progress on it, the file is one more step of it: undoing brings back what was there. What a
    collectivité imports is its own, whatever it was called.
    """
    contenu: Brut = definition.model_dump(mode="json", exclude_defaults=True)
    contenu["slug"] = _nomme(str(contenu["slug"]), atelier.proprietaire)
    latest = await repository.list_publications(atelier.session, atelier.proprietaire, contenu["slug"], 1)
    base = latest[0].version_id if latest else None
    chantier_id = await begin(atelier, contenu, base, "Importé d’un fichier")
    chantier = await repository.get_chantier(atelier.session, chantier_id, lock=True)
    if chantier is not None and chantier.contenu != contenu:
        await change(
            atelier,
            chantier,
            chantier.revision,
            ("tout",),
            lambda _: contenu,
            "Remplacé par un fichier importé",
        )
    return chantier_id


def partie_de(contenu: Brut, cible: tuple[str, ...]) -> Any:
    """What a save is about: a field, a page without its fields, a rule, named parts, or the whole."""
    try:
        if cible[:1] == ("champ",):
            return gestes.champ_de(contenu, cible[1])
        if cible[:1] == ("page",):
            page = gestes.page_de(contenu, cible[1])
            return {cle: value for cle, value in page.items() if cle not in ("champs", "sections")}
        if cible[:1] == ("regle",):
            return lieux.lire(contenu, lieux.lieu_de(contenu, cible[1]))
        if cible[:1] == ("partie",):
            return {nom: contenu.get(nom) for nom in cible[1:]}
    except NotFoundError:
        return None
    return contenu


async def change(
    atelier: Atelier,
    chantier: Chantier,
    vue: int,
    cible: tuple[str, ...],
    faire: Callable[[Brut], Brut],
    geste: str,
) -> None:
    """Takes one step; the caller holds the lock on the work.

    `vue` is the revision that the person was looking at. When others have changed something else since, both changes
    stand; when they have changed the same thing (`cible`), ConflitError and nothing is written.
    """
    if vue != chantier.revision:
        seen = await repository.get_pas(atelier.session, chantier.id, vue)
        before = partie_de(seen.contenu, cible) if seen else object()
        if before != partie_de(chantier.contenu, cible):
            raise await _conflit(atelier, chantier, vue)
    new = faire(chantier.contenu)
    if new == chantier.contenu:
        return
    await repository.save_chantier(
        atelier.session,
        chantier,
        contenu=new,
        annuler=[*chantier.annuler, chantier.revision][-repository.PAS_GARDES :],
        refaire=[],
        modifie_le=atelier.ctx.now,
        modifie_par=atelier.auteur,
        geste=geste,
    )


async def _conflit(atelier: Atelier, chantier: Chantier, vue: int) -> ConflitError:
    since = await repository.list_pas(atelier.session, chantier.id, vue, 1)
    geste = since[0].geste if since else "modification"
    return ConflitError(chantier, chantier.modifie_par, chantier.modifie_le, geste)


async def undo(atelier: Atelier, chantier: Chantier, vue: int, *, refaire: bool = False) -> None:
    """Goes back one step (or forward again); refused when somebody has taken one since: it would be theirs."""
    if vue != chantier.revision:
        raise await _conflit(atelier, chantier, vue)
    source, cible = (chantier.refaire, chantier.annuler) if refaire else (chantier.annuler, chantier.refaire)
    seen = await repository.get_pas(atelier.session, chantier.id, source[-1]) if source else None
    if seen is None:
        raise GesteRefuseError("Il n’y a rien à rétablir." if refaire else "Il n’y a rien de plus à annuler.")
    rest, other = source[:-1], [*cible, chantier.revision]
    await repository.save_chantier(
        atelier.session,
        chantier,
        contenu=seen.contenu,
        annuler=other if refaire else rest,
        refaire=rest if refaire else other,
        modifie_le=atelier.ctx.now,
        modifie_par=atelier.auteur,
        geste="Rétabli" if refaire else "Annulé",
    )


async def give_up(atelier: Atelier, chantier: Chantier) -> None:
    """Drops a work in progress; what is published stays."""
    await repository.delete_chantier(atelier.session, chantier.id)
    await atelier.record("demarches:chantier:abandonner", str(chantier.id), slug=chantier.slug)


async def history(atelier: Atelier, chantier: Chantier) -> list[dict[str, Any]]:
    """The last steps, latest first: what, who, when."""
    rows = await repository.list_pas(atelier.session, chantier.id, 0, 10)
    return [{"geste": row.geste, "auteur": row.auteur, "quand": row.quand} for row in rows]
