"""Parts of a field that only some types take: options, rules of a document, remarks; all frozen."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.demarches.definitions.base import Fige, Texte

Valeur = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
# A day: relative to the day of filling, written out, or that of an earlier date field of the form.
Borne = Annotated[
    str, StringConstraints(pattern=r"^(aujourdhui([+-]\d{1,5})?|\d{4}-\d\d-\d\d|[a-z][a-z0-9_]{0,39})$")
]
HeureEcrite = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Option(Fige):
    """One answer to choose from; `valeur` is what is stored and never changes meaning.

    `options` are those of the next list (type listes_liees).
    """

    valeur: Valeur
    libelle: Texte
    aide: str = ""
    options: tuple["Option", ...] = ()


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


class LigneTableau(Fige):
    """A row of a table."""

    id: Valeur
    libelle: Texte
    aide: str = ""


class ColonneTableau(Fige):
    """A column of a table: amounts in euros, or numbers."""

    id: Valeur
    libelle: Texte
    genre: Literal["montant", "nombre"] = "montant"
