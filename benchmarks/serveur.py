"""The web process that is measured: the portal as `python -m app.main` serves it, and beside it the bare ceilings.

Only two things are added to a request of the portal: a look at its path, and at one header that asks for a count.
"""

from typing import Any

from app.bootstrap import make_noyau
from app.config import load_settings
from app.main import create_app
from app.socle.journaux import configure_logs
from app.socle.serveur import listen_address, serve
from benchmarks.nu import PREFIXE, Nu


class Serveur:
    """Sends bare paths to the bare routes, everything else to the portal."""

    def __init__(self) -> None:
        settings = load_settings()
        configure_logs(settings.log_format)
        noyau = make_noyau(settings)
        self._portail = create_app(noyau)
        self._nu = Nu(noyau.db)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "http":
            if scope["path"].startswith(PREFIXE):
                await self._nu.application(scope, receive, send)
                return
            for name, value in scope["headers"]:
                if name == b"x-mesure":
                    await self._nu.measured(value.decode(), self._portail, scope, receive, send)
                    return
        await self._portail(scope, receive, send)


if __name__ == "__main__":
    serve(Serveur(), *listen_address(), access_log=False)
