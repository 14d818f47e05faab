"""Desk and search at the size of an installation: 1,000,000 dossiers against 10,000, in 1,202 collectivités each time.

One collectivité holds a fifth of all. Rows are made by PostgreSQL itself, triggers and checks of keys aside, and the
index of words at the end: a million in minutes. Nothing is measured but requests of the portal.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from alembic import command as alembic
from alembic.config import Config

from app.config import ROOT
from app.socle import embarque
from app.socle.roles import right_statements
from benchmarks.bancs import PORT, Banc, _environment, _settings, _sql, _wait
from benchmarks.donnees import Jeu, fill
from benchmarks.essais import Chiffre, Effort
from benchmarks.mesures import Concurrent, compare
from benchmarks.processus import Cible, program

PETIT, GRAND = 10_000, 1_000_000
CPU_MAX = 100.0
# A backend tells what it has read once it has been idle for this long.
REPOS = 11

_DOSSIERS = """
WITH c AS (SELECT array_agg(id ORDER BY code_insee <> '22070', code_insee) AS ids,
    array_agg(nom ORDER BY code_insee) AS noms FROM socle_collectivite)
INSERT INTO demarches_dossier (collectivite_id, id, numero, slug, version_id, titre, canal, etat, niveau_identite,
  demandeur, reponses, cree_le, modifie_le, depose_le, silence_le, clos_le)
SELECT c.ids[CASE WHEN n %% 5 = 0 THEN 1 ELSE (2 + (n * 7919) %% 1201)::int END], md5('dossier' || n)::uuid,
  (500000000000 + n * 13)::text, 'mesure', v.id, 'Démarche mesurée', 'guichet',
  CASE WHEN (n / 5) %% 20 > 0 THEN 'accepte' WHEN (n / 100) %% 3 = 0 THEN 'depose' ELSE 'en_instruction' END,
  'declaree', jsonb_build_object('prenoms', jsonb_build_array(c.noms[(1 + (n * 37) %% 1202)::int]), 'nom_naissance',
    CASE WHEN n %% %(pas)s = 0 THEN 'KERANNAIG' ELSE upper(c.noms[(1 + (n * 31) %% 1202)::int]) END),
  jsonb_build_object('objet', 'Demande de voirie, rue de ' || c.noms[(1 + (n * 101) %% 1202)::int]),
  t.le, t.le, t.le, (t.le + interval '2 months')::date,
  CASE WHEN (n / 5) %% 20 > 0 THEN t.le + interval '20 days' END
FROM generate_series(1::bigint, %(nombre)s) n, c, (SELECT id FROM demarches_version WHERE slug = 'mesure') v,
  LATERAL (SELECT now() - (CASE WHEN (n / 5) %% 20 > 0 THEN 50 + n %% 1450 ELSE n %% 50 END) * interval '1 day'
    - n * interval '1 ms' AS le) t
