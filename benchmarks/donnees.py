"""The data of the measures: collectivités from the CSV files, and a seeded generator that writes dossiers with COPY.

The same seed gives the same rows. It works under the platform's role, so every constraint, policy and trigger holds.
"""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from stdnum.iso7064 import mod_11_10

from app.bootstrap import make_noyau
from app.collectivites.service import import_communes
from app.config import ROOT, Settings
from app.demarches.definitions import load_catalogue
from app.demarches.definitions.chargement import load_definition
from app.demarches.domain.etats import ETATS_FINAUX
from app.demarches.service import catalogue
from app.socle.ids import fingerprint
from app.socle.sessions import DUREES

GRAINE = 20261123
GUINGAMP = "22070"
MESURE = Path(__file__).resolve().parent / "mesure.yaml"
# One dossier in twenty is open, as on a desk that keeps up.
OUVERTS = 20
OPEN_STATES = ("depose", "depose", "en_instruction", "en_attente")
CLOSED_STATES = ("accepte", "accepte", "accepte", "refuse", "sans_suite", "retire")
NOMS = [
    "Le Gall",
    "Le Goff",
    "Tanguy",
    "Riou",
    "Quéré",
    "Morvan",
    "Guillou",
    "Kerbrat",
    "Salaün",
    "Briand",
    "Corre",
    "Jézéquel",
]
PRENOMS = [
    "Rozenn",
    "Yann",
    "Maëlle",
    "Erwan",
    "Gwenaëlle",
    "Loïc",
    "Nolwenn",
    "Malo",
    "Katell",
    "Ronan",
    "Enora",
    "Tudual",
]


@dataclass(frozen=True)
class Jeu:
    """A database ready to be measured: whom to visit as, and how long it took to make."""

    collectivites: int
    dossiers: int
    jeton_usager: str
    jeton_agent: str
    secondes_communes: float
    secondes_dossiers: float


