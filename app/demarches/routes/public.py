"""What a visitor reads before starting: the list, a search, one démarche or one card. Same for everybody, cached."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.demarches.definitions import Definition
from app.demarches.domain import afficher_date, ajouter
from app.demarches.presentation import entete_of, familles_of
from app.demarches.service import catalogue, liens, suivi
from app.demarches.service.recherche import matching
from app.socle.contexte import Visite, VisiteDep, open_contexte
from app.socle.gabarits import euros
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.tenancy import Perimetre
from app.socle.vues import Coordonnees, Lien
from app.socle.web import coordonnees_of, page, page_publique

router = APIRouter()


def prix_of(definition: Definition) -> str:
    """What it costs, with the collectivité's own tariffs."""
    return " ".join(
        [definition.cout, *(f"{tarif.libelle} : {euros(tarif.montant)}." for tarif in definition.tarifs)]
    )


async def list_offres(visit: Visite) -> list[catalogue.Offre]:
    """What this collectivité offers, read in a transaction of its own: no session is looked up."""
    id_ = visit.collectivite.id
    async with visit.noyau.db.session(Perimetre(lecture=(id_,))) as session:
        return await catalogue.list_offres(session, id_)


def service_of(visit: Visite, definition: Definition) -> Coordonnees | None:
    """Whom to call about a démarche: the mairie, with the service's own phone when it has one."""
    base = coordonnees_of(visit.collectivite.coordonnees)
    if base is None or not definition.service.telephone:
        return base
    return Coordonnees(base.adresse, definition.service.telephone, base.courriel, base.horaires)


def fil(*liens: Lien) -> list[Lien]:
    """The way back from a page of a démarche."""
    return [Lien(N_("Démarches"), "/demarches"), *liens]


@router.get("/demarches")
async def list_demarches(visit: VisiteDep, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Every démarche by theme, or those that a few words find."""
    offres = await list_offres(visit)
    found = matching(offres, q) if q.strip() else offres
    context: dict[str, Any] = {
        "recherche_url": "/demarches",
        "q": q,
        "filtres": [],
        "themes": familles_of(found, visit.langue),
        "total": len(found),
    }
    if q.strip():
        return page(visit, "demarches/liste.html", block="resultats", **context)
    return page_publique(visit, "demarches/liste.html", **context)


@router.get("/demarches/{slug}")
async def show_demarche(visit: VisiteDep, slug: str) -> Response:
    """One démarche: what it needs, how long it takes, whom it is for, and how to start."""
    if visit.session_token or visit.has_temoin:
        async with open_contexte(visit) as ctx:
            offre = await catalogue.get_offre(ctx.db, visit.collectivite.id, slug)
            draft = await suivi.find_draft(ctx, slug) if offre.en_ligne else None
            signed = ctx.usager_id is not None
            former = await suivi.find_former(ctx, slug) if offre.en_ligne and draft is None else None
            context = await _context(ctx, offre, draft, signed=signed)
            if former is not None:
                context["refaire"] = {
                    "url": f"/dossiers/{former[0]}/refaire",
                    "depose_le": former[1],
                    "cle_idempotence": new_token(),
                }
            return page(ctx, _template(offre), **context)
    async with visit.noyau.db.session(Perimetre(lecture=(visit.collectivite.id,))) as session:
        offre = await catalogue.get_offre(session, visit.collectivite.id, slug)
    return page_publique(visit, _template(offre), **await _context(visit, offre, None, signed=False))


def _template(offre: catalogue.Offre) -> str:
    return "demarches/demarche.html" if offre.definition.genre == "teleservice" else "demarches/fiche.html"


async def _context(visit: Visite, offre: catalogue.Offre, draft: Any, *, signed: bool) -> dict[str, Any]:
    definition = offre.definition
    common = {
        "refaire": None,
        "fil": fil(),
        "service_nom": definition.service.nom,
        "service": service_of(visit, definition),
    }
    if definition.genre == "fiche":
        return common | {"demarche": _card(visit, definition), "rendez_vous_url": ""}
    start = f"/demarches/{definition.slug}/remplir{liens.suffix(definition, visit.request.query_params.multi_items())}"
    identites = definition.identites
    fc = "franceconnect" in identites and await visit.noyau.ports.identification.has_franceconnect(visit)
    commencer = {
        "continuer_url": start if draft else "",
        "brouillon_le": draft.cree_le if draft else None,
        "direct_url": start if not draft and (signed or "aucune" in identites) else "",
        "franceconnect_url": f"/connexion/franceconnect?suite={quote(start)}" if fc and not signed else "",
        "code_url": f"/connexion?suite={quote(start)}" if "courriel" in identites and not signed else "",
    }
    return common | {
        "demarche": _sheet(visit, definition) | {"delai_jours": offre.delai_jours},
        "commencer": commencer,
    }


def _sheet(visit: Visite, definition: Definition) -> dict[str, Any]:
    pieces = [
        {"libelle": champ.libelle, "aide": champ.aide}
        for champ in definition.champs()
        if champ.type == "piece"
    ]
    prepared = [{"libelle": phrase, "aide": ""} for phrase in definition.ce_qu_il_faut]
    return {
        "entete": entete_of(definition, visit.langue),
        "pour_qui": definition.pour_qui,
        "duree": definition.duree_minutes or 0,
        "delai": definition.delai_traitement,
        "prix": prix_of(definition),
        "silence": silence_sentence(visit, definition),
        "pieces": prepared or pieces,
        "a_savoir": [definition.textes.intro] if definition.textes.intro else [],
        "texte": None,
    }


def silence_sentence(visit: Visite, definition: Definition) -> str:
    """What silence would mean for a demand filed today; empty where nothing may be said (CRPA R112-4)."""
    legal = definition.legal
    if legal is None or not legal.accuse.delivre or legal.silence is None:
        return ""
    here = visit.collectivite
    day = afficher_date(ajouter(visit.today(here.fuseau), legal.silence.delai, here.departement))
    what = "acceptée" if legal.silence.regime == "acceptation" else "refusée"
    return (
        f"Sans réponse de notre part {legal.silence.delai} après le dépôt d’un dossier complet, "
        f"votre demande est {what} ({legal.silence.fondement}). Pour un dossier déposé aujourd’hui : le {day}."
    )


def _card(visit: Visite, definition: Definition) -> dict[str, Any]:
    texte = [definition.textes.intro, *definition.etapes, definition.contact]
    return {
        "entete": entete_of(definition, visit.langue),
        "texte": [phrase for phrase in texte if phrase],
        "quoi_apporter": [{"libelle": phrase, "aide": ""} for phrase in definition.apporter],
        "ou": definition.ou,
        "delai": definition.delai_traitement,
        "prix": prix_of(definition),
        "liens": [Lien(lien.titre, lien.url) for lien in definition.liens],
    }
