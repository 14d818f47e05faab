"""What an endpoint is given: who asks, for which collectivité, in which transaction.

`ContexteDep` opens the one transaction of the request under the perimeter of its host, recognises the session, and
commits before the answer leaves. Endpoints that read no database take `VisiteDep`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from app.socle.aiguillage import langue_of
from app.socle.db import set_perimetre
from app.socle.errors import ForbiddenError, NotFoundError, SignInRequiredError
from app.socle.hosts import CollectiviteVue, HoteResolu
from app.socle.ids import fingerprint, new_token
from app.socle.langues import traduire
from app.socle.noyau import Noyau
from app.socle.sessions import DUREES, Personne, open_session
from app.socle.tenancy import Perimetre

TEMOIN_DAYS = 30


@dataclass(slots=True)
class Visite:
    """A request before any question to the database: host, language, anonymous browser."""

    noyau: Noyau
    request: Request
    hote: HoteResolu
    now: datetime
    langue: str
    temoin_lu: str | None = None
    temoin_neuf: bool = False

    @property
    def collectivite(self) -> CollectiviteVue:
        """The collectivité of this host; NotFoundError on a host that serves none."""
        if self.hote.collectivite is None:
            raise NotFoundError("Cette page n’existe pas à cette adresse.")
        return self.hote.collectivite

    @property
    def requete(self) -> str:
        """The request's id, as in the logs and the X-Request-Id header."""
        value: str = self.request.state.requete
        return value

    def cookie_name(self, name: str) -> str:
        """The full cookie name: `__Host-` wherever https makes it possible."""
        return f"__Host-{name}" if self.noyau.settings.secure else name

    @property
    def session_token(self) -> str | None:
        """The session cookie, unverified."""
        return self.request.cookies.get(self.cookie_name("kumun"))

    @property
    def temoin(self) -> str:
        """The anonymous browser's secret: owner of drafts without account, binding of sign-ins in progress."""
        if self.temoin_lu is None:
            self.temoin_lu = self.request.cookies.get(self.cookie_name("kumun-temoin"))
            if not self.temoin_lu or len(self.temoin_lu) < 40:
                self.temoin_lu, self.temoin_neuf = new_token(), True
        return self.temoin_lu

    @property
    def has_temoin(self) -> bool:
        """Whether the browser came with that secret."""
        return self.cookie_name("kumun-temoin") in self.request.cookies

    @property
    def borne_id(self) -> UUID | None:
        """The kiosk that this browser is, when an agent of this collectivité has made it one; nothing is looked up."""
        id_, _, signature = self.request.cookies.get(self.cookie_name("kumun-borne"), "").partition(".")
        if self.hote.collectivite is None or not signature:
            return None
        signed = self.noyau.sceau.verify("borne", f"{self.hote.collectivite.id} {id_}", signature)
        return UUID(id_) if signed else None

    @property
    def jeton_csrf(self) -> str:
        """The token of this browser's forms; it outlives a session, so a form kept through a sign-in still goes."""
        return self.noyau.sceau.sign("csrf", self.temoin)

    def set_cookie(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """A cookie of this host only, unreadable by scripts."""
        response.set_cookie(
            self.cookie_name(name),
            value,
            max_age=max_age,
            path="/",
            secure=self.noyau.settings.secure,
            httponly=True,
            samesite="lax",
        )

    def finish(self, response: Response) -> Response:
        """Sends the anonymous secret along when this request made one."""
        if self.temoin_neuf:
            # On a kiosk it is forgotten with the visit.
            kept = None if self.borne_id else TEMOIN_DAYS * 86400
            self.set_cookie(response, "kumun-temoin", self.temoin, max_age=kept)
        return response

    def traduire(self, message: str) -> str:
        """A French sentence marked by `N_`, in the language of the page."""
        return traduire(message, self.langue)

    def today(self, fuseau: str = "Europe/Paris") -> date:
        """The local date, for rules that count days."""
        return self.now.astimezone(ZoneInfo(fuseau)).date()


@dataclass(slots=True)
class Contexte(Visite):
    """A request with its transaction, and the person it recognised."""

    db: AsyncSession = field(default=None)  # type: ignore[assignment]
    personne: Personne | None = None

    @property
    def usager_id(self) -> UUID | None:
        """The account of the resident who is signed in, if any."""
        return self.personne.usager_id if self.personne else None

    async def own_jeton(self) -> None:
        """Lets the transaction reach the drafts of this browser, when its secret was made after the perimeter."""
        perimetre: Perimetre = self.db.info["perimetre"]
        jeton = fingerprint(self.temoin)
        if perimetre.jeton != jeton:
            await set_perimetre(self.db, replace(perimetre, jeton=jeton))

    @property
    def acteur(self) -> str:
        """How the audit trail names who acts."""
        if self.personne is None:
            return "anonyme"
        if self.personne.agent_id:
            return f"agent:{self.personne.agent_id}"
        return f"usager:{self.personne.usager_id}"


def visite(request: Request) -> Visite:
    """The request's host, language and clock; no database."""
    noyau: Noyau = request.app.state.noyau
    cookie = request.headers.get("cookie", "").encode("latin-1")
    return Visite(noyau, request, request.state.hote, noyau.clock.now(), langue_of(cookie))


@asynccontextmanager
async def open_contexte(base: Visite) -> AsyncIterator[Contexte]:
    """One transaction for this visitor, under the perimeter of the host: committed when the block ends well.

    Endpoints that must wait for something slow (a body, an outside service) open it themselves, before or after, so
    that no connection waits with them.
    """
    ctx = Contexte(
        base.noyau, base.request, base.hote, base.now, base.langue, base.temoin_lu, base.temoin_neuf
    )
    perimetre = Perimetre(essai=ctx.hote.essai)
    if ctx.hote.collectivite is not None:
        id_ = ctx.hote.collectivite.id
        jeton = fingerprint(ctx.temoin) if ctx.temoin_lu or ctx.has_temoin else None
        perimetre = Perimetre(lecture=(id_,), ecriture=id_, jeton=jeton)
    async with ctx.noyau.db.session(perimetre) as session:
        ctx.db = session
        token = ctx.session_token
        if token and ctx.hote.genre in DUREES:
            genre = "borne" if ctx.borne_id else ctx.hote.genre
            ctx.personne = await open_session(session, token, ctx.hote.nom, genre, ctx.now)
        base.request.state.personne = ctx.personne
        yield ctx


async def contexte(request: Request) -> AsyncIterator[Contexte]:
    """The transaction of a whole request."""
    async with open_contexte(visite(request)) as ctx:
        yield ctx


async def visite_courante(request: Request) -> Visite:
    """The same for endpoints: FastAPI would send a plain function to a thread."""
    return visite(request)


VisiteDep = Annotated[Visite, Depends(visite_courante)]
ContexteDep = Annotated[Contexte, Depends(contexte, scope="function")]


async def contexte_usager(ctx: ContexteDep) -> Contexte:
    """A resident signed in; SignInRequiredError (which leads to the sign-in page and back) otherwise."""
    if ctx.personne is None or ctx.personne.usager_id is None:
        raise SignInRequiredError("Identifiez-vous pour continuer.")
    return ctx


async def contexte_agent(ctx: ContexteDep) -> Contexte:
    """An agent signed in, with at least one right."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise SignInRequiredError("Identifiez-vous avec ProConnect pour continuer.")
    if not ctx.personne.collectivites:
        raise ForbiddenError(
            "Votre compte n’a de droit dans aucune collectivité. Demandez à l’administrateur de votre collectivité "
            "ou de votre OPSN de vous en donner un."
        )
    return ctx


async def contexte_opsn(ctx: ContexteDep) -> Contexte:
    """An administrator of the OPSN signed in."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise SignInRequiredError("Identifiez-vous avec ProConnect pour continuer.")
    if not ctx.personne.opsn:
        raise ForbiddenError("Cette console est réservée aux administrateurs de l’OPSN.")
    return ctx


UsagerDep = Annotated[Contexte, Depends(contexte_usager, scope="function")]
AgentDep = Annotated[Contexte, Depends(contexte_agent, scope="function")]
OpsnDep = Annotated[Contexte, Depends(contexte_opsn, scope="function")]


# A block of 200 rows of a dozen questions, each of several inputs.
CHAMPS_MAX = 8_000


async def formulaire(request: Request) -> FormData:
    """The fields of a form of ours, without files; ForbiddenError when its token is not this browser's."""
    data = await request.form(max_files=0, max_fields=CHAMPS_MAX)
    check_token(visite(request), data.get("jeton_csrf"))
    return data


def check_token(visit: Visite, token: Any) -> None:
    """Refuses a form whose token was not made for this browser."""
    text = token if isinstance(token, str) else ""
    if not visit.has_temoin or not visit.noyau.sceau.verify("csrf", visit.temoin, text):
        raise ForbiddenError(
            "Cette page était ouverte depuis trop longtemps, ou dans une autre session. Revenez en arrière, "
            "rechargez la page et recommencez : ce qui était enregistré l’est toujours.",
            code="jeton",
        )


FormulaireDep = Annotated[FormData, Depends(formulaire)]