def _uuid(rng: random.Random, when: datetime) -> UUID:
    """A version 7 identifier of that moment."""
    value = int(when.timestamp() * 1000) << 80 | rng.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def _copy(db: psycopg.Connection[Any], table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> int:
    # PostgreSQL refuses COPY into a table under row-level security: a temporary one stands between.
    def run(script: str) -> None:
        db.execute(script)

    run(f"CREATE TEMPORARY TABLE arrivage AS SELECT {columns} FROM {table} WITH NO DATA")  # noqa: S608
    number = 0
    with db.cursor() as cursor, cursor.copy("COPY arrivage FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            number += 1
    run(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM arrivage")  # noqa: S608 - names of ours
    run("DROP TABLE arrivage")
    return number


async def _communes(settings: Settings, fichier: Path, codes: frozenset[str]) -> None:
    noyau = make_noyau(settings)
    try:
        await import_communes(noyau, fichier, codes=codes)
    finally:
        await noyau.oidc.close()
        await noyau.stop()


async def _catalogue(settings: Settings, now: datetime) -> dict[str, str]:
    noyau = make_noyau(settings)
    try:
        async with noyau.db.hors_cloison("catalogue of the measures") as session:
            return await catalogue.publish(session, [*load_catalogue(), load_definition(MESURE)], now)
    finally:
        await noyau.oidc.close()
        await noyau.stop()


def fill(settings: Settings, conninfo: str, fichier: str, codes: frozenset[str], dossiers: int) -> Jeu:
    """Fills an empty migrated database: communes of the file, every démarche open in each, people, dossiers."""
    now = datetime.now(UTC)  # noqa: TID251 - sessions must live while they are measured
    began = time.perf_counter()
    asyncio.run(_communes(settings, ROOT / "data" / fichier, codes))
    communes = time.perf_counter() - began
    published = asyncio.run(_catalogue(settings, now))
    with psycopg.connect(conninfo) as db:
        ids = [row[0] for row in db.execute("SELECT id FROM socle_collectivite").fetchall()]
        _copy(
            db,
            "demarches_adoption",
            "collectivite_id, slug, version_id, ouverte",
            ((id_, slug, version, True) for id_ in ids for slug, version in published.items()),
        )
        found = db.execute("SELECT id FROM socle_collectivite WHERE code_insee = %s", (GUINGAMP,)).fetchone()
        assert found is not None
        began = time.perf_counter()
        usager, agent = Generateur(db, found[0], published, now).write(dossiers)
        copied = time.perf_counter() - began
        jetons = _sessions(db, settings, usager, agent, now)
    return Jeu(len(ids), dossiers, *jetons, communes, copied)


def _sessions(
    db: psycopg.Connection[Any], settings: Settings, usager: UUID, agent: UUID, now: datetime
) -> tuple[str, str]:
    jetons: list[str] = []
    for genre, usager_id, agent_id in (("mon", usager, None), ("agents", None, agent)):
        jeton = f"{genre}-".ljust(43, "0")
        db.execute(
            "SELECT creer_session(%s, %s, %s, %s, %s, %s, 'Firefox, Linux', NULL, %s, %s)",
            (
                UUID(int=len(jetons) + 1),
                fingerprint(jeton),
                settings.service_host(genre),
                usager_id,
                agent_id,
                usager_id,
                now,
                now + DUREES[genre].absolue,
            ),
        )
        jetons.append(jeton)
    return jetons[0], jetons[1]


class Generateur:
    """Writes people and dossiers of one commune."""

    def __init__(
        self, db: psycopg.Connection[Any], collectivite: UUID, published: dict[str, str], now: datetime
    ) -> None:
        self.db = db
        self.collectivite = collectivite
        self.mark = hashlib.md5(str(collectivite).encode(), usedforsecurity=False).hexdigest()[:8]
        self.version = published["mesure"]
        self.now = now
        self.rng = random.Random(GRAINE)  # noqa: S311 - made-up data, the same at each run

    def write(self, dossiers: int) -> tuple[UUID, UUID]:
        """`dossiers` dossiers of many people, twenty more of one; (that person, an agent of the commune)."""
        people = [_uuid(self.rng, self.now) for _ in range(max(10, dossiers // 10))]
        agent = _uuid(self.rng, self.now)
        who = people[0]
        donnees = json.dumps({"prenoms": ["Rozenn"], "nom_naissance": "LE GALLOU", "courriel": "r@c.example"})
        _copy(self.db, "socle_usager", "id, cree_le", ((id_, self.now) for id_ in people))
        _copy(
            self.db,
            "socle_identite",
            "id, usager_id, emetteur, entite, sub, niveau, donnees, cree_le, vue_le",
            (
                (id_, id_, "mesure", "mesure", str(n), "courriel", donnees, self.now, self.now)
                for n, id_ in enumerate(people)
            ),
        )
        self.db.execute(
            "INSERT INTO socle_agent (id, courriel, prenom, nom, cree_le) VALUES (%s, 'a@m.example', 'Maëlle',"
            " 'Mesure', %s)",
            (agent, self.now),
        )
        self.db.execute(
            "INSERT INTO socle_habilitation (collectivite_id, agent_id, service, role, qualite, cree_le)"
            " VALUES (%s, %s, 'Accueil', 'agent', 'Secrétaire', %s)",
            (self.collectivite, agent, self.now),
        )
        self._dossiers(dossiers, people[1:], who, agent)
        return who, agent

    def _dossiers(self, number: int, people: list[UUID], who: UUID, agent: UUID) -> None:
        kept: list[tuple[UUID, Sequence[str], datetime]] = []
        owners = [*(self.rng.choice(people) for _ in range(number)), *([who] * 20)]
        _copy(
            self.db,
            "demarches_dossier",
            "collectivite_id, id, numero, slug, version_id, titre, usager_id, canal, etat, niveau_identite, demandeur,"
            " reponses, cree_le, modifie_le, depose_le, silence_le, agent_id, agent_nom, bail_jusqu_a, clos_le",
            self._rows(owners, who, agent, kept),
        )
        _copy(
            self.db,
            "demarches_evenement",
            "collectivite_id, id, dossier_id, quand, genre, auteur",
            ((self.collectivite, id_, id_, when, "depot", "demandeur") for id_, _, when in kept),
        )
        _copy(
            self.db,
            "demarches_recherche",
            "collectivite_id, dossier_id, depose_le, mots",
            ((self.collectivite, id_, when, self._words(when, words)) for id_, words, when in kept),
        )

    def _words(self, when: datetime, words: Sequence[str]) -> str:
        """As `mots_recherche` writes them: each under the mark of the collectivité, and under that of its week."""
        mark, (year, week, _) = self.mark, when.isocalendar()
        return " ".join(
            f"'{mark}/{w}':{n} '{mark}{year % 100:02}{week:02}/{w}'" for n, w in enumerate(words, 1)
        )

    def _rows(
        self, owners: list[UUID], who: UUID, agent: UUID, kept: list[tuple[UUID, Sequence[str], datetime]]
    ) -> Iterator[tuple[Any, ...]]:
        rng = self.rng
        for n, owner in enumerate(owners):
            numero = str(10**10 + n * 87_178_291_199 % (9 * 10**10))
            numero += mod_11_10.calc_check_digit(numero)
            nom, prenom = rng.choice(NOMS), rng.choice(PRENOMS)
            is_open = owner is who or n % OUVERTS == 0
            age = timedelta(
                days=rng.randrange(1, 50) if is_open else rng.randrange(60, 1500), seconds=n % 86400
            )
            when = self.now - age
            etat = rng.choice(OPEN_STATES if is_open else CLOSED_STATES)
            held = etat == "en_instruction"
            id_ = _uuid(rng, when)
            demandeur = {
                "prenoms": [prenom],
                "nom_naissance": nom.upper(),
                "courriel": f"u{n}@courriel.example",
            }
            reponses = {"nom": nom, "prenoms": prenom, "objet": f"Demande numéro {n}. " * 6}
            kept.append((id_, (numero, nom.lower().replace(" ", ""), prenom.lower()), when))
            yield (
                self.collectivite,
                id_,
                numero,
                "mesure",
                self.version,
                "Démarche mesurée",
                owner,
                "web",
                etat,
                "courriel",
                json.dumps(demandeur),
                json.dumps(reponses),
                when,
                when,
                when,
                _two_months_after(when),
                agent if held else None,
                "Maëlle Mesure" if held else "",
                self.now + timedelta(hours=1) if held else None,
                when + timedelta(days=30) if etat in _FINAUX else None,
            )


_FINAUX = frozenset(etat.value for etat in ETATS_FINAUX)


def _two_months_after(when: datetime) -> date:
    return (when + timedelta(days=61)).date()
