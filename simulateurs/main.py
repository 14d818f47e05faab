"""The simulators' ASGI application: each service under its path, the admin API, a home page."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from simulateurs.adresses.routes import Adresses
from simulateurs.adresses.rules import RULES as BAN_RULES
from simulateurs.franceconnect.routes import FranceConnect
from simulateurs.franceconnect.rules import RULES as FC_RULES
from simulateurs.payfip.routes import PayFiP
from simulateurs.payfip.rules import RULES as PF_RULES
from simulateurs.proconnect.routes import ProConnect
from simulateurs.proconnect.rules import RULES as PC_RULES
from simulateurs.sms.routes import Sms
from simulateurs.sms.rules import RULES as SMS_RULES
from simulateurs.socle.admin import Admin
from simulateurs.socle.clients import ClientRegistry
from simulateurs.socle.clock import Clock, SystemClock
from simulateurs.socle.context import Context, FetchJson, Outage, fetch_json
from simulateurs.socle.mount import mounted, mounted_service
from simulateurs.socle.pages import ROOT, page
from simulateurs.socle.rules import RuleBook
from simulateurs.webhooks.routes import Webhooks
from simulateurs.webhooks.rules import RULES as WEBHOOK_RULES

RULES = (*FC_RULES, *PC_RULES, *PF_RULES, *BAN_RULES, *SMS_RULES, *WEBHOOK_RULES)
Page = Callable[[Request], Awaitable[Response]]


def create_app(
    *,
    base_url: str = "http://localhost:8100",
    clients_file: Path | None = None,
    state_folder: Path | None = None,
    rules_off: Iterable[str] = (),
    open_admin: bool = False,
    clock: Clock | None = None,
    fetch: FetchJson = fetch_json,
    silence: float = 120.0,
) -> Starlette:
    """The whole application. `base_url` is what browsers and services see; issuers are made of it.

    `silence` is in seconds. Raises UnknownRuleError or VerifiedRuleError for a wrong name in `rules_off`.
    """
    context = Context(
        base_url=base_url.rstrip("/"),
        clock=clock or SystemClock(),
        clients=ClientRegistry(clients_file, state_folder),
        rules=RuleBook(RULES, off=rules_off),
        state_folder=state_folder,
        fetch_json=fetch,
        silence=silence,
    )
    franceconnect, proconnect = FranceConnect(context), ProConnect(context)
    sms, webhooks = Sms(context), Webhooks(context)
    payfip = PayFiP(context)
    home, health = _pages(context, franceconnect, proconnect)
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/sante", health),
            Mount("/_simulateur/payfip", payfip.admin(open_to_all=open_admin)),
            Mount("/_simulateur", Admin(context).app(open_to_all=open_admin)),
            Mount("/_statique", StaticFiles(directory=ROOT / "static")),
            Mount(Adresses.path, Starlette(routes=Adresses(context).routes())),
            Mount(payfip.path, mounted_service(context, payfip.kind, payfip.routes())),
            Mount(sms.path, Starlette(routes=sms.routes())),
            Mount(webhooks.path, Starlette(routes=webhooks.routes())),
            Mount(franceconnect.path, mounted(franceconnect, franceconnect.routes())),
            Mount(proconnect.path, mounted(proconnect, proconnect.routes())),
        ]
    )
    app.state.context = context
    app.state.sms, app.state.webhooks, app.state.payfip = sms, webhooks, payfip
    return app


def _pages(context: Context, franceconnect: FranceConnect, proconnect: ProConnect) -> tuple[Page, Page]:
    """The pages of the simulators as a whole: what is simulated, and whether it answers."""
    providers = (franceconnect, proconnect)

    async def home(request: Request) -> Response:
        shown = [
            {
                "name": provider.service,
                "issuer": provider.issuer,
                "outage": context.outages.get(provider.kind, Outage.NONE),
                "clients": context.clients.all_of(provider.kind),
            }
            for provider in providers
        ]
        people = [(person.display_name, person.note) for person in franceconnect.people.values()]
        agents = [(agent.email, agent.note) for agent in proconnect.agents.values()]
        return page(
            "accueil.html", providers=shown, people=people, agents=agents, rules=context.rules.describe()
        )

    async def health(request: Request) -> Response:
        components = {
            provider.kind: context.outages.get(provider.kind, Outage.NONE) is Outage.NONE
            for provider in providers
        }
        states = {name: "ok" if ok else "panne simulée" for name, ok in components.items()}
        return JSONResponse({"etat": "ok", "composants": states})

    return home, health
