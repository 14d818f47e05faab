"""A régie, and the editor of a portal that pays through the simulated PayFiP."""

import re
from typing import Any

import httpx
from lxml import etree

from simulateurs.payfip.contract import OPERATIONS, SERVICE, SOAP
from tests.simulateurs.outils import BASE, Stage

NUMCLI = "090909"
ENDPOINT = f"{BASE}/payfip/tpa/services/securite"
PAGE = f"{BASE}/payfip/tpa/paiementws.web"
DEMANDE = {
    "exer": "2026",
    "mel": "rozenn@courriel.example",
    "montant": "1250",
    "numcli": NUMCLI,
    "objet": "Cantine",
    "refdet": "KUMUN000000001",
    "saisie": "T",
    "urlnotif": "http://localhost:8000/paiements/payfip/notification",
    "urlredirect": "http://guingamp.localhost:8000/paiements/retour/x",
}


def envelope(operation: str, champs: dict[str, str]) -> bytes:
    """A call as the schema wants it: fields in the order in which `champs` gives them."""
    root = etree.Element(f"{{{SOAP}}}Envelope")
    call = etree.SubElement(etree.SubElement(root, f"{{{SOAP}}}Body"), f"{{{SERVICE}}}{operation}")
    argument = etree.SubElement(call, "arg0")
    for name, value in champs.items():
        etree.SubElement(argument, name).text = value
    return bytes(etree.tostring(root))


def told(answer: httpx.Response) -> dict[str, str]:
    """The fields of an answer, or the code and name of its fault."""
    body = etree.fromstring(answer.content).find(f"{{{SOAP}}}Body")
    fault = body.find(f"{{{SOAP}}}Fault")
    if fault is None:
        return {part.tag: part.text or "" for part in body[0].find("return")}
    detail = fault.find("detail")[0]
    return {"erreur": etree.QName(detail).localname, "code": detail.findtext("code")}


class Regie:
    """Declared at the simulator, and what its editor and its payers do there."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def declare(self, **champs: Any) -> None:
        """The régie is known to PayFiP."""
        body = {"libelles": ["Commune de Guingamp", "Régie périscolaire", ""], **champs}
        answer = await self.stage.server.put(f"/_simulateur/payfip/regies/{NUMCLI}", json=body)
        assert answer.status_code == 201, answer.text

    async def scenario(self, **champs: Any) -> None:
        """How PayFiP treats it from now on."""
        answer = await self.stage.server.put(f"/_simulateur/payfip/scenarios/{NUMCLI}", json=champs)
        assert answer.status_code == 200, answer.text

    async def call(self, operation: str, champs: dict[str, str]) -> httpx.Response:
        """One SOAP call."""
        return await self.stage.server.post(ENDPOINT, content=envelope(operation, champs))

    async def create(self, **changes: str) -> dict[str, str]:
        """A payment is opened: its idop, or why not."""
        champs = {name: value for name, value in (DEMANDE | changes).items() if value}
        assert tuple(DEMANDE) == OPERATIONS["creerPaiementSecurise"][2]
        return told(await self.call("creerPaiementSecurise", champs))

    async def detail(self, idop: str) -> dict[str, str]:
        """What PayFiP says of it."""
        return told(await self.call("recupererDetailPaiementSecurise", {"idOp": idop}))

    async def open(self, idop: str) -> httpx.Response:
        """The payer's page."""
        return await self.stage.server.get(PAGE, params={"idop": idop})

    async def pay(self, idop: str, choix: str = "carte") -> httpx.Response:
        """The payer's choice."""
        return await self.stage.server.post(PAGE, data={"idop": idop, "choix": choix})


def code_shown(answer: httpx.Response) -> str:
    """The code of an error page, nothing on another."""
    found = re.search(r"Code d’erreur : <strong>(\w+)", answer.text)
    return found[1] if found else ""
