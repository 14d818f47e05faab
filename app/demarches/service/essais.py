"""Test mode: dossiers that play a version before it is published, and automated tests made of them.

A test dossier is a true one, on a host of its own (`essais.<base>`) where only test dossiers exist: it is filled,
submitted and decided through the real pages and jobs. It pins its version, so that it survives what is published next.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.demarches.definitions import Definition
from app.demarches.edition.scenarios import enregistrer, rejouer
from app.demarches.repository import dossiers, edition, essais
from app.demarches.service import catalogue
from app.demarches.service.edition import Atelier
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.hosts import ESSAIS
from app.socle.ids import uuid7

# Who asks, in a test: nobody real.
CANDIDE = {"prenoms": ["Camille"], "nom_naissance": "ESSAI"}


async def start(atelier: Atelier, definition: Definition) -> UUID:
    """A test dossier of this version, to be filled on the host of tests (platform role).

    The OPSN has no residents of its own: its tests are played in a « Commune d’essai », made the first time, in which
    the administrator gets a right.
    """
    ctx, session = atelier.ctx, atelier.session
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise NotFoundError("Cette page n’existe pas.")
    version_id = await catalogue.keep_version(session, definition, ctx.now, atelier.proprietaire)
    collectivite_id = atelier.proprietaire
    if collectivite_id is None:
        host = ctx.noyau.settings.service_host(essais.SLUG)
        collectivite_id = await essais.open_commune(session, uuid7(), host, ctx.personne.agent_id, ctx.now)
    dossier_id = uuid7()
    await dossiers.add_draft(
        session,
        collectivite_id=collectivite_id,
        id=dossier_id,
        slug=definition.slug,
        version_id=version_id,
        surcouche_id=None,
        titre=definition.titre,
        usager_id=None,
        jeton_empreinte=None,
        canal="guichet",
        etat="brouillon",
        niveau_identite="declaree",
        demandeur={**CANDIDE, "courriel": ctx.personne.courriel},
        mandataire={"nom": atelier.auteur},
        cree_le=ctx.now,
        modifie_le=ctx.now,
        essai=True,
    )
    await atelier.record("demarches:essai:commencer", str(dossier_id), slug=definition.slug)
    return dossier_id


async def list_played(atelier: Atelier, slug: str) -> list[dict[str, Any]]:
    """The test dossiers of a démarche, latest first, with where each goes on."""
    settings = atelier.ctx.noyau.settings
    host = settings.service_host(ESSAIS)
    owner = atelier.proprietaire or await essais.find_commune(atelier.session)
    rows = await essais.list_essais(atelier.session, owner, slug) if owner else []
    return [
        {
            "id": str(row.id),
            "numero": row.numero,
            "etat": row.etat,
            "cree_le": row.cree_le,
            "url": settings.url_of(
                host,
                f"/saisir/dossiers/{row.id}/reprendre" if row.etat == "brouillon" else f"/dossiers/{row.id}",
            ),
        }
        for row in rows
    ]


async def keep_scenario(atelier: Atelier, slug: str, dossier_id: UUID, nom: str) -> None:
    """Makes an automated test of a test dossier: its answers, what they called for, the states it went through.

    InvalidInputError while it is a draft, or without a name; NotFoundError for one that is not of this démarche.
    """
    if not nom.strip():
        raise InvalidInputError("Donnez un nom à l’essai, par exemple « association, deux barnums ».")
    owner = atelier.proprietaire or await essais.find_commune(atelier.session)
    row = await essais.get_essai(atelier.session, owner, slug, dossier_id) if owner else None
    if row is None:
        raise NotFoundError("Ce dossier d’essai n’existe pas.")
    if row.depose_le is None:
        raise InvalidInputError("Déposez d’abord ce dossier d’essai : ses réponses seront alors figées.")
    definition = await catalogue.definition_of(atelier.session, row.version_id, None)
    pieces = await essais.list_pieces(atelier.session, dossier_id)
    lines = await essais.list_lignes(atelier.session, dossier_id)
    etats = ["brouillon", *_etats([line.genre for line in lines], row.etat)]
    etapes = [
        str(line.donnees["vers"]) for line in lines if line.genre == "etape" and line.donnees.get("vers")
    ]
    contenu = enregistrer(definition, row.reponses, pieces, row.depose_le.date(), etats, etapes)
    await edition.add_scenario(
        atelier.session,
        id=uuid7(),
        proprietaire_id=atelier.proprietaire,
        slug=slug,
        nom=nom.strip()[:120],
        contenu=contenu,
        cree_le=atelier.ctx.now,
        auteur=atelier.auteur,
    )


# What each line of the history says of the state that follows it.
_SUITES = {
    "depot": "depose",
    "prise_en_charge": "en_instruction",
    "complement_demande": "en_attente",
    "complement_recu": "en_instruction",
}


def _etats(genres: Sequence[str], final: str) -> list[str]:
    """The states gone through, as the history tells them, ending with the present one."""
    found: list[str] = []
    for genre in genres:
        etat = _SUITES.get(genre, "")
        if etat and found[-1:] != [etat]:
            found.append(etat)
    return found if found[-1:] == [final] else [*found, final]


async def change_scenario(
    atelier: Atelier, slug: str, scenario_id: UUID, action: str, definition: Definition | None
) -> None:
    """Drops an automated test, or has it expect what the present work gives: always somebody's explicit act."""
    found = {one.id: one for one in await edition.list_scenarios(atelier.session, atelier.proprietaire, slug)}
    scenario = found.get(scenario_id)
    if scenario is None:
        raise NotFoundError("Cet essai automatique n’existe plus.")
    if action == "retirer":
        await edition.delete_scenario(atelier.session, scenario_id)
    elif action == "accepter" and definition is not None:
        await edition.set_scenario(atelier.session, scenario_id, _accepted(definition, scenario.contenu))
    await atelier.record("demarches:essai:changer", str(scenario_id), slug=slug, acte=action)


def _accepted(definition: Definition, contenu: dict[str, Any]) -> dict[str, Any]:
    return enregistrer(
        definition,
        contenu["reponses"],
        contenu["pieces"],
        date.fromisoformat(contenu["jour"]),
        contenu["etats"],
        [one["etape"] for one in contenu.get("parcours", [])[1:]],
    )


async def replay(atelier: Atelier, slug: str, definition: Definition | None) -> Sequence[dict[str, Any]]:
    """Every automated test of a démarche, with what is no longer as expected."""
    rows = await edition.list_scenarios(atelier.session, atelier.proprietaire, slug)
    return [
        {
            "id": str(one.id),
            "nom": one.nom,
            "auteur": one.auteur,
            "cree_le": one.cree_le,
            "fautes": rejouer(definition, one.contenu) if definition is not None else [],
        }
        for one in rows
    ]
