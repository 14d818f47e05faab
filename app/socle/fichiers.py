"""Files that survive a crash: written aside, synced, then given their name only if nobody has it."""

import os
from pathlib import Path
from uuid import uuid4


def make_private_folder(path: Path) -> None:
    """Make the folder and its missing parents durably, readable by this user only."""
    missing = []
    current = path
    while not current.exists():
        missing.append(current)
        current = current.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(folder.parent)


def fsync_folder(path: Path) -> None:
    """Make the names in this folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """Write a new file, 0600, whole or not at all; FileExistsError if the name is taken."""
    temporary = path.with_name(f".{uuid4().hex}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, refuses to replace a file that somebody else put there.
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    fsync_folder(path.parent)
