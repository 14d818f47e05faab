"""POST /webhooks/<name>, a receiver that checks each signature; its page takes the secret and shows what came."""

import base64
import binascii
import hashlib
import hmac
import json
from collections import deque

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulateurs.socle.context import Context, Outage
from simulateurs.socle.pages import from_our_page, page, redirect
from simulateurs.socle.rules import Rule
from simulateurs.webhooks.rules import ENTETES, INSTANT, SECRET, SIGNATURE

TOLERANCE = 300
GARDES = 200


class Webhooks:
    """The receivers, by name; secrets and what came are in memory."""

    path, kind = "/webhooks", "webhooks"

    def __init__(self, context: Context) -> None:
        self._context = context
        self.secrets: dict[str, str] = {}
        self.recus: deque[dict[str, str]] = deque(maxlen=GARDES)

    def routes(self) -> list[BaseRoute]:
        """The receivers and their page."""
        return [
            Route("/", self.show),
            Route("/", self.set_secret, methods=["POST"]),
            Route("/{nom}", self.receive, methods=["POST"]),
        ]

    async def receive(self, request: Request) -> Response:
        """Takes a call whose signature is right."""
        if self._context.outages.get(self.kind, Outage.NONE) is not Outage.NONE:
            return JSONResponse({"error": "panne simulée"}, 503)
        nom = request.path_params["nom"]
        secret = self.secrets.get(nom)
        if secret is None:
            return self._refuse(404, SECRET, nom)
        body = await request.body()
        given = [request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
        id_, instant, signatures = given
        if not all(given) or not instant.isdigit():
            return self._refuse(400, ENTETES, nom)
        if abs(int(instant) - self._context.clock.now().timestamp()) > TOLERANCE:
            return self._refuse(400, INSTANT, nom)
        signed = f"{id_}.{instant}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if not any(hmac.compare_digest(wanted.encode(), one.encode()) for one in signatures.split(" ")):
            return self._refuse(401, SIGNATURE, nom)
        if not any(known["id"] == id_ and known["nom"] == nom for known in self.recus):
            shown = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
            instant_iso = self._context.clock.now().isoformat(timespec="seconds")
            self.recus.append({"nom": nom, "id": id_, "le": instant_iso, "corps": shown})
        return JSONResponse({"recu": id_})

    def _refuse(self, status: int, rule: Rule, detail: str) -> Response:
        self._context.note_refusal(rule, detail)
        return JSONResponse({"error": rule.name}, status, {"X-Simulateur-Regle": rule.name})

    async def show(self, request: Request) -> Response:
        """What came, the latest first, and the form that gives a receiver its secret."""
        return page(
            "webhooks.html",
            base=f"{self._context.base_url}{self.path}/",
            noms=sorted(self.secrets),
            recus=list(reversed(self.recus)),
        )

    async def set_secret(self, request: Request) -> Response:
        """Gives a receiver its secret, as the portal showed it."""
        form = await request.form()
        nom, secret = str(form.get("nom", "")).strip(), str(form.get("secret", "")).strip()
        try:
            right = bool(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
        except (binascii.Error, ValueError):
            right = False
        if not from_our_page(request) or not nom.isidentifier() or not right:
            return JSONResponse({"error": "nom ou secret illisible"}, 422)
        self.secrets[nom] = secret
        return redirect(f"{self.path}/")
