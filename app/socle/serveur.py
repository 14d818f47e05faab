"""The web server: uvicorn on a shared port, with a drain that lets a rolling restart lose no request.

Several `web` processes listen on one port (SO_REUSEPORT): start the new one, then stop the old one with SIGTERM.
A clean stop ends with the signal itself (exit status -15): a supervisor must take it as success.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from typing import Any

import uvicorn

# Connections accepted but not read yet are answered during this time; without it uvicorn closes them.
DRAIN_SECONDS = 0.3
GRACEFUL_SECONDS = 10


class Server(uvicorn.Server):
    """uvicorn's server, which stops listening, waits a moment, then lets running requests end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, serve whoever is already inside, then stop."""
        for server in self.servers:
            server.close()
        # Whoever waits for news would wait until the last second.
        closing = getattr(self.config.app, "closing", None)
        if closing is not None:
            closing()
        await asyncio.sleep(DRAIN_SECONDS)
        await super().shutdown(sockets)


def listen_address(environ: Mapping[str, str] = os.environ) -> tuple[str, int]:
    """Where to listen: HOST (default 127.0.0.1) and PORT (default 8000)."""
    port = environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"PORT must be a number from 1 to 65535, not {port!r}")
    return environ.get("HOST") or "127.0.0.1", int(port)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket that other processes of the same account may share. Raises OSError if somebody else has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def serve(app: Any, host: str, port: int, **options: Any) -> None:
    """Serve an ASGI application (or its import string) until SIGTERM or SIGINT; `options` go to `uvicorn.Config`."""
    config = uvicorn.Config(app, timeout_graceful_shutdown=GRACEFUL_SECONDS, **options)
    with bind(host, port) as listener:
        Server(config).run(sockets=[listener])
