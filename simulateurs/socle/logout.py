"""Sign-out at a provider: a page that goes on by itself (meta refresh, and a link), then the service."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from simulateurs.socle.clients import Client
from simulateurs.socle.pages import page, redirect
from simulateurs.socle.provider import Provider
from simulateurs.socle.refusals import PageRefusal
from simulateurs.socle.rules import Rule


def client_of_hint(provider: Provider, hint: str, rule: Rule) -> Client:
    """The service for which `hint` was issued, whatever its age; refuses a token that is not ours."""
    claims = provider.keys.read(hint)
    client = None
    if claims is None:
        # HS256 tokens are signed by the secret of the service: try those that use it.
        for candidate in provider.context.clients.all_of(provider.kind):
            if candidate.userinfo_alg == "HS256" and provider.keys.read(hint, candidate.client_secret):
                client = candidate
    elif claims.get("iss") == provider.issuer:
        client = provider.context.clients.get(provider.kind, str(claims.get("aud")))
    if client is None:
        raise PageRefusal(rule, "invalid_request", "Le jeton id_token_hint n’a pas été émis ici.")
    return client


def return_address(client: Client, uri: str, state: str, rule: Rule) -> str:
    """The declared address to return to, with its state; refuses one that is not declared exactly."""
    if uri not in client.post_logout_redirect_uris:
        raise PageRefusal(rule, "invalid_request", "L’adresse post_logout_redirect_uri n’est pas déclarée.")
    if not state:
        return uri
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode({'state': state})}"


def leave_page(provider: Provider, target: str) -> Response:
    """The page that goes on to `leave` at once; `target` is empty when there is no service to return to."""
    key = provider.logouts.add(target)
    return page("deconnexion.html", service=provider.service, url=f"{provider.path}/session/end/suite/{key}")


def leave(provider: Provider, request: Request, rule: Rule) -> Response:
    """Close the session of this browser and return to the service; each address serves once."""
    target = provider.logouts.pop(request.path_params["cle"])
    if target is None:
        raise PageRefusal(rule, "Y190001", "Cette déconnexion est déjà faite ou a expiré.", status=401)
    response = redirect(target) if target else page("deconnecte.html", service=provider.service)
    end_session(provider, request, response)
    return response


def end_session(provider: Provider, request: Request, response: Response) -> None:
    """Forget the provider's session of this browser, on both sides."""
    provider.sessions.pop(request.cookies.get(provider.session_cookie, ""))
    response.delete_cookie(provider.session_cookie, path=f"/{provider.kind}")
