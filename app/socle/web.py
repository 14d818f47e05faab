"""Pages and fragments: one template a page; with htmx, the named block of that page alone.

Also here: redirects that stay at home, the idempotency of forms, and what every page shows around its content.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import select
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.socle.cache import PageRendue
from app.socle.contexte import Contexte, Visite
from app.socle.db import fetch
from app.socle.errors import InvalidInputError
from app.socle.gabarits import PARIS, zone_de_la_page
from app.socle.langues import LANGUES, N_
from app.socle.models import Idempotence
from app.socle.vues import Coordonnees, Horaire, Langue, Lien
from app.socle.vues import Personne as PersonneVue


class Portail:
    """What the layout shows around every page; see templates/README.md."""

    def __init__(self, visit: Visite) -> None:
        settings = visit.noyau.settings
        hote, collectivite = visit.hote, visit.hote.collectivite
        self._visit = visit
        self.maintenance = visit.noyau.maintenance
        if hote.essai:
            self.maintenance = visit.traduire(ESSAI)
        self.accueil_url = "/"
        self.langue = visit.langue
        self.fuseau = ZoneInfo(collectivite.fuseau) if collectivite else None
        self.type = collectivite.genre if collectivite else hote.genre
        self.nom = collectivite.nom if collectivite else visit.traduire(NOMS[hote.genre])
        self.coordonnees = coordonnees_of(collectivite.coordonnees) if collectivite else None
        self.theme_url = f"/theme/{collectivite.theme_hash}.css" if collectivite else None
        self.blason_url = (collectivite.theme.blason or None) if collectivite else None
        path = visit.request.url.path
        self.langues = [
            Langue(code, nom, f"/langue/{code}?suite={quote(path)}", code == visit.langue)
            for code, nom in LANGUES
        ]
        self.borne = visit.borne_id is not None
        # Somebody is there: signed in, or with a form begun.
        known = visit.has_temoin or visit.temoin_neuf or visit.session_token is not None
        self.borne_occupee = self.borne and known
        self.navigation = [
            Lien(visit.traduire(libelle), url, path == url or (url != "/" and path.startswith(url)))
            for libelle, url in navigation_of(hote.genre, settings, hote.nom)
            # Mon espace is another host, which knows nothing of kiosks.
            if not self.borne or url.startswith("/")
        ]

    @property
    def jeton_csrf(self) -> str:
        """The token of this browser's forms."""
        return self._visit.jeton_csrf

    @property
    def personne(self) -> PersonneVue | None:
        """Who is signed in, for the header."""
        # A page of error is shown after the transaction of the request: the session it recognised is on its state.
        known = getattr(self._visit.request.state, "personne", None)
        personne = getattr(self._visit, "personne", None) or known
        if personne is None:
            return None
        host = self._visit.hote
        settings = self._visit.noyau.settings
        if self.borne:
            return PersonneVue(personne.nom_affiche, "", "")
        espace = "/" if host.genre != "collectivite" else passage_url(settings, host.nom, "/")
        return PersonneVue(personne.nom_affiche, "/deconnexion", espace)


ESSAI = N_(
    "Mode essai : ces dossiers ne comptent nulle part, et les courriels qui en partent n’arrivent qu’à vous."
)
NOMS = {
    "mon": N_("Mon espace"),
    "agents": N_("Bureau des agents"),
    "opsn": N_("Console OPSN"),
    "connexion": N_("Connexion"),
    "base": "Kumun",
}


def passage_url(settings: Any, hote: str, suite: str) -> str:
    """The address that carries a signed-in resident from a collectivité's host to Mon espace."""
    return str(
        settings.url_of(settings.service_host("mon"), f"/passage?de={quote(hote)}&suite={quote(suite)}")
    )


def navigation_of(genre: str, settings: Any, hote: str) -> Sequence[tuple[str, str]]:
    """The main navigation of a kind of host."""
    if genre == "collectivite":
        return ((N_("Démarches"), "/demarches"), (N_("Mon espace"), passage_url(settings, hote, "/")))
    if genre == "mon":
        return (
            (N_("Mes dossiers"), "/"),
            (N_("Mes rendez-vous"), "/rendez-vous"),
            (N_("Mes connexions"), "/sessions"),
        )
    if genre == "agents":
        return (
            (N_("Bureau"), "/"),
            (N_("Rendez-vous"), "/rendez-vous"),
            (N_("Saisir pour quelqu’un"), "/saisir"),
            (N_("Démarches"), "/demarches"),
            (N_("Statistiques"), "/statistiques"),
            (N_("Conservation"), "/conservation"),
            (N_("Exports"), "/exports"),
            (N_("Ma collectivité"), "/collectivite"),
            (N_("Mes connexions"), "/sessions"),
        )
    if genre == "opsn":
        return (
            (N_("Collectivités"), "/"),
            (N_("Démarches"), "/demarches"),
            (N_("Travaux"), "/travaux"),
            (N_("Bandeau"), "/bandeau"),
            (N_("Mes connexions"), "/sessions"),
        )
    return ()


