"""Taking on communes and EPCI, and giving their agents rights. Platform work: every function runs under its role."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.ext.asyncio import AsyncSession

from app.collectivites import repository
from app.collectivites.epci import Epci, epci_values
from app.collectivites.import_csv import (
    LigneCommune,
    LigneRefusee,
    attribuer_slugs,
    filtrer,
    lire_communes,
    slugs_possibles,
)
from app.socle.audit import record_as
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from app.socle.sms import set_quota

# A démarche's catalogue is another module's: whoever calls says what « open everything » means.
Ouvrir = Callable[[AsyncSession, list[Any]], Any]


@dataclass
class Import:
    """What an import did, or would do: rows taken on, already known, refused (each with its line and reasons)."""

    prises: list[LigneCommune] = field(default_factory=list)
    connues: list[LigneCommune] = field(default_factory=list)
    refusees: list[LigneRefusee] = field(default_factory=list)
    slugs: dict[str, str] = field(default_factory=dict)


async def import_communes(
    noyau: Noyau,
    fichier: Path,
    *,
    epci: str | None = None,
    departement: str | None = None,
    codes: frozenset[str] = frozenset(),
    a_blanc: bool = False,
    ouvrir: Ouvrir | None = None,
) -> Import:
    """Takes on the communes of a CSV (columns of data/communes-bretagne.csv) that are not known yet.

    All or nothing: with one bad row, nothing is imported and every bad row is named. `a_blanc` changes nothing.
    Running it again takes on only what is new.
    """
    with fichier.open("rb") as stream:
        rows, refused = read_rows(stream)
    wanted = [
        r for r in filtrer(rows, epci=epci, departement=departement) if not codes or r.code_insee in codes
    ]
    return await take_on(noyau, wanted, refused, source=fichier.name, a_blanc=a_blanc, ouvrir=ouvrir)


def read_rows(stream: BinaryIO) -> tuple[list[LigneCommune], list[LigneRefusee]]:
    """The good rows of a CSV, and the bad ones with their reasons; FichierIllisibleError for no CSV at all."""
    rows: list[LigneCommune] = []
    refused: list[LigneRefusee] = []
    for row in lire_communes(stream):
        if isinstance(row, LigneRefusee):
            refused.append(row)
        else:
            rows.append(row)
    return rows, refused


async def take_on(
    noyau: Noyau,
    rows: Sequence[LigneCommune],
    refused: Sequence[LigneRefusee] = (),
    *,
    source: str,
    a_blanc: bool = False,
    ouvrir: Ouvrir | None = None,
    acteur: str = "systeme",
    requete: str = "",
) -> Import:
    """Takes on the communes that are not known yet; with one refused row, or `a_blanc`, only says what it would do.

    Two imports never run at once: the second sees what the first took on.
    """
    result = Import(refusees=list(refused))
    async with noyau.db.hors_cloison("import of communes") as session:
        await repository.lock_imports(session)
        known = await repository.list_known_codes(session, [row.code_insee for row in rows])
        result.connues = [row for row in rows if row.code_insee in known]
        result.prises = [row for row in rows if row.code_insee not in known]
        taken = await repository.list_slugs(
            session, [slug for row in result.prises for slug in slugs_possibles(row)]
        )
        result.slugs = attribuer_slugs(result.prises, taken)
        if a_blanc or result.refusees or not result.prises:
            return result
        values = [commune_values(row, result.slugs[row.code_insee]) for row in result.prises]
        await repository.add_collectivites(session, values, noyau.settings.base_host)
        if ouvrir is not None:
            await ouvrir(session, [value["id"] for value in values])
        await record_as(
            session,
            noyau.clock.now(),
            acteur,
            "collectivites:communes:importer",
            source,
            requete=requete,
            nombre=len(values),
        )
    return result


async def take_on_epci(
    noyau: Noyau, epci: Epci, *, ouvrir: Ouvrir, acteur: str = "systeme", requete: str = ""
) -> str:
    """Takes an EPCI on unless it is; its slug. Never at the same time as an import."""
    async with noyau.db.hors_cloison("an EPCI is taken on") as session:
        await repository.lock_imports(session)
        known = await repository.list_known_sirens(session, [epci.siren])
        if known:
            return known[epci.siren]
        taken = await repository.list_slugs(session, list(epci.slugs()))
        values = epci_values(epci, epci.slug(taken), fuseau_of(epci.departement))
        await repository.add_collectivites(session, [values], noyau.settings.base_host)
        await ouvrir(session, [values["id"]])
        await record_as(
            session,
            noyau.clock.now(),
            acteur,
            "collectivites:epci:prendre",
            epci.siren,
            collectivite_id=values["id"],
            requete=requete,
        )
    return str(values["slug"])


def commune_values(row: LigneCommune, slug: str) -> dict[str, Any]:
    """The row of a commune; what the file does not say stays empty, and hidden from residents."""
    return {
        "id": uuid7(),
        "genre": "commune",
        "code_insee": row.code_insee,
        "siren": row.siren,
        "nom": row.nom,
        "slug": slug,
        "departement": row.departement,
        "codes_postaux": list(row.codes_postaux),
        "population": row.population,
        "epci_siren": row.epci_siren,
        "epci_nom": row.epci_nom,
        "fuseau": fuseau_of(row.departement),
        "theme": {},
        "coordonnees": {},
        "etat": "active",
    }


# Overseas départements live by other clocks (IANA zones).
_FUSEAUX = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}


def fuseau_of(departement: str) -> str:
    """The IANA zone of a département."""
    return _FUSEAUX.get(departement, "Europe/Paris")


async def invite_agent(
    noyau: Noyau,
    courriel: str,
    *,
    prenom: str,
    nom: str,
    code_insee: str,
    qualite: str,
    service: str,
    role: str = "agent",
) -> None:
    """Gives a person a right in a commune; they sign in with ProConnect under that address.

    NotFoundError for a commune that is not taken on; InvalidInputError without a quality, which decisions must name.
    """
    if not qualite.strip() or not service.strip():
        raise InvalidInputError("Indiquez la qualité et le service : ils figurent sur chaque décision.")
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("invitation of an agent") as session:
        commune = await repository.get_by_insee(session, code_insee)
        if commune is None:
            raise NotFoundError(f"La commune {code_insee} n’est pas prise en charge ici.")
        values = agent_values(courriel, prenom, nom, now)
        agent_id = await repository.add_agent(session, values)
        await repository.grant(
            session, commune.id, agent_id, service=service, qualite=qualite, role=role, now=now
        )
        await record_as(
            session,
            now,
            "systeme",
            "collectivites:agent:inviter",
            str(agent_id),
            collectivite_id=commune.id,
            role=role,
        )


async def set_sms_quota(noyau: Noyau, code_insee: str, par_mois: int) -> None:
    """How many text messages a collectivité may send a month; NotFoundError for one that is not taken on."""
    async with noyau.db.hors_cloison("quota of text messages") as session:
        found = await repository.get_by_insee(session, code_insee) or await repository.get_by_slug(
            session, code_insee
        )
        if found is None:
            raise NotFoundError(f"La collectivité {code_insee} n’est pas prise en charge ici.")
        await set_quota(session, found.id, par_mois)
        await record_as(
            session,
            noyau.clock.now(),
            "systeme",
            "collectivites:sms:regler",
            code_insee,
            collectivite_id=found.id,
            par_mois=par_mois,
        )


def agent_values(courriel: str, prenom: str, nom: str, now: Any, *, opsn: bool = False) -> dict[str, Any]:
    """The row of an agent."""
    return {
        "id": uuid7(),
        "courriel": courriel.strip().lower(),
        "prenom": prenom,
        "nom": nom,
        "telephone": "",
        "opsn": opsn,
        "actif": True,
        "cree_le": now,
    }


async def create_opsn_admin(noyau: Noyau, courriel: str, prenom: str, nom: str) -> None:
    """Makes a person administrator of the installation."""
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("first administrator") as session:
        agent_id = await repository.add_agent(session, agent_values(courriel, prenom, nom, now, opsn=True))
        await record_as(session, now, "systeme", "collectivites:opsn:creer_admin", str(agent_id))
