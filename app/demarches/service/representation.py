"""« Pour qui faites-vous cette démarche ? »: who is represented, in what quality, and what that fills in the form.

The person who is signed in stays the applicant: what their sign-in proves is never written as the represented
person's. What is declared here is attested by a box, and in the audit trail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.demarches.definitions import Champ, Definition, Option
from app.demarches.domain import entrees_de
from app.demarches.domain.representation import ATTESTATIONS, QUALITES, genre_de
from app.demarches.models import Dossier
from app.demarches.repository import dossiers as repository
from app.demarches.repository import remplissage
from app.demarches.repository.remplissage import Reponse
from app.demarches.service import acces
from app.demarches.service.brouillons import Brouillon
from app.demarches.service.connu import given_to, known_for
from app.demarches.types import ContexteDeSaisie
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.errors import ForbiddenError, NotFoundError

MAJORITE = 18


def _nom(id_: str, libelle: str, sujet: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "texte",
        "libelle": libelle,
        "sujet": sujet,
        "obligatoire": True,
        "longueur_max": 100,
        "autocomplete": "off",
    }


def champs_of(genre: str, *, demandeur: bool) -> tuple[Champ, ...]:
    """What is asked of the person represented; with `demandeur`, the name of who acts too (no sign-in gave it)."""
    minor = genre == "enfant"
    asked = (
        _nom("prenoms", "Prénoms", "les prénoms"),
        _nom("nom_naissance", "Nom de naissance", "le nom de naissance"),
        {
            "id": "naissance",
            "type": "date",
            "libelle": "Date de naissance",
            "sujet": "la date de naissance",
            "date_max": "aujourdhui",
            "obligatoire": True,
            "aide": "Par exemple 27 3 2015." if minor else "Par exemple 27 3 1948.",
        },
        {
            "id": "qualite",
            "type": "choix",
            "libelle": "Vous êtes",
            "sujet": "qui vous êtes pour cette personne",
            "obligatoire": True,
            "options": tuple(Option(valeur=v, libelle=said) for v, said in QUALITES[genre].items()),
        },
        {"id": "attestation", "type": "consentement", "libelle": ATTESTATIONS[genre], "obligatoire": True},
    )
    mine = (
        _nom("demandeur_prenoms", "Vos prénoms", "vos prénoms"),
        _nom("demandeur_nom", "Votre nom de naissance", "votre nom de naissance"),
    )
    return tuple(Champ.model_validate(one) for one in (*asked[:3], *(mine if demandeur else ()), *asked[3:]))


@dataclass
class Designation:
    """Who is represented, as it was typed: the values that hold, and what is wrong by question."""

    genre: str
    brut: Mapping[str, Sequence[str]]
    valeurs: dict[str, Any] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)


def check_allowed(definition: Definition, genre: str) -> None:
    """NotFoundError for a representation that the démarche does not allow."""
    if genre not in definition.representation:
        raise NotFoundError("Cette démarche ne se fait pas pour quelqu’un d’autre de cette façon.")


def must_ask(draft: Brouillon) -> bool:
    """Whether the person has not said yet for whom the request is."""
    return bool(draft.definition.representation) and draft.dossier.beneficiaire is None


def asks_name(ctx: Contexte, dossier: Dossier) -> bool:
    """Whether nothing says how the person who acts is called: neither FranceConnect nor the agent who fills."""
    proven = ctx.personne is not None and bool(ctx.personne.donnees.get("nom_naissance"))
    return dossier.canal == "web" and not proven


def read(ctx: Contexte, draft: Brouillon, genre: str, brut: Mapping[str, Sequence[str]]) -> Designation:
    """Reads what was typed; nothing is written. An adult is nobody's child here: they give a mandate."""
    check_allowed(draft.definition, genre)
    today = ctx.today(draft.collectivite.fuseau)
    found = Designation(genre, brut)
    for champ in champs_of(genre, demandeur=asks_name(ctx, draft.dossier)):
        seen = champ.genre.lire(champ, brut, ContexteDeSaisie(today))
        if seen.erreur is not None:
            found.erreurs[champ.id] = seen.erreur
        elif seen.valeur is None:
            found.erreurs[champ.id] = champ.genre.manque(champ)
        else:
            found.valeurs[champ.id] = seen.valeur
    born = found.valeurs.get("naissance")
    if genre == "enfant" and born and _age(date.fromisoformat(born), today) >= MAJORITE:
        found.erreurs["naissance"] = (
            "Cette personne a 18 ans ou plus : elle fait la démarche elle-même, ou vous donne un mandat écrit."
        )
    return found


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


async def set_self(ctx: Contexte, draft: Brouillon) -> None:
    """The request is for the person who fills it."""
    await _set(ctx, draft, {}, dict(draft.dossier.demandeur))


async def set_represented(ctx: Contexte, draft: Brouillon, said: Designation) -> None:
    """The request is for somebody else; `said` has no error (ValueError otherwise)."""
    if said.erreurs:
        raise ValueError("a designation that does not hold")
    values = said.valeurs
    represented = {
        "genre": said.genre,
        "prenoms": str(values["prenoms"]).split(),
        "nom_naissance": values["nom_naissance"],
        "naissance": values["naissance"],
        "qualite": values["qualite"],
        "atteste_le": ctx.now.isoformat(),
    }
    person = dict(draft.dossier.demandeur)
    if "demandeur_nom" in values:
        person |= {
            "nom_naissance": values["demandeur_nom"],
            "prenoms": str(values["demandeur_prenoms"]).split(),
        }
    await _set(ctx, draft, represented, person)


async def _set(ctx: Contexte, draft: Brouillon, represented: dict[str, Any], person: dict[str, Any]) -> None:
    dossier = draft.dossier
    if not acces.may_submit(ctx, dossier):
        raise ForbiddenError("Seule la personne qui a commencé ce dossier dit pour qui elle le fait.")
    await repository.update_dossier(ctx.db, dossier, ctx.now, beneficiaire=represented, demandeur=person)
    await _refill(ctx, draft)
    await record(
        ctx,
        "demarches:dossier:representer",
        str(dossier.id),
        dossier.collectivite_id,
        genre=genre_de(represented),
        qualite=str(represented.get("qualite", "")),
    )


async def _refill(ctx: Contexte, draft: Brouillon) -> None:
    """Answers what is known of the person concerned; what somebody typed is left, what we had filled changes."""
    known = known_for(ctx.personne, draft.dossier, draft.definition)
    stored = draft.contenu.reponses
    rows, given = [], {}
    for champ in draft.definition.champs():
        source, former = champ.prerempli or "", stored.get(champ.id)
        if not source or (former is not None and former.origine):
            continue
        value = given_to(champ, known)
        if value is None and (former is None or not source.startswith("beneficiaire")):
            continue
        typed = entrees_de(champ, value) if value is not None else {}
        rows.append(
            {"champ_id": champ.id, "valeur": value, "brut": typed, "connue": former.version if former else 0}
        )
        given[champ.id] = (value, typed)
    versions = await remplissage.save_answers(
        ctx.db, draft.dossier, rows, origine="", auteur=ctx.acteur, now=ctx.now
    )
    for id_, version in versions.items():
        draft.keep(id_, Reponse(*given[id_], version, "", ctx.acteur, ctx.now))
