"""Filling long forms: one field that saves itself among 300, 1,000 answers opened as a draft, then by an agent.

A third of the questions are asked under a rule that reads the question before them. The field that saves itself is
one that no rule reads, as two out of three are; what one costs that a rule reads is told beside it.
"""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import yaml
from psycopg.types.json import Jsonb

from app.bootstrap import make_noyau
from app.config import Settings
from app.demarches.definitions import Definition
from app.demarches.service import catalogue
from benchmarks.bancs import Banc
from benchmarks.client import Visiteur
from benchmarks.essais import Chiffre, Effort
from benchmarks.mesures import Concurrent, compare
from benchmarks.nu import PREFIXE
from benchmarks.parcours import submit

PAR_PAGE = 30
_ACTION = re.compile(r'action="(/dossiers/([0-9a-f-]{36})/etapes/[a-z0-9-]+)"')


def _definition(number: int) -> Definition:
    base = yaml.safe_load((Path(__file__).parent / "mesure.yaml").read_text())
    pages: list[dict[str, Any]] = [
        {
            "id": f"page-{first}",
            "titre": f"Page {first}",
            "champs": [
                {"id": f"champ_{n}", "type": "texte", "libelle": f"Champ {n}", "obligatoire": n == 0}
                | ({"si": f"renseigne(champ_{n - 1})"} if n % 3 == 2 else {})
                for n in range(first, min(first + PAR_PAGE, number))
            ],
        }
        for first in range(0, number, PAR_PAGE)
    ]
    return Definition.model_validate(base | {"slug": f"mesure-{number}", "pages": pages, "decision": None})


async def _publish(settings: Settings, collectivites: list[UUID]) -> None:
    noyau = make_noyau(settings)
    try:
        async with noyau.db.hors_cloison("catalogue of the measures") as session:
            now = datetime.now(UTC)  # noqa: TID251 - a day of publication, nothing is measured by it
            published = await catalogue.publish(session, [_definition(300), _definition(1000)], now)
            await catalogue.adopt_all(session, collectivites, published)
    finally:
        await noyau.oidc.close()
        await noyau.stop()


def _draft(banc: Banc, db: psycopg.Connection[Any], number: int) -> tuple[Visiteur, str, str]:
    """A draft whose every question is answered: who fills it, its address, that of a page."""
    visiteur = banc.visiteur()
    begun = visiteur.get(f"/demarches/mesure-{number}/remplir")
    if begun.statut == 303:
        begun = visiteur.get(begun.suite)
    found = _ACTION.search(begun.corps.decode())
    page = found[1] if found else ""
    if not found:
        raise RuntimeError("no form")
    with db.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO demarches_reponse (collectivite_id, dossier_id, champ_id, valeur, brut, modifie_le)"
            " SELECT collectivite_id, id, %s, %s, %s, now() FROM demarches_dossier WHERE id = %s",
            [
                (f"champ_{n}", Jsonb(f"Réponse {n}"), Jsonb({f"champ_{n}": [f"Réponse {n}"]}), found[2])
                for n in range(number)
            ],
        )
    return visiteur, f"/dossiers/{found[2]}", page


def _taken(banc: Banc, visiteur: Visiteur, base: str) -> Visiteur:
    """Submits a draft; the agent who has taken it, and whose page of it has all its forms."""
    review = visiteur.get(f"{base}/recapitulatif").caches()
    submit(visiteur, (f"{base}/deposer", {**review, "declaration": "oui"}))
    agent = banc.visiteur("agents")
    agent.post(f"{base}/prise", {**agent.get(base).caches(), "action": "prendre"})
    return agent


def _statements(visiteur: Visiteur, chemin: str) -> int:
    """How many statements a page takes."""
    visiteur.compte, before = "ouverture", visiteur.instructions
    visiteur.get(chemin)
    visiteur.compte = ""
    return visiteur.instructions - before


def remplissage(banc: Banc, effort: Effort) -> list[Chiffre]:
    """Autosave against a bare UPDATE and a fragment; the CPU and the statements of 1,000 answers that are opened."""
    with psycopg.connect(banc.place, autocommit=True) as db:
        communes = [row[0] for row in db.execute("SELECT id FROM socle_collectivite LIMIT 1").fetchall()]
        asyncio.run(_publish(banc.settings, communes))
        visiteur, base, page = _draft(banc, db, 300)
        token = visiteur.get(page).caches()["jeton_csrf"]
        lecteur, _, longue = _draft(banc, db, 1000)
        demandeur, depose, _ = _draft(banc, db, 1000)
        agent = _taken(banc, demandeur, depose)
    turn = iter(range(10**9))

    def autosave(champ: str) -> None:
        sent = {"jeton_csrf": token, "etape": "page-0", "champ": champ, champ: f"Texte {next(turn)}"}
        visiteur.post(f"{base}/champs", sent)

    nue = banc.visiteur()
    dossier = base.rsplit("/", 1)[1]
    series = compare(
        [
            Concurrent("portail", banc.cible, lambda: autosave("champ_6"), effort.lectures),
            Concurrent("regle", banc.cible, lambda: autosave("champ_7"), effort.lectures),
            Concurrent(
                "nu",
                banc.cible,
                lambda: (nue.post(f"{PREFIXE}modifier/{dossier}", {"valeur": f"T{next(turn)}"}), None)[1],
                effort.lectures,
            ),
            Concurrent("ouverture", banc.cible, lambda: (lecteur.get(longue), None)[1], effort.ecritures),
            Concurrent("agent", banc.cible, lambda: (agent.get(depose), None)[1], effort.ecritures),
            Concurrent("demandeur", banc.cible, lambda: (demandeur.get(depose), None)[1], effort.ecritures),
        ],
        effort.tours,
    )
    mine, bare = series["portail"], series["nu"]
    detail = f"{mine.ms:.2f} ms contre {bare.ms:.2f} ms"
    return [
        Chiffre("Un champ sur 300, contre un UPDATE nu et un fragment", mine.ratio(bare), 3, detail=detail),
        Chiffre("Un champ sur 300 qu’une règle lit", series["regle"].ratio(bare)),
        Chiffre("Brouillon de 1 000 réponses, ouvert", series["ouverture"].ms, 100, "ms"),
        Chiffre("Brouillon de 1 000 réponses : instructions SQL", _statements(lecteur, longue), 10, ""),
        Chiffre("Dossier de 1 000 réponses, page de son agent", series["agent"].ms, 100, "ms"),
        Chiffre("Page de l’agent : instructions SQL", _statements(agent, depose), 10, ""),
        Chiffre("Dossier de 1 000 réponses, page du demandeur", series["demandeur"].ms, 100, "ms"),
        Chiffre("Page du demandeur : instructions SQL", _statements(demandeur, depose), 10, ""),
    ]
