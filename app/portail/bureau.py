"""The agents' desk: one page for every collectivité that an agent serves, and the stream that says when it moves."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.presentation_agent import etiquette_agent, libelle_agent
from app.demarches.repository.listes import LigneBureau, LigneSaisie
from app.demarches.service import bureau
from app.demarches.service.bureau import BEAUCOUP, Bureau, Cadre, Filtres
from app.demarches.service.depot import nom_de
from app.demarches.service.papiers import CANAUX
from app.socle.annonces import Abonnement
from app.socle.contexte import AgentDep, Contexte, VisiteDep, contexte_agent, open_contexte
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.vues import Option
from app.socle.web import is_fragment, page

router = APIRouter()

# Seconds between two signs of life on the stream, and its length: the browser then comes again and is known anew.
BATTEMENT = 20
DUREE = 300

COLONNES: dict[str, str] = {
    "personne": N_("Personne"),
    "commune": N_("Commune"),
    "delai": N_("Délai"),
    "agent": N_("Suivi par"),
    "etat": N_("État"),
    "groupe": N_("Groupe"),
    "canal": N_("Canal"),
    "recu": N_("Reçu le"),
    "activite": N_("Dernière activité"),
}
VUES = (
    ("ouverts", N_("ouverts"), ""),
    ("a_prendre", N_("à prendre"), "etat=depose"),
    ("miens", N_("à moi"), "agent=moi"),
    ("en_attente", N_("en attente d’une réponse"), f"etat={Etat.EN_ATTENTE.value}"),
    ("retard", N_("délai dépassé"), "retard=oui"),
    ("echeances", N_("échéances à 15 jours"), "retard=15"),
)


@router.get("/")
@router.get("/dossiers")
async def desk(ctx: AgentDep) -> Response:
    """The dossiers that the filters of the address ask for; without any, the open ones by urgency."""
    query = dict(ctx.request.query_params)
    filtres = Filtres.read(query)
    found = await bureau.load(ctx, filtres)
    rows = _lignes(ctx, found)
    saisies = [_saisie(found.cadre, row) for row in found.saisies]
    seen = _mark(ctx, rows, saisies, found.compteurs, found.total)
    if is_fragment(ctx) and query.get("vu") == seen:
        # Nothing has changed since the list on the screen: it stays as it is, reading and focus undisturbed.
        return ctx.finish(Response(status_code=204, headers={"cache-control": "private, no-store"}))
    here = filtres.query(apres=filtres.apres)
    return page(
        ctx,
        "portail/bureau.html",
        block="tableau",
        message="",
        bureau_url="/",
        filtres=filtres,
        choix=_choix(ctx, found.cadre),
        compteurs=_compteurs(found, filtres),
        vues=[
            {"nom": nom, "url": f"/?{texte}", "courante": texte == filtres.query(), "id": id_}
            for id_, nom, texte in found.cadre.vues
        ],
        colonnes=[(c, ctx.traduire(COLONNES[c])) for c in _columns(found.cadre)],
        lignes=rows,
        saisies=saisies,
        actualiser_url=f"/?{here}&vu={seen}" if here else f"/?vu={seen}",
        flux_url="/dossiers/flux",
        vide=_vide(filtres),
        approche=found.approche,
        total=found.total,
        plus=found.total > BEAUCOUP,
        suite_url=f"/?{filtres.query(apres=found.suite)}" if found.suite else "",
        debut_url=f"/?{filtres.query()}" if filtres.apres else "",
        requete=filtres.query(),
        cle_idempotence=new_token(),
    )


def _mark(ctx: Contexte, rows: Sequence[Mapping[str, Any]], *others: object) -> str:
    """A short text that is another one as soon as something that the list shows has changed."""
    # What nobody sees move (the address, the démarche, the date of submission) is left out: it is read at each visit.
    shown = [
        f"{r['numero']} {r['personne']} {r['commune']} {r['modifie_le']} {r['jours_restants']} {r['pris_par']}"
        f" {r['pris_par_moi']} {r['remplace']} {r['groupe']} {r['etat'].libelle} {r['etiquettes']}"
        for r in rows
    ]
    return hashlib.sha256(f"{shown}{others!r}{ctx.langue}".encode()).hexdigest()[:16]


def _columns(cadre: Cadre) -> list[str]:
    """The columns of the agent; who serves one collectivité is not told its name on each row."""
    return [c for c in cadre.colonnes if c != "commune" or len(cadre.communes) > 1]


def _vide(filtres: Filtres) -> str:
    """Why the list is empty, and what to do."""
    if filtres.q:
        return (
            "Aucun dossier ne correspond à ces mots. Essayez le numéro seul, le nom ou un mot de la demande. "
            "Une demande qui n’est pas encore déposée n’est pas ici."
        )
    if filtres.query() == "agent=moi":
        return "Vous n’avez aucun dossier en cours. Prenez-en un dans « à prendre »."
    if filtres.actifs:
        return "Aucun dossier avec ces filtres. Élargissez-les ou changez de vue."
    return "Aucun dossier en cours : tout est traité. Les nouvelles demandes s’afficheront ici d’elles-mêmes."


def _saisie(cadre: Cadre, row: LigneSaisie) -> dict[str, Any]:
    base = f"/saisir/dossiers/{row.id}"
    return {
        "url": f"{base}/reprendre",
        "abandonner_url": f"{base}/abandonner",
        "demarche": row.titre,
        "personne": nom_de(row.demandeur),
        "commune": cadre.communes.get(row.collectivite_id, ""),
        "canal": CANAUX[row.canal],
        "par": (row.mandataire or {}).get("nom", ""),
        "le": row.cree_le,
        "fuseau": cadre.fuseaux.get(row.collectivite_id),
    }


def _choix(ctx: Contexte, cadre: Cadre) -> dict[str, list[Option]]:
    """What each filter offers; a filter with nothing to choose from is not shown."""
    t = ctx.traduire

    def named(first: str, found: Sequence[Option]) -> list[Option]:
        return [Option("", t(first)), *found] if found else []

    several = len(cadre.communes) > 1

    def of(item: dict[str, Any]) -> str:
        place = cadre.communes.get(item["commune"], "")
        return f"{item['nom']} ({place})" if several and place else str(item["nom"])

    groupes = [Option(str(id_), of(groupe)) for id_, groupe in cadre.groupes.items()]
    return {
        "commune": named(N_("Toutes"), [Option(str(i), n) for i, n in cadre.communes.items()])
        if several
        else [],
        "demarche": named(N_("Toutes"), [Option(slug, titre) for slug, titre in cadre.demarches.items()]),
        "etat": named(
            N_("Tous"),
            [Option(e.value, t(libelle_agent(e))) for e in Etat if e is not Etat.BROUILLON],
        ),
        "situation": [
            Option("", t(N_("En cours, ou tous pour une recherche"))),
            Option("ouverts", t(N_("En cours"))),
            Option("clos", t(N_("Terminés"))),
            Option("tous", t(N_("En cours et terminés"))),
        ],
        "groupe": named(N_("Tous"), [Option("miens", t(N_("Mes groupes"))), *groupes] if groupes else []),
        "agent": [
            Option("", t(N_("Tous"))),
            Option("moi", t(N_("Moi, et ceux que je remplace"))),
            Option("aucun", t(N_("Aucun agent"))),
            *(Option(str(id_), nom) for id_, nom in cadre.collegues.items()),
        ],
        "etiquette": named(
            N_("Toutes"), [Option(str(i), of(e)) for i, e in cadre.etiquettes.items() if e["active"]]
        ),
        "retard": [
            Option("", t(N_("Toutes"))),
            Option("oui", t(N_("Dépassées"))),
            Option("7", t(N_("Dépassées ou dans les 7 jours"))),
            Option("15", t(N_("Dépassées ou dans les 15 jours"))),
        ],
        "etape": named(N_("Toutes"), [Option(id_, titre) for id_, titre in cadre.etapes.items()]),
        "tri": [
            Option("", t(N_("Le plus urgent en premier"))),
            Option("recents", t(N_("Le plus récent en premier"))),
            Option("anciens", t(N_("Le plus ancien en premier"))),
        ],
    }


def _compteurs(found: Bureau, filtres: Filtres) -> list[dict[str, Any]]:
    asked = filtres.query()
    return [
        {
            "libelle": libelle,
            "nombre": f"{BEAUCOUP} +"
            if found.compteurs.get(nom, 0) > BEAUCOUP
            else found.compteurs.get(nom, 0),
            "url": f"/?{query}" if query else "/",
            "courant": asked == query,
        }
        for nom, libelle, query in VUES
        # What is late, or soon will be, is shown when something is.
        if nom not in ("retard", "echeances") or found.compteurs.get(nom, 0) or filtres.retard
    ]


def _lignes(ctx: Contexte, found: Bureau) -> list[dict[str, Any]]:
    me = ctx.personne.agent_id if ctx.personne else None
    cadre = found.cadre
    labels = {
        id_: {"nom": item["nom"], "ton": item["ton"]}
        for id_, item in cadre.etiquettes.items()
        if item["active"]
    }
    states = {etat: etiquette_agent(etat) for etat in {row.etat for row in found.lignes}}
    canaux: Callable[[str], str] = CANAUX.__getitem__

    def line(row: LigneBureau) -> dict[str, Any]:
        open_ = Etat(row.etat) not in ETATS_FINAUX
        return {
            "id": str(row.id),
            "numero": row.numero,
            "url": f"/dossiers/{row.id}",
            "demarche": row.titre,
            "personne": nom_de(row.demandeur),
            "commune": cadre.communes.get(row.collectivite_id, ""),
            "canal": canaux(row.canal),
            "recu_le": row.depose_le,
            "modifie_le": row.modifie_le,
            "jours_restants": bureau.days_left(row.silence_le, cadre.jour(row.collectivite_id, ctx.now))
            if open_
            else None,
            "echeance": row.silence_le if open_ else None,
            "sens": row.silence_sens,
            "fuseau": cadre.fuseaux.get(row.collectivite_id),
            "pris_par": row.agent_nom,
            "pris_par_moi": row.agent_id is not None and row.agent_id == me,
            "remplace": row.agent_id in cadre.remplaces,
            "groupe": _groupe(cadre, row.groupe_id),
            "etat": states[row.etat],
            "etiquettes": [labels[id_] for id_ in row.etiquettes if id_ in labels],
        }

    return [line(row) for row in found.lignes]


def _groupe(cadre: Cadre, groupe_id: UUID | None) -> str:
    return str(cadre.groupes[groupe_id]["nom"]) if groupe_id in cadre.groupes else ""


@router.get("/dossiers/flux")
async def stream(visit: VisiteDep) -> Response:
    """Says, within a second, that something moved in the agent's collectivités; never what. Holds no connection."""
    async with open_contexte(visit) as ctx:
        await contexte_agent(ctx)
        places = frozenset(ctx.personne.collectivites) if ctx.personne else frozenset[UUID]()
    # How long it lasts says nothing of how fast the portal answers.
    visit.request.state.flux = True
    abonnement = visit.noyau.annonces.subscribe(places)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return visit.finish(
        StreamingResponse(_events(abonnement), media_type="text/event-stream", headers=headers)
    )


async def _events(abonnement: Abonnement) -> AsyncIterator[str]:
    with abonnement:
        yield "retry: 2000\n\n"
        until = asyncio.get_running_loop().time() + DUREE
        while not abonnement.ended and asyncio.get_running_loop().time() < until:
            moved = await abonnement.wait(BATTEMENT)
            yield "event: dossiers\ndata: \n\n" if moved else ": \n\n"
            if moved:
                # Several at once are one piece of news.
                await asyncio.sleep(0.3)
