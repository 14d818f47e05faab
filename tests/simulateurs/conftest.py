"""The stage on which every test of the simulators plays."""

from pathlib import Path

import pytest

from tests.simulateurs.outils import Stage


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one set of keys is kept for the whole run: making RSA keys is slow."""
    return tmp_path_factory.mktemp("cles")


@pytest.fixture
def stage(keys_folder: Path) -> Stage:
    (keys_folder / "clients.json").unlink(missing_ok=True)
    return Stage(state_folder=keys_folder)
