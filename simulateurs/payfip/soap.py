"""Envelopes: reading a request strictly, writing an answer or a fault as the real service writes them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from simulateurs.payfip.contract import ERREURS, OPERATIONS, SERVICE, SOAP, validator

_EXCEPTION = "fr.gouv.finances.cp.tpa.webservice.exceptions."
BODY_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Demande:
    """One call: its operation and the fields that were sent."""

    operation: str
    champs: Mapping[str, str]


class FaultError(Exception):
    """A refusal: the name of the fault, its code and its sentence."""

    def __init__(self, code: str, message: str, *, erreur: str = ERREURS[0], severite: int = 2) -> None:
        super().__init__(code, message)
        self.code, self.message, self.erreur, self.severite = code, message, erreur, severite


def protocol_error(message: str) -> FaultError:
    """The request is not one of this contract."""
    return FaultError("998", message, erreur="TechProtocolaireErreur", severite=3)


def read(body: bytes, *, strict: bool) -> Demande:
    """The call in an envelope; FaultError for what is no call, and, when `strict`, for what breaks the schema."""
    if len(body) > BODY_MAX:
        raise protocol_error("Message trop long.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise protocol_error("Message illisible.") from None
    if root.getroottree().docinfo.doctype:
        raise protocol_error("Un message n’a pas de DTD.")
    found = root.find(f"{{{SOAP}}}Body") if root.tag == f"{{{SOAP}}}Envelope" else None
    call = found[0] if found is not None and len(found) == 1 else None
    name = str(call.tag).removeprefix(f"{{{SERVICE}}}") if call is not None else ""
    if call is None or name not in OPERATIONS:
        raise protocol_error("Opération inconnue.")
    if strict and not validator().validate(call):
        raise protocol_error(f"Message contraire au schéma : {validator().error_log.last_error.message}")
    argument = call[0] if len(call) else ()
    return Demande(name, {str(etree.QName(field).localname): field.text or "" for field in argument})


def answer(operation: str, champs: Mapping[str, str | None]) -> bytes:
    """The answer of an operation: its fields in the order of the schema, those without a value left out."""
    root, body = _envelope()
    part = etree.SubElement(
        etree.SubElement(body, f"{{{SERVICE}}}{operation}Response", nsmap={"ns2": SERVICE}), "return"
    )
    for name in OPERATIONS[operation][3]:
        if champs.get(name) is not None:
            etree.SubElement(part, name).text = champs[name]
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def fault(error: FaultError) -> bytes:
    """A fault with its detail."""
    root, body = _envelope()
    part = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(part, "faultcode").text = "S:Server"
    etree.SubElement(part, "faultstring").text = _EXCEPTION + error.erreur
    detail = etree.SubElement(
        etree.SubElement(part, "detail"), f"{{{SERVICE}}}{error.erreur}", nsmap={"ns2": SERVICE}
    )
    for name, value in (
        ("code", error.code),
        ("descriptif", error.message),
        ("libelle", error.message),
        ("message", error.message),
        ("severite", str(error.severite)),
    ):
        etree.SubElement(detail, name).text = value
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _envelope() -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"S": SOAP})
    return root, etree.SubElement(root, f"{{{SOAP}}}Body")
