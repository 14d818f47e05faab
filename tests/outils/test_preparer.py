"""The set-up: done once, again when its lock changes, and a clear sentence without network."""

import sys
from pathlib import Path

import pytest

from outils import preparer


def test_a_failure_without_network_says_so() -> None:
    code = "print('Temporary failure in name resolution'); raise SystemExit(1)"
    with pytest.raises(preparer.SetupError, match="pas de réseau"):
        preparer.run([sys.executable, "-c", code], what="pip")


def test_another_failure_shows_the_end_of_what_was_said() -> None:
    with pytest.raises(preparer.SetupError, match=r"(?s)bad hash.*pip : échec"):
        preparer.run([sys.executable, "-c", "print('bad hash'); raise SystemExit(1)"], what="pip")


def test_a_lock_is_installed_once_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparer, "LOCKS", tmp_path)
    commands: list[list[str]] = []
    monkeypatch.setattr(preparer, "run", lambda command, **_: commands.append(command))
    (tmp_path / "run.txt").write_text("a==1\n")
    (tmp_path / "test.txt").write_text("a==1\nb==2\n")
    for _ in range(2):
        preparer.install(tmp_path, tmp_path / "run.txt")
    assert len(commands) == 1
    preparer.install(tmp_path, tmp_path / "test.txt")
    (tmp_path / "run.txt").write_text("a==2\n")
    preparer.install(tmp_path, tmp_path / "run.txt")
    assert len(commands) == 3
    assert all("--require-hashes" in command for command in commands)


def test_the_larger_lock_covers_the_smaller_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparer, "LOCKS", tmp_path)
    commands: list[list[str]] = []
    monkeypatch.setattr(preparer, "run", lambda command, **_: commands.append(command))
    (tmp_path / "run.txt").write_text("a==1 \\\n    --hash=sha256:00\n")
    (tmp_path / "test.txt").write_text("a==1 \\\n    --hash=sha256:00\nb==2\n")
    preparer.install(tmp_path, tmp_path / "test.txt")
    preparer.install(tmp_path, tmp_path / "run.txt")
    assert len(commands) == 1


def test_the_projects_run_lock_is_part_of_its_test_lock() -> None:
    assert preparer.pins(preparer.LOCKS / "run.txt") <= preparer.pins(preparer.LOCKS / "test.txt")


def test_damaged_marks_count_as_none(tmp_path: Path) -> None:
    marks = preparer.Marks(tmp_path)
    marks.add(a="1")
    assert marks.read() == {"a": "1"}
    marks.file.write_text("{")
    assert marks.read() == {}


def test_what_is_missing_and_not_allowed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparer.shutil, "which", lambda name: None)
    monkeypatch.setattr(preparer, "DEBIAN", {"chromium": ["chromium"], "coreutils": ["/bin/sh"]})
    monkeypatch.setattr(preparer.os, "geteuid", lambda: 1000)
    with pytest.raises(
        preparer.SetupError, match="sudo apt-get install --yes --no-install-recommends chromium\n"
    ):
        preparer.install_debian_packages()
