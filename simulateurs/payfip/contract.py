"""The contract of the web service: operations, fields in the order of the schema, WSDL, validation.

SOAP 1.1, document/literal wrapped; `arg0` and what it holds are unqualified, every field is an optional string.
"""

from functools import cache

from lxml import etree

SERVICE = "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService"
REQUETE = "http://securite.service.tpa.cp.finances.gouv.fr/requete"
REPONSE = "http://securite.service.tpa.cp.finances.gouv.fr/reponse"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PATH = "/tpa/services/securite"
PAGE = "/tpa/paiementws.web"

CREATION = (
    "exer", "mel", "montant", "numcli", "objet", "refdet", "saisie", "urlnotif", "urlredirect",
)  # fmt: skip
DETAIL = (
    "dattrans", "exer", "heurtrans", "idOp", "mel", "montant", "numauto", "numcli", "objet", "refdet", "resultrans",
    "saisie",
)  # fmt: skip
CLIENT = ("libelleN1", "libelleN2", "libelleN3", "numcli")
# operation: (namespace of its request type, name of that type, request fields, response fields)
OPERATIONS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "creerPaiementSecurise": (REQUETE, "CreerPaiementSecurise", CREATION, ("idOp",)),
    "recupererDetailClient": (REPONSE, "RecupererDetailClient", ("numCli",), CLIENT),
    "recupererDetailPaiementSecurise": (REPONSE, "RecupererDetailPaiementSecurise", ("idOp",), DETAIL),
}
ERREURS = (
    "FonctionnelleErreur", "TechDysfonctionnementErreur", "TechIndisponibiliteErreur", "TechProtocolaireErreur",
)  # fmt: skip
_XS = "http://www.w3.org/2001/XMLSchema"


def _type(name: str, fields: tuple[str, ...], *, severite: bool = False) -> str:
    rows = "".join(f'<xs:element name="{field}" type="xs:string" minOccurs="0"/>' for field in fields)
    last = '<xs:element name="severite" type="xs:int"/>' if severite else ""
    return f'<xs:complexType name="{name}"><xs:sequence>{rows}{last}</xs:sequence></xs:complexType>'


def _wrapper(name: str, part: str, type_: str) -> str:
    return (
        f'<xs:element name="{name}" type="tns:{name}"/><xs:complexType name="{name}"><xs:sequence>'
        f'<xs:element name="{part}" type="{type_}" minOccurs="0"/></xs:sequence></xs:complexType>'
    )


def _schema(target: str, body: str, *, imports: tuple[str, ...] = ()) -> str:
    brought = "".join(f'<xs:import namespace="{one}"/>' for one in imports)
    return (
        f'<xs:schema xmlns:xs="{_XS}" xmlns:tns="{SERVICE}" xmlns:req="{REQUETE}" xmlns:rep="{REPONSE}" '
        f'targetNamespace="{target}">{brought}{body}</xs:schema>'
    )


@cache
def schemas() -> tuple[str, str, str]:
    """The three schemas of the service: operations and faults, request types, answer types."""
    operations = "".join(
        _wrapper(name, "arg0", f"{'req' if space == REQUETE else 'rep'}:{type_}Request")
        + _wrapper(f"{name}Response", "return", f"rep:{type_}Response")
        for name, (space, type_, _, _) in OPERATIONS.items()
    )
    faults = "".join(
        f'<xs:element name="{name}" type="tns:{name}"/>'
        + _type(name, ("code", "descriptif", "libelle", "message"), severite=True)
        for name in ERREURS
    )
    requests = {REQUETE: "", REPONSE: ""}
    for space, type_, asked, answered in OPERATIONS.values():
        requests[space] += _type(f"{type_}Request", asked)
        requests[REPONSE] += _type(f"{type_}Response", answered)
    return (
        _schema(SERVICE, operations + faults, imports=(REQUETE, REPONSE)),
        _schema(REQUETE, requests[REQUETE]),
        _schema(REPONSE, requests[REPONSE]),
    )


@cache
def validator() -> etree.XMLSchema:
    """Checks the element inside a SOAP body."""
    first, *others = schemas()
    spaces = {REQUETE: others[0], REPONSE: others[1]}

    class Inline(etree.Resolver):  # type: ignore[misc]
        """Finds the two other schemas without a file or a network."""

        def resolve(self, system_url: str, public_id: str, context: object) -> object:
            return self.resolve_string(spaces[system_url.removeprefix("schema:")], context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Inline())
    for space in spaces:
        first = first.replace(
            f'<xs:import namespace="{space}"/>',
            f'<xs:import namespace="{space}" schemaLocation="schema:{space}"/>',
        )
    return etree.XMLSchema(etree.fromstring(first.encode(), parser))


def wsdl(base_url: str) -> str:
    """The service's description, with the address where this one answers."""
    messages = "".join(
        f'<message name="{name}"><part name="{part}" element="tns:{name}"/></message>'
        for part, names in (
            ("parameters", [n for op in OPERATIONS for n in (op, f"{op}Response")]),
            ("fault", list(ERREURS)),
        )
        for name in names
    )
    faults = "".join(f'<fault message="tns:{name}" name="{name}"/>' for name in ERREURS)
    ports = "".join(
        f'<operation name="{op}"><input message="tns:{op}"/><output message="tns:{op}Response"/>{faults}</operation>'
        for op in OPERATIONS
    )
    body = '<soap:body use="literal"/>'
    bound_faults = "".join(
        f'<fault name="{name}"><soap:fault name="{name}" use="literal"/></fault>' for name in ERREURS
    )
    bound = "".join(
        f'<operation name="{op}"><soap:operation soapAction=""/><input>{body}</input><output>{body}</output>'
        f"{bound_faults}</operation>"
        for op in OPERATIONS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:tns="{SERVICE}" targetNamespace="{SERVICE}" name="PaiementSecuriseService">'
        f"<types>{''.join(schemas())}</types>{messages}"
        f'<portType name="PaiementSecuriseService">{ports}</portType>'
        '<binding name="PaiementSecuriseServicePortBinding" type="tns:PaiementSecuriseService">'
        f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>{bound}</binding>'
        '<service name="PaiementSecuriseService"><port name="PaiementSecuriseServicePort" '
        f'binding="tns:PaiementSecuriseServicePortBinding"><soap:address location="{base_url}{PATH}"/></port></service>'
        "</definitions>"
    )
