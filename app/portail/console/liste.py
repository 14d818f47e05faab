"""The list of collectivités: found by name, INSEE code, SIREN or host, a page at a time, whatever their number."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.collectivites import repository
from app.demarches.service import catalogue
from app.portail.console.commun import ETATS, GENRES
from app.socle.contexte import OpsnDep
from app.socle.vues import Option
from app.socle.web import page

router = APIRouter()
PAGE = 25


@router.get("/")
async def show(
    ctx: OpsnDep,
    q: Annotated[str, Query(max_length=100)] = "",
    etat: Annotated[str, Query(max_length=20)] = "",
    numero: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """One page of collectivités; three statements whatever their number, besides the session's."""
    q, etat = q.strip(), etat if etat in ETATS else ""
    async with ctx.noyau.db.hors_cloison("console: list of collectivités") as session:
        total = await repository.count_collectivites(session, q, etat)
        rows = await repository.list_collectivites(session, q, etat, start=(numero - 1) * PAGE, size=PAGE)
        ouvertes = await catalogue.count_open(session, [row.id for row in rows])
    settings = ctx.noyau.settings
    return page(
        ctx,
        "collectivites/liste.html",
        block="tableau",
        filtres={"q": q, "etat": etat},
        etats=[Option("", "Tous"), *(Option(key, label.libelle) for key, label in ETATS.items())],
        lignes=[
            {
                "nom": row.nom,
                "url": f"/collectivites/{row.slug}",
                "code": row.code_insee or "",
                "genre": GENRES[row.genre],
                "departement": row.departement,
                "hote": row.hote,
                "site": settings.url_of(row.hote, "/") if row.hote else "",
                "agents": row.agents,
                "demarches": ouvertes.get(row.id, 0),
                "etat": ETATS[row.etat],
            }
            for row in rows
        ],
        total=total,
        page=numero,
        pages=max(1, -(-total // PAGE)),
        page_url=f"/?{urlencode({'q': q, 'etat': etat})}&page=",
    )
