"""`make run` once the set-up is done: database, migrations, demonstration data, simulators, worker and web, supervised.

Ctrl-C or SIGTERM stops all of them and the database. After a `kill -9` the next start ends what was left.
"""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT, Settings, SettingsError, load_settings
from app.socle import embarque
from outils.accueil import welcome
from outils.regles import alembic_heads
from outils.superviseur import Programme, Superviseur, die_with_parent

READY_TIMEOUT = 90.0


class LaunchError(Exception):
    """The portal cannot start; the text is a French sentence that says what to do."""


class _StopError(Exception):
    """Somebody asked us to stop."""


@dataclass(frozen=True)
class Ports:
    """The two ports, from PORT and SIM_PORT."""

    web: int
    simulateurs: int

    @classmethod
    def from_environment(cls) -> "Ports":
        """Ports asked for; refuses what is no port number."""
        return cls(_port("PORT", 8000), _port("SIM_PORT", 8100))


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LaunchError(f"{name} doit être un nombre de 1 à 65535, pas « {text} ».")
    return int(text)


def require_free(name: str, port: int) -> None:
    """Refuse a port on which somebody listens already."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError:
            raise LaunchError(
                f"Le port {port} est réservé à root : choisissez {name} au-dessus de 1023."
            ) from None
        except OSError:
            raise LaunchError(
                f"Le port {port} est déjà pris. Arrêtez le programme qui l’occupe, ou choisissez-en un autre :\n"
                f"    {name}={port + 1} make run"
            ) from None


def python(name: str, *arguments: str) -> Programme:
    """A programme of ours, run by this interpreter."""
    return Programme(name, [sys.executable, "-m", *arguments])


def at_head(settings: Settings, serveur: embarque.Serveur | None) -> bool:
    """Whether the embedded database has the latest migration: then web need not wait for `kumun migrer`."""
    if serveur is None or settings.database_url:
        return False
    query = "SELECT version_num FROM alembic_version"
    psql = [
        str(embarque.binaries() / "psql"),
        "-XAtq",
        "-h",
        serveur.repertoire_socket,
        "-U",
        embarque.SUPERUSER,
    ]
    asked = subprocess.run(
        [*psql, "-d", embarque.BASE, "-c", query],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.returncode == 0 and asked.stdout.split() == alembic_heads(ROOT / "migrations" / "versions")


def wait_until_ready(superviseur: Superviseur, port: int) -> None:
    """Return once `/sante` answers 200; the supervisor keeps its rounds meanwhile."""
    end = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < end:
        superviseur.watch()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/sante", headers={"Host": f"localhost:{port}"})
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise LaunchError("Le portail ne répond pas ; voyez les journaux dans le dossier « journaux ».")


def child_environment(settings: Settings, ports: Ports) -> dict[str, str]:
    """What the children see: the same settings whatever folder or port was asked for."""
    base = os.environ.get("KUMUN_BASE_URL") or f"http://localhost:{ports.web}"
    simulateurs = f"http://localhost:{ports.simulateurs}"
    return {
        "KUMUN_FRANCECONNECT_ISSUER": f"{simulateurs}/franceconnect/api/v2",
        "KUMUN_PROCONNECT_ISSUER": f"{simulateurs}/proconnect/api/v2",
        "KUMUN_ADRESSES_URL": f"{simulateurs}/geocodage",
        "KUMUN_SMS_URL": f"http://:jeton-de-demonstration@localhost:{ports.simulateurs}/sms/messages",
        **os.environ,
        "KUMUN_VAR": str(settings.var),
        "KUMUN_BASE_URL": base,
        "PORT": str(ports.web),
        "SIM_PORT": str(ports.simulateurs),
        "PYTHONUNBUFFERED": "1",
    }


def bring_up(
    superviseur: Superviseur, settings: Settings, ports: Ports, serveur: embarque.Serveur | None
) -> None:
    """Start everything in the order that reaches the first page soonest, and say when it answers."""
    simulateurs = python(
        "simulateurs",
        "simulateurs",
        "--port",
        str(ports.simulateurs),
        "--etat",
        str(settings.var / "simulateurs"),
        "--clients",
        str(settings.var / "simulateurs" / "clients-demo.json"),
    )
    demo = python("demo", "app.cli", "demo", "charger", "--si-vide")
    portal = (python("web", "app.main"), python("worker", "app.worker"))
    if at_head(settings, serveur):
        superviseur.start(*portal, simulateurs)
        wait_until_ready(superviseur, ports.web)
        print(welcome(ports.web, ports.simulateurs), flush=True)
        _finish(superviseur, demo, "Les communes de démonstration n’ont pas pu être chargées.")
        return
    superviseur.start(simulateurs)
    print("» migrations", flush=True)
    _finish(superviseur, python("migrer", "app.cli", "migrer"), "Les migrations ont échoué.")
    print("» données de démonstration", flush=True)
    _finish(superviseur, demo, "Les communes de démonstration n’ont pas pu être chargées.")
    superviseur.start(*portal)
    wait_until_ready(superviseur, ports.web)
    print(welcome(ports.web, ports.simulateurs), flush=True)


def _finish(superviseur: Superviseur, programme: Programme, refusal: str) -> None:
    if superviseur.run(programme):
        raise LaunchError(refusal)


def _on_signal(_number: int, _frame: object) -> None:
    # A second Ctrl-C must not cut the stop short and leave the database running.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _StopError


def run(var: Path) -> None:
    """Start, supervise, and on a signal stop everything under `var`. One launcher at a time per `var`."""
    with (var / "lancer.verrou").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LaunchError(
                f"Kumun tourne déjà sur {var}. Pour un second, réglez KUMUN_VAR, PORT et SIM_PORT."
            ) from None
        ports = Ports.from_environment()
        settings = load_settings(var=var)
        superviseur = Superviseur(var, child_environment(settings, ports), ROOT)
        if superviseur.end_leftovers():
            print("» restes d’un arrêt brutal : terminés", flush=True)
        # The lock says that no other launcher is alive: a server that runs already is ours to stop as well.
        try:
            require_free("PORT", ports.web)
            require_free("SIM_PORT", ports.simulateurs)
            serveur = None if settings.database_url else embarque.start(var)[0]
            bring_up(superviseur, settings, ports, serveur)
            while True:
                superviseur.watch()
                time.sleep(0.25)
        except _StopError:
            print("\n» arrêt…", flush=True)
        finally:
            superviseur.stop()
            embarque.stop(var)


def main() -> int:
    """0 after a stop that was asked for, 1 with a sentence otherwise.

    `--avec-parent` stops as well when the parent (make) dies, even outright.
    """
    if "--avec-parent" in sys.argv[1:]:
        die_with_parent()
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        var = Path(os.environ.get("KUMUN_VAR") or ROOT / "var").resolve()
        embarque.ensure_secrets(var)
        run(var)
    except (LaunchError, SettingsError, embarque.EmbarqueError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except _StopError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
