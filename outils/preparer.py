"""Set-up from a bare machine: a virtual environment from the lock, and with options the tools of the tests.

Run by the system's Python (3.11 or later), standard library only, root or not. Each piece leaves a mark with the
hash of what it was made from and is skipped while that has not changed, so a second run takes no time.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".outils"
LOCKS = ROOT / "requirements"
MINIMUM = (3, 11)

# Debian package -> programs, one of which shows that it is there.
DEBIAN = {
    "chromium": ["chromium"],
    "default-jre-headless": ["java"],
    "nodejs": ["node"],
    "npm": ["npm"],
    "postgresql": [f"/usr/lib/postgresql/{version}/bin/postgres" for version in (15, 16, 17, 18)],
}
# What pip, npm and apt say when there is no network.
OFFLINE = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "NewConnectionError",
    "Network is unreachable",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "Could not resolve",
)


class SetupError(Exception):
    """The set-up cannot go on; the text says what to do, in French then in English."""


def say(french: str, english: str) -> None:
    """Tell what is being done, in one line."""
    print(f"» {french} / {english}", flush=True)


def run(command: list[str], *, what: str, cwd: Path = ROOT, **environment: str) -> None:
    """Run a command quietly; when it fails, show the end of what it said and why if we know."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    tail = "\n".join(done.stdout.strip().splitlines()[-15:])
    if any(sign in done.stdout for sign in OFFLINE):
        raise SetupError(
            f"{tail}\n\n{what} : pas de réseau. Connectez la machine (ou réglez le miroir de pip, de npm ou d’apt), "
            f"puis recommencez : rien n’est à défaire.\n{what}: no network. Connect, then run the same command again."
        )
    raise SetupError(f"{tail}\n\n{what} : échec / failed ({' '.join(command[:4])}…, {done.returncode})")


def digest(*parts: Path | str) -> str:
    """Hash of the contents of files (Path) and of plain texts."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return total.hexdigest()


class Marks:
    """What was already done in a folder, as a small JSON file inside it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / ".kumun-prepare.json"

    def read(self) -> dict[str, str]:
        """The marks, empty when the file is absent or damaged."""
        try:
            found = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def add(self, **marks: str) -> None:
        """Add marks; the file is replaced in one step."""
        fresh = self.file.with_suffix(".nouveau")
        fresh.write_text(json.dumps({**self.read(), **marks}, indent=1))
        fresh.replace(self.file)


def interpreter() -> str:
    """Identity of the Python that makes the environments: another one means making them again."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {os.path.realpath(sys.executable)}"


def make_venv(folder: Path) -> None:
    """Make a virtual environment unless a good one is there; works without Debian's python3-venv."""
    marks = Marks(folder)
    if (folder / "bin" / "python").exists() and marks.read().get("python") == interpreter():
        return
    say(f"environnement Python {folder.name}", f"virtual environment {folder.name}")
    if folder.exists():
        shutil.rmtree(folder)
    if importlib.util.find_spec("ensurepip") is not None:
        run([sys.executable, "-m", "venv", str(folder)], what="venv")
    else:
        helper = TOOLS / "virtualenv"
        if not (helper / "virtualenv").is_dir():
            say("python3-venv absent : virtualenv par pip", "no python3-venv: virtualenv through pip")
            run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", str(helper),
                 "--requirement", str(LOCKS / "amorce.txt")],
                what="virtualenv",
                PIP_BREAK_SYSTEM_PACKAGES="1",
            )  # fmt: skip
        run(
            [sys.executable, "-m", "virtualenv", "--quiet", "--no-download", str(folder)],
            what="virtualenv",
            PYTHONPATH=str(helper),
        )
    marks.add(python=interpreter())


def pins(lock: Path) -> set[str]:
    """The `name==version` of a lock file."""
    return {line.split()[0] for line in lock.read_text().splitlines() if "==" in line and line[:1].isalnum()}


