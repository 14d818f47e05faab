"""The ways a message leaves: an SMTP server, or a folder of .eml files when none is set.

An outcome is a value, not an exception: the job that sends decides whether to run again or show the failure.
"""

import os
import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from anyio import to_thread

from app.config import Settings, SettingsError
from app.socle.mail import Courriel, InvalidAddressError, check_address

TIMEOUT_SECONDS = 20.0
TOO_BIG = 552
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Issue(StrEnum):
    """What became of a message."""

    ACCEPTE = "accepte"
    REFUSE = "refuse"  # for good: the recipient or the message is refused
    A_REESSAYER = "a_reessayer"  # the server, the network or our own account: later, with the same Message-ID


@dataclass(frozen=True, slots=True)
class Envoi:
    """Outcome of one sending. `code` is the SMTP reply if there was one; `detail` is for the operator."""

    issue: Issue
    code: int | None = None
    detail: str = ""


class Expediteur(Protocol):
    """Something that sends messages."""

    async def envoyer(self, courriel: Courriel) -> Envoi:
        """Try once and say what became of it; never raises for what the outside does."""
        ...


class SmtpExpediteur:
    """Sends through `smtps://` (TLS at once) or `smtp://` (STARTTLS required, unless it is this machine).

    `?starttls=non` gives up encryption on a private network, and is refused with a password. Each message has
    its own connection and `timeout` seconds per step.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        try:
            port = parts.port
        except ValueError:
            raise SettingsError("KUMUN_SMTP_URL: the port is a number") from None
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"}:
            raise SettingsError("KUMUN_SMTP_URL must be smtp(s)://[user:password@]host[:port][?starttls=non]")
        starttls = options.pop("starttls", ["oui"])[-1]
        if options or starttls not in {"oui", "non"}:
            raise SettingsError("KUMUN_SMTP_URL knows one option: starttls=oui or starttls=non")
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        local = self._host in _LOOPBACK
        self._starttls = not self._tls and starttls == "oui" and not (local and "starttls" not in parts.query)
        self._port = port or (465 if self._tls else 587 if self._starttls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        if self._password and not (self._tls or self._starttls or local):
            raise SettingsError("KUMUN_SMTP_URL: a password would travel in clear; use smtps:// or STARTTLS")

    async def envoyer(self, courriel: Courriel) -> Envoi:
        """Try once. Only a 5xx on the recipient or on the message is for good; see Issue."""
        try:
            refused, reply = await aiosmtplib.send(
                courriel.as_bytes(),
                sender=courriel.retour,
                recipients=[courriel.destinataire],
                hostname=self._host,
                port=self._port,
                use_tls=self._tls,
                start_tls=self._starttls,
                username=self._user,
                password=self._password,
                timeout=self._timeout,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _verdict(error.recipients[0].code, error.recipients[0].message)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            return _verdict(error.code, error.message)
        except aiosmtplib.SMTPSenderRefused as error:
            # Our own address refused is our set-up's fault; only the announced size is the message's.
            return _verdict(error.code, error.message, final=error.code == TOO_BIG)
        except aiosmtplib.SMTPResponseException as error:
            return _verdict(error.code, error.message, final=False)
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            return Envoi(Issue.A_REESSAYER, None, _short(f"{type(error).__name__}: {error}"))
        if refused:
            answer = next(iter(refused.values()))
            return _verdict(answer[0], answer[1])
        return Envoi(Issue.ACCEPTE, 250, _short(reply))


class DossierExpediteur:
    """Writes each message to `<dossier>/<identifiant>.eml`, whole or not at all, for its owner only."""

    def __init__(self, dossier: Path) -> None:
        self._dossier = dossier

    async def envoyer(self, courriel: Courriel) -> Envoi:
        """Write it, replacing the file of an earlier try; a disk that refuses means another try."""
        try:
            await to_thread.run_sync(self._write, courriel)
        except OSError as error:
            return Envoi(Issue.A_REESSAYER, None, _short(str(error)))
        return Envoi(Issue.ACCEPTE)

    def _write(self, courriel: Courriel) -> None:
        self._dossier.mkdir(parents=True, exist_ok=True, mode=0o700)
        final = self._dossier / f"{courriel.identifiant}.eml"
        partial = final.with_suffix(f".{os.getpid()}.partiel")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(courriel.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)


def mail_folder(settings: Settings) -> Path:
    """Where messages lie when there is no SMTP server."""
    return settings.var / "courriels"


def sender_address(settings: Settings) -> str:
    """Address that messages leave from: KUMUN_MAIL_FROM, or one of the base host; else SettingsError."""
    host = "kumun.test" if settings.local else settings.base_host
    try:
        return check_address(settings.mail_from or f"ne-pas-repondre@{host}")
    except InvalidAddressError:
        raise SettingsError("KUMUN_MAIL_FROM: not an address that mail can be sent from") from None


def make_expediteur(settings: Settings) -> Expediteur:
    """The sender that the settings ask for. SettingsError on a wrong SMTP_URL or no MAIL_FROM."""
    sender_address(settings)
    if not settings.smtp_url:
        return DossierExpediteur(mail_folder(settings))
    if not settings.mail_from:
        raise SettingsError(
            "KUMUN_MAIL_FROM goes with KUMUN_SMTP_URL: receivers check the domain of the sender"
        )
    return SmtpExpediteur(settings.smtp_url)


def _verdict(code: int, message: str, *, final: bool = True) -> Envoi:
    refused = final and 500 <= code < 600
    return Envoi(Issue.REFUSE if refused else Issue.A_REESSAYER, code, _short(message))


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
