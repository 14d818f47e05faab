"""How long a person waits: the second `make run`, until the first page of a commune answers."""

import http.client
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from app.config import ROOT
from benchmarks.bancs import PORT
from benchmarks.essais import Chiffre
from benchmarks.processus import program

PATIENCE = 300.0


def _command() -> list[str]:
    if (ROOT / ".venv").exists():
        return ["make", "--no-print-directory", "run"]
    return [sys.executable, "-m", "outils.lancer"]


def _seconds_to_first_page(var: Path, port: int) -> float:
    # Where Python may not keep what it compiled, every start compiles every library again: nobody starts it so.
    unlike = ("KUMUN_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unlike)}
    environment = {**kept, "PORT": str(port), "SIM_PORT": str(port + 1), "KUMUN_VAR": str(var)}
    began = time.perf_counter()
    with program(_command(), environment, var.parent / f"{var.name}.log"):
        while time.perf_counter() - began < PATIENCE:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/", headers={"Host": f"guingamp.localhost:{port}"})
                if connection.getresponse().status == 200:
                    return time.perf_counter() - began
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                connection.close()
    raise RuntimeError("no page came")


def second_run() -> list[Chiffre]:
    """A first start fills the folder; the second one is timed."""
    folder = Path(tempfile.mkdtemp(prefix="kumun-demarrage-"))
    folder.chmod(0o711)
    try:
        var = folder / "var"
        first = _seconds_to_first_page(var, PORT + 6)
        second = _seconds_to_first_page(var, PORT + 6)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [
        Chiffre("Second démarrage, jusqu’à la première page", second, 6, "s", f"le premier : {first:.1f} s")
    ]
