"""An export of 100,000 dossiers of 30 fields to XLSX by a real worker: memory, rate, and a kill half-way."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import yaml

from app.bootstrap import make_noyau
from app.config import ROOT, Settings
from app.demarches.definitions import Definition
from app.demarches.service import catalogue
from app.demarches.service.exports import ETATS
from benchmarks.bancs import Banc
from benchmarks.essais import Chiffre
from benchmarks.processus import memory_of

CHAMPS = 30
MEMOIRE_MAX = 200
PATIENCE = 1800.0
# What the fields hold, in turn: as a real form, mostly short texts, some numbers, days and choices.
_TYPES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("texte", {}, "'Réponse numéro ' || n"),
    ("texte_long", {}, "'Une réponse plus longue, de deux phrases. Elle dit ce que la personne veut.'"),
    ("entier", {}, "n %% 100"),
    ("date", {}, "to_char(date '2020-01-01' + n %% 2000, 'YYYY-MM-DD')"),
    (
        "choix",
        {"options": [{"valeur": "oui", "libelle": "Oui"}, {"valeur": "non", "libelle": "Non"}]},
        "'oui'",
    ),
)


def _definition() -> Definition:
    base = yaml.safe_load((Path(__file__).parent / "mesure.yaml").read_text())
    fields = [
        {"id": f"champ_{n}", "type": kind, "libelle": f"Champ {n}", **more}
        for n, (kind, more, _) in ((n, _TYPES[n % len(_TYPES)]) for n in range(CHAMPS))
    ]
    base |= {"slug": "mesure-export", "titre": "Démarche exportée", "decision": None}
    base["pages"] = [{"id": "page", "titre": "Page", "champs": fields}]
    return Definition.model_validate(base)


async def _publish(settings: Settings) -> str:
    noyau = make_noyau(settings)
    try:
        async with noyau.db.hors_cloison("catalogue of the measures") as session:
            now = datetime.now(UTC)  # noqa: TID251 - a day of publication, nothing is measured by it
            return (await catalogue.publish(session, [_definition()], now))["mesure-export"]
    finally:
        await noyau.oidc.close()
        await noyau.stop()


def _fill(db: psycopg.Connection[Any], version: str) -> tuple[Any, Any]:
    """Gives every dossier the thirty answers; (collectivité, agent)."""
    answers = ", ".join(f"'champ_{n}', {_TYPES[n % len(_TYPES)][2]}" for n in range(CHAMPS))
    db.execute(
        "UPDATE demarches_dossier d SET slug = 'mesure-export', version_id = %s, reponses = r.reponses"  # noqa: S608
        f" FROM (SELECT id, jsonb_build_object({answers}) AS reponses FROM"
        " (SELECT id, row_number() OVER ()::int AS n FROM demarches_dossier) x) r WHERE r.id = d.id".encode(),
        (version,),
    )
    row = db.execute("SELECT collectivite_id, agent_id FROM socle_habilitation LIMIT 1").fetchone()
    assert row is not None
    return row[0], row[1]


def _ask(db: psycopg.Connection[Any], collectivite: Any, agent: Any) -> Any:
    id_ = uuid4()
    db.execute(
        "INSERT INTO demarches_export (collectivite_id, id, slug, titre, format, etats, agent_id, agent_nom,"
        " demande_le, etat, expire_le) VALUES (%s, %s, 'mesure-export', 'Démarche exportée', 'xlsx', %s, %s, 'Maëlle',"
        " now(), 'extraction', now() + interval '7 days')",
        (collectivite, id_, [etat.value for etat in ETATS], agent),
    )
    arguments = {"collectivite_id": str(collectivite), "export_id": str(id_)}
    db.execute(
        "SELECT emettre('defaut', 'demarches:exporter', %s::jsonb, %s, NULL, NULL)",
        (json.dumps(arguments), f"export:{id_}"),
    )
    return id_


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app.worker"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class _Suivi:
    """The progress of an export, and the most memory its worker took meanwhile."""

    def __init__(self, db: psycopg.Connection[Any], export_id: Any) -> None:
        self.db, self.export_id = db, export_id
        self.pic = 0.0

    def wait(self, process: subprocess.Popen[bytes], enough: Callable[[str, int, int], bool]) -> float:
        """Until the export is as far as wanted; seconds."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            self.pic = max(self.pic, memory_of(process.pid))
            row = self.db.execute(
                "SELECT etat, extraits, ecrits FROM demarches_export WHERE id = %s", (self.export_id,)
            ).fetchone()
            assert row is not None
            if enough(*row):
                return time.monotonic() - began
            time.sleep(0.1)
        raise RuntimeError("the export does not advance")


def exporting(banc: Banc) -> list[Chiffre]:
    """Once from end to end, then once more with the worker killed at half of each of its two stages."""
    environment, place = banc.environnement, banc.place
    version = asyncio.run(_publish(banc.settings))
    with psycopg.connect(place, autocommit=True) as db:
        collectivite, agent = _fill(db, version)
        counted = db.execute("SELECT count(*) FROM demarches_dossier WHERE slug = 'mesure-export'").fetchone()
        assert counted is not None
        total = counted[0]
        with _worker(environment) as process:
            time.sleep(8)
            idle = memory_of(process.pid)
            suivi = _Suivi(db, _ask(db, collectivite, agent))
            seconds = suivi.wait(process, lambda etat, _e, _w: etat == "pret")
        size = _size(db, suivi.export_id)
        again = _Suivi(db, _ask(db, collectivite, agent))
        with _worker(environment) as process:
            again.wait(process, lambda etat, done, _w: etat != "extraction" or done * 2 >= total)
            os.kill(process.pid, signal.SIGKILL)
        kept = _extracted(db, again.export_id)
        with _worker(environment) as process:
            again.wait(process, lambda etat, _e, _w: etat == "pret")
        whole = _lines(db, again.export_id)
    return [
        Chiffre(
            f"Export XLSX de {total} dossiers de {CHAMPS} champs : mémoire, de plus qu’au repos",
            suivi.pic - idle,
            MEMOIRE_MAX,
            "Mo",
            f"{idle:.0f} Mo au repos, fichier de {size / 1e6:.0f} Mo",
        ),
        Chiffre(
            "Dossiers exportés par seconde", round(total / seconds), None, "", f"{seconds:.0f} s en tout"
        ),
        Chiffre(
            "Travailleur tué à mi-chemin : dossiers repris sans être relus",
            kept,
            None,
            "",
            f"{whole} dossiers dans l’export terminé",
        ),
    ]


def _value(db: psycopg.Connection[Any], sql: str, export_id: Any) -> int:
    row = db.execute(sql.encode(), (export_id,)).fetchone()
    assert row is not None
    return int(row[0])


def _size(db: psycopg.Connection[Any], export_id: Any) -> int:
    return _value(db, "SELECT sum(taille) FROM demarches_export_objet WHERE export_id = %s", export_id)


def _extracted(db: psycopg.Connection[Any], export_id: Any) -> int:
    return _value(db, "SELECT extraits FROM demarches_export WHERE id = %s", export_id)


def _lines(db: psycopg.Connection[Any], export_id: Any) -> int:
    return _value(db, "SELECT ecrits FROM demarches_export WHERE id = %s", export_id)
