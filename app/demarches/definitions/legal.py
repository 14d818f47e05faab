"""What law and archives say of a démarche, as data: receipt, silence, competence, decision, clocks of retention.

Articles are those of the code des relations entre le public et l'administration (CRPA) unless another code is
named.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.demarches.definitions.base import Fige, Formule, IdChamp, Texte

# « 2 mois », « 15 jours », « 10 jours ouvrés »: a number and what is counted.
Delai = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9]\d{0,3} (mois|jours?( ouvrables?| ouvrés?)?)$", strip_whitespace=True),
]


class Accuse(Fige):
    """Whether a receipt with the mentions of R. 112-5 is due, and the text that says so."""

    delivre: bool
    fondement: Texte


class Silence(Fige):
    """What silence means once `delai` has run, and the text that says so."""

    regime: Literal["acceptation", "refus"]
    delai: Delai
    fondement: Texte


class ExceptionSilence(Silence):
    """Another rule of silence for some requests: the first exception whose condition holds goes before the rule."""

    si: Formule


class Competence(Fige):
    """Who is competent instead of the collectivité when `si` holds (L. 114-2), and the text that says so."""

    si: Formule
    administration: Literal["epci", "departement", "etat", "autre"]
    nom: Texte
    fondement: Texte


class Legal(Fige):
    """The legal side of a téléservice.

    `delai_complement_jours` is the time proposed to complete a file (L. 114-5). `pieces_accessoires` are those whose
    absence stops neither the instruction nor the clock (L. 114-5-1); every other one is indispensable.
    """

    accuse: Accuse
    silence: Silence | None = None
    exceptions: tuple[ExceptionSilence, ...] = ()
    voies_recours: str = ""
    delai_complement_jours: int = Field(default=30, ge=1, le=365)
    pieces_accessoires: tuple[IdChamp, ...] = ()
    competences: tuple[Competence, ...] = ()

    @model_validator(mode="after")
    def _refusal_tells_the_appeal(self) -> Self:
        rules = (*((self.silence,) if self.silence else ()), *self.exceptions)
        refuses = any(rule.regime == "refus" for rule in rules)
        if self.accuse.delivre and refuses and not self.voies_recours:
            raise ValueError("silence means refusal, so voies_recours must say how to appeal (R. 112-5)")
        if self.exceptions and self.silence is None:
            raise ValueError("an exception needs the rule that it departs from: give silence")
        return self

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """Every condition of the legal part, with where it stands."""
        return (
            *((f"legal.exceptions[{i}].si", item.si) for i, item in enumerate(self.exceptions, 1)),
            *((f"legal.competences[{i}].si", item.si) for i, item in enumerate(self.competences, 1)),
        )


class Service(Fige):
    """The service in charge, on the page and the receipt; a surcouche gives the real one."""

    nom: Texte
    telephone: str = ""


class Decision(Fige):
    """How the decision is called and its model; `{id}` in a text stands for the answer to that field.

    `{demandeur}`, `{numero}`, `{date_depot}` and `{commune}` are given by the dossier. With `deux_agents`, the one who
    signs is not the one who proposed.
    """

    nature: Literal["arrete", "courrier"]
    visas: tuple[Texte, ...] = ()
    articles_acceptation: tuple[Texte, ...] = ()
    articles_refus: tuple[Texte, ...] = ()
    deux_agents: bool = False

    @property
    def libelle(self) -> str:
        """What the document is called on screen."""
        return {"arrete": "arrêté", "courrier": "courrier"}[self.nature]


class DureeParticuliere(Fige):
    """Another archive term for some dossiers, and why; the first whose condition holds goes before the rule."""

    si: Formule
    dua_annees: int = Field(ge=0, le=100)
    motif: Texte


class Conservation(Fige):
    """The three clocks of personal data: draft, active base, archive term (DUA), then the fate.

    `durees` are the terms that depend on the answers; what they give is kept with the dossier when it is filed.
    """

    brouillon_jours: int = Field(ge=1, le=365)
    base_active_mois: int = Field(ge=1, le=120)
    dua_annees: int = Field(ge=0, le=100)
    sort_final: Literal["destruction", "conservation", "tri"]
    durees: tuple[DureeParticuliere, ...] = ()

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """The condition of each term of its own, with where it stands."""
        return tuple((f"conservation.durees[{i}].si", item.si) for i, item in enumerate(self.durees, 1))
