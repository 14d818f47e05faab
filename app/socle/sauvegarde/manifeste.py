"""What a backup says of itself: versions, number of rows, and the SHA-256 of each of its files.

It is written last, so a folder without it is a backup that was cut short and does not count.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.socle.errors import BusinessError

FORMAT = 1
NOM = "manifeste.json"
Avancement = Callable[[str, int, int | None], None]
"""Told of progress: what is being done, how much of it is done, of how much (None: not known)."""


class SauvegardeError(BusinessError):
    """The backup or the restore was refused or failed; the sentence says why and what to do."""

    code = "sauvegarde"


class Partie(BaseModel):
    """A file of the backup, relative to its folder; sizes in bytes."""

    model_config = ConfigDict(frozen=True)

    fichier: str
    taille: int
    sha256: str


class Manifeste(BaseModel):
    """One backup. `schema_base` is the migration it stands at, `postgresql` the major version of its server."""

    model_config = ConfigDict(frozen=True)

    format: int
    cree_le: datetime
    kumun: str
    schema_base: str
    postgresql: int
    lignes: dict[str, int]
    base: Partie
    objets: Partie
    nombre_objets: int
    objets_copies: bool
    cles: Partie
    # Sealed with KUMUN_SECRET_KEY: tells whether the installation that restores has the same one.
    temoin_secret: str


def describe(path: Path, folder: Path) -> Partie:
    """Size and SHA-256 of a file, named relative to `folder`."""
    return Partie(
        fichier=str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name,
        taille=path.stat().st_size,
        sha256=digest(path),
    )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(partie: Partie, path: Path) -> None:
    """Refuses a file that is missing or is not the one that the manifest describes."""
    if not path.is_file():
        raise SauvegardeError(f"Il manque {path} : cette sauvegarde est incomplète.")
    if path.stat().st_size != partie.taille or digest(path) != partie.sha256:
        raise SauvegardeError(f"{path} n’est pas le fichier sauvegardé : sa somme SHA-256 diffère.")


def read(folder: Path) -> Manifeste:
    """The manifest of a backup; refuses one that is damaged or of a format to come."""
    try:
        found = Manifeste.model_validate_json((folder / NOM).read_text())
    except (OSError, ValidationError) as error:
        raise SauvegardeError(f"Le manifeste de {folder} est illisible.") from error
    if found.format != FORMAT:
        raise SauvegardeError(f"{folder} est d’un format que cette version ne connaît pas : {found.format}.")
    return found


def choose(dossier: Path) -> Path:
    """The backup meant by a folder: itself, or the latest complete one that it holds."""
    if (dossier / NOM).is_file():
        return dossier.resolve()
    found = sorted(path.parent for path in dossier.glob(f"sauvegarde-*/{NOM}"))
    if not found:
        raise SauvegardeError(f"Il n’y a pas de sauvegarde complète dans {dossier}.")
    return found[-1].resolve()
