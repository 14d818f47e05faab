"""What a person reads when something is refused or fails: a sentence, what to do, and a human way out."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.demarches.routes.deposer import ManquesError
from app.portail.pages import editeur_of
from app.socle.aiguillage import SuspendedError
from app.socle.contexte import open_contexte, visite
from app.socle.errors import BusinessError, NotFoundError, SignInRequiredError, TooManyRequestsError
from app.socle.langues import N_
from app.socle.noyau import Noyau
from app.socle.sessions import DUREES
from app.socle.vues import Lien
from app.socle.web import page, safe_suite

log = structlog.get_logger()

TITRES = {
    400: N_("Cette demande est incomplète"),
    401: N_("Identifiez-vous"),
    403: N_("Cette action n’est pas possible"),
    404: N_("Page introuvable"),
    405: N_("Cette action n’est pas possible"),
    409: N_("La situation a changé"),
    413: N_("L’envoi est trop volumineux"),
    422: N_("Cette demande est incomplète"),
    429: N_("Trop de tentatives"),
    503: N_("Un service ne répond pas"),
}
TITRE_SUSPENDUE = N_("Ce site est suspendu")
ECHEC = N_(
    "Quelque chose n’a pas fonctionné de notre côté. Ce qui était enregistré l’est toujours. Réessayez dans quelques "
    "minutes ; si cela se reproduit, appelez-nous en donnant la référence ci-dessous."
)
ABSENTE = N_(
    "Cette page a peut-être changé d’adresse, ou l’adresse est incomplète. Vérifiez-la, ou repartez de l’accueil."
)
REPRENDRE = N_(
    "Une partie de l’envoi manque ou n’est pas lisible. Revenez à la page précédente, rechargez-la et recommencez."
)
SESSION = N_(
    "Votre connexion a pris fin avant l’envoi, qui n’a pas été enregistré. Identifiez-vous à nouveau, puis "
    "recommencez. Vos brouillons sont gardés."
)


def _render(
    request: Request,
    status: int,
    message: str,
    headers: dict[str, str] | None = None,
    *,
    titre: str = "",
    actions: Sequence[tuple[str, str]] = ((N_("Revenir à l’accueil"), "/"),),
) -> Response:
    visit = visite(request)
    editeur = editeur_of(visit)
    reference = request.state.requete[-12:] if status >= 500 and not titre else ""
    response = page(
        visit,
        "base/erreur.html",
        block="contenu",
        status=status,
        statut=status,
        titre=visit.traduire(titre or TITRES.get(status, N_("Un problème est survenu"))),
        message=visit.traduire(message),
        actions=[Lien(visit.traduire(libelle), url) for libelle, url in actions],
        reference=reference,
        secours=editeur.coordonnees if editeur.joignable else None,
    )
    response.headers.update(headers or {})
    return response


async def business_error(request: Request, error: BusinessError) -> Response:
    """A refusal of ours, in its own words."""
    if isinstance(error, SuspendedError):
        return _render(
            request, error.status, error.message, {"retry-after": "3600"}, titre=TITRE_SUSPENDUE, actions=()
        )
    if error.status >= 500:
        log.error("refused", code=error.code, status=error.status, id=request.state.requete)
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, TooManyRequestsError) else None
    return _render(request, error.status, error.message or ECHEC, headers)


async def sign_in_required(request: Request, error: SignInRequiredError) -> Response:
    """To the sign-in page, and back to where the person was going (after a form: to the page of that form)."""
    path = request.url.path
    if request.method not in ("GET", "HEAD"):
        return _render(
            request, 401, SESSION, actions=((N_("S’identifier"), _sign_in_url(_form_page(request))),)
        )
    suite = path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(_sign_in_url(suite), 303)


def _sign_in_url(suite: str) -> str:
    return f"/connexion?suite={quote(suite)}"


def _form_page(request: Request) -> str:
    """The page of ours that held the form, as the browser names it; the home when it says nothing."""
    held = urlsplit(request.headers.get("referer", ""))
    if held.netloc != request.headers.get("host"):
        return "/"
    return safe_suite(held.path + (f"?{held.query}" if held.query else ""))


async def review_again(request: Request, error: ManquesError) -> Response:
    """Something is missing: the review page says what."""
    return RedirectResponse(error.url, 303)


async def invalid_request(request: Request, error: RequestValidationError) -> Response:
    """An address or a parameter that nobody was given by us."""
    in_path = any(item["loc"][0] == "path" for item in error.errors())
    if in_path:
        return await business_error(request, NotFoundError(ABSENTE))
    return _render(request, 422, REPRENDRE)


async def http_error(request: Request, error: HTTPException) -> Response:
    """The framework's own refusals, in our words."""
    if error.status_code == 404:
        await _recognise(request)
        return _render(request, 404, ABSENTE)
    headers = dict(error.headers or {})
    return _render(request, error.status_code, REPRENDRE, headers)


async def _recognise(request: Request) -> None:
    """Who is signed in, for a page that no route of ours answered."""
    visit = visite(request)
    if visit.session_token and visit.hote.genre in DUREES:
        # A database that does not answer must not make a worse page of this one.
        with suppress(SQLAlchemyError, OSError):
            async with open_contexte(visit):
                pass


async def unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: logged whole, told without detail."""
    log.error("fault", id=request.state.requete, path=request.url.path, exc_info=error)
    return _render(request, 500, ECHEC)


def unknown_host(noyau: Noyau, error: BusinessError) -> Response:
    """A plain page for a host that nobody gave us: no theme, no link to anything of ours."""
    environment: Any = noyau.gabarits["fr"]
    body = environment.get_template("base/inconnu.html").render(message=error.message)
    return HTMLResponse(body, 404)
