"""Who else may reach a dossier: a code to follow it without an account, an invited person, somebody who takes it over.

Each is a code given by hand or by voice, and an explicit act of whoever uses it; the owner sees them and takes them
back. An invited person fills, and never submits.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.demarches.domain import nettoyer
from app.demarches.domain.code import lire_code, nouveau_code
from app.demarches.models import Acces, Dossier
from app.demarches.repository import acces as repository
from app.demarches.repository.acces import CodeLu
from app.socle import limites
from app.socle.audit import record
from app.socle.contexte import Contexte, Visite
from app.socle.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SignInRequiredError,
)
from app.socle.ids import uuid7

if TYPE_CHECKING:
    from app.demarches.service.brouillons import Brouillon

# An offer that nobody took is over.
DELAI = timedelta(days=14)
AT_MOST = 10
INCONNU = (
    "Aucun dossier n’a ce code ici. Vérifiez le code et la commune : un code ne vaut que pour elle, et une invitation "
    "deux semaines."
)


def empreinte_of(visit: Visite, code: str) -> bytes:
    """What is stored of a code: without the installation's secret, its 44 bits cannot be tried one by one."""
    return hashlib.sha256(visit.noyau.sceau.sign("code-dossier", code).encode()).digest()


def may_submit(ctx: Contexte, dossier: Dossier) -> bool:
    """Whether this person may submit, invite and hand over: the owner, or a browser that gave the follow-up code."""
    confie: tuple[UUID, str] | None = ctx.db.info.get("confie")
    return confie is None or confie != (dossier.id, "invitation")


def check_owner(ctx: Contexte, dossier: Dossier) -> None:
    """Refuses whoever is not the account that owns the dossier: who was invited gives access to nobody."""
    if ctx.usager_id is None:
        raise SignInRequiredError("Identifiez-vous pour donner accès à ce dossier.")
    if dossier.usager_id != ctx.usager_id:
        raise ForbiddenError("Seule la personne à qui est ce dossier en donne l’accès.")


async def entrust(ctx: Contexte, dossier_id: UUID) -> bool:
    """Opens to this transaction a dossier that somebody else owns, when access was given to this person or browser."""
    if ctx.usager_id is None and not ctx.has_temoin:
        return False
    genre = await repository.entrust(ctx.db, dossier_id)
    if genre is None:
        return False
    ctx.db.info["confie"] = (dossier_id, genre)
    return True


async def issue_follow_up(ctx: Contexte, dossier: Dossier) -> str:
    """A new code for a dossier without account; the one before, if any, opens nothing any more."""
    if dossier.usager_id is not None:
        raise ConflictError("Ce dossier est à votre compte : identifiez-vous pour le retrouver.")
    code = await _issue(ctx, dossier, "suivi", "")
    if code is None:
        await repository.revoke_follow_up(ctx.db, dossier, ctx.now)
        code = await _issue(ctx, dossier, "suivi", "")
    if code is None:
        raise ConflictError("Un autre code vient d’être donné. Recommencez.")
    return code


async def _issue(ctx: Contexte, dossier: Dossier, genre: str, nom: str) -> str | None:
    """A code, or None when one of that kind is there and may not be two."""
    code = nouveau_code(secrets.randbelow)
    added = await repository.add_acces(
        ctx.db,
        dossier,
        id=uuid7(),
        genre=genre,
        code_empreinte=empreinte_of(ctx, code),
        nom=nom,
        cree_le=ctx.now,
        expire_le=None if genre == "suivi" else ctx.now + DELAI,
    )
    return code if added else None


async def offer(ctx: Contexte, dossier: Dossier, genre: str, nom: str) -> str:
    """Invites somebody to fill a draft (`invitation`) or offers to hand a dossier over (`transfert`): a code to give.

    Only its owner does, signed in; never an agent, nor who was invited.
    """
    check_owner(ctx, dossier)
    if genre not in ("invitation", "transfert"):
        raise InvalidInputError("Choisissez ce que cette personne pourra faire.")
    if genre == "invitation" and dossier.etat != "brouillon":
        raise ConflictError("Ce dossier est déposé : il n’y a plus rien à remplir à plusieurs.")
    clean = nettoyer(nom)[:100]
    if not clean:
        raise InvalidInputError("Indiquez le nom de la personne.")
    code = await _issue(ctx, dossier, genre, clean)
    if code is None:
        raise ConflictError("Un autre code vient d’être donné. Recommencez.")
    await record(ctx, "demarches:acces:offrir", str(dossier.id), dossier.collectivite_id, genre=genre)
    return code


