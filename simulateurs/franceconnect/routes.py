"""Endpoints and pages of the simulated FranceConnect."""

from collections.abc import Mapping

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulateurs.franceconnect import rules as r
from simulateurs.franceconnect.authorize import (
    IDENTITY_PROVIDERS,
    check_client,
    check_shape,
    checked_request,
    read_claims,
)
from simulateurs.franceconnect.identities import IDENTITY_SCOPES, Person, compute_sub, load_people
from simulateurs.franceconnect.outcomes import CANCELLED, NO_EMAIL, OUTCOMES, Outcome
from simulateurs.socle.clients import Client, reason
from simulateurs.socle.clock import timestamp
from simulateurs.socle.context import Context
from simulateurs.socle.forms import parameters
from simulateurs.socle.logout import client_of_hint, leave, leave_page, return_address
from simulateurs.socle.models import Grant, Interaction, Lifetimes, Session, TokenRules
from simulateurs.socle.pages import page, redirect
from simulateurs.socle.provider import Provider
from simulateurs.socle.refusals import PageRefusal, ReturnedRefusal

FREE_FIELDS = (
    "family_name", "preferred_username", "gender", "birthdate", "idp_birthdate", "birthplace", "birthcountry",
    "email",
)  # fmt: skip


class FranceConnect(Provider):
    """FranceConnect v2, low level."""

    kind = "franceconnect"
    service = "FranceConnect"
    lifetimes = Lifetimes(r.CODE_LIFETIME, r.ACCESS_TOKEN_LIFETIME, r.ID_TOKEN_LIFETIME, r.SESSION_LIFETIME)
    token_rules = TokenRules(
        r.CODE, r.CODE_REPLAY, r.CLIENT_AUTH, r.USERINFO, r.SESSION_LOST, r.PKCE_VERIFIER, r.USERINFO_ONCE
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.people = load_people()

    def routes(self) -> list[BaseRoute]:
        """Every address of the service, under its path."""
        return [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/interaction/{cle}", self.show_interaction),
            Route("/interaction/{cle}/identite", self.choose_identity, methods=["POST"]),
            Route("/interaction/{cle}/continuer", self.go_on, methods=["POST"]),
            Route("/interaction/{cle}/changer", self.change_identity, methods=["POST"]),
            Route("/interaction/{cle}/abandonner", self.give_up, methods=["POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/userinfo", self.userinfo, methods=["GET", "POST"]),
            Route("/jwks", self.jwks),
            Route("/session/end", self.end_session, methods=["GET", "POST"]),
            Route("/session/end/suite/{cle}", self.leave),
        ]

    def userinfo_alg(self, client: Client) -> str:
        """FranceConnect always signs the userinfo (rule fc.userinfo)."""
        return client.alg

    async def configuration(self, request: Request) -> Response:
        """The discovery document."""
        return JSONResponse(
            {
                **self.discovery(),
                "scopes_supported": ["openid", *IDENTITY_SCOPES, "amr"],
                "acr_values_supported": ["eidas1"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Check the request, then lead to the login page or, with a live session, to the information page."""
        params, repeated = await parameters(request)
        check_shape(params, repeated)
        client = await check_client(params, self.context)
        id_token_claims = read_claims(params)
        try:
            wanted = checked_request(params, client, id_token_claims, self.context)
        except ReturnedRefusal as refusal:
            return self.refuse(params["redirect_uri"], params["state"], client.client_id, refusal)
        session = self.live_session(request)
        if session is not None:
            self.sessions.extend(request.cookies[self.session_cookie])
        return self.begin(request, wanted, session)

    async def show_interaction(self, request: Request) -> Response:
        """Where the sign-in stands: choice of an identity, or what will be transmitted."""
        key, interaction = self.interaction(request)
        if interaction.session is None:
            return self._login_page(key, interaction)
        return page(
            "franceconnect/information.html",
            client=interaction.request.client,
            person=interaction.session.person,
            claims=interaction.session.person.claims(interaction.request.scopes, interaction.session.idp),
            action=f"{self.path}/interaction/{key}",
        )

    def _login_page(
        self, key: str, interaction: Interaction, values: Mapping[str, str] | None = None, error: str = ""
    ) -> Response:
        return page(
            "franceconnect/connexion.html",
            status=422 if error else 200,
            client=interaction.request.client,
            people=list(self.people.values()),
            providers=IDENTITY_PROVIDERS,
            chosen_provider=interaction.request.params.get("idp_hint", "fi-demonstration"),
            outcomes=OUTCOMES,
            action=f"{self.path}/interaction/{key}",
            values=values or {},
            error=error,
        )

    async def choose_identity(self, request: Request) -> Response:
        """Sign a fictitious person in, or end badly as the form asks."""
        key, interaction = self.interaction(request)
        form, _ = await parameters(request)
        try:
            person = self.people.get(form.get("personne", "")) or person_of_form(form)
        except ValidationError as error:
            return self._login_page(key, interaction, form, reason(error))
        outcome = OUTCOMES.get(form.get("issue", ""))
        if outcome is None and not valid_email(person.email):
            outcome = NO_EMAIL
        if outcome is not None:
            return self._fail(key, interaction, outcome)
        provider = form.get("fournisseur", "")
        idp = provider if provider in IDENTITY_PROVIDERS else "fi-demonstration"
        session = Session(person, timestamp(self.context.clock), idp)
        self.advance(key, interaction, session=session)
        prompt = interaction.request.params.get("prompt")
        if prompt == "login" and "login" in interaction.request.client.allowed_prompts:
            response = self._return_person(key, interaction, session)
        else:
            response = redirect(f"{self.path}/interaction/{key}")
        self.remember(response, session)
        return response

    def _fail(self, key: str, interaction: Interaction, outcome: Outcome) -> Response:
        """Use up the sign-in; the error reaches the service at once, or by the person's click."""
        self.interactions.pop(key)
        wanted = interaction.request
        refusal = ReturnedRefusal(
            r.EMAIL if outcome is NO_EMAIL else r.OUTCOME_PAGE, outcome.error, outcome.description
        )
        returned = self.refuse(wanted.redirect_uri, wanted.state, wanted.client.client_id, refusal)
        if not self.rules.applies(r.OUTCOME_PAGE):
            return returned
        return page(
            "erreur.html",
            status=outcome.status,
            headers={"X-Simulateur-Regle": refusal.rule.name},
            service=self.service,
            refusal=PageRefusal(refusal.rule, outcome.code, outcome.message),
            back_url=returned.headers["location"],
            client_name=wanted.client.name,
        )

    async def go_on(self, request: Request) -> Response:
        """The person goes on to the service: a code leaves with them."""
        key, interaction = self.interaction(request)
        if interaction.session is None:
            return redirect(f"{self.path}/interaction/{key}")
        return self._return_person(key, interaction, interaction.session)

    def _return_person(self, key: str, interaction: Interaction, session: Session) -> Response:
        wanted = interaction.request
        granted_amr = "amr" in wanted.scopes or "amr" in wanted.id_token_claims
        grant = Grant(
            request=wanted,
            sub=compute_sub(session.person, wanted.client.entity),
            acr="eidas1",
            auth_time=session.auth_time,
            claims=session.person.claims(wanted.scopes, session.idp),
            amr=("pwd",) if granted_amr else (),
        )
        return self.finish(key, grant)

    async def change_identity(self, request: Request) -> Response:
        """Back to the choice of an identity, for a person who is not the one of the live session."""
        key, interaction = self.interaction(request)
        self.advance(key, interaction, session=None)
        return redirect(f"{self.path}/interaction/{key}")

    async def give_up(self, request: Request) -> Response:
        """The person goes back to the service without signing in."""
        key, interaction = self.interaction(request)
        wanted = interaction.request
        refusal = ReturnedRefusal(r.CANCEL, "access_denied", CANCELLED)
        return self.use_up(
            key, self.refuse(wanted.redirect_uri, wanted.state, wanted.client.client_id, refusal)
        )

    async def end_session(self, request: Request) -> Response:
        """Check the sign-out and show the page that goes on by itself."""
        params, _ = await parameters(request)
        if not params.get("id_token_hint"):
            raise PageRefusal(r.HINT, "invalid_request", "Le paramètre id_token_hint est obligatoire.")
        client = client_of_hint(self, params["id_token_hint"], r.HINT)
        if params.get("client_id", client.client_id) != client.client_id:
            raise PageRefusal(
                r.HINT, "invalid_request", "Le jeton id_token_hint est celui d’un autre service."
            )
        uri = params.get("post_logout_redirect_uri", "")
        target = return_address(client, uri, params.get("state", ""), r.POST_LOGOUT) if uri else ""
        return leave_page(self, target)

    async def leave(self, request: Request) -> Response:
        """Close the session and return to the service."""
        return leave(self, request, r.SESSION_LOST)


def valid_email(email: str) -> bool:
    """Whether FranceConnect would take it for an address."""
    local, at, domain = email.partition("@")
    return bool(at and local and "." in domain.strip("."))


def person_of_form(form: Mapping[str, str]) -> Person:
    """The person of the free form; first names are separated by commas. Raises pydantic.ValidationError."""
    names = tuple(name.strip() for name in form.get("given_name_array", "").split(",") if name.strip())
    fields = {name: form[name].strip() for name in FREE_FIELDS if form.get(name, "").strip()}
    return Person.model_validate({**fields, "given_name_array": names})
