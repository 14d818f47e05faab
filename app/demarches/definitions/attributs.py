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


class NaturePiece(Fige):
    """One kind of document that a question accepts; « un parmi N » is made of several.

    `avec` names the kinds (ids, separated by spaces) that must come with this one: what replaces a document is a kind
    with its company (somebody's word that you live there, with their identity). A kind that only keeps another company
    proves nothing alone. `moins_de_mois` replaces that of the question; 0 is no limit.
    """

    valeur: Valeur
    libelle: Texte
    aide: str = ""
    moins_de_mois: int | None = Field(default=None, ge=0, le=240)
    avec: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9_]{0,39}( [a-z0-9][a-z0-9_]{0,39})*)?$")

    @property
    def compagnie(self) -> tuple[str, ...]:
        """The kinds that must come with it."""
        return tuple(self.avec.split())


class ReglesPiece(Fige):
    """What may be attached: kinds, age, formats by extension, megabytes per file, how many, a model to fill.

    With `moins_de_mois` the person gives the date of each document; one that is older is refused, or only remarked on
    (`trop_ancien`).
    """

    natures: tuple[NaturePiece, ...] = ()
    moins_de_mois: int | None = Field(default=None, ge=1, le=240)
    trop_ancien: Literal["refuse", "signale"] = "refuse"

    formats: tuple[Literal["pdf", "jpg", "png", "heic", "odt", "docx", "ods", "xlsx"], ...] = (
        "pdf",
        "jpg",
        "png",
        "heic",
    )
    poids_max_mo: int = Field(default=20, ge=1, le=200)
    nombre_min: int = Field(default=1, ge=1, le=20)
    nombre_max: int = Field(default=1, ge=1, le=20)
    modele: str = Field(default="", pattern=r"^(https://\S+)?$")

    @model_validator(mode="after")
    def _formats_given_once(self) -> Self:
        if not self.formats or len(set(self.formats)) != len(self.formats):
            raise ValueError("formats must name at least one format, each once")
        return self

    @model_validator(mode="after")
    def _natures_that_can_be_given(self) -> Self:
        if self.nombre_min > self.nombre_max:
            raise ValueError("nombre_min is above nombre_max")
        known = [nature.valeur for nature in self.natures]
        if len(set(known)) != len(known):
            raise ValueError("natures: each valeur once")
        for nature in self.natures:
            if nature.valeur in nature.compagnie or not set(nature.compagnie) <= set(known):
                raise ValueError(f"natures: {nature.valeur} comes with kinds that are not others of the list")
            if 1 + len(nature.compagnie) > self.nombre_max:
                raise ValueError(f"natures: {nature.valeur} and its company are more than nombre_max")
        if self.natures and not self.suffisantes:
            raise ValueError("natures: none proves anything alone")
        return self

    @property
    def suffisantes(self) -> tuple[NaturePiece, ...]:
        """The kinds that answer the question, with their company if they have one."""
        company = {name for nature in self.natures for name in nature.compagnie}
        return tuple(nature for nature in self.natures if nature.valeur not in company)

    def nature(self, valeur: str) -> NaturePiece | None:
        """The kind of that id, None when there is none."""
        return next((nature for nature in self.natures if nature.valeur == valeur), None)

    def mois(self, valeur: str) -> int | None:
        """How many months old a document of that kind may be; None for no limit."""
        nature = self.nature(valeur)
        own = nature.moins_de_mois if nature else None
        return self.moins_de_mois if own is None else own or None

    @property
    def datee(self) -> bool:
        """Whether the date of some document is asked."""
        return self.moins_de_mois is not None or any(nature.moins_de_mois for nature in self.natures)


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
