"""A small IMAP server (RFC 3501) with one folder: what a client needs to read, mark and remove messages."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Serveur(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, messages: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages = dict(enumerate(messages, 1))
        self.flags: dict[int, set[str]] = {uid: set() for uid in self.messages}
        self.silent = False


class _Session(socketserver.StreamRequestHandler):
    server: Serveur

    def handle(self) -> None:
        if self.server.silent:
            threading.Event().wait(5)
            return
        self.wfile.write(b"* OK ready\r\n")
        for line in iter(self.rfile.readline, b""):
            tag, _, rest = line.decode().strip().partition(" ")
            self.wfile.write(self.answer(rest).replace(b"TAG", tag.encode()))
            if rest.upper().startswith("LOGOUT"):
                return

    def answer(self, command: str) -> bytes:
        verb = command.upper()
        server = self.server
        if verb.startswith("CAPABILITY"):
            return b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
        if verb.startswith("LOGIN"):
            return b"TAG OK done\r\n" if '"secret"' in command else b"TAG NO bad password\r\n"
        if verb.startswith("SELECT"):
            return b"* 1 EXISTS\r\nTAG OK done\r\n" if "INBOX" in verb else b"TAG NO no such folder\r\n"
        if verb.startswith("UID SEARCH"):
            unseen = [str(uid) for uid in server.messages if "\\Seen" not in server.flags[uid]]
            return f"* SEARCH {' '.join(unseen)}\r\nTAG OK done\r\n".encode()
        if verb.startswith("UID FETCH"):
            uid = int(command.split()[2])
            body = server.messages[uid]
            return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%b)\r\nTAG OK done\r\n" % (uid, len(body), body)
        if verb.startswith("UID STORE"):
            server.flags[int(command.split()[2])] |= set(re.findall(r"\\\w+", command))
        if verb.startswith("EXPUNGE"):
            server.messages = {u: m for u, m in server.messages.items() if "\\Deleted" not in server.flags[u]}
        if verb.startswith("LOGOUT"):
            return b"* BYE\r\nTAG OK done\r\n"
        return b"TAG OK done\r\n"


@contextmanager
def serveur_imap(messages: list[bytes]) -> Iterator[tuple[str, Serveur]]:
    """The address of a running server, and the server."""
    with Serveur(messages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"imap://rebonds:secret@127.0.0.1:{server.server_address[1]}/INBOX", server
        finally:
            server.shutdown()
            thread.join()
