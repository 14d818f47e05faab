"""POST /sms/messages, the gateway; GET /sms/, what people have received."""

import re
from collections import deque

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulateurs.sms.rules import ATTRIBUE, CORPS, JETON, LONGUEUR, NUMERO
from simulateurs.socle.context import Context, Outage
from simulateurs.socle.pages import page
from simulateurs.socle.rules import Rule

GSM = re.compile(
    r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\\[~\]|€]*"
)
# Overseas mobiles have their own country codes.
NUMERO_FR = re.compile(r"\+33[67]\d{8}|\+262(639|692|693)\d{6}|\+590690\d{6}|\+594694\d{6}|\+596696\d{6}")
GARDES = 200


def segments(texte: str) -> int:
    """How many messages a text is billed as."""
    if GSM.fullmatch(texte):
        length, alone, each = len(texte) + len(re.findall(r"[\^{}\\\[~\]|€]", texte)), 160, 153
    else:
        length, alone, each = len(texte.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= alone else -(-length // each)


class Sms:
    """The service; the messages taken are in memory."""

    path, kind = "/sms", "sms"

    def __init__(self, context: Context) -> None:
        self._context = context
        self.messages: deque[dict[str, str]] = deque(maxlen=GARDES)

    def routes(self) -> list[BaseRoute]:
        """The gateway and its page."""
        return [Route("/messages", self.send, methods=["POST"]), Route("/", self.show)]

    async def send(self, request: Request) -> Response:
        """Takes a message, or says why not."""
        if self._context.outages.get(self.kind, Outage.NONE) is not Outage.NONE:
            return JSONResponse({"error": "panne simulée"}, 503)
        if len(request.headers.get("authorization", "").removeprefix("Bearer ")) < 8:
            return self._refuse(401, JETON, "jeton absent")
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not all(isinstance(body.get(n), str) for n in ("id", "to", "text")):
            return self._refuse(400, CORPS, "corps illisible")
        if any(known["id"] == body["id"] for known in self.messages):
            return JSONResponse({"id": body["id"], "deja": True})
        if not NUMERO_FR.fullmatch(body["to"]) and not re.fullmatch(r"\+(?!33)[1-9]\d{7,14}", body["to"]):
            return self._refuse(422, NUMERO, "numéro invalide")
        if body["to"].endswith("0404"):
            return self._refuse(422, ATTRIBUE, "numéro non attribué")
        count = segments(body["text"])
        if not body["text"] or count > 3:
            return self._refuse(422, LONGUEUR, "texte vide ou trop long")
        instant = self._context.clock.now().isoformat(timespec="seconds")
        self.messages.append(
            {"id": body["id"], "a": body["to"], "texte": body["text"], "nombre": str(count), "le": instant}
        )
        return JSONResponse({"id": body["id"]}, 202)

    def _refuse(self, status: int, rule: Rule, detail: str) -> Response:
        self._context.note_refusal(rule, detail)
        return JSONResponse({"error": detail}, status, {"X-Simulateur-Regle": rule.name})

    async def show(self, request: Request) -> Response:
        """The messages, the latest first."""
        return page("sms.html", messages=list(reversed(self.messages)))
