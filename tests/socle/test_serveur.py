"""The web server: a port that processes share, and a stop during which nobody is turned away."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.socle.serveur import bind, listen_address

ROOT = Path(__file__).resolve().parents[2]

APP = """
import asyncio, os, sys
from app.socle.serveur import serve
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"].endswith("shutdown"):
                return
    await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
serve(app, "127.0.0.1", int(sys.argv[1]), log_level="error")
"""


def test_the_address_comes_from_the_environment() -> None:
    assert listen_address({}) == ("127.0.0.1", 8000)
    assert listen_address({"HOST": "0.0.0.0", "PORT": "80"}) == ("0.0.0.0", 80)  # noqa: S104
    with pytest.raises(ValueError, match="PORT"):
        listen_address({"PORT": "http"})


def test_a_port_of_somebody_else_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            bind("127.0.0.1", other.getsockname()[1])


@pytest.mark.serveur
def test_a_rolling_restart_loses_no_request() -> None:
    with bind("127.0.0.1", 0) as reserved:
        port = reserved.getsockname()[1]
    answers: list[str] = []
    done = threading.Event()

    def ask() -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except OSError as error:
            return f"lost: {error!r}"
        finally:
            connection.close()

    def load() -> None:
        while not done.is_set():
            answers.append(ask())

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", APP, str(port)], cwd=ROOT)
        while ask() != str(process.pid):
            time.sleep(0.02)
        return process

    old = start()
    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    for _ in range(2):
        new = start()
        old.send_signal(signal.SIGTERM)
        assert old.wait(20) in (0, -signal.SIGTERM)
        old = new
    done.set()
    for client in clients:
        client.join()
    old.send_signal(signal.SIGTERM)
    old.wait(20)
    assert [answer for answer in answers if not answer.isdigit()] == []
    assert len(set(answers)) == 3