"""
_MOTS = """
INSERT INTO demarches_recherche (collectivite_id, dossier_id, depose_le, mots)
SELECT d.collectivite_id, d.id, d.depose_le, mots_recherche(d.collectivite_id, d.depose_le, concat_ws(' ', d.numero,
  d.titre, d.demandeur ->> 'nom_naissance', d.demandeur #>> '{prenoms,0}', d.reponses ->> 'objet'))
FROM demarches_dossier d WHERE NOT EXISTS (
  SELECT FROM demarches_recherche r WHERE r.collectivite_id = d.collectivite_id AND r.dossier_id = d.id)
"""


def _fill(place: str, nombre: int) -> float:
    """Adds so many dossiers; the seconds that it took."""
    began = time.perf_counter()
    with psycopg.connect(place, autocommit=True) as db:
        db.execute("SET session_replication_role = replica")
        db.execute("SET maintenance_work_mem = '512MB'")
        db.execute("SET work_mem = '64MB'")
        db.execute("DROP INDEX demarches_recherche_mots")
        # A multiple of five: the thirty dossiers of one name are all in the great collectivité.
        db.execute(_DOSSIERS, {"nombre": nombre, "pas": nombre // 30 // 5 * 5})
        db.execute(_MOTS)
        db.execute("CREATE INDEX demarches_recherche_mots ON demarches_recherche USING gin (mots)")
        db.execute("VACUUM ANALYZE")
    return time.perf_counter() - began


@contextmanager
def open_echelle(tailles: tuple[int, ...]) -> Iterator[dict[int, Banc]]:
    """A bench for each number of dossiers, on one PostgreSQL server."""
    var = Path(tempfile.mkdtemp(prefix="kumun-echelle-"))
    try:
        with embarque.running(var) as serveur, ExitStack() as stack:
            embarque.ensure_secrets(var)
            config = Config(str(ROOT / "alembic.ini"))
            config.attributes["url"] = serveur.url_proprietaire.replace("+asyncpg", "+psycopg", 1)
            alembic.upgrade(config, "head")
            folder = serveur.repertoire_socket
            place = f"host={folder} user={embarque.SUPERUSER}"
            temoin = stack.enter_context(psycopg.connect(f"{place} dbname=postgres", autocommit=True))
            bancs = {}
            for n, taille in enumerate(tailles):
                base = f"echelle_{taille}"
                _sql(temoin, f"CREATE DATABASE {base} OWNER kumun_proprietaire TEMPLATE {embarque.BASE}")
                for statement in right_statements(base).strip().split(";\n"):
                    _sql(temoin, statement)
                environment = _environment(var, embarque.Serveur.at(folder, base), PORT + n)
                plateforme = f"host={folder} user=kumun_plateforme dbname={base}"
                jeu = fill(
                    _settings(environment), plateforme, "communes-bretagne.csv", frozenset(), dossiers=100
                )
                seconds = _fill(f"{place} dbname={base}", taille)
                jeu = Jeu(jeu.collectivites, taille, jeu.jeton_usager, jeu.jeton_agent, 0, seconds)
                journal = var / f"serveur-{taille}.log"
                process = stack.enter_context(
                    program([sys.executable, "-m", "benchmarks.serveur"], environment, journal)
                )
                _wait(PORT + n, journal)
                cible = Cible(process.pid, PORT + n, base, temoin)
                bancs[taille] = Banc(taille, jeu, cible, environment, plateforme)
            yield bancs
    finally:
        shutil.rmtree(var, ignore_errors=True)


PAGES = {
    "Bureau, 50 lignes": "/",
    "Bureau, page suivante": "/?tri=anciens&apres=suite",
    "Recherche d’un nom, 30 réponses": "/?q=kerannaig",
    "Recherche de deux débuts de mots, 30 réponses": "/?q=keran+voir",
    "Recherche d’une phrase, 30 réponses": "/?q=kerannaig+%22rue+de%22",
    "Recherche d’un mot de tous les dossiers": "/?q=voirie",
    "Recherche d’un numéro": "/?q=500000000065",
}


def _buffers(banc: Banc) -> int:
    sql = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = %s"
    row = banc.cible.temoin.execute(sql, (banc.cible.base,)).fetchone()
    assert row is not None
    return int(row[0])


def _reader(banc: Banc, path: str) -> Callable[[], None]:
    visiteur = banc.visiteur("agents")
    if "apres=suite" in path:
        # The middle of the list: where its first page ends.
        text = visiteur.get("/?tri=anciens").corps.decode()
        path = text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")

    def read() -> None:
        answer = visiteur.get(path)
        assert answer.statut == 200, path

    read()
    return read


def echelle(effort: Effort, tailles: tuple[int, ...] = (PETIT, GRAND)) -> list[Chiffre]:
    """CPU and buffers of each page with many dossiers, against the same page with few."""
    found: list[Chiffre] = []
    few, many = tailles
    with open_echelle(tailles) as bancs:
        for nom, path in PAGES.items():
            readers = {taille: _reader(banc, path) for taille, banc in bancs.items()}
            works = [Concurrent(str(t), bancs[t].cible, readers[t], effort.lectures // 4) for t in tailles]
            series = compare(works, effort.tours)
            mine, base = series[str(many)], series[str(few)]
            detail = f"{mine.ms:.2f} ms contre {base.ms:.2f} ms"
            found.append(Chiffre(f"{nom} : {many} dossiers contre {few}", mine.ratio(base), 1.2, "×", detail))
            if path.startswith("/?q="):
                found.append(Chiffre(f"{nom} : temps de calcul", mine.ms, CPU_MAX, "ms"))
            found.append(_compare_buffers(nom, bancs, readers, tailles))
        for taille, banc in bancs.items():
            found.append(
                Chiffre(f"{taille} dossiers écrits et indexés", banc.jeu.secondes_dossiers, None, "s")
            )
    return found


def _compare_buffers(
    nom: str, bancs: dict[int, Banc], readers: dict[int, Callable[[], None]], tailles: tuple[int, ...]
) -> Chiffre:
    goes, read = 40, {}
    time.sleep(REPOS)
    before = {taille: _buffers(bancs[taille]) for taille in tailles}
    for taille in tailles:
        for _ in range(goes):
            readers[taille]()
    time.sleep(REPOS)
    read = {taille: (_buffers(bancs[taille]) - before[taille]) / goes for taille in tailles}
    few, many = tailles
    detail = f"{read[many]:.0f} contre {read[few]:.0f}"
    return Chiffre(f"{nom} : blocs lus", read[many] / max(1.0, read[few]), 1.2, "×", detail)


__all__: list[Any] = ["echelle"]
