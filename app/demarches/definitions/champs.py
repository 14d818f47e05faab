"""One question of a form: its type, wording, limits and the condition under which it is asked.

A field's id never changes meaning from one version to the next; its name in HTML is the id, followed by
`-part` for a date or an address, which is why an id holds no hyphen.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.demarches.definitions.base import Controle, Fige, Formule, IdChamp, Texte
from app.demarches.expressions import noms_cites

TypeChamp = Literal[
    "texte",
    "texte_long",
    "entier",
    "decimal",
    "date",
    "choix",
    "choix_multiple",
    "oui_non",
    "courriel",
    "telephone",
    "adresse",
    "civilite",
    "piece",
    "explication",
]
# Fields without an answer among the answers: pieces are rows of their own, an explanation asks nothing.
TYPES_SANS_REPONSE: frozenset[str] = frozenset({"piece", "explication"})

Valeur = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
# A day: relative to the day of filling, written out, or that of an earlier date field of the form.
Borne = Annotated[
    str, StringConstraints(pattern=r"^(aujourdhui([+-]\d{1,5})?|\d{4}-\d\d-\d\d|[a-z][a-z0-9_]{0,39})$")
]

Prerempli = Literal[
    "identite.civilite",
    "identite.nom_naissance",
    "identite.nom_usage",
    "identite.prenoms",
    "identite.date_naissance",
    "identite.courriel",
    "identite.telephone",
]

# Which attributes only some types understand.
_PROPRES: dict[str, frozenset[str]] = {
    "options": frozenset({"choix", "choix_multiple"}),
    "min": frozenset({"entier", "decimal"}),
    "max": frozenset({"entier", "decimal"}),
    "unite": frozenset({"entier", "decimal"}),
    "longueur_max": frozenset({"texte", "texte_long"}),
    "format": frozenset({"texte"}),
    "date_min": frozenset({"date"}),
    "date_max": frozenset({"date"}),
    "avertissement": frozenset({"date"}),
    "etranger": frozenset({"adresse"}),
    "piece": frozenset({"piece"}),
}


class Option(Fige):
    """One answer to choose from; `valeur` is what is stored and never changes meaning."""

    valeur: Valeur
    libelle: Texte
    aide: str = ""


class ReglesPiece(Fige):
    """What may be attached: formats by extension, megabytes per file, how many, a model to fill."""

    formats: tuple[Literal["pdf", "jpg", "png", "heic", "odt", "docx", "ods", "xlsx"], ...] = (
        "pdf",
        "jpg",
        "png",
        "heic",
    )
    poids_max_mo: int = Field(default=20, ge=1, le=200)
    nombre_max: int = Field(default=1, ge=1, le=20)
    modele: str = Field(default="", pattern=r"^(https://\S+)?$")

    @model_validator(mode="after")
    def _formats_given_once(self) -> Self:
        if not self.formats or len(set(self.formats)) != len(self.formats):
            raise ValueError("formats must name at least one format, each once")
        return self


class Avertissement(Fige):
    """A remark that does not block: shown when the date given is before `avant`."""

    avant: Borne
    texte: Texte


class Champ(Fige):
    """A field of a page.

    `section` is that of its page which it stands under; rules are in the language of docs/guides/regles.md.
    `sujet` names what is asked inside error sentences ("la date de début"); `autocomplete` is the HTML token
    of WCAG 1.3.5; `min`, `max` are in `unite`; numbers are kept as text so that the content address is exact.
    """

    id: IdChamp
    type: TypeChamp
    libelle: Texte
    sujet: str = ""
    aide: str = ""
    section: str = ""
    obligatoire: bool = False
    si: Formule | None = None
    obligatoire_si: Formule | None = None
    controles: tuple[Controle, ...] = ()
    calcul: Formule | None = None
    options: tuple[Option, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    unite: str = ""
    longueur_max: int | None = Field(default=None, ge=1, le=20_000)
    format: Literal["siret", "rna"] | None = None
    date_min: Borne | None = None
    date_max: Borne | None = None
    avertissement: Avertissement | None = None
    etranger: bool = False
    prerempli: Prerempli | None = None
    autocomplete: str = Field(default="", pattern=r"^[a-z-]*( [a-z-]+)*$")
    piece: ReglesPiece | None = None

    @model_validator(mode="before")
    @classmethod
    def _piece_has_rules(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("type") == "piece":
            return {"piece": {}, **data}
        return data

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        given = self.model_fields_set
        for name, types in _PROPRES.items():
            if name in given and getattr(self, name) not in (None, (), "", False) and self.type not in types:
                raise ValueError(f"{name} means nothing for a field of type {self.type}")
        if self.type in _PROPRES["options"]:
            values = [option.valeur for option in self.options]
            if len(values) < 2 or len(set(values)) != len(values):
                raise ValueError("options needs at least two options, each valeur once")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        if self.type == "explication" and (self.obligatoire or self.prerempli):
            raise ValueError("an explanation asks nothing: it is neither obligatoire nor prerempli")
        for name in ("date_min", "date_max"):
            _check_written_day(getattr(self, name), name)
        return self

    @property
    def repond(self) -> bool:
        """Whether the field has an answer among the answers (neither a piece nor an explanation)."""
        return self.type not in TYPES_SANS_REPONSE

    @property
    def entrees(self) -> tuple[str, ...]:
        """Names of its HTML inputs, in order; the first is where an error link leads by default."""
        if self.type == "date":
            return tuple(f"{self.id}-{part}" for part in ("jour", "mois", "annee"))
        if self.type == "adresse":
            return tuple(f"{self.id}-{part}" for part in ("ligne", "complement", "code_postal", "commune"))
        return (self.id,) if self.repond else ()

    @property
    def champs_cites(self) -> tuple[str, ...]:
        """Ids of the fields that this one refers to, in its rules or its limits."""
        bounds = (self.date_min, self.date_max, self.avertissement.avant if self.avertissement else None)
        days = tuple(bound for bound in bounds if bound and champ_de_borne(bound))
        rules = (self.si, self.obligatoire_si, self.calcul, *(check.regle for check in self.controles))
        return tuple(name for rule in rules if rule for name in sorted(noms_cites(rule))) + days


def champ_de_borne(borne: str) -> str | None:
    """Id of the date field that a limit refers to, None when it is relative to today or written out."""
    return None if borne.startswith("aujourdhui") or borne[0].isdigit() else borne


def jour_de_borne(borne: str, aujourd_hui: date, reponses: Mapping[str, Any]) -> date | None:
    """The day a limit means; None when it refers to a date field that has no answer yet.

    `reponses` maps field ids to typed answers.
    """
    if relative := re.fullmatch(r"aujourdhui([+-]\d+)?", borne):
        return aujourd_hui + timedelta(days=int(relative[1] or 0))
    if borne[0].isdigit():
        return date.fromisoformat(borne)
    answer = reponses.get(borne)
    return date.fromisoformat(answer) if isinstance(answer, str) else None


def _check_written_day(borne: str | None, name: str) -> None:
    if borne and borne[0].isdigit():
        try:
            date.fromisoformat(borne)
        except ValueError:
            raise ValueError(f"{name} is not a day of the calendar: {borne}") from None


def attributs_du_type(type_: str) -> frozenset[str]:
    """The attributes that a field of this type understands."""
    foreign = {name for name, types in _PROPRES.items() if type_ not in types}
    if type_ == "explication":
        foreign |= {"obligatoire", "prerempli", "autocomplete", "sujet"}
    return frozenset(Champ.model_fields) - foreign
