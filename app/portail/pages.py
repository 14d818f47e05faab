"""Pages that law or good manners ask of every host: accessibility, personal data, legal notice, help, site map.

Law 2005-102 article 47 and décret 2019-768 (accessibility), GDPR articles 12 to 14, law 2004-575 article 1-1, section
13 of the AGPL (the source is offered to whoever uses the site). Also what robots and security researchers look for.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.config import Settings
from app.demarches.definitions import THEMES, Definition
from app.demarches.presentation_regles import durees_dites
from app.demarches.routes.public import list_offres
from app.rendezvous.routes.public import list_offerts
from app.rendezvous.service.prise import TEMOIN
from app.socle.contexte import TEMOIN_DAYS, Visite, VisiteDep
from app.socle.gabarits import statique
from app.socle.langues import N_
from app.socle.sessions import DUREES
from app.socle.vues import Coordonnees, Lien
from app.socle.web import coordonnees_of, navigation_of, page, page_publique

router = APIRouter()

# To be renewed with each audit, and every three years at the latest.
ETABLIE_LE = "22\u00a0novembre 2026"
# A security.txt must end (RFC 9116); this one is written at each request.
VALIDITY = timedelta(days=180)
AGENTS = ("agents", "opsn")
PRIVATE = (
    "/connexion",
    "/deconnexion",
    "/dossiers",
    "/documents",
    "/rendez-vous/motifs/*/creneaux",
    "/rendez-vous/retenue",
    "/rendez-vous/suivi",
    "/pieces",
    "/sessions",
    "/passage",
    "/langue",
)
SORTS = {
    "destruction": "puis destruction.",
    "conservation": "puis versement définitif aux archives publiques.",
    "tri": "puis tri : une partie est versée aux archives publiques, le reste est détruit.",
}
PAGES = (
    (N_("Aide"), "/aide"),
    (N_("Accessibilité : non conforme"), "/accessibilite"),
    (N_("Données personnelles"), "/donnees-personnelles"),
    (N_("Mentions légales"), "/mentions-legales"),
)


@dataclass(frozen=True, slots=True)
class Editeur:
    """Who answers for a site; what is not known is empty and is not shown."""

    nom: str
    coordonnees: Coordonnees
    dpo: str = ""
    siren: str = ""
    directeur: str = ""

    @property
    def joignable(self) -> bool:
        """Whether there is anything to show of its coordinates."""
        known = self.coordonnees
        return bool(known.adresse or known.telephone or known.courriel or known.horaires)


def opsn_of(settings: Settings) -> Editeur:
    """The operator of this installation, who hosts every site and publishes Mon espace and the desk."""
    adresse = tuple(line.strip() for line in settings.opsn_adresse.split(",") if line.strip())
    return Editeur(
        settings.opsn_nom, Coordonnees(adresse, settings.opsn_telephone, settings.opsn_courriel, ())
    )


def editeur_of(visit: Visite) -> Editeur:
    """The publisher of this host: its collectivité, or the operator."""
    found = visit.hote.collectivite
    if found is None:
        return opsn_of(visit.noyau.settings)
    donnees = found.coordonnees
    return Editeur(
        found.nom,
        coordonnees_of(donnees) or Coordonnees(),
        dpo=donnees.get("dpo", ""),
        directeur=donnees.get("directeur_publication", ""),
    )


def _show(visit: Visite, name: str, *, francais: bool = False, **context: Any) -> Response:
    template = f"portail/pages/{name}.html"
    values = {
        "editeur": editeur_of(visit),
        "opsn": opsn_of(visit.noyau.settings),
        "francais": francais,
        **context,
    }
    if visit.hote.collectivite is None:
        return page(visit, template, **values)
    return page_publique(visit, template, **values)


@router.get("/accessibilite")
async def accessibility(visit: VisiteDep) -> Response:
    """The declaration of accessibility: no audit yet, so not conform."""
    return _show(visit, "accessibilite", francais=True, adresse=visit.hote.nom, etablie_le=ETABLIE_LE)


@router.get("/mentions-legales")
async def legal_notice(visit: VisiteDep) -> Response:
    """Who publishes, who hosts, and where the source code is."""
    return _show(visit, "mentions_legales", francais=True, source_url=visit.noyau.settings.source_url)


@router.get("/donnees-personnelles")
async def personal_data(visit: VisiteDep) -> Response:
    """Who is responsible, what is kept and how long, cookies, rights."""
    genre = visit.hote.genre
    offres = await list_offres(visit) if genre == "collectivite" else []
    return _show(
        visit,
        "donnees_personnelles",
        francais=True,
        commune=genre == "collectivite",
        agents=genre in AGENTS,
        traitements=[_traitement(o.definition) for o in offres if o.en_ligne],
        cookies=_cookies(visit),
    )


def _traitement(definition: Definition) -> dict[str, Any]:
    clocks = definition.conservation
    if clocks is None:
        raise ValueError(f"{definition.slug} has a form and no clocks of retention")
    asked = [champ.sujet or champ.libelle for champ in definition.champs() if champ.type != "explication"]
    return {
        "titre": definition.titre,
        "brouillon": f"{clocks.brouillon_jours} jours",
        "active": f"{clocks.base_active_mois} mois",
        "archive": f"{clocks.dua_annees} an{'s' if clocks.dua_annees > 1 else ''}"
        if clocks.dua_annees
        else "",
        "particulieres": durees_dites(definition),
        "sort": SORTS[clocks.sort_final],
        "donnees": ", ".join(dict.fromkeys(asked)),
    }


def _cookies(visit: Visite) -> list[dict[str, str]]:
    hours = DUREES.get(visit.hote.genre, DUREES["mon"]).absolue // timedelta(hours=1)
    return [
        {
            "nom": visit.cookie_name("kumun"),
            "role": "vous reconnaît tant que vous êtes connecté.",
            "duree": f"Effacé à la déconnexion, au plus tard après {hours} heures.",
        },
        {
            "nom": visit.cookie_name("kumun-temoin"),
            "role": "protège les formulaires et retrouve un brouillon commencé sans compte.",
            "duree": f"{TEMOIN_DAYS} jours.",
        },
        {
            "nom": visit.cookie_name(TEMOIN),
            "role": "rend le créneau que vous aviez choisi quand vous en prenez un autre.",
            "duree": "Effacé à la fermeture du navigateur.",
        },
        {"nom": visit.cookie_name("kumun-langue"), "role": "garde la langue choisie.", "duree": "1 an."},
    ]


@router.get("/aide")
async def aid(visit: VisiteDep) -> Response:
    """How to be helped: by people first, then how things work here."""
    return _show(visit, "aide_agents" if visit.hote.genre in AGENTS else "aide")


@router.get("/plan-du-site")
async def site_map(visit: VisiteDep) -> Response:
    """Every page that can be reached without signing in, and the doors of what cannot."""
    navigation = navigation_of(visit.hote.genre, visit.noyau.settings, visit.hote.nom)
    rubriques = [
        {"titre": N_("Accueil"), "liens": [Lien(N_("Accueil"), "/"), *(Lien(*n) for n in navigation)]}
    ]
    offres = await list_offres(visit) if visit.hote.collectivite else []
    for theme, titre in THEMES.items():
        found = sorted((o.definition for o in offres if o.definition.theme == theme), key=lambda d: d.titre)
        if found:
            liens = [Lien(d.titre_en(visit.langue), f"/demarches/{d.slug}") for d in found]
            rubriques.append({"titre": titre, "liens": liens})
    motifs = await list_offerts(visit) if visit.hote.collectivite else []
    if motifs:
        liens = [Lien(motif.nom, f"/rendez-vous/motifs/{motif.id}") for motif in motifs]
        rubriques.append(
            {"titre": N_("Rendez-vous"), "liens": [Lien(N_("Prendre rendez-vous"), "/rendez-vous"), *liens]}
        )
    rubriques.append({"titre": N_("Informations sur le site"), "liens": [Lien(*known) for known in PAGES]})
    return _show(visit, "plan_du_site", rubriques=rubriques)


@router.get("/robots.txt")
async def robots(visit: VisiteDep) -> Response:
    """Search engines read the public pages of collectivités, and nothing else."""
    if visit.hote.collectivite is None:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in PRIVATE),
        "Disallow: /demarches/*/remplir",
        "",
    ]
    return PlainTextResponse("\n".join(lines))


@router.get("/.well-known/security.txt")
async def security_contact(visit: VisiteDep) -> Response:
    """Whom to tell about a weakness (RFC 9116)."""
    settings = visit.noyau.settings
    digits = "".join(c for c in settings.opsn_telephone if c.isdigit())
    contacts = [f"mailto:{settings.opsn_courriel}"] if settings.opsn_courriel else []
    contacts += [f"tel:+33{digits[1:]}"] if len(digits) == 10 else []
    contacts = contacts or [settings.url_of(visit.hote.nom, "/mentions-legales")]
    expires = (visit.now + VALIDITY).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {contact}" for contact in contacts]
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: fr, en, br"]
    lines += [f"Canonical: {settings.url_of(visit.hote.nom, '/.well-known/security.txt')}", ""]
    return PlainTextResponse("\n".join(lines))


@router.get("/favicon.ico")
async def favicon(visit: VisiteDep) -> Response:
    """For what asks for an icon without reading the page: the collectivité's arms, or ours."""
    found = visit.hote.collectivite
    return RedirectResponse((found and found.theme.blason) or statique("blasons/kumun.svg"), 302)
