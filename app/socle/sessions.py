"""Server-side sessions: a random cookie per host, its hash in the database, idle and absolute limits, revocation.

A session is made anew at each sign-in (nothing of the former one is kept), so a planted cookie opens nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.socle.db import fetch
from app.socle.ids import fingerprint, new_token, uuid7
from app.socle.tenancy import Perimetre


@dataclass(frozen=True, slots=True)
class Duree:
    """How long a session lives: without a request, and at most."""

    inactivite: timedelta
    absolue: timedelta


# A resident fills forms slowly and leaves; a desk stays open all day; the console is the most powerful.
DUREES = {
    "collectivite": Duree(timedelta(hours=2), timedelta(hours=12)),
    "mon": Duree(timedelta(hours=2), timedelta(hours=12)),
    # A screen in the town hall, that anybody may come up to.
    "borne": Duree(timedelta(minutes=5), timedelta(hours=12)),
    "agents": Duree(timedelta(hours=4), timedelta(hours=12)),
    "opsn": Duree(timedelta(hours=1), timedelta(hours=8)),
}


@dataclass(frozen=True, slots=True)
class Personne:
    """Who is signed in: a resident (usager_id) or an agent (agent_id), never both."""

    session_id: UUID
    nom_affiche: str
    usager_id: UUID | None = None
    identite_id: UUID | None = None
    niveau: str = ""
    donnees: dict[str, Any] = field(default_factory=dict)
    agent_id: UUID | None = None
    courriel: str = ""
    prenom: str = ""
    nom: str = ""
    opsn: bool = False
    collectivites: tuple[UUID, ...] = ()


_OPEN = "SELECT * FROM ouvrir_session($1, $2, $3, $4)"


async def open_session(
    session: AsyncSession, token: str, hote: str, genre: str, now: datetime
) -> Personne | None:
    """The person of a cookie on a host, or None when the session is unknown, revoked or over.

    From then on the transaction acts for that person: PostgreSQL itself sets the perimeter (an agent reads the
    collectivités where they have a right, and no other).
    """
    rows = await fetch(session, _OPEN, fingerprint(token), hote, now, DUREES[genre].inactivite)
    if not rows:
        return None
    row = rows[0]
    if row["usager_id"] is not None:
        session.info["perimetre"] = replace(session.info["perimetre"], usager=row["usager_id"])
        return Personne(
            session_id=row["session_id"],
            nom_affiche=nom_affiche(row["donnees"]),
            usager_id=row["usager_id"],
            identite_id=row["identite_id"],
            niveau=row["niveau"],
            donnees=row["donnees"],
        )
    collectivites = tuple(row["collectivites"])
    session.info["perimetre"] = Perimetre(
        lecture=collectivites, agent=row["agent_id"], instruction=True, essai=session.info["perimetre"].essai
    )
    return Personne(
        session_id=row["session_id"],
        nom_affiche=f"{row['prenom']} {row['nom']}".strip() or row["courriel"],
        agent_id=row["agent_id"],
        courriel=row["courriel"],
        prenom=row["prenom"],
        nom=row["nom"],
        opsn=row["opsn"],
        collectivites=collectivites,
    )


def nom_affiche(donnees: dict[str, Any]) -> str:
    """How a resident is called on screen: usage name first, a mononym as it is, else the e-mail address."""
    prenoms = donnees.get("prenoms") or []
    nom = donnees.get("nom_usage") or donnees.get("nom_naissance") or ""
    return " ".join(part for part in (prenoms[0] if prenoms else "", nom) if part) or str(
        donnees.get("courriel", "")
    )


async def create_session(
    session: AsyncSession,
    *,
    hote: str,
    genre: str,
    now: datetime,
    appareil: str,
    usager_id: UUID | None = None,
    agent_id: UUID | None = None,
    identite_id: UUID | None = None,
    fournisseur: bytes | None = None,
) -> str:
    """A new session on one host; returns the cookie's value, which is stored nowhere."""
    token = new_token()
    await session.execute(
        text(
            "SELECT creer_session(:id, :empreinte, :hote, :usager, :agent, :identite, :appareil, :fournisseur,"
            " :maintenant, :expire)"
        ),
        {
            "id": uuid7(),
            "empreinte": fingerprint(token),
            "hote": hote,
            "usager": usager_id,
            "agent": agent_id,
            "identite": identite_id,
            "appareil": appareil[:200],
            "fournisseur": fournisseur,
            "maintenant": now,
            "expire": now + DUREES[genre].absolue,
        },
    )
    return token


def device_label(user_agent: str) -> str:
    """A few words by which a person recognises a device (« Firefox, Windows »); never the whole header."""
    browser = next(
        (
            name
            for mark, name in (
                ("Firefox", "Firefox"),
                ("Edg/", "Edge"),
                ("Chrome", "Chrome"),
                ("Safari", "Safari"),
            )
            if mark in user_agent
        ),
        "Navigateur",
    )
    system = next(
        (
            name
            for mark, name in (
                ("Android", "Android"),
                ("iPhone", "iPhone"),
                ("iPad", "iPad"),
                ("Windows", "Windows"),
                ("Mac OS", "Mac"),
                ("Linux", "Linux"),
            )
            if mark in user_agent
        ),
        "",
    )
    return f"{browser}, {system}" if system else browser
