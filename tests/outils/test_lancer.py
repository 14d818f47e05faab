"""The launcher's refusals, and the health check of a container."""

import http.server
import socket
import threading

import pytest

from deploy.sante import healthy
from outils.accueil import welcome
from outils.lancer import LaunchError, Ports, require_free


def test_the_ports_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setenv("SIM_PORT", "9100")
    assert Ports.from_environment() == Ports(8000, 9100)
    monkeypatch.setenv("PORT", "70000")
    with pytest.raises(LaunchError, match="PORT doit être un nombre de 1 à 65535"):
        Ports.from_environment()


def test_a_taken_port_is_refused_with_another_to_try_even_if_it_could_be_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LaunchError, match=f"Le port {port} est déjà pris.*\n.*PORT={port + 1} make run"):
            require_free("PORT", port)
    require_free("PORT", port)


def test_the_welcome_follows_the_ports() -> None:
    text = welcome(8150, 8151)
    assert "http://agents.localhost:8150/" in text
    assert "http://localhost:8151/" in text
    assert "8000" not in text


def test_the_health_check_sends_the_installations_host_and_believes_only_a_200() -> None:
    asked: list[tuple[str, str]] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(200 if len(asked) == 1 else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        assert healthy(port, "communes.example.org")
        assert not healthy(port, "communes.example.org")
        server.shutdown()
    assert asked == [("/sante", "communes.example.org")] * 2
    assert not healthy(port, "communes.example.org")
