"""PayFiP's addresses: the SOAP endpoint and its WSDL, the payment page, and the set-up at `/_simulateur/payfip`."""

import asyncio
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from simulateurs.payfip import contract, rules, soap
from simulateurs.payfip.operations import MAXIMUM, ClientPayFiP, Operation, Operations, Resultat
from simulateurs.payfip.scenarios import Scenario
from simulateurs.socle.admin import LocalOnly
from simulateurs.socle.context import Context
from simulateurs.socle.pages import from_our_page, page, redirect

TOUS = "*"
XML = "text/xml;charset=utf-8"
CHOIX = {
    "carte": Resultat.CARTE,
    "prelevement": Resultat.PRELEVEMENT,
    "carte-refusee": Resultat.CARTE_REFUSEE,
    "prelevement-refuse": Resultat.PRELEVEMENT_REFUSE,
    "abandon": Resultat.ABANDON,
}


class PayFiP:
    """The service; régies are declared by PUT, and so is how it misbehaves towards one."""

    kind = "payfip"
    path = "/payfip"

    def __init__(self, context: Context, *, notifier: httpx.AsyncClient | None = None) -> None:
        """`notifier` sends the notifications; tests give one that reaches their own application."""
        self._context = context
        self.notifier = notifier
        self.operations = Operations(context)
        self._scenarios: dict[str, Scenario] = {}

    def routes(self) -> list[BaseRoute]:
        """Every address of the service."""
        return [
            Route(contract.PATH, self.describe, methods=["GET"]),
            Route(contract.PATH, self.call, methods=["POST"]),
            Route(contract.PAGE, self.show, methods=["GET"]),
            Route(contract.PAGE, self.pay, methods=["POST"]),
        ]

    def admin(self, *, open_to_all: bool) -> Starlette:
        """Régies and misbehaviour, set from this machine only unless `open_to_all`."""
        routes = [
            Route("/regies/{numcli}", self.declare, methods=["PUT"]),
            Route("/scenarios/{numcli}", self.misbehave, methods=["PUT"]),
        ]
        return Starlette(routes=routes, middleware=[] if open_to_all else [Middleware(LocalOnly)])

    @property
    def base_url(self) -> str:
        """Where the service answers."""
        return f"{self._context.base_url}{self.path}"

    def scenario(self, numcli: str) -> Scenario:
        """How a régie is treated."""
        return self._scenarios.get(numcli) or self._scenarios.get(TOUS) or Scenario()

    async def describe(self, request: Request) -> Response:
        """The WSDL, at `?wsdl`."""
        if "wsdl" not in {name.lower() for name in request.query_params}:
            return PlainTextResponse("PayFiP (simulé) : ajoutez ?wsdl", 404)
        return Response(contract.wsdl(self.base_url), media_type=XML)

    async def call(self, request: Request) -> Response:
        """One SOAP call."""
        try:
            return await self._call(await request.body())
        except soap.FaultError as fault:
            return Response(soap.fault(fault), 500, media_type=XML)

    async def _call(self, body: bytes) -> Response:
        demande = soap.read(body, strict=self._context.rules.applies(rules.SCHEMA))
        champs = demande.champs
        numcli = champs.get("numcli") or champs.get("numCli") or self._numcli_of(champs.get("idOp", ""))
        scenario = self.scenario(numcli)
        if scenario.attente:
            await asyncio.sleep(scenario.attente)
        if scenario.soap == "html":
            return Response("<html><body><h1>Maintenance</h1></body></html>", 500, media_type="text/html")
        if scenario.soap == "502":
            return PlainTextResponse("Bad Gateway", 502)
        if scenario.soap:
            code = {"TechDysfonctionnementErreur": "999"}.get(scenario.soap, "997")
            raise soap.FaultError(
                code, "Service momentanément indisponible.", erreur=scenario.soap, severite=3
            )
        if demande.operation == "creerPaiementSecurise":
            made = self.operations.create(champs, scenario)
            if scenario.creation_perdue:
                return PlainTextResponse("Gateway Timeout", 504)
            answered: dict[str, str | None] = {"idOp": made.idop}
        elif demande.operation == "recupererDetailClient":
            answered = self._client(numcli)
        else:
            answered = dict(self.operations.detail(champs.get("idOp", "")))
        return Response(soap.answer(demande.operation, answered), media_type=XML)

    def _numcli_of(self, idop: str) -> str:
        try:
            return self.operations.find(idop).champs.get("numcli", "")
        except soap.FaultError:
            return ""

    def _client(self, numcli: str) -> dict[str, str | None]:
        client = self.operations.clients.get(numcli)
        if client is None:
            raise soap.FaultError("T2", "NUMCLI inconnu")
        names = dict(zip(contract.CLIENT, client.libelles, strict=False))
        return {**names, "numcli": numcli}

    async def show(self, request: Request) -> Response:
        """The payment page of an operation."""
        try:
            found = self.operations.open(request.query_params.get("idop", ""))
        except soap.FaultError as fault:
            return page("payfip/erreur.html", status=400, code=fault.code, message=fault.message)
        return page("payfip/paiement.html", operation=found, montant=_euros(found), client=self._named(found))

    async def pay(self, request: Request) -> Response:
        """What the person chose: the result, the notifications, and the way back."""
        if not from_our_page(request):
            return PlainTextResponse("Formulaire envoyé par un autre site", 403)
        form = await request.form()
        choice = CHOIX.get(str(form.get("choix", "")))
        try:
            found = self.operations.find(str(form.get("idop", "")))
            if choice is None:
                raise soap.FaultError("P0", "Ce choix n’existe pas.")
            self.operations.settle(found, choice)
        except soap.FaultError as fault:
            return page("payfip/erreur.html", status=400, code=fault.code, message=fault.message)
        retour = _with(found.champs["urlredirect"], "idop", found.idop)
        if found.scenario.avant and not found.scenario.retard:
            await self._notify(found)
            background = None
        else:
            background = BackgroundTask(self._notify, found)
        if form.get("retour") == "direct":
            answer: Response = redirect(retour)
        else:
            answer = page("payfip/resultat.html", operation=found, montant=_euros(found), retour=retour)
        answer.background = background
        return answer

    async def _notify(self, found: Operation) -> None:
        scenario, url = found.scenario, found.champs["urlnotif"]
        await asyncio.sleep(scenario.retard)
        fields: dict[str, str] = {scenario.casse: found.idop}
        client = self.notifier or httpx.AsyncClient(timeout=10)
        try:
            for _ in range(scenario.notifications):
                if scenario.methode == "GET" or scenario.par == "adresse":
                    await client.request(scenario.methode, _with(url, scenario.casse, found.idop))
                else:
                    await client.post(url, data=fields)
        except httpx.HTTPError:
            # The real service tries once: whoever missed it asks.
            return
        finally:
            if self.notifier is None:
                await client.aclose()

    def _named(self, found: Operation) -> str:
        client = self.operations.clients.get(found.champs.get("numcli", ""))
        return " – ".join(part for part in client.libelles if part) if client else "Régie inconnue"

    async def declare(self, request: Request) -> Response:
        """A régie: `{"libelles": ["…", "…", "…"], "modes": "TXW", "maximum": 100000}`."""
        numcli, body = request.path_params["numcli"], await _object(request)
        labels = (body or {}).get("libelles")
        modes, maximum = (body or {}).get("modes", "TX"), (body or {}).get("maximum", MAXIMUM)
        if (
            not isinstance(labels, list)
            or len(labels) != 3
            or not all(isinstance(one, str) for one in labels)
        ):
            return JSONResponse({"erreur": "libelles : une liste de trois textes"}, 422)
        if not isinstance(modes, str) or set(modes) - set("TXW") or not isinstance(maximum, int):
            return JSONResponse({"erreur": "modes : parmi T, X, W ; maximum : en centimes"}, 422)
        client = ClientPayFiP(numcli, (labels[0], labels[1], labels[2]), modes, maximum)
        self.operations.clients[numcli] = client
        return JSONResponse({"numcli": numcli}, 201)

    async def misbehave(self, request: Request) -> Response:
        """How a régie (or `*`, all of them) is treated from now on; `{}` is as it should be."""
        try:
            scenario = Scenario.model_validate(await _object(request))
        except ValidationError as error:
            return JSONResponse({"erreur": error.errors(include_url=False, include_context=False)}, 422)
        self._scenarios[request.path_params["numcli"]] = scenario
        return JSONResponse(scenario.model_dump())


async def _object(request: Request) -> dict[str, object] | None:
    """A JSON object declared as JSON, which a page of another site cannot send."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _euros(found: Operation) -> str:
    cents = int(found.champs["montant"])
    return f"{cents // 100},{cents % 100:02} €"


def _with(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    query = "&".join(one for one in (parts.query, urlencode({name: value})) if one)
    return urlunsplit(parts._replace(query=query))
