"""The mailbox where returned messages arrive: a Maildir of this machine, or an IMAP box.

A message that was understood is removed once what it says is recorded; any other is left there, marked as seen, for a
person.
"""

import imaplib
import mailbox
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from app.config import SettingsError

TIMEOUT_SECONDS = 20.0
# A run reads so many messages, and of each so many bytes: notifications hold what they say at their start.
MAX_MESSAGES = 200
MAX_BYTES = 256 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class BoiteIndisponibleError(Exception):
    """The mailbox does not answer in time, or refuses us; the next run tries again."""


class Boite(Protocol):
    """A mailbox read from a thread; every call may raise BoiteIndisponibleError."""

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Messages not seen yet, each with the name that the two other calls take."""
        ...

    def retirer(self, nom: str) -> None:
        """Remove a message that was dealt with."""
        ...

    def laisser(self, nom: str) -> None:
        """Leave a message to a person, marked as seen."""
        ...

    def fermer(self) -> None:
        """Give back what the reading holds."""
        ...


class MaildirBoite:
    """A Maildir that the mail server of this machine delivers to."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise BoiteIndisponibleError(f"le dossier {path} n’existe pas")
        self._box = mailbox.Maildir(path, create=False)

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Messages without the flag « seen »."""
        with _ours():
            names = [name for name in self._box.keys() if not self._seen(name)][:MAX_MESSAGES]  # noqa: SIM118
        for name in names:
            with _ours(), self._box.get_file(name) as file:
                content = file.read(MAX_BYTES)
            yield name, content

    def retirer(self, nom: str) -> None:
        """Remove the file."""
        with _ours():
            self._box.discard(nom)

    def laisser(self, nom: str) -> None:
        """Set the flag « seen »."""
        with _ours():
            message = self._box.get_message(nom)
            message.set_subdir("cur")
            message.add_flag("S")
            self._box[nom] = message

    def fermer(self) -> None:
        """Nothing is held."""
        self._box.close()

    def _seen(self, name: str) -> bool:
        return "S" in self._box.get_message(name).get_flags()


class ImapBoite:
    """A folder of an IMAP account, over TLS (`imap://` in clear on this machine only)."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        with _ours():
            if parts.scheme == "imaps":
                context = ssl.create_default_context()
                self._imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    host, parts.port or 993, ssl_context=context, timeout=timeout
                )
            else:
                self._imap = imaplib.IMAP4(host, parts.port or 143, timeout=timeout)
            try:
                self._enter(parts)
            except BaseException:
                self._imap.shutdown()
                raise

    def _enter(self, parts: SplitResult) -> None:
        self._imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
        folder = unquote(parts.path.lstrip("/")) or "INBOX"
        answer, _ = self._imap.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"')
        if answer != "OK":
            raise BoiteIndisponibleError(f"le dossier {folder} n’existe pas")

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Messages without the flag « seen »."""
        with _ours():
            _, found = self._imap.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split()[:MAX_MESSAGES]:
            name = uid.decode("ascii")
            with _ours():
                _, answer = self._imap.uid("FETCH", name, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
            content = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if content is not None:
                yield name, content

    def retirer(self, nom: str) -> None:
        """Mark as deleted, then expunge."""
        with _ours():
            self._imap.uid("STORE", nom, "+FLAGS.SILENT", r"(\Deleted)")
            self._imap.expunge()

    def laisser(self, nom: str) -> None:
        """Set the flag « seen »."""
        with _ours():
            self._imap.uid("STORE", nom, "+FLAGS.SILENT", r"(\Seen)")

    def fermer(self) -> None:
        """Say good bye."""
        with _ours():
            self._imap.logout()


def check_box(url: str) -> str:
    """The address of a mailbox, as settings take it; ValueError with what is wrong."""
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        if not parts.path.startswith("/") or parts.netloc:
            raise ValueError("a Maildir is maildir:/absolute/path")
    elif parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise ValueError("must be maildir:/path or imaps://user:password@host[:port][/folder]")
    elif parts.scheme == "imap" and parts.hostname not in _LOOPBACK:
        raise ValueError("a password would travel in clear: use imaps://")
    return url


def make_boite(url: str) -> Boite:
    """The mailbox of the settings, open; BoiteIndisponibleError when it does not answer."""
    try:
        check_box(url)
    except ValueError as error:
        raise SettingsError(f"KUMUN_MAIL_REBONDS_BOITE: {error}") from None
    return MaildirBoite(Path(urlsplit(url).path)) if url.startswith("maildir:") else ImapBoite(url)


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError, KeyError) as error:
        # A server may repeat what it was sent: never let a password through.
        said = re.sub(r"(?i)login.*", "LOGIN …", str(error))
        raise BoiteIndisponibleError(f"{type(error).__name__} : {said}"[:200]) from error
