"""Endpoints and pages of the simulated ProConnect."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulateurs.proconnect import rules as r
from simulateurs.proconnect.agents import SCOPES, Agent, Identity, compute_sub, load_agents
from simulateurs.proconnect.authorize import check_client, check_shape, checked_request, essential_levels
from simulateurs.socle.clients import Client, reason
from simulateurs.socle.clock import timestamp
from simulateurs.socle.context import Context
from simulateurs.socle.forms import parameters
from simulateurs.socle.logout import client_of_hint, leave, leave_page, return_address
from simulateurs.socle.models import AuthorizationRequest, Grant, Interaction, Lifetimes, Session, TokenRules
from simulateurs.socle.pages import page, redirect
from simulateurs.socle.provider import Provider
from simulateurs.socle.refusals import PageRefusal, ReturnedRefusal

LEVEL_BY_EMAIL = "eidas1-mfa"


class ProConnect(Provider):
    """ProConnect (Internet)."""

    kind = "proconnect"
    service = "ProConnect"
    lifetimes = Lifetimes(r.CODE_LIFETIME, r.ACCESS_TOKEN_LIFETIME, r.ID_TOKEN_LIFETIME, r.SESSION_LIFETIME)
    token_rules = TokenRules(
        r.CODE, r.CODE_REPLAY, r.CLIENT_AUTH, r.USERINFO, r.SESSION_LOST, r.PKCE, iss=r.ISS
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.agents = load_agents()

    def routes(self) -> list[BaseRoute]:
        """Every address of the service, under its path."""
        return [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/interaction/{cle}", self.show_interaction),
            Route("/interaction/{cle}/identite", self.choose_identity, methods=["POST"]),
            Route("/interaction/{cle}/second-facteur", self.second_factor, methods=["POST"]),
            Route("/interaction/{cle}/abandonner", self.give_up, methods=["POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/userinfo", self.userinfo, methods=["GET", "POST"]),
            Route("/jwks", self.jwks),
            Route("/session/end", self.end_session, methods=["GET", "POST"]),
            Route("/session/end/suite/{cle}", self.leave),
        ]

    def id_token_alg(self, client: Client) -> str:
        """RS256 is OpenID Connect's default when the client declared none."""
        return client.userinfo_alg or "RS256"

    async def configuration(self, request: Request) -> Response:
        """The discovery document."""
        return JSONResponse(
            {
                **self.discovery(),
                "scopes_supported": ["openid", *SCOPES],
                "acr_values_supported": ["eidas0", "eidas0-mfa", "eidas1", "eidas1-mfa", "eidas2", "eidas3"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Check the request; with a live session return at once, else lead to the login page."""
        params, repeated = await parameters(request)
        check_shape(params, repeated, self.context)
        client = check_client(params, self.context)
        try:
            wanted = checked_request(params, client, self.context)
            session = self._usable_session(request, wanted)
        except ReturnedRefusal as refusal:
            return self.refuse(params["redirect_uri"], params["state"], client.client_id, refusal)
        if session is not None:
            return self.return_code(self._grant(wanted, session))
        return self.begin(request, wanted, None)

    def _usable_session(self, request: Request, wanted: AuthorizationRequest) -> Session | None:
        """The live session if it satisfies the request; prompt=none without one is refused."""
        prompt = wanted.params.get("prompt", "").split()
        session = self.live_session(request) if self.rules.applies(r.SSO) else None
        if session is not None:
            needed = essential_levels(wanted)
            fits = not needed or (session.acr or session.person.agent.acr) in needed
            if not fits or {"login", "select_account"} & set(prompt):
                session = None
        if session is None and "none" in prompt and self.rules.applies(r.PROMPT_NONE):
            raise ReturnedRefusal(r.PROMPT_NONE, "login_required", "End-User authentication is required")
        return session

    async def show_interaction(self, request: Request) -> Response:
        """Where the sign-in stands: who it is, or the second factor."""
        key, interaction = self.interaction(request)
        if interaction.session is None:
            return self._login_page(key, interaction)
        return page(
            "proconnect/second_facteur.html",
            client=interaction.request.client,
            email=interaction.session.person.agent.email,
            action=f"{self.path}/interaction/{key}",
        )

    def _login_page(
        self, key: str, interaction: Interaction, values: Mapping[str, str] | None = None, error: str = ""
    ) -> Response:
        return page(
            "proconnect/connexion.html",
            status=422 if error else 200,
            client=interaction.request.client,
            agents=list(self.agents.values()),
            action=f"{self.path}/interaction/{key}",
            values=values or {"courriel": interaction.request.params.get("login_hint", "")},
            error=error,
        )

    async def choose_identity(self, request: Request) -> Response:
        """Sign an agent in; asks for the organisation when there are several."""
        key, interaction = self.interaction(request)
        form, _ = await parameters(request)
        try:
            agent = self._agent_of_form(form)
        except ValidationError as error:
            return self._login_page(key, interaction, form, reason(error))
        if agent is None:
            return self._login_page(key, interaction, form, "Cette adresse est inconnue du simulateur.")
        chosen = [
            o for o in agent.organisations if o.siret == form.get("siret") or len(agent.organisations) == 1
        ]
        if not chosen:
            return page(
                "proconnect/organisation.html",
                client=interaction.request.client,
                agent=agent,
                preselected=interaction.request.params.get("siret_hint", ""),
                action=f"{self.path}/interaction/{key}",
            )
        return self._signed_in(key, interaction, Identity(agent=agent, organisation=chosen[0]))

    def _agent_of_form(self, form: Mapping[str, str]) -> Agent | None:
        """By button, by e-mail, or from the free form; None when the address is unknown."""
        if form.get("mode") == "libre":
            return agent_of_form(form)
        if "agent" in form:
            return self.agents.get(form["agent"])
        email = form.get("courriel", "").strip().lower()
        return next((agent for agent in self.agents.values() if agent.email == email), None)

    def _signed_in(self, key: str, interaction: Interaction, identity: Identity) -> Response:
        agent, wanted = identity.agent, interaction.request
        if wanted.client.public_agents_only and not agent.roles and self.rules.applies(r.PUBLIC_ONLY):
            self.interactions.pop(key)
            raise PageRefusal(
                r.PUBLIC_ONLY,
                "Y500015",
                "Ce service est réservé aux agents publics.",
                status=403,
            )
        session = Session(identity, timestamp(self.context.clock), agent.idp_id)
        needed = essential_levels(wanted) if self.rules.applies(r.ACR) else frozenset()
        if not needed or agent.acr in needed:
            response = self.finish(key, self._grant(wanted, session))
            self.remember(response, session)
            return response
        if LEVEL_BY_EMAIL in needed and self.rules.applies(r.OTP):
            self.advance(key, interaction, session=session)
            return redirect(f"{self.path}/interaction/{key}")
        self.interactions.pop(key)
        refusal = ReturnedRefusal(r.ACR, "access_denied", "requested ACRs could not be satisfied")
        return self.refuse(wanted.redirect_uri, wanted.state, wanted.client.client_id, refusal)

    async def second_factor(self, request: Request) -> Response:
        """The code sent by e-mail was given: the level becomes eidas1-mfa."""
        key, interaction = self.interaction(request)
        if interaction.session is None:
            return redirect(f"{self.path}/interaction/{key}")
        session = replace(interaction.session, acr=LEVEL_BY_EMAIL)
        response = self.finish(key, self._grant(interaction.request, session))
        self.remember(response, session)
        return response

    def _grant(self, wanted: AuthorizationRequest, session: Session) -> Grant:
        identity: Identity = session.person
        amr = (*identity.agent.amr, "mail", "mfa") if session.acr else identity.agent.amr
        return Grant(
            request=wanted,
            sub=compute_sub(identity.agent, wanted.client.entity),
            acr=session.acr or identity.agent.acr,
            auth_time=session.auth_time,
            claims=identity.claims(wanted.scopes),
            amr=amr if "amr" in wanted.id_token_claims or not self.rules.applies(r.AMR) else (),
        )

    async def give_up(self, request: Request) -> Response:
        """The person goes back to the service without signing in."""
        key, interaction = self.interaction(request)
        wanted = interaction.request
        refusal = ReturnedRefusal(r.CANCEL, "access_denied", "User auth aborted")
        return self.use_up(
            key, self.refuse(wanted.redirect_uri, wanted.state, wanted.client.client_id, refusal)
        )

    async def end_session(self, request: Request) -> Response:
        """Check the sign-out and show the page that goes on by itself."""
        params, _ = await parameters(request)
        uri, state = params.get("post_logout_redirect_uri", ""), params.get("state", "")
        if not (uri and state) and self.rules.applies(r.LOGOUT):
            raise PageRefusal(
                r.LOGOUT,
                "Y000400",
                "Les paramètres state et post_logout_redirect_uri sont obligatoires.",
            )
        if params.get("id_token_hint"):
            client: Client | None = client_of_hint(self, params["id_token_hint"], r.HINT)
        else:
            client = self.context.clients.get(self.kind, params.get("client_id", ""))
        if client is None or params.get("client_id", client.client_id) != client.client_id:
            raise PageRefusal(
                r.HINT, "invalid_request", "Le service n’est pas reconnu : ni id_token_hint ni client_id."
            )
        return leave_page(self, return_address(client, uri, state, r.POST_LOGOUT) if uri else "")

    async def leave(self, request: Request) -> Response:
        """Close the session and return to the service."""
        return leave(self, request, r.SESSION_LOST)


def agent_of_form(form: Mapping[str, str]) -> Agent:
    """The agent of the free form. Raises pydantic.ValidationError."""
    email = form.get("courriel", "").strip().lower()
    public = form.get("public") == "oui"
    return Agent.model_validate(
        {
            "email": email,
            "given_name": form.get("given_name", "").strip(),
            "usual_name": form.get("usual_name", "").strip(),
            "uid": email,
            "idp_id": "fi-libre",
            "acr": form.get("acr") or "eidas1-mfa",
            "roles": ("agent_public", "agent_public_territorial") if public else (),
            "organisations": (
                {"siret": form.get("siret", "").strip(), "label": form.get("label") or "Organisation libre"},
            ),
        }
    )
