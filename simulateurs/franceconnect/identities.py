"""Fictitious people, what FranceConnect gives of them for each scope, and the sub computed from the pivot."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

DATA = Path(__file__).with_name("identites.json")
# The same in every installation, so that a restart without state folder keeps the same subs. Guards nothing.
SUB_SALT = "simulateur-franceconnect"

IDENTITY_SCOPES: Mapping[str, tuple[str, ...]] = {
    "given_name": ("given_name", "given_name_array"),
    "family_name": ("family_name",),
    "preferred_username": ("preferred_username",),
    "gender": ("gender",),
    "birthdate": ("birthdate",),
    "birthplace": ("birthplace",),
    "birthcountry": ("birthcountry",),
    "email": ("email",),
    "idp_birthdate": ("idp_birthdate",),
    "idp_id": ("idp_id",),
    "profile": ("given_name", "given_name_array", "family_name", "birthdate", "gender", "preferred_username"),
    "birth": ("birthplace", "birthcountry"),
    "identite_pivot": (
        "given_name", "given_name_array", "family_name", "birthdate", "gender", "birthplace", "birthcountry",
    ),
}  # fmt: skip
# Scopes that every client has; amr and idp_id need an authorisation of their own.
DEFAULT_SCOPES = frozenset(IDENTITY_SCOPES) - {"idp_id"} | {"openid"}


class Person(BaseModel):
    """Somebody as FranceConnect describes them; refuses malformed fields (the e-mail is checked later)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = "libre"
    note: str = ""
    given_name_array: tuple[str, ...] = ()
    family_name: str = Field(min_length=1, max_length=200)
    preferred_username: str = ""
    gender: Literal["male", "female", "unspecified"]
    birthdate: str
    idp_birthdate: str = Field(default="", pattern=r"^$|^\d{4}-\d{2}-\d{2}$")
    # Code officiel géographique; empty for a birth abroad.
    birthplace: str = Field(default="", pattern=r"^$|^(\d{2}|2A|2B)\d{3}$")
    birthcountry: str = Field(default="99100", pattern=r"^99\d{3}$")
    email: str = ""
    outcome: str = ""

    @field_validator("birthdate")
    @classmethod
    def _a_real_day(cls, value: str) -> str:
        date.fromisoformat(value)
        return value

    @model_validator(mode="after")
    def _born_somewhere(self) -> "Person":
        if (self.birthcountry == "99100") != bool(self.birthplace):
            raise ValueError("birthplace goes with a birth in France, and only with it")
        return self

    @property
    def given_name(self) -> str:
        """All first names, separated by spaces."""
        return " ".join(self.given_name_array)

    @property
    def display_name(self) -> str:
        """Name for the simulator's pages."""
        return f"{self.given_name} {self.family_name}".strip()

    def claims(self, scopes: Iterable[str], idp_id: str) -> dict[str, Any]:
        """What the userinfo holds for these scopes."""
        everything: dict[str, Any] = {
            **self.model_dump(mode="json", exclude={"id", "note", "outcome"}),
            "given_name": self.given_name,
            "idp_birthdate": self.idp_birthdate or self.birthdate,
            "idp_id": idp_id,
        }
        wanted = {claim for scope in scopes for claim in IDENTITY_SCOPES.get(scope, ())}
        return {name: value for name, value in everything.items() if name in wanted}


def compute_sub(person: Person, entity_id: str) -> str:
    """66 characters: 64 hexadecimal ones and v1 (rule fc.sub). Changing a pivot field gives another."""
    pivot = (
        person.given_name
        + person.family_name
        + person.birthdate
        + person.gender
        + person.birthplace
        + person.birthcountry
    )
    identity_hash = hashlib.sha256(pivot.encode()).hexdigest()
    return hashlib.sha256(f"{entity_id}{identity_hash}{SUB_SALT}".encode()).hexdigest() + "v1"


def load_people() -> dict[str, Person]:
    """The people of identites.json, by id, in the order of the file."""
    return {
        entry["id"]: Person.model_validate(entry) for entry in json.loads(DATA.read_text(encoding="utf-8"))
    }
