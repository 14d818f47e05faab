"""Filling a démarche for somebody: at the counter, on the phone, from a letter, with a helper (CRPA R112-9-1).

The dossier has no account, records its channel and the agent who filled it, and follows every rule of the others. Its
draft belongs to the collectivité: colleagues find it on the desk and finish it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.demarches.definitions import Champ, Definition
from app.demarches.domain import entrees_de
from app.demarches.models import Dossier
from app.demarches.repository import catalogue as adoptions
from app.demarches.repository import dossiers as repository
from app.demarches.repository.remplissage import Contenu
from app.demarches.service.brouillons import access_draft, fill, give
from app.demarches.service.catalogue import Offre, get_offre, load_definitions
from app.demarches.service.connu import known_for
from app.demarches.types import ContexteDeSaisie
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import NotFoundError
from app.socle.permissions import droit_of

# How the person came; « web » is the person alone.
CANAUX_SAISIE = ("guichet", "telephone", "courrier", "aidant")
IDENTITE = (
    Champ(
        id="prenoms",
        type="texte",
        libelle="Prénoms",
        sujet="les prénoms",
        obligatoire=True,
        longueur_max=100,
        autocomplete="off",
    ),
    Champ(
        id="nom_naissance",
        type="texte",
        libelle="Nom de naissance",
        sujet="le nom de naissance",
        obligatoire=True,
        longueur_max=100,
        autocomplete="off",
    ),
    Champ(id="nom_usage", type="texte", libelle="Nom d’usage", longueur_max=100, autocomplete="off"),
    Champ(
        id="courriel",
        type="courriel",
        libelle="Adresse électronique",
        sujet="l’adresse électronique",
        aide="L’accusé de réception y sera envoyé. Sans adresse, vous l’imprimerez.",
        autocomplete="off",
    ),
    Champ(
        id="telephone",
        type="telephone",
        libelle="Téléphone",
        sujet="le numéro de téléphone",
        autocomplete="off",
    ),
    Champ(
        id="adresse",
        type="adresse",
        libelle="Adresse postale",
        sujet="l’adresse postale",
        aide="Obligatoire sans adresse électronique (article R112-9-1 du CRPA).",
        etranger=True,
    ),
)
AIDANT = Champ(
    id="aidant",
    type="texte",
    libelle="Nom de l’aidant et de sa structure",
    sujet="le nom de l’aidant et sa structure",
    aide="Seulement si un aidant fait la démarche, par exemple « Yann Morvan, France services ».",
    longueur_max=150,
    autocomplete="off",
)


@dataclass
class Ouverture:
    """The first page of a capture as it was sent: values, what is wrong, and everything typed."""

    brut: Mapping[str, Sequence[str]]
    collectivite_id: UUID | None = None
    slug: str = ""
    canal: str = ""
    vue: bool = False
    aidant: str = ""
    identite: dict[str, Any] = field(default_factory=dict)
    erreurs: dict[str, str] = field(default_factory=dict)


async def list_offres_for_agent(ctx: Contexte) -> dict[UUID, list[Offre]]:
    """What can be filled for somebody, by collectivité of the agent, in a constant number of statements."""
    ids = list(ctx.personne.collectivites) if ctx.personne else []
    rows = await adoptions.list_adoptions_of(ctx.db, ids)
    definitions = await load_definitions(ctx.db, [(row.version_id, row.surcouche_id) for row in rows])
    found: dict[UUID, list[Offre]] = {}
    for row in rows:
        definition = definitions[(row.version_id, row.surcouche_id or "")]
        offre = Offre(definition, row.version_id, row.surcouche_id, row.ouverte)
        if offre.en_ligne:
            found.setdefault(row.collectivite_id, []).append(offre)
    return found


def read_opening(
    ctx: Contexte, brut: Mapping[str, Sequence[str]], offres: Mapping[UUID, Sequence[Offre]]
) -> Ouverture:
    """Reads the first page; nothing is made while `erreurs` is not empty."""
    opening = Ouverture(brut)
    _read_choices(opening, offres)
    for champ in (*IDENTITE, AIDANT):
        read = champ.genre.lire(champ, brut, ContexteDeSaisie(ctx.today()))
        value = read.valeur
        if read.erreur is not None:
            opening.erreurs[champ.id] = read.erreur
        elif value is None and champ.obligatoire:
            opening.erreurs[champ.id] = champ.genre.manque(champ)
        elif value is not None and champ is AIDANT:
            opening.aidant = str(value)
        elif value is not None:
            opening.identite[champ.id] = str(value).split() if champ.id == "prenoms" else value
    reachable = {"courriel", "adresse"} & (opening.identite.keys() | opening.erreurs.keys())
    if not reachable:
        opening.erreurs["adresse"] = (
            "Indiquez l’adresse postale, ou une adresse électronique : il faut pouvoir répondre à la personne."
        )
    if opening.canal == "aidant" and not opening.aidant:
        opening.erreurs["aidant"] = "Indiquez le nom de l’aidant et sa structure."
    return opening


def _read_choices(opening: Ouverture, offres: Mapping[UUID, Sequence[Offre]]) -> None:
    def typed(name: str) -> str:
        return (opening.brut.get(name) or [""])[0]

    known = {str(id_): id_ for id_ in offres}
    opening.collectivite_id = (
        next(iter(offres), None) if len(offres) == 1 else known.get(typed("collectivite"))
    )
    opening.slug, opening.canal = typed("demarche"), typed("canal")
    opening.vue = typed("identite_vue") == "oui" and opening.canal == "guichet"
    if opening.collectivite_id is None:
        opening.erreurs["collectivite"] = "Choisissez la collectivité à qui la demande s’adresse."
    chosen = opening.collectivite_id
    offered = {o.definition.slug for o in offres[chosen]} if chosen is not None else set()
    if not opening.slug:
        opening.erreurs["demarche"] = "Choisissez la démarche."
    elif opening.collectivite_id is not None and opening.slug not in offered:
        opening.erreurs["demarche"] = (
            "Cette collectivité ne propose pas cette démarche : choisissez-en une autre."
        )
    if opening.canal not in CANAUX_SAISIE:
        opening.erreurs["canal"] = "Indiquez comment la demande vous parvient."


async def start(ctx: Contexte, opening: Ouverture, dossier_id: UUID) -> Definition:
    """Makes the draft, filled with what was given; NotFoundError outside the agent's collectivités.

    The agent's name and quality are recorded; so is an identity document seen at the counter.
    """
    if (
        opening.collectivite_id is None
        or ctx.personne is None
        or opening.collectivite_id not in ctx.personne.collectivites
    ):
        raise NotFoundError("Cette collectivité n’est pas de celles que vous servez.")
    droit = await droit_of(ctx, opening.collectivite_id)
    offre = await get_offre(ctx.db, opening.collectivite_id, opening.slug)
    await write_in(ctx.db, opening.collectivite_id)
    mandataire = {"nom": droit.nom_complet, "qualite": droit.qualite}
    if opening.aidant:
        mandataire["aidant"] = opening.aidant
    await repository.add_draft(
        ctx.db,
        collectivite_id=opening.collectivite_id,
        id=dossier_id,
        slug=offre.definition.slug,
        version_id=offre.version_id,
        surcouche_id=offre.surcouche_id,
        titre=offre.definition.titre,
        usager_id=None,
        jeton_empreinte=None,
        canal=opening.canal,
        etat="brouillon",
        niveau_identite="guichet" if opening.vue else "declaree",
        demandeur=opening.identite,
        mandataire=mandataire,
        cree_le=ctx.now,
        modifie_le=ctx.now,
    )
    draft = await access_draft(ctx, dossier_id)
    await _prefill(ctx, draft, offre.definition)
    await record(
        ctx,
        "demarches:dossier:commencer",
        str(dossier_id),
        draft.collectivite_id,
        slug=draft.slug,
        canal=draft.canal,
    )
    return offre.definition


async def _prefill(ctx: Contexte, draft: Dossier, definition: Definition) -> None:
    contenu = Contenu()
    await fill(ctx, draft, contenu, definition, known_for(None, draft, definition))
    adresse = draft.demandeur.get("adresse")
    home = next((c for c in definition.champs() if c.autocomplete == "street-address"), None)
    if adresse and home is not None:
        await give(ctx, draft, contenu, {home.id: (adresse, entrees_de(home, adresse))})
