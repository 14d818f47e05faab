"""Imports run one way: the contracts of `.importlinter` hold, and each refuses a planted fault."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_projects_imports_keep_their_contracts() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (
            {"demarches/service.py": "import app.paiements.service"},
            "app.demarches.service -> app.paiements.service",
        ),
        (
            {"contrats/paiements.py": "import app.paiements.service"},
            "app.contrats.paiements -> app.paiements.service",
        ),
        ({"socle/jobs.py": "import app.paiements.service"}, "app.socle.jobs -> app.paiements.service"),
        (
            {"demarches/dossiers/repository.py": "import app.demarches.dossiers.routes"},
            "app.demarches.dossiers.repository -> app.demarches.dossiers.routes",
        ),
        (
            {"demarches/dossiers/domain.py": "import sqlalchemy"},
            "app.demarches.dossiers.domain -> sqlalchemy",
        ),
        ({"bricoles/__init__.py": ""}, "app.bricoles"),
    ],
)
def test_a_planted_fault_is_named(tmp_path: Path, fault: dict[str, str], named: str) -> None:
    shutil.copy(ROOT / ".importlinter", tmp_path)
    files = {
        "config.py": "",
        "socle/clock.py": "",
        "contrats/__init__.py": "",
        "paiements/service.py": "",
        "demarches/dossiers/routes.py": "",
        "demarches/dossiers/domain.py": "",
        **fault,
    }
    for path, text in files.items():
        target = tmp_path / "app" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in target.relative_to(tmp_path).parents:
            if folder != Path("."):
                (tmp_path / folder / "__init__.py").touch()
        target.write_text(text)
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert named in " ".join(done.stdout.split())
