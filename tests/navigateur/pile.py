"""The whole portal as `make run` starts it, on free ports and with a data folder of its own."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@dataclass
class Pile:
    """A running portal: where it answers, and what it sent."""

    port: int
    sim_port: int
    var: Path

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}.localhost:{self.port}{path}"

    def outage(self, service: str, mode: str) -> None:
        """Starts (`503`, `muette`) or ends (`aucune`) an outage of a simulated service."""
        connection = http.client.HTTPConnection("127.0.0.1", self.sim_port, timeout=10)
        try:
            connection.request(
                "PUT",
                f"/_simulateur/{service}/panne",
                json.dumps({"mode": mode}),
                {"content-type": "application/json"},
            )
            assert connection.getresponse().status == 200
        finally:
            connection.close()

    def mails(self, to: str) -> list[EmailMessage]:
        """Everything that was sent to an address, oldest first."""
        folder = self.var / "courriels"
        paths = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        read = (message_from_bytes(p.read_bytes(), _class=EmailMessage, policy=policy.default) for p in paths)
        return [message for message in read if to in str(message["To"])]

    def mail(self, to: str, *words: str, at_least: int = 1) -> EmailMessage:
        """The latest message to an address that holds these words; waits for it."""
        end = time.monotonic() + PATIENCE
        while True:
            found = [message for message in self.mails(to) if all(word in text_of(message) for word in words)]
            if len(found) >= at_least:
                return found[-1]
            told = [str(message["Subject"]) for message in self.mails(to)]
            assert time.monotonic() < end, f"no mail to {to} with {words}; there were {told}"
            time.sleep(0.1)


def text_of(message: EmailMessage) -> str:
    """Subject and plain text."""
    body = message.get_body(("plain",))
    return f"{message['Subject']}\n{body.get_content() if body else ''}"


def attachments_of(message: EmailMessage) -> list[bytes]:
    return [part.get_payload(decode=True) for part in message.iter_attachments()]  # type: ignore[misc]


def start() -> tuple[Pile, subprocess.Popen[bytes]]:
    """Starts everything and waits until it answers.

    The folder is no child of pytest's own: as root, the embedded server opens every parent folder to its account.
    """
    var = Path(tempfile.mkdtemp(prefix="kumun-"))
    pile = Pile(free_port(), free_port(), var)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("KUMUN_", "PYTEST_"))
    }
    environment |= {"KUMUN_VAR": str(var), "PORT": str(pile.port), "SIM_PORT": str(pile.sim_port)}
    log = var / "lancement.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "outils.lancer", "--avec-parent"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    end = time.monotonic() + 120
    while "Ctrl-C" not in log.read_text():
        if process.poll() is not None or time.monotonic() > end:
            stop(pile, process)
            raise AssertionError("the portal did not start")
        time.sleep(0.1)
    return pile, process


def stop(pile: Pile, process: subprocess.Popen[bytes]) -> None:
    """Stops everything and removes its folder."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(60)
    shutil.rmtree(pile.var, ignore_errors=True)
