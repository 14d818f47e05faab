"""Places: an option of a démarche (a course, a sport) taken by so many, then a waiting list in the order of submission.

Places are taken in the transaction of the submission, under a lock of the database; a refusal, a withdrawal, a dossier
closed or handed over gives them back, and whoever waits first is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.demarches.definitions import Champ, Definition
from app.demarches.models import Dossier
from app.demarches.repository import places as repository
from app.demarches.repository.places import PlaceTenue, Quota
from app.demarches.service.partage import open_settings
from app.demarches.types.choix import chemins
from app.socle import vues
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import InvalidInputError
from app.socle.ids import uuid7
from app.socle.langues import N_

AVEC_OPTIONS = ("choix", "choix_multiple", "listes_liees")


def options_of(champ: Champ) -> dict[str, str]:
    """The options of a question that may have places: value (or path) to words."""
    if champ.type not in AVEC_OPTIONS:
        return {}
    return {
        "/".join(o.valeur for o in path): " › ".join(o.libelle for o in path)
        for path in chemins(champ.options)
    }


def libelle_of(definition: Definition, champ_id: str, option: str) -> str:
    """The words of an option; its value when the question is no longer there."""
    try:
        return options_of(definition.champ(champ_id)).get(option, option)
    except KeyError:
        return option


async def annoncer(
    ctx: Contexte, collectivite_id: UUID, slug: str, champs: Sequence[vues.Champ]
) -> list[vues.Champ]:
    """The questions of a page, each option with what is left of it."""
    quotas = await repository.list_quotas(ctx.db, collectivite_id, slug)
    if not quotas:
        return list(champs)
    left = {(q.champ_id, q.option): _reste(ctx, q) for q in quotas}

    def mark(champ_id: str, options: Sequence[vues.Option]) -> list[vues.Option]:
        return [
            replace(o, libelle=f"{o.libelle} ({left[champ_id, o.valeur]})")
            if (champ_id, o.valeur) in left
            else o
            for o in options
        ]

    found = []
    for champ in champs:
        groupes = champ.donnees.get("groupes")
        if groupes is not None:
            marked = {nom: mark(champ.id, options) for nom, options in groupes.items()}
            found.append(replace(champ, donnees={**champ.donnees, "groupes": marked}))
        else:
            found.append(replace(champ, options=mark(champ.id, champ.options)))
    return found


def _reste(ctx: Contexte, quota: Quota) -> str:
    if not quota.restantes:
        return str(ctx.traduire(N_("complet, liste d’attente")))
    one = quota.restantes == 1
    return str(ctx.traduire(N_("1 place restante") if one else N_("{n} places restantes"))).replace(
        "{n}", str(quota.restantes)
    )


async def list_tenues(ctx: Contexte, dossier: Dossier, definition: Definition) -> list[dict[str, Any]]:
    """What a dossier holds: {libelle, saison, rang (0: it has its place)}."""
    return tenues_of(definition, await repository.list_tenues(ctx.db, dossier.collectivite_id, dossier.id))


def tenues_of(definition: Definition, held: Sequence[PlaceTenue]) -> list[dict[str, Any]]:
    """The same, of what was read."""
    return [
        {"libelle": libelle_of(definition, p.champ_id, p.option), "saison": p.saison, "rang": p.rang}
        for p in held
    ]


async def save(
    ctx: Contexte, collectivite_id: UUID, definition: Definition, saison: str, asked: Mapping[str, str]
) -> None:
    """Sets how many places each option has (`asked`: « champ:option » to figures, empty for no limit), for a season.

    Another season than the present one begins anew: nobody has a place in it yet. InvalidInputError for what is no
    number, or a season without name; what is no option of the démarche is left out.
    """
    await open_settings(ctx, collectivite_id)
    saison = " ".join(saison.split())
    if not saison or len(saison) > 40:
        raise InvalidInputError("Nommez la saison en 40 caractères au plus, par exemple 2026-2027.")
    known = {f"{c.id}:{value}" for c in definition.champs() for value in options_of(c)}
    wanted: dict[str, int] = {}
    for name, text in asked.items():
        if name not in known or not text.strip():
            continue
        if not text.strip().isdigit() or int(text) > 100_000:
            raise InvalidInputError(
                "Indiquez un nombre de places en chiffres, ou rien s’il n’y a pas de limite."
            )
        wanted[name] = int(text)
    present = await repository.list_quotas(ctx.db, collectivite_id, definition.slug)
    kept = {f"{q.champ_id}:{q.option}": q for q in present if q.saison == saison}
    over = [q.id for q in present if q.saison != saison or f"{q.champ_id}:{q.option}" not in wanted]
    if over:
        await repository.close(ctx.db, collectivite_id, over)
    for name, places in wanted.items():
        champ_id, _, option = name.partition(":")
        if name in kept:
            if kept[name].places != places:
                await repository.set_places(ctx.db, collectivite_id, kept[name].id, places)
            continue
        await repository.add_quota(
            ctx.db,
            collectivite_id,
            id=uuid7(),
            slug=definition.slug,
            champ_id=champ_id,
            option=option,
            saison=saison,
            places=places,
        )
    await record(
        ctx, "demarches:places:regler", definition.slug, collectivite_id, saison=saison, options=len(wanted)
    )
