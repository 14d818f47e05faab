"""The demonstration: five real collectivités, their agents, every démarche open, and clients at the simulators."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.collectivites import repository
from app.collectivites.demo import Demo, load_demo
from app.collectivites.service import agent_values, import_communes
from app.config import ROOT
from app.demarches.service import catalogue
from app.identite.cles import set_franceconnect
from app.rendezvous import demonstration as rendezvous
from app.socle.ids import uuid7
from app.socle.noyau import Noyau
from app.socle.theme import SAMPLE_THEMES

COMMUNES = ROOT / "data" / "communes-bretagne.csv"


async def load(noyau: Noyau, simulateurs: str) -> bool:
    """Loads the demonstration unless it is there, and declares its clients at the simulators; True when it loaded."""
    demo = load_demo()
    async with noyau.db.hors_cloison("is the demonstration loaded?") as session:
        present = await repository.list_by_slugs(session, [c.slug for c in demo.collectivites])
    fresh = not present
    if fresh:
        await _load_communes(noyau, demo)
    await _declare_clients(noyau, demo, simulateurs)
    return fresh


async def _load_communes(noyau: Noyau, demo: Demo) -> None:
    codes = frozenset(c.code_insee for c in demo.collectivites if c.code_insee)

    async def nothing_yet(session: AsyncSession, ids: list[Any]) -> None:
        """The démarches are opened once for all, below."""

    await import_communes(noyau, COMMUNES, codes=codes, ouvrir=nothing_yet)
    now = noyau.clock.now()
    async with noyau.db.hors_cloison("demonstration") as session:
        for epci in (c for c in demo.collectivites if c.genre == "epci"):
            values = {
                "id": uuid7(),
                "genre": "epci",
                "siren": epci.siren,
                "nom": epci.nom,
                "slug": epci.slug,
                "departement": epci.adresse.code_postal[:2],
                "codes_postaux": [epci.adresse.code_postal],
                "epci_nom": "",
                "fuseau": "Europe/Paris",
                "theme": {},
                "coordonnees": {},
                "etat": "active",
            }
            await repository.add_collectivites(session, [values], noyau.settings.base_host)
        ids = await repository.list_by_slugs(session, [c.slug for c in demo.collectivites])
        for found in demo.collectivites:
            await repository.update_collectivite(
                session, ids[found.slug], theme=_theme(found.slug), coordonnees=_coordonnees(found)
            )
        for agent in demo.agents:
            values = agent_values(agent.courriel, agent.prenom, agent.nom, now, opsn=agent.opsn)
            agent_id = await repository.add_agent(session, values)
            for slug in agent.collectivites:
                await repository.grant(
                    session,
                    ids[slug],
                    agent_id,
                    service=agent.service,
                    qualite=agent.qualite,
                    role="administrateur" if "Secrétaire" in agent.qualite else "agent",
                    now=now,
                )
        await catalogue.open_everything(session, list(ids.values()), now)


async def load_rendezvous(noyau: Noyau) -> bool:
    """Adds who receives, where and when, in the collectivités of the demonstration; True when something was added."""
    demo = load_demo()
    async with noyau.db.hors_cloison("demonstration: ids of collectivités and agents") as session:
        collectivites = await repository.list_by_slugs(session, [c.slug for c in demo.collectivites])
        agents = await repository.list_agents_by_courriel(session, [a.courriel for a in demo.agents])
    return await rendezvous.load(noyau, collectivites, agents)


def _theme(slug: str) -> dict[str, Any]:
    sample = SAMPLE_THEMES.get(slug) or SAMPLE_THEMES["guingamp"]
    return {**asdict(sample), "blason": sample.blason if slug in SAMPLE_THEMES else ""}


def _coordonnees(found: Any) -> dict[str, Any]:
    return {
        "adresse": [found.adresse.ligne, f"{found.adresse.code_postal} {found.adresse.commune}"],
        "telephone": found.telephone,
        "courriel": found.courriel,
        "horaires": [{"jours": h.jours, "heures": h.heures} for h in found.horaires],
        "accueil": found.accueil,
    }


def _secret(noyau: Noyau, client_id: str) -> str:
    key = noyau.settings.secret_key.get_secret_value()
    return hashlib.sha256(f"simulateur:{client_id}:{key}".encode()).hexdigest()


async def _declare_clients(noyau: Noyau, demo: Demo, simulateurs: str) -> None:
    settings = noyau.settings
    connexion = settings.service_host("connexion")
    clients: dict[str, dict[str, Any]] = {"franceconnect": {}, "proconnect": {}}

    def client(service: str, client_id: str, name: str) -> None:
        clients[service][client_id] = {
            "client_secret": _secret(noyau, client_id),
            "name": name,
            "redirect_uris": [settings.url_of(connexion, f"/{service}/retour")],
            "post_logout_redirect_uris": [settings.url_of(connexion, f"/{service}/deconnexion/retour")],
            "userinfo_alg": "ES256",
        }

    for found in demo.collectivites:
        client("franceconnect", f"kumun-{found.slug}", found.nom)
        await set_franceconnect(
            noyau,
            found.slug,
            issuer=f"{simulateurs}/franceconnect/api/v2",
            client_id=f"kumun-{found.slug}",
            client_secret=_secret(noyau, f"kumun-{found.slug}"),
        )
    client("franceconnect", "kumun-mon-espace", "Mon espace")
    client("proconnect", "kumun-agents", "Kumun, bureau des agents")
    folder = settings.var / "simulateurs"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "clients-demo.json", json.dumps(clients, ensure_ascii=False, indent=1))
    lines = {
        "KUMUN_FRANCECONNECT_ISSUER": f"{simulateurs}/franceconnect/api/v2",
        "KUMUN_FRANCECONNECT_CLIENT_ID": "kumun-mon-espace",
        "KUMUN_FRANCECONNECT_CLIENT_SECRET": _secret(noyau, "kumun-mon-espace"),
        "KUMUN_PROCONNECT_ISSUER": f"{simulateurs}/proconnect/api/v2",
        "KUMUN_PROCONNECT_CLIENT_ID": "kumun-agents",
        "KUMUN_PROCONNECT_CLIENT_SECRET": _secret(noyau, "kumun-agents"),
    }
    _write(settings.var / "demo.env", "".join(f"{name}={value}\n" for name, value in lines.items()))


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".nouveau")
    draft.write_text(text)
    draft.chmod(0o600)
    os.replace(draft, path)
