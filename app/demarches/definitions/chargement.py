"""Reads definitions from YAML files; each fault is told with the file and the place in it."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from app.demarches.definitions.definition import THEMES, Definition

CATALOGUE = Path(__file__).resolve().parent.parent / "catalogue"


class CatalogueError(Exception):
    """One or more definitions cannot be loaded; one line per fault: `file: place: reason`."""


class Chargeur(yaml.CSafeLoader):
    """Safe YAML that refuses a key given twice, which YAML itself lets pass silently."""


def _mapping(loader: Chargeur, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = [key for index, key in enumerate(keys) if key in keys[:index]]
    if twice:
        line = node.start_mark.line + 1
        raise yaml.YAMLError(f"key given twice in the block that starts at line {line}: {twice[0]}")
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, node.value, strict=True)
    }


Chargeur.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_definition(path: Path) -> Definition:
    """The definition in one YAML file, named by its slug; CatalogueError tells each wrong place."""
    try:
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
        data = yaml.load(text, Loader=Chargeur)  # noqa: S506 - Chargeur is a safe loader
        definition = Definition.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogueError(f"{path.name}: {error}") from None
    except ValidationError as error:
        lines = [f"{path.name}: {place_de(data, fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise CatalogueError("\n".join(lines)) from None
    if path.stem != definition.slug:
        raise CatalogueError(f"{path.name}: slug: the file must be named {definition.slug}.yaml")
    return definition


@cache
def load_catalogue(folder: Path = CATALOGUE) -> tuple[Definition, ...]:
    """Every shipped definition, by theme then title; CatalogueError lists all faults of all files at once."""
    found: list[Definition] = []
    faults: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append(load_definition(path))
        except CatalogueError as error:
            faults.append(str(error))
    if faults:
        raise CatalogueError("\n".join(faults))
    order = list(THEMES)
    return tuple(sorted(found, key=lambda definition: (order.index(definition.theme), definition.titre)))


def place_de(data: object, loc: tuple[int | str, ...]) -> str:
    """A path such as `pages[demande].champs[date_debut].type`: ids, or else numbers from one."""
    place = ""
    for part in loc:
        if isinstance(part, int):
            item = data[part] if isinstance(data, list) and part < len(data) else None
            name = item.get("id") or item.get("valeur") or part + 1 if isinstance(item, dict) else part + 1
            place += f"[{name}]"
            data = item
        else:
            place += f".{part}" if place else part
            data = data.get(part) if isinstance(data, dict) else None
    return place or "whole file"