def install(folder: Path, lock: Path) -> None:
    """Install a lock file, hashes checked, unless exactly this one (or a larger one) was installed already."""
    marks = Marks(folder)
    key = digest(lock)
    if marks.read().get(lock.name) == key:
        return
    say(
        f"paquets Python de {lock.name} (une à deux minutes)",
        f"Python packages of {lock.name} (a minute or two)",
    )
    run(
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--no-deps",
         "--disable-pip-version-check", "--require-hashes", "--requirement", str(lock)],
        what=f"pip {lock.name}",
    )  # fmt: skip
    done = {lock.name: key}
    for smaller in LOCKS.glob("*.txt"):
        if pins(smaller) <= pins(lock):
            done[smaller.name] = digest(smaller)
    marks.add(**done)


def absent_debian_packages() -> list[str]:
    """Debian packages of which no program is found."""
    return [
        package
        for package, programs in DEBIAN.items()
        if not any(shutil.which(name) or os.access(name, os.X_OK) for name in programs)
    ]


def install_debian_packages() -> None:
    """Install what the browser tests and the second migration test need, when it is missing and allowed."""
    missing = absent_debian_packages()
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    allowed = shutil.which("apt-get") and (
        not sudo
        or (
            shutil.which("sudo")
            and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
        )
    )
    if not allowed:
        raise SetupError(
            f"Il manque : {', '.join(missing)}. Installez-les, puis recommencez :\n"
            f"These are missing, install them and run again:\n\n    sudo {' '.join(command)}\n"
        )
    say(f"paquets Debian : {', '.join(missing)}", "Debian packages")
    if "postgresql" in missing:
        # Only the server's programs are wanted: no cluster, nothing that starts with the machine.
        settings = Path("/etc/postgresql-common/createcluster.conf")
        make = f"mkdir -p {settings.parent}; echo 'create_main_cluster = false' > {settings}"
        write = f"test -e {settings} || {{ {make}; }}"
        run([*sudo, "sh", "-c", write], what="postgresql-common")
    run([*sudo, "apt-get", "update", "--quiet"], what="apt-get update")
    run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *command], what="apt-get install")


def install_node_packages() -> None:
    """Install axe-core and the HTML validator from their lock file."""
    target = ROOT / "node_modules"
    key = digest(ROOT / "package-lock.json")
    if Marks(target).read().get("package-lock.json") == key:
        return
    say("outils de contrôle des pages (npm)", "page checkers (npm)")
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], what="npm")
    target.mkdir(exist_ok=True)
    Marks(target).add(**{"package-lock.json": key})


def prepare(*, developer: bool, tests: bool) -> None:
    """Bring everything that is asked for up to date."""
    os.umask(0o022)  # root's embedded server runs under another account, which must read what is installed
    TOOLS.mkdir(exist_ok=True)
    make_venv(VENV)
    install(VENV, LOCKS / ("test.txt" if developer or tests else "run.txt"))
    if tests:
        s3 = LOCKS / "serveurs-s3.txt"
        if s3.exists():
            make_venv(TOOLS / "s3")
            install(TOOLS / "s3", s3)
        install_debian_packages()
        install_node_packages()


def better_python() -> str | None:
    """Path of a recent enough Python when ours is too old."""
    for minor in range(14, MINIMUM[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def main() -> int:
    """Command line: nothing for running, `--developpement` for the linters, `--tests` for everything."""
    if sys.version_info < MINIMUM:
        found = better_python()
        if found is None:
            print(
                "Python 3.11 ou plus récent est nécessaire / Python 3.11 or later is needed.", file=sys.stderr
            )
            return 1
        os.execv(found, [found, *sys.argv])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--developpement", action="store_true", help="linters and test packages")
    parser.add_argument(
        "--tests", action="store_true", help="the same, with browser, validators and test servers"
    )
    options = parser.parse_args()
    try:
        prepare(developer=options.developpement, tests=options.tests)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrompu ; relancez la même commande / Interrupted; run the same command again.",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
