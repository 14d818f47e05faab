"""A démarche as one readable YAML file, and back: what comes in is refused with its place and reason, or taken whole.

A file is somebody else's: it is bounded before it is read (size, depth, number of things), and may use neither anchors
nor tags, which say nothing of a démarche and let a few bytes stand for gigabytes.
"""

import unicodedata
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError

from app.demarches.definitions import Definition
from app.demarches.definitions.chargement import Chargeur, place_de
from app.demarches.edition.fautes import phrase_de
from app.demarches.edition.gestes import Brut
from app.socle.errors import InvalidInputError

POIDS_MAX = 1_000_000
PROFONDEUR_MAX = 30
NOEUDS_MAX = 50_000
FAUTES_MONTREES = 50


class FichierRefuseError(InvalidInputError):
    """The file is no démarche: `fautes` are (place, reason)."""

    code = "fichier_refuse"

    def __init__(self, fautes: list[tuple[str, str]]) -> None:
        self.fautes = fautes
        super().__init__("\n".join(f"{place} : {raison}" if place else raison for place, raison in fautes))


def ecrire_fichier(contenu: Brut | Definition) -> str:
    """The file of a definition, valid or in progress; importing a valid one gives the same version, to the bit."""
    if isinstance(contenu, Definition):
        contenu = contenu.model_dump(mode="json", exclude_defaults=True)
    order = [name for name in Definition.model_fields if name in contenu]
    order += [name for name in contenu if name not in order]
    ordered = {name: contenu[name] for name in order}
    return yaml.dump(ordered, Dumper=_Ecriveur, allow_unicode=True, sort_keys=False, width=110)


class _Ecriveur(yaml.SafeDumper):
    """Readable YAML: no aliases, several lines as a block."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never: each thing is written where it stands."""
        return True


def _texte(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Ecriveur.add_representer(str, _texte)


def lire_fichier(octets: bytes) -> Definition:
    """The definition that a file holds; FichierRefuseError tells every place and reason, in French."""
    data = _lire(octets)
    try:
        return Definition.model_validate(data)
    except ValidationError as error:
        faults = [(place_de(data, fault["loc"]), phrase_de(fault)) for fault in error.errors()]
        faults = [("" if place == "whole file" else place, phrase) for place, phrase in faults]
        raise FichierRefuseError(faults[:FAUTES_MONTREES]) from None
    except RecursionError:
        raise FichierRefuseError(
            [("", "Ce fichier emboîte trop de choses les unes dans les autres.")]
        ) from None


def _refuser(phrase: str, line: int | None = None) -> FichierRefuseError:
    return FichierRefuseError([(f"ligne {line}" if line else "", phrase)])


def _lire(octets: bytes) -> Brut:
    if len(octets) > POIDS_MAX:
        raise _refuser("Ce fichier est trop gros : une démarche tient en un mégaoctet.")
    try:
        text = unicodedata.normalize("NFC", octets.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _refuser("Ce fichier n’est pas du texte en UTF-8.") from None
    try:
        _borner(text)
        data = _dates_en_texte(yaml.load(text, Loader=Chargeur))  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else None
        raise _refuser(
            "Le YAML n’est pas correct ici : vérifiez les décalages et les deux-points.", line
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        told = str(error)
        if told.startswith("key given twice"):
            raise _refuser(f"Une clé est écrite deux fois : {told.rsplit(': ', 1)[-1]}.") from None
        raise _refuser("Ce fichier n’est pas du YAML lisible.") from None
    if not isinstance(data, dict):
        raise _refuser(
            "Ce fichier ne décrit pas une démarche : il doit commencer par « genre: » ou « slug: »."
        )
    return data


def _borner(text: str) -> None:
    """Reads the events alone, which costs what the file weighs, before anything is built of them."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        mark = event.start_mark
        line = mark.line + 1 if mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refuser("Les ancres et les renvois de YAML (& et *) ne sont pas acceptés ici.", line)
        if getattr(event, "tag", None):
            raise _refuser("Les types de YAML (!) ne sont pas acceptés ici.", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > PROFONDEUR_MAX:
            raise _refuser("Ce fichier emboîte trop de choses les unes dans les autres.", line)
        if count > NOEUDS_MAX:
            raise _refuser("Ce fichier contient trop de choses pour une démarche.", line)


def _dates_en_texte(data: Any) -> Any:
    """YAML makes dates of what looks like one; a definition holds text."""
    if isinstance(data, dict):
        return {cle: _dates_en_texte(value) for cle, value in data.items()}
    if isinstance(data, list):
        return [_dates_en_texte(value) for value in data]
    return data.isoformat() if isinstance(data, date) else data