def coordonnees_of(donnees: dict[str, Any]) -> Coordonnees | None:
    """The contact details of a collectivité, or None while nobody has given them (then nothing empty is shown)."""
    if not donnees:
        return None
    return Coordonnees(
        adresse=tuple(donnees.get("adresse", ())),
        telephone=donnees.get("telephone", ""),
        courriel=donnees.get("courriel", ""),
        horaires=tuple(Horaire(ligne["jours"], ligne["heures"]) for ligne in donnees.get("horaires", ())),
    )


def is_fragment(visit: Visite) -> bool:
    """Whether htmx asks for a part of the page only."""
    return visit.request.headers.get("hx-request") == "true"


_AUTOCOMPLETE = re.compile(r' autocomplete="[^"]*"')


def page(
    visit: Visite, template: str, *, block: str | None = None, status: int = 200, **context: Any
) -> Response:
    """The whole page, or its block alone when htmx asked; the same template either way."""
    environment = visit.noyau.gabarits[visit.langue]
    found = environment.get_template(template)
    values = {"portail": (portail := Portail(visit)), "maintenant": visit.now, **context}
    # Set anew by each page: whatever an earlier one of this task left is not seen.
    zone_de_la_page.set(context.get("fuseau") or portail.fuseau or PARIS)
    if block is not None and is_fragment(visit):
        state = found.new_context(values)
        body = "".join(found.blocks[block](state))
    else:
        body = found.render(values)
    if visit.borne_id is not None:
        # A kiosk suggests nothing of what others typed.
        body = _AUTOCOMPLETE.sub("", body).replace("<form ", '<form autocomplete="off" ')
    headers = {"vary": "Cookie, HX-Request", "cache-control": "private, no-store"}
    return visit.finish(HTMLResponse(body, status, headers))


def page_publique(visit: Visite, template: str, **context: Any) -> Response:
    """A page of a collectivité that is the same for every visitor: validated by ETag, kept until something changes."""
    collectivite = visit.collectivite
    response = page(visit, template, **context)
    if visit.borne_id is not None:
        return response
    body = bytes(response.body)
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'.encode()
    plain = not visit.request.url.query and not is_fragment(visit) and not visit.noyau.maintenance
    if plain and "set-cookie" not in response.headers:
        key = (visit.hote.nom, visit.request.url.path, visit.langue)
        visit.noyau.pages.put(key, PageRendue(str(collectivite.id), collectivite.version, body, etag))
    response.headers["cache-control"] = "no-cache"
    response.headers["etag"] = etag.decode()
    return response


def redirect(visit: Visite, url: str) -> Response:
    """See other: after a form, the browser gets a page it may reload."""
    return visit.finish(RedirectResponse(url, 303))


def safe_suite(value: Any, default: str = "/") -> str:
    """A path of the same host, or the default: nobody is led elsewhere by a link of ours."""
    if (
        not isinstance(value, str)
        or len(value) > 500
        or not value.startswith("/")
        or value.startswith(("//", "/\\"))
    ):
        return default
    parts = urlsplit(value)
    if parts.scheme or parts.netloc or any(ord(c) < 32 or c == "\\" for c in value):
        return default
    return value


_ONCE = "INSERT INTO socle_idempotence (cle, suite, cree_le) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true"


async def led_to(ctx: Contexte, form: Mapping[str, Any]) -> str | None:
    """Where this very form already led, without claiming it: for what must be asked before the form is received."""
    query = select(Idempotence.suite).where(Idempotence.cle == _key_of(ctx, form))
    return (await ctx.db.execute(query)).scalar_one_or_none()


def _key_of(ctx: Contexte, form: Mapping[str, Any]) -> bytes:
    key = form.get("cle_idempotence")
    if not isinstance(key, str) or not 20 <= len(key) <= 100:
        raise InvalidInputError("Ce formulaire est incomplet : rechargez la page et recommencez.", code="cle")
    holder = ctx.session_token or ctx.temoin
    return hashlib.sha256(f"{holder}\n{ctx.request.url.path}\n{key}".encode()).digest()


async def once(ctx: Contexte, form: Mapping[str, Any], suite: str) -> str | None:
    """Where this very form already led, or None when it comes for the first time.

    Each form carries a random key, unique in the database for its browser: a double click waits for the first one to
    commit, then goes where it went. The row belongs to the transaction: a refused form may be sent again.
    """
    empreinte = _key_of(ctx, form)
    if await fetch(ctx.db, _ONCE, empreinte, suite, ctx.now):
        return None
    ((led,),) = await fetch(ctx.db, "SELECT suite FROM socle_idempotence WHERE cle = $1", empreinte)
    return str(led)
