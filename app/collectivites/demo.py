"""The demonstration communes and people, read from `data/demo`: plain values, no database.

Numbers in 02 61 91 are kept by Arcep for fiction and `.example` addresses lead nowhere, so that a
demonstration can never call or write to a real person.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from app.collectivites.import_csv import SLUGS_RESERVES, is_siren, slug_de

DONNEES = Path(__file__).resolve().parent.parent.parent / "data" / "demo"


@dataclass(frozen=True, slots=True)
class AdresseDemo:
    """A postal address."""

    ligne: str
    code_postal: str
    commune: str


@dataclass(frozen=True, slots=True)
class HoraireDemo:
    """Opening hours as the secretary would type them."""

    jours: str
    heures: str


@dataclass(frozen=True, slots=True)
class CollectiviteDemo:
    """A collectivité of the demonstration; `code_insee` is empty for an EPCI, colours are `#rrggbb`."""

    slug: str
    nom: str
    genre: Literal["commune", "epci"]
    code_insee: str
    siren: str
    adresse: AdresseDemo
    telephone: str
    courriel: str
    horaires: tuple[HoraireDemo, ...]
    accueil: str
    couleur_principale: str
    couleur_accent: str


@dataclass(frozen=True, slots=True)
class AgentDemo:
    """An agent, with the slugs of the collectivités served; `opsn` is an administrator of the platform."""

    courriel: str
    prenom: str
    nom: str
    qualite: str
    service: str
    collectivites: tuple[str, ...]
    opsn: bool


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything `kumun demo charger` starts from."""

    collectivites: tuple[CollectiviteDemo, ...]
    agents: tuple[AgentDemo, ...]


def load_demo(dossier: Path = DONNEES) -> Demo:
    """The demonstration as the files give it.

    ValueError names the entry when a slug, SIREN, colour, phone or address is wrong or could reach a real
    person.
    """
    collectivites = tuple(_collectivite(data) for data in _read(dossier / "collectivites.yaml"))
    agents = tuple(_agent(data) for data in _read(dossier / "agents.yaml"))
    known = {collectivite.slug for collectivite in collectivites}
    for agent in agents:
        if unknown := set(agent.collectivites) - known:
            raise ValueError(f"{agent.courriel}: unknown collectivité {', '.join(sorted(unknown))}")
    return Demo(collectivites, agents)


def _read(path: Path) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def _collectivite(data: dict[str, Any]) -> CollectiviteDemo:
    data = dict(data)
    theme = data.pop("theme")
    found = CollectiviteDemo(
        **{**data, "adresse": AdresseDemo(**data["adresse"])}
        | {"horaires": tuple(HoraireDemo(**hours) for hours in data["horaires"])},
        couleur_principale=theme["principale"],
        couleur_accent=theme["accent"],
    )
    checks = {
        "slug": found.slug == slug_de(found.slug) and found.slug not in SLUGS_RESERVES,
        "siren": is_siren(found.siren),
        "telephone": found.telephone.startswith("02 61 91 "),
        "courriel": found.courriel.endswith(".example"),
        "theme": all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in theme.values()),
    }
    _refuse(found.slug, checks)
    return found


def _agent(data: dict[str, Any]) -> AgentDemo:
    found = AgentDemo(**{"opsn": False, **data, "collectivites": tuple(data["collectivites"])})
    checks = {
        "courriel": found.courriel.endswith(".example"),
        "collectivites": bool(found.collectivites) is not found.opsn,
    }
    _refuse(found.courriel, checks)
    return found


def _refuse(name: str, checks: dict[str, bool]) -> None:
    if wrong := [field for field, fine in checks.items() if not fine]:
        raise ValueError(f"{name}: {', '.join(wrong)}")
