"""A message to a person: three files per event rendered strictly, and the bytes that go to the wire.

From is always on the OPSN's own domain (SPF and DMARC hold), Reply-To is the mairie; the Message-ID follows
from the idempotency key, so that a job run twice does not look like two messages (RFC 5322 3.6.4).
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from enum import StrEnum
from functools import cache

from jinja2 import Environment

from app.socle.adresses import parse_email
from app.socle.errors import InvalidInputError

MAX_SUBJECT = 150
# Base64 adds a third, and 10 MB is what the smallest common mailboxes take.
MAX_ATTACHMENTS = 7_000_000


class InvalidAddressError(InvalidInputError):
    """An address that no mail can be sent to."""

    code = "adresse_courriel_refusee"


class MessageTooLargeError(InvalidInputError):
    """Attachments that a common mailbox would refuse."""

    code = "courriel_trop_lourd"


class Evenement(StrEnum):
    """The messages that exist: each value is a folder of `templates/courriels`."""

    CODE_CONNEXION = "code_connexion"
    DEMANDE_DEPOSEE = "demande_deposee"
    COMPLEMENT_DEMANDE = "complement_demande"
    MESSAGE_RECU = "message_recu"
    DECISION_RENDUE = "decision_rendue"
    INVITATION_AGENT = "invitation_agent"
    DEPOT_GUICHET = "depot_guichet"
    ETAPE = "etape"
    AVIS_DEMANDE = "avis_demande"
    DEMANDE_TRANSMISE = "demande_transmise"
    TRANSMISSION = "transmission"
    ECHEANCES = "echeances"
    RESUME_AGENT = "resume_agent"
    PLACE_OBTENUE = "place_obtenue"
    RENDEZVOUS_CODE = "rendezvous_code"
    RENDEZVOUS_CONFIRME = "rendezvous_confirme"
    RENDEZVOUS_ANNULE = "rendezvous_annule"
    RENDEZVOUS_RAPPEL = "rendezvous_rappel"
    SUPPRESSION_ANNONCEE = "suppression_annoncee"
    TERMES_CONSERVATION = "termes_conservation"


def check_address(address: str) -> str:
    """The address as it goes on the wire: ASCII, an accented domain in its A-label form.

    Refuses with InvalidAddressError anything malformed, a quoted or accented local part (many servers still
    refuse SMTPUTF8: the message would be lost on the way) and an address literal. Looks nothing up.
    """
    try:
        checked = parse_email(address)
    except ValueError as error:
        raise InvalidAddressError(
            "Cette adresse électronique n’est pas valable. Vérifiez-la\u00a0: elle ressemble à "
            "nom@exemple.fr, sans espace et sans accent avant le signe @."
        ) from error
    if checked.ascii_email is None:
        raise InvalidAddressError("Cette adresse électronique n’est pas valable.")
    return checked.ascii_email


@dataclass(frozen=True, slots=True, kw_only=True)
class Emetteur:
    """In whose name a message goes: the mairie (or the OPSN itself), and the human way out of each message.

    `adresse` is the sending address on the OPSN's domain; `repondre_a` the mairie's own; `couleur` is
    #rrggbb, checked against white by the theme.
    """

    nom: str
    opsn: str
    adresse: str
    telephone: str
    repondre_a: str = ""
    horaires: str = ""
    couleur: str = "#1b3a57"

    def __post_init__(self) -> None:
        if not (self.nom.strip() and self.opsn.strip() and self.telephone.strip()):
            raise ValueError("a message says who sends it and which phone to call")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.couleur):
            raise ValueError("a message's colour is #rrggbb")
        object.__setattr__(self, "adresse", check_address(self.adresse))
        if self.repondre_a:
            object.__setattr__(self, "repondre_a", check_address(self.repondre_a))

    @property
    def affichage(self) -> str:
        """`Mairie de Guingamp via Mégalis Bretagne`, or the OPSN alone when it writes for itself."""
        return self.nom if self.nom == self.opsn else f"{self.nom} via {self.opsn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceJointe:
    """A file that goes with a message."""

    nom: str
    contenu: bytes
    type_mime: str = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Courriel:
    """A message ready to go. `cle` is the idempotency key of the fact it tells; same key, same Message-ID.

    Names and subject are made one line without control characters, so that no header can be smuggled in; the
    recipient's address is checked. Raises InvalidAddressError, MessageTooLargeError.
    """

    emetteur: Emetteur
    destinataire: str
    objet: str
    texte: str
    html: str
    cle: str
    date: datetime
    langue: str = "fr"
    pieces: tuple[PieceJointe, ...] = ()
    # Where the servers on the way report a refusal (RFC 5321 4.5.5); empty: the sending address.
    retour: str = ""

    def __post_init__(self) -> None:
        if not self.cle or self.date.tzinfo is None:
            raise ValueError("a message needs an idempotency key and an aware date")
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", self.langue):
            raise ValueError("a message's language is a language tag")
        object.__setattr__(self, "destinataire", check_address(self.destinataire))
        object.__setattr__(self, "retour", check_address(self.retour or self.emetteur.adresse))
        object.__setattr__(self, "objet", _one_line(self.objet)[:MAX_SUBJECT])
        if sum(len(piece.contenu) for piece in self.pieces) > MAX_ATTACHMENTS:
            raise MessageTooLargeError("Les pièces jointes sont trop lourdes pour un courriel.")

    @property
    def identifiant(self) -> str:
        """Left part of the Message-ID: the same for the same key and recipient."""
        return hashlib.sha256(f"{self.cle}\n{self.destinataire}".encode()).hexdigest()[:40]

    @property
    def message_id(self) -> str:
        """Message-ID header, on the sending domain."""
        return f"<{self.identifiant}@{self.emetteur.adresse.rpartition('@')[2]}>"

    def as_bytes(self) -> bytes:
        """The message of RFC 5322, lines ended by CRLF, ASCII headers."""
        headers = {
            "From": _mailbox(self.emetteur.affichage, self.emetteur.adresse),
            "To": self.destinataire,
            "Reply-To": _mailbox(self.emetteur.nom, self.emetteur.repondre_a)
            if self.emetteur.repondre_a
            else "",
            "Subject": Header(self.objet, header_name="Subject").encode(linesep="\r\n"),
            "Date": format_datetime(self.date),
            "Message-ID": self.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": self.langue,
        }
        # These lines are written here because EmailMessage, in Python 3.11, loses the space between two
        # folded encoded words: « Ploërmel – très » arrives as « Ploërmel– très ».
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        return head.encode("ascii") + self._body().as_bytes()

    def _body(self) -> EmailMessage:
        body = EmailMessage(policy=SMTP)
        body.set_content(self.texte, cte="quoted-printable")
        body.add_alternative(self.html, subtype="html", cte="quoted-printable")
        for piece in self.pieces:
            maintype, _, subtype = piece.type_mime.partition("/")
            body.add_attachment(
                piece.contenu,
                maintype=maintype,
                subtype=subtype,
                filename=_one_line(piece.nom).replace("/", "-"),
            )
        return body


def rendre_courriel(
    env: Environment,
    evenement: Evenement,
    contexte: Mapping[str, object],
    *,
    emetteur: Emetteur,
    destinataire: str,
    cle: str,
    date: datetime,
    langue: str = "fr",
    pieces: tuple[PieceJointe, ...] = (),
    retour: str = "",
) -> Courriel:
    """The message of `evenement`, from `templates/courriels/<evenement>/{objet.txt,corps.txt,corps.html}`.

    `env` is a strict environment with gettext in `langue` and `templates/` as its root: a variable that
    `contexte` lacks raises UndefinedError. Templates also see `emetteur`, `langue` and, in bodies, `objet`.
    """
    folder = f"courriels/{evenement.value}"
    plain = _plain(env)
    variables = {**contexte, "emetteur": emetteur, "langue": langue}
    objet = _one_line(plain.get_template(f"{folder}/objet.txt").render(variables))
    variables["objet"] = objet
    texte = plain.get_template(f"{folder}/corps.txt").render(variables)
    return Courriel(
        emetteur=emetteur,
        destinataire=destinataire,
        objet=objet,
        texte=re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", texte)).strip() + "\n",
        html=env.get_template(f"{folder}/corps.html").render(variables),
        cle=cle,
        date=date,
        langue=langue,
        pieces=pieces,
        retour=retour,
    )


@cache
def _plain(env: Environment) -> Environment:
    """The same environment for subjects and text bodies: no HTML escaping, every line break kept."""
    return env.overlay(autoescape=False, trim_blocks=False, lstrip_blocks=False)


def _one_line(text: str) -> str:
    """One line without control or invisible format characters: what may enter a header."""
    spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in {"Cf", "Cs"})
    return re.sub(" {2,}", " ", kept).strip()


def _mailbox(name: str, address: str) -> str:
    label = _one_line(name)
    if label.isascii():
        return formataddr((label, address))
    return f"{Header(label, 'utf-8', header_name='From').encode(linesep=chr(13) + chr(10))} <{address}>"
