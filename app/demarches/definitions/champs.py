"""One question of a form: its type, wording, limits and the condition under which it is asked.

A field's id never changes meaning from one version to the next; its name in HTML is the id, followed by
`-part` for a type made of several inputs, which is why an id holds no hyphen. What depends on the type is asked
of `app.demarches.types`.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from app.demarches.definitions.attributs import (
    Avertissement,
    Borne,
    ColonneTableau,
    HeureEcrite,
    LigneTableau,
    Option,
    ReglesPiece,
    Valeur,
)
from app.demarches.definitions.base import Controle, Fige, Formule, IdChamp, Texte
from app.demarches.expressions import noms_cites
from app.demarches.types import PROPRES, TYPES, TypeDeChamp
from app.demarches.types.bornes import champ_de_borne, jour_de_borne

__all__ = [
    "Avertissement",
    "Borne",
    "Champ",
    "Fige",
    "IdChamp",
    "Option",
    "ReglesPiece",
    "Texte",
    "TypeChamp",
    "Valeur",
    "attributs_du_type",
    "champ_de_borne",
    "jour_de_borne",
]


def _known_type(nom: str) -> str:
    if nom not in TYPES:
        raise ValueError(f"there is no type of field named {nom}; docs/champs.md lists them")
    return nom


TypeChamp = Annotated[str, AfterValidator(_known_type)]

Prerempli = Literal[
    # A whole person, for a field that asks for one; else a part.
    "identite",
    "identite.civilite",
    "identite.nom_naissance",
    "identite.nom_usage",
    "identite.prenoms",
    "identite.date_naissance",
    "identite.courriel",
    "identite.telephone",
    # The person concerned: whoever is represented, else the person who fills.
    "beneficiaire.nom_naissance",
    "beneficiaire.prenoms",
    "beneficiaire",
    "beneficiaire.date_naissance",
]


# What a person gives themselves, or gives in rows: an address never fills it.
SANS_LIEN = frozenset({"consentement", "signature", "bloc", "tableau", "nir", "iban", "carte", "referentiel"})


class Champ(Fige):
    """A field of a page.

    `section` is that of its page which it stands under; rules are in the language of docs/guides/regles.md.
    `sujet` names what is asked inside error sentences ("la date de début"); `autocomplete` is the HTML token
    of WCAG 1.3.5; `lien` lets an address fill it (`?id=value`); `min`, `max` are in `unite` (in euros for an amount);
    numbers are kept as text so that the content address is exact. docs/champs.md says which type takes which attribute.
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
    prerempli: Prerempli | None = None
    lien: bool = False
    autocomplete: str = Field(default="", pattern=r"^[a-z-]*( [a-z-]+)*$")

    options: tuple[Option, ...] = ()
    niveaux: tuple[Texte, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    unite: str = ""
    longueur_max: int | None = Field(default=None, ge=1, le=20_000)
    motif: str = Field(default="", max_length=200)
    exemple: str = ""
    date_min: Borne | None = None
    date_max: Borne | None = None
    heure_min: HeureEcrite | None = None
    heure_max: HeureEcrite | None = None
    avertissement: Avertissement | None = None
    etranger: bool = False
    sur_place: bool = False
    piece: ReglesPiece | None = None
    champs: "tuple[Champ, ...]" = ()
    lignes_min: int = Field(default=0, ge=0, le=200)
    lignes_max: int = Field(default=20, ge=1, le=200)
    ligne: str = ""
    ajouter: str = ""
    demande: tuple[str, ...] = ()
    facultatives: tuple[str, ...] = ()
    lignes: tuple[LigneTableau, ...] = ()
    colonnes: tuple[ColonneTableau, ...] = ()
    totaux: bool = True
    resultat: Literal["nombre", "montant", "texte", "date", "oui_non"] = "nombre"
    anciennes: bool = False
    formes: tuple[Literal["point", "ligne", "surface"], ...] = ("point",)
    cadastre: bool = False
    referentiel: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9_]{0,39})?$")

    @model_validator(mode="before")
    @classmethod
    def _piece_has_rules(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("type") == "piece":
            return {"piece": {}, **data}
        return data

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        for name in self.model_fields_set & PROPRES - self.genre.attributs:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} means nothing for a field of type {self.type}")
        people = {"identite": ("identite", "beneficiaire"), "enfant": ("beneficiaire",)}.get(self.type)
        source = self.prerempli
        if source is not None and not (source in people if people else "." in source):
            raise ValueError(
                "prerempli: identite or beneficiaire fills a whole person, its parts other fields"
            )
        if self.lien and (self.calcul is not None or not self.repond or self.type in SANS_LIEN):
            raise ValueError(f"a field of type {self.type} is not filled by a link")
        self.genre.verifier(self)
        return self

    @property
    def sous_champs(self) -> "tuple[Champ, ...]":
        """The questions that it is made of: those of a repeated block, the parts of an identity."""
        return self.genre.sous_champs(self)

    @property
    def genre(self) -> TypeDeChamp:
        """Its type, which reads, shows and exports it."""
        return TYPES[self.type]

    @property
    def repond(self) -> bool:
        """Whether the field has an answer among the answers (neither a piece nor an explanation)."""
        return self.genre.repond

    @property
    def entrees(self) -> tuple[str, ...]:
        """Names of its HTML inputs, in order; the first is where an error link leads by default."""
        return self.genre.entrees(self)

    @property
    def champs_cites(self) -> tuple[str, ...]:
        """Ids of the fields that this one refers to, in its rules or its limits."""
        rules = (self.si, self.obligatoire_si, self.calcul, *(check.regle for check in self.controles))
        named = tuple(name for rule in rules if rule for name in sorted(noms_cites(rule)))
        own = {part.id for part in self.champs}
        inside = (rule for part in self.champs for rule in (part.si, part.obligatoire_si) if rule)
        outside = tuple(name for rule in inside for name in sorted(noms_cites(rule) - own))
        return named + outside + self.genre.champs_cites(self)


def attributs_du_type(type_: str) -> frozenset[str]:
    """The attributes that a field of this type understands."""
    foreign = PROPRES - TYPES[type_].attributs
    if type_ == "explication":
        foreign |= {"obligatoire", "prerempli", "autocomplete", "sujet"}
    if type_ in SANS_LIEN or not TYPES[type_].repond:
        foreign |= {"lien"}
    return frozenset(Champ.model_fields) - foreign
