"""What is handed to an operator holds together: compose file, image, settings, pages that tell them.

No container engine is needed: the compose file is read against the Compose specification's own schema, its variables
are filled as an operator would, and what each service then receives is given to the settings of the portal.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "deploy/compose.yaml"
OURS = ("migrer", "web", "worker")
# Of the database server and its set-up, not of the portal.
PASSWORDS = {f"KUMUN_{role}_PASSWORD" for role in ("APP", "PLATEFORME", "PROPRIETAIRE")}
SETTINGS = {f"KUMUN_{name.upper()}" for name in Settings.model_fields}
# Said by the image itself.
IMAGE = {"KUMUN_VAR"}
# Whoever holds it may drop the tables: migrations only.
OWNER = "KUMUN_DATABASE_URL_PROPRIETAIRE"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
_SAMPLES = {
    "KUMUN_BASE_URL": "https://communes.example.org",
    "KUMUN_OPSN_TELEPHONE": "02 99 00 00 00",
}


def fill(value: Any, given: dict[str, str]) -> Any:
    """As Compose does, once the file is read: `${X:?}` must be given, `${X:-d}` has a default."""
    if isinstance(value, dict):
        return {name: fill(inside, given) for name, inside in value.items()}
    if isinstance(value, list):
        return [fill(inside, given) for inside in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda found: given[found[1]] if found[2] == "?" else found[3], value)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its variables filled with what must be given and nothing else."""
    text = COMPOSE.read_text(encoding="utf-8")
    found = _VARIABLE.findall(text)
    assert len(found) == text.count("${")
    assert all(kind for _, kind, _ in found), "a variable is neither asked for nor optional"
    asked = {name for name, kind, _ in found if kind == "?"}
    given = {name: _SAMPLES.get(name, f"{name.lower()}-0123456789abcdef0123456789") for name in asked}
    filled: dict[str, Any] = fill(yaml.safe_load(text), given)
    return filled


def test_the_compose_file_follows_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(COMPOSE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_of_our_services_starts_with_settings_that_the_portal_accepts(compose: dict[str, Any]) -> None:
    for service in OURS:
        environment = compose["services"][service]["environment"]
        told = {name: value for name, value in environment.items() if name.startswith("KUMUN_")}
        assert set(told) <= SETTINGS, f"{service}: unknown to app/config.py"
        expected = SETTINGS - IMAGE - (set() if service == "migrer" else {OWNER})
        assert set(told) == expected, f"{service}: settings that an operator cannot give"
        values = {name.removeprefix("KUMUN_").lower(): value for name, value in told.items()}
        settings = Settings(_env_file=None, **values)  # type: ignore[call-arg]
        assert settings.secure
        assert settings.s3_endpoint_url.startswith("http://s3:")


def test_services_wait_for_what_they_need_and_keep_what_must_be_kept(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert service.get("restart"), f"{name} does not come back"
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert services[needed]["healthcheck"]["test"]
            if how["condition"] == "service_completed_successfully":
                assert services[needed]["restart"] != "unless-stopped", f"{needed} never ends"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (COMPOSE.parent / source).exists(), volume
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]
    for name in OURS:
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in services[name]["security_opt"]
    # Owners' keys: one folder for all, that outlives the containers.
    assert [v for v in services["web"]["volumes"] if v.startswith("var:")] == services["worker"]["volumes"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"], "only the portal is reachable, and from its own machine"
    assert set(services["postgres"]["environment"]) >= PASSWORDS


def test_the_image_runs_what_is_there_without_rights(compose: dict[str, Any]) -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER kumun$", lines, re.M)
    assert set(re.findall(r"\b(KUMUN_\w+)=", lines)) == IMAGE
    commands = [match.split(", ") for match in re.findall(r"CMD \[(.+)\]", lines)]
    modules = [command[2].strip('"') for command in commands]
    modules += [s["command"][2] for s in (compose["services"][name] for name in OURS) if "command" in s]
    assert set(modules) == {"deploy.sante", "app.main", "app.cli", "app.worker"}
    assert all(importlib.util.find_spec(module) for module in modules)
    for copied in re.findall(r"^COPY (?!--from)(\S+) ", lines, re.M):
        assert (ROOT / copied).exists()


def _told(pattern: str = r"KUMUN_[A-Z0-9_]*[A-Z0-9]") -> dict[str, set[str]]:
    """Names of settings in what people read, by file."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Dockerfile", ROOT / "Makefile"]
    pages += [*(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").iterdir(), ROOT / "simulateurs/README.md"]
    return {
        str(page.relative_to(ROOT)): set(re.findall(pattern, page.read_text(encoding="utf-8")))
        for page in pages
        if page.is_file()
    }


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    for page, names in _told().items():
        # « KUMUN_S3_… » names a family.
        unknown = {n for n in names - PASSWORDS if not any(s == n or s.startswith(f"{n}_") for s in SETTINGS)}
        assert not unknown, f"{page}: {unknown}"


def test_each_setting_is_told_to_whoever_runs_the_portal() -> None:
    text = (ROOT / "docs/exploitation.md").read_text(encoding="utf-8")
    families = tuple(re.findall(r"KUMUN_[A-Z0-9_]+_(?=…)", text))
    names = set(re.findall(r"KUMUN_[A-Z0-9_]*[A-Z0-9]", text))
    assert not {name for name in SETTINGS - names if not name.startswith(families)}


def test_what_compose_asks_for_is_told() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    told = (ROOT / ".env.example").read_text() + (ROOT / "docs/exploitation.md").read_text()
    asked = sorted({name for name, _, _ in _VARIABLE.findall(text)})
    assert not [name for name in asked if name not in told]