async def read(ctx: Contexte, typed: str) -> tuple[str, CodeLu]:
    """What a typed code is for; slips are told before anything is counted.

    TooManyRequestsError beyond ten codes in a quarter of an hour from one address; NotFoundError for an unknown one.
    """
    code = lire_code(typed)
    client = ctx.request.client
    quarter = timedelta(minutes=15)
    who = f"{client.host if client else ''} {ctx.collectivite.id}"
    await limites.limit(ctx.noyau, "code-dossier", who, at_most=AT_MOST, per=quarter)
    found = await repository.read_code(ctx.db, ctx.collectivite.id, empreinte_of(ctx, code), ctx.now)
    if found is None:
        raise NotFoundError(INCONNU)
    return code, found


async def accept(ctx: Contexte, typed: str) -> tuple[CodeLu, UUID]:
    """The explicit act: this browser follows the dossier, this account is invited to fill it, or takes it over."""
    code, found = await read(ctx, typed)
    if found.genre == "suivi":
        await ctx.own_jeton()
    elif ctx.usager_id is None:
        raise SignInRequiredError("Identifiez-vous pour accepter.")
    elif found.a_soi:
        raise ConflictError(
            "Ce dossier est déjà le vôtre : donnez ce code à la personne que vous avez choisie."
        )
    try:
        dossier_id = await repository.accept_code(
            ctx.db, ctx.collectivite.id, empreinte_of(ctx, code), uuid7(), ctx.now
        )
    except IntegrityError:
        raise ConflictError(
            "Vous avez déjà un brouillon de cette démarche : terminez-le ou supprimez-le, puis recommencez."
        ) from None
    if dossier_id is None:
        raise NotFoundError(INCONNU)
    if found.genre == "transfert":
        await repository.forget_representation(ctx.db, ctx.collectivite.id, dossier_id)
    genre = "navigateur" if found.genre == "suivi" else found.genre
    ctx.db.info["confie"] = (dossier_id, genre)
    await record(ctx, "demarches:acces:accepter", str(dossier_id), ctx.collectivite.id, genre=found.genre)
    return found, dossier_id


async def list_acces(ctx: Contexte, dossier: Dossier) -> Sequence[Acces]:
    """Who may reach the dossier, codes and browsers of its follow-up left out."""
    found = await repository.list_acces(ctx.db, dossier)
    return [one for one in found if one.genre in ("invitation", "transfert")]


async def revoke(ctx: Contexte, dossier: Dossier, acces_id: UUID) -> None:
    """Takes an access back; NotFoundError when it is gone already."""
    check_owner(ctx, dossier)
    if not await repository.revoke(ctx.db, dossier, acces_id, ctx.now):
        raise NotFoundError("Cet accès est déjà retiré.")
    await record(ctx, "demarches:acces:retirer", str(dossier.id), dossier.collectivite_id)


async def list_authors(ctx: Contexte, draft: "Brouillon") -> list[tuple[str, list[str]]]:
    """Who wrote what, when several people fill a draft: the name of each invited person, and the questions answered."""
    others = {r.auteur for r in draft.contenu.reponses.values()} - {"", ctx.acteur}
    if not others or draft.dossier.canal != "web":
        return []
    found = await repository.list_acces(ctx.db, draft.dossier, revoked=True)
    names = {f"usager:{one.usager_id}": one.nom for one in found if one.genre == "invitation"}
    lines: dict[str, list[str]] = {}
    for champ in draft.definition.champs():
        answer = draft.contenu.reponses.get(champ.id)
        if answer is not None and answer.auteur in names and answer.auteur != ctx.acteur:
            lines.setdefault(names[answer.auteur], []).append(champ.libelle)
    return list(lines.items())
