"""A new version of a shared démarche for every commune of Brittany: seconds, and statements, whatever their number."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import psycopg

from app.bootstrap import make_noyau
from app.config import Settings
from app.demarches.definitions import Surcouche, empreinte
from app.demarches.repository import edition
from app.demarches.service import catalogue, diffusion
from app.socle.reserve import statement_log
from benchmarks.bancs import Banc
from benchmarks.essais import Chiffre

SLUG = "acte-naissance"
# One commune in ten has changed something: half of these, what the new version changes too.
_OVERLAYS = """
INSERT INTO demarches_surcouche (collectivite_id, id, slug, contenu, cree_le)
SELECT collectivite_id, CASE WHEN n %% 20 = 0 THEN %(touche)s ELSE %(autre)s END, slug,
  CASE WHEN n %% 20 = 0 THEN %(contenu_touche)s ELSE %(contenu_autre)s END::jsonb, now()
FROM (SELECT *, row_number() OVER () AS n FROM demarches_adoption WHERE slug = %(slug)s) a WHERE n %% 10 = 0
ON CONFLICT DO NOTHING
"""
_LINK = """
UPDATE demarches_adoption a SET surcouche_id = s.id FROM demarches_surcouche s
WHERE s.collectivite_id = a.collectivite_id AND s.slug = a.slug AND a.slug = %(slug)s
"""


def _adapt(place: str) -> None:
    touching, other = Surcouche(cout="5 euros."), Surcouche(pour_qui="Les habitants.")
    values = {
        "slug": SLUG,
        "touche": empreinte(touching),
        "autre": empreinte(other),
        "contenu_touche": touching.model_dump_json(exclude_defaults=True),
        "contenu_autre": other.model_dump_json(exclude_defaults=True),
    }
    with psycopg.connect(place, autocommit=True) as db:
        db.execute(_OVERLAYS, values)
        db.execute(_LINK, values)


async def _publish(settings: Settings) -> tuple[float, int, Any]:
    noyau = make_noyau(settings)
    now = datetime.now(UTC)  # noqa: TID251 - a day of publication
    try:
        async with noyau.db.hors_cloison("a publication to measure") as session:
            current = await catalogue.current_catalogue(session, now)
            present = await catalogue.definition_of(session, current[SLUG], None)
        new = present.model_copy(update={"cout": f"Gratuit depuis {now.isoformat()}."})
        log: list[str] = []
        token = statement_log.set(log)
        began = time.perf_counter()
        async with noyau.db.hors_cloison("a publication to measure") as session:
            asked = await diffusion.overlays_to_ask(session, new)
            result = await diffusion.spread(session, new, asked, now, "Mesure")
            assert await edition.list_publications(session, None, SLUG, 1)
        seconds = time.perf_counter() - began
        statement_log.reset(token)
        return seconds, len(log), result
    finally:
        await noyau.oidc.close()
        await noyau.stop()


def publishing(bancs: dict[int, Banc]) -> list[Chiffre]:
    """Publishes once at each size; the number of statements must not grow with it."""
    found: list[Chiffre] = []
    counts = []
    for banc in bancs.values():
        _adapt(banc.place)
        seconds, statements, result = asyncio.run(_publish(banc.settings))
        counts.append(statements)
        detail = f"{result.deplacees} moved, {result.interrogees} asked, {statements} statements"
        found.append(
            Chiffre(f"Une version pour {banc.jeu.collectivites} collectivités", seconds, 10, "s", detail)
        )
    found.append(Chiffre("Requêtes, de la plus petite à la plus grande", counts[-1] - counts[0], 0, ""))
    return found
