"""The agents' desk: one page for every collectivité that an agent serves."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.presentation_agent import etiquette_agent, libelle_agent
from app.demarches.service import bureau
from app.demarches.service.bureau import PAGE, Bureau, Filtres
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX
from app.socle.contexte import AgentDep, Contexte
from app.socle.langues import N_
from app.socle.vues import Etiquette, Option
from app.socle.web import is_fragment, page

router = APIRouter()

# Days before silence decides from which a row stands out.
NEAR = 7
_CLOSED = frozenset(etat.value for etat in ETATS_FINAUX)

Texte = Annotated[str, Query(max_length=200)]


@router.get("/")
@router.get("/dossiers")
async def desk(
    ctx: AgentDep,
    q: Texte = "",
    commune: Texte = "",
    demarche: Texte = "",
    etat: Texte = "",
    vue: Texte = "",
    numero_page: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
    vu: Texte = "",
) -> Response:
    """Open dossiers by urgency, filtered; or every dossier that a few words find."""
    filtres = Filtres(q.strip(), commune, demarche, etat, vue == "miens", numero_page)
    found = await bureau.load(ctx, filtres)
    pages = max(1, -(-found.total // PAGE))
    query = urlencode({"q": q, "commune": commune, "demarche": demarche, "etat": etat, "vue": vue})
    rows = _lignes(ctx, found)
    saisies = [_saisie(found, row) for row in found.saisies]
    seen = _mark(ctx, rows, saisies, found.compteurs)
    if is_fragment(ctx) and vu == seen:
        # Nothing has changed since the list on the screen: it stays as it is, reading and focus undisturbed.
        return ctx.finish(Response(status_code=204, headers={"cache-control": "private, no-store"}))
    return page(
        ctx,
        "portail/bureau.html",
        block="tableau",
        message="",
        bureau_url="/",
        compteurs=_compteurs(found, vue, etat),
        filtres={"q": q, "commune": commune, "demarche": demarche, "etat": etat},
        communes=_communes(ctx, found),
        demarches=_demarches(ctx, found),
        etats=_etats(ctx),
        lignes=rows,
        saisies=saisies,
        actualiser_url=f"/?{query}&page={numero_page}&vu={seen}",
        vide=_vide(filtres),
        total=found.total,
        page=numero_page,
        pages=1 if q.strip() else pages,
        page_url=f"/?{query}&page=",
    )


def _vide(filtres: Filtres) -> str:
    """Why the list is empty, and what to do."""
    if filtres.q:
        return (
            "Aucun dossier ne correspond à ces mots. Essayez le numéro seul, le nom ou un mot de la demande. "
            "Une demande qui n’est pas encore déposée n’est pas ici."
        )
    if filtres.miens:
        return "Vous n’avez aucun dossier en cours. Prenez-en un dans « à prendre »."
    if filtres.commune or filtres.demarche or filtres.etat:
        return "Aucun dossier ouvert avec ces filtres. Élargissez-les ou changez de vue."
    return "Aucun dossier en cours : tout est traité. Les nouvelles demandes s’afficheront ici d’elles-mêmes."


def _saisie(found: Bureau, row: Any) -> dict[str, Any]:
    base = f"/saisir/dossiers/{row.id}"
    return {
        "url": f"{base}/reprendre",
        "abandonner_url": f"{base}/abandonner",
        "demarche": row.titre,
        "personne": nom_de(row.demandeur),
        "commune": found.collectivites[row.collectivite_id].nom,
        "canal": CANAUX[row.canal],
        "par": (row.mandataire or {}).get("nom", ""),
        "le": row.cree_le,
    }


def _communes(ctx: Contexte, found: Bureau) -> list[Option]:
    known = sorted(found.collectivites.values(), key=lambda c: c.nom)
    return [Option("", ctx.traduire(N_("Toutes"))), *(Option(str(c.id), c.nom) for c in known)]


def _demarches(ctx: Contexte, found: Bureau) -> list[Option]:
    titles = {row.slug: row.titre for row in found.compteurs}
    return [
        Option("", ctx.traduire(N_("Toutes"))),
        *(Option(slug, titles[slug]) for slug in sorted(titles, key=lambda s: titles[s])),
    ]


def _etats(ctx: Contexte) -> list[Option]:
    shown = [etat for etat in Etat if etat not in ETATS_FINAUX and etat is not Etat.BROUILLON]
    return [
        Option("", ctx.traduire(N_("Tous"))),
        *(Option(etat.value, ctx.traduire(libelle_agent(etat))) for etat in shown),
    ]


def _compteurs(found: Bureau, vue: str, etat: str) -> list[dict[str, Any]]:
    def number(*etats: str) -> int:
        return sum(row.nombre for row in found.compteurs if row.etat in etats)

    mine = sum(row.miens for row in found.compteurs)
    everything = sum(row.nombre for row in found.compteurs)
    return [
        {"libelle": N_("ouverts"), "nombre": everything, "url": "/", "courant": not vue and not etat},
        {
            "libelle": N_("à prendre"),
            "nombre": number("depose"),
            "url": "/?etat=depose",
            "courant": etat == "depose",
        },
        {"libelle": N_("à moi"), "nombre": mine, "url": "/?vue=miens", "courant": vue == "miens"},
        {
            "libelle": N_("en attente d’une réponse"),
            "nombre": number("en_attente"),
            "url": "/?etat=en_attente",
            "courant": etat == "en_attente",
        },
    ]


class Ligne(NamedTuple):
    """A dossier as the template draws it; `urgence` is '' without a delay, else depasse, proche or loin."""

    numero: str
    url: str
    demarche: str
    personne: str
    commune: str
    canal: str
    recu_le: datetime
    jours_restants: int | None
    urgence: str
    echeance: date | None
    pris_par: str
    bail: bool
    pris_par_moi: bool
    etiquette: Etiquette


def _lignes(ctx: Contexte, found: Bureau) -> list[Ligne]:
    me = ctx.personne.agent_id if ctx.personne else None
    today, communes = ctx.today(), found.collectivites
    rows = []
    for row in found.lignes:
        due = row.silence_le if row.etat not in _CLOSED else None
        left = bureau.days_left(due, today)
        rows.append(
            Ligne(
                row.numero,
                f"/dossiers/{row.id}",
                row.titre,
                nom_de(row.demandeur),
                communes[row.collectivite_id].nom,
                CANAUX[row.canal],
                row.depose_le,
                left,
                "" if left is None else "depasse" if left < 0 else "proche" if left <= NEAR else "loin",
                due,
                row.agent_nom,
                row.bail_jusqu_a is not None and row.bail_jusqu_a > ctx.now,
                row.agent_id is not None and row.agent_id == me,
                etiquette_agent(row.etat),
            )
        )
    return rows


def _mark(ctx: Contexte, rows: list[Ligne], *others: object) -> str:
    """A short text that is another one as soon as something that the list shows has changed."""
    shown = [
        f"{r.numero} {r.personne} {r.commune} {r.jours_restants} {r.pris_par} {r.pris_par_moi} {r.etiquette.libelle}"
        for r in rows
    ]
    return hashlib.sha256(f"{shown}{others!r}{ctx.langue}".encode()).hexdigest()[:16]
