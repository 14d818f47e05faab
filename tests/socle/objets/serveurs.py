"""Starts the real S3 servers of the tests: ministack, and OpenStack Swift, which checks signatures.

They run from an environment of their own (`.outils/s3`, or `KUMUN_TEST_S3_VENV`), on free loopback ports
and in temporary folders. A missing environment is a failure that says what to type, never a skip.
"""

import os
import pwd
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.config import ROOT

INSTRUCTION = (
    "The S3 servers of the tests are missing. Run `make test`, which sets them up, or:\n"
    "  python3 -m venv .outils/s3\n"
    "  .outils/s3/bin/pip install --require-hashes -r requirements/serveurs-s3.txt\n"
    "KUMUN_TEST_S3_VENV names another place."
)
SWIFT_CONF = "[swift-hash]\nswift_hash_path_suffix = essai\nswift_hash_path_prefix = essai\n"
STORAGE_CONF = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
mount_check = false
devices = {root}/disques
swift_dir = {root}
user = {user}
log_level = ERROR
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
allow_versions = true
"""
PIPELINE = (
    "catch_errors gatekeeper healthcheck listing_formats bulk s3api tempauth "
    "copy slo dlo versioned_writes proxy-server"
)
PROXY_CONF = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {root}
user = {user}
log_level = ERROR
[pipeline:main]
pipeline = {pipeline}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
allow_multipart_uploads = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
"""
# What swift-ring-builder does in nine commands of a second each.
RINGS = """
import sys
from swift.common.ring import RingBuilder
for kind, port in (pair.split("=") for pair in sys.argv[2:]):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev(dict(region=1, zone=1, ip="127.0.0.1", port=int(port), device="d1", weight=1,
                         replication_ip="127.0.0.1", replication_port=int(port)))
    builder.rebalance()
    builder.get_ring().save(f"{sys.argv[1]}/{kind}.ring.gz")
"""


@dataclass(frozen=True)
class ServeurS3:
    """Where a server listens and the credentials it knows."""

    endpoint: str
    access_key_id: str
    secret_access_key: str


def binaries() -> Path:
    """Folder of the servers' commands; fails the test with an instruction if it is missing."""
    place = Path(os.environ.get("KUMUN_TEST_S3_VENV") or ROOT / ".outils" / "s3") / "bin"
    if not all((place / name).exists() for name in ("ministack", "swift-proxy-server")):
        pytest.fail(INSTRUCTION, pytrace=False)
    return place


@contextmanager
def ministack(root: Path) -> Iterator[ServeurS3]:
    """A ministack that serves S3 only."""
    port = free_port()
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "cle-essai",
        "AWS_SECRET_ACCESS_KEY": "secret-essai",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(root / "donnees"),
        "STATE_DIR": str(root / "etat"),
        "IOT_MTLS_ENABLED": "0",
        "HOME": str(root),
    }
    with process([str(binaries() / "ministack")], root / "ministack.log", settings):
        wait_for(f"http://127.0.0.1:{port}/_ministack/health", root)
        yield ServeurS3(f"http://127.0.0.1:{port}", "cle-essai", "secret-essai")


@contextmanager
def swift(root: Path) -> Iterator[ServeurS3]:
    """Swift with its S3 front: four servers, one replica, one disk."""
    place = binaries()
    (root / "disques" / "d1").mkdir(parents=True)
    (root / "swift.conf").write_text(SWIFT_CONF)
    facts = {"root": root, "user": _user()}
    with ExitStack() as stack:
        ports = {kind: free_port() for kind in ("account", "container", "object")}
        _make_rings(place, root, ports)
        for kind, port in ports.items():
            conf = root / f"{kind}-server.conf"
            conf.write_text(STORAGE_CONF.format(kind=kind, port=port, **facts))
            stack.enter_context(_swift_server(place, root, kind, conf))
        port = free_port()
        conf = root / "proxy-server.conf"
        conf.write_text(PROXY_CONF.format(port=port, pipeline=PIPELINE, **facts))
        stack.enter_context(_swift_server(place, root, "proxy", conf))
        wait_for(f"http://127.0.0.1:{port}/healthcheck", root)
        yield ServeurS3(f"http://127.0.0.1:{port}", "test:tester", "testing")


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def process(command: list[str], log: Path, settings: dict[str, str]) -> Iterator[None]:
    """A child that is ended, and waited for, on the way out."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], **settings},
            cwd=log.parent,
        )
        try:
            yield
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)


def wait_for(url: str, root: Path) -> None:
    """Return once `url` answers 200; fails with the servers' logs after 30 seconds."""
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    logs = "\n".join(f"{path.name}: {path.read_text(errors='replace')[-800:]}" for path in root.glob("*.log"))
    pytest.fail(f"{url} does not answer.\n{logs}", pytrace=False)


def _swift_server(place: Path, root: Path, kind: str, conf: Path) -> AbstractContextManager[None]:
    command = [str(place / "python"), str(place / f"swift-{kind}-server"), str(conf), "-v"]
    return process(command, root / f"{kind}.log", {"SWIFT_DIR": str(root), "HOME": str(root)})


def _make_rings(place: Path, root: Path, ports: dict[str, int]) -> None:
    done = subprocess.run(
        [str(place / "python"), "-c", RINGS, str(root), *(f"{kind}={port}" for kind, port in ports.items())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name
