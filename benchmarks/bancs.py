"""The bench: one PostgreSQL server, a database and a web process for each number of collectivités."""

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic import command as alembic
from alembic.config import Config

from app.config import ROOT, Settings
from app.socle import embarque
from app.socle.roles import right_statements
from benchmarks.client import Visiteur
from benchmarks.donnees import GUINGAMP, Jeu, fill
from benchmarks.processus import START_PATIENCE, Cible, program

# Number of collectivités: the file they come from, and which of its rows.
TAILLES: dict[int, tuple[str, frozenset[str]]] = {
    1: ("communes-bretagne.csv", frozenset({GUINGAMP})),
    1202: ("communes-bretagne.csv", frozenset()),
    34969: ("communes-france.csv", frozenset()),
}
PORT = int(os.environ.get("PORT") or "8210")


@dataclass
class Banc:
    """One size: its data, its web process."""

    taille: int
    jeu: Jeu
    cible: Cible
    environnement: dict[str, str]
    place: str
    hotes: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """The settings of its processes."""
        return _settings(self.environnement)

    def visiteur(self, label: str = "guingamp") -> Visiteur:
        """A browser on one of its hosts; signed in on Mon espace and on the desk."""
        made = Visiteur(self.cible.port, f"{label}.localhost")
        token = {"mon": self.jeu.jeton_usager, "agents": self.jeu.jeton_agent}.get(label)
        if token:
            made.cookies["kumun"] = token
        return made

    def slugs(self, number: int) -> tuple[str, ...]:
        """The first communes of its database, at most that many."""
        return self.hotes[:number]


def _environment(var: Path, serveur: embarque.Serveur, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUMUN_")}
    secrets = dict(line.split("=", 1) for line in (var / "secrets.env").read_text().split())
    return {
        **kept,
        **secrets,
        "KUMUN_VAR": str(var),
        "KUMUN_BASE_URL": f"http://localhost:{port}",
        "KUMUN_DATABASE_URL": serveur.url_app,
        "KUMUN_DATABASE_URL_PLATEFORME": serveur.url_plateforme,
        "KUMUN_DATABASE_URL_PROPRIETAIRE": serveur.url_proprietaire,
        "PORT": str(port),
    }


def _settings(environment: dict[str, str]) -> Settings:
    names = ("var", "base_url", "secret_key", "master_key", "database_url", "database_url_plateforme")
    return Settings(**{name: environment[f"KUMUN_{name.upper()}"] for name in names})  # type: ignore[arg-type]


def _sql(db: psycopg.Connection[Any], script: str) -> None:
    db.execute(script)


@contextmanager
def open_bancs(tailles: list[int], dossiers: int) -> Iterator[dict[int, Banc]]:
    """A bench of each size, ready to be visited; everything goes with the block."""
    var = Path(tempfile.mkdtemp(prefix="kumun-mesure-"))
    try:
        with embarque.running(var) as serveur, ExitStack() as stack:
            embarque.ensure_secrets(var)
            config = Config(str(ROOT / "alembic.ini"))
            config.attributes["url"] = serveur.url_proprietaire.replace("+asyncpg", "+psycopg", 1)
            alembic.upgrade(config, "head")
            place = f"host={serveur.repertoire_socket} user={embarque.SUPERUSER}"
            temoin = stack.enter_context(psycopg.connect(f"{place} dbname=postgres", autocommit=True))
            yield {
                taille: _open(stack, temoin, var, serveur.repertoire_socket, taille, PORT + n, dossiers)
                for n, taille in enumerate(tailles)
            }
    finally:
        shutil.rmtree(var, ignore_errors=True)


def _open(
    stack: ExitStack,
    temoin: psycopg.Connection[Any],
    var: Path,
    folder: str,
    taille: int,
    port: int,
    dossiers: int,
) -> Banc:
    base = f"mesure_{taille}"
    _sql(temoin, f"CREATE DATABASE {base} OWNER kumun_proprietaire TEMPLATE {embarque.BASE}")
    for statement in right_statements(base).strip().split(";\n"):
        _sql(temoin, statement)
    environment = _environment(var, embarque.Serveur.at(folder, base), port)
    fichier, codes = TAILLES[taille]
    place = f"host={folder} user=kumun_plateforme dbname={base}"
    jeu = fill(_settings(environment), place, fichier, codes, dossiers)
    with psycopg.connect(f"host={folder} user={embarque.SUPERUSER} dbname={base}", autocommit=True) as db:
        _sql(db, "VACUUM ANALYZE")
        slugs = db.execute("SELECT slug FROM socle_collectivite ORDER BY code_insee LIMIT 1000").fetchall()
    journal = var / f"serveur-{taille}.log"
    process = stack.enter_context(program([sys.executable, "-m", "benchmarks.serveur"], environment, journal))
    _wait(port, journal)
    return Banc(
        taille,
        jeu,
        Cible(process.pid, port, base, temoin),
        environment,
        place,
        tuple(slug for (slug,) in slugs),
    )


def _wait(port: int, journal: Path) -> None:
    end = time.monotonic() + START_PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the measured server did not start:\n{journal.read_text()[-3000:]}")
