"""What law and archives say of a démarche, as data: receipt, silence, decision, clocks of retention.

Articles are those of the code des relations entre le public et l'administration (CRPA) unless another code is
named.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from app.demarches.definitions.base import Fige, Texte


class Accuse(Fige):
    """Whether a receipt with the mentions of R. 112-5 is due, and the text that says so."""

    delivre: bool
    fondement: Texte


class Silence(Fige):
    """What silence means after `delai_mois` months, and the text that says so."""

    regime: Literal["acceptation", "refus"]
    delai_mois: int = Field(ge=1, le=24)
    fondement: Texte


class Legal(Fige):
    """The legal side; `delai_complement_jours` is the time given to complete a file (L. 114-5)."""

    accuse: Accuse
    silence: Silence | None = None
    voies_recours: str = ""
    delai_complement_jours: int = Field(default=30, ge=1, le=365)

    @model_validator(mode="after")
    def _refusal_tells_the_appeal(self) -> Self:
        if self.accuse.delivre and self.silence and self.silence.regime == "refus" and not self.voies_recours:
            raise ValueError("silence means refusal, so voies_recours must say how to appeal (R. 112-5)")
        return self


class Service(Fige):
    """The service in charge, on the page and the receipt; a surcouche gives the real one."""

    nom: Texte
    telephone: str = ""


class Decision(Fige):
    """How the decision is called and its model; `{id}` in a text stands for the answer to that field.

    `{demandeur}`, `{numero}`, `{date_depot}` and `{commune}` are given by the dossier.
    """

    nature: Literal["arrete", "courrier"]
    visas: tuple[Texte, ...] = ()
    articles_acceptation: tuple[Texte, ...] = ()
    articles_refus: tuple[Texte, ...] = ()

    @property
    def libelle(self) -> str:
        """What the document is called on screen."""
        return {"arrete": "arrêté", "courrier": "courrier"}[self.nature]


class Conservation(Fige):
    """The three clocks of personal data: draft, active base, archive term (DUA), then the fate."""

    brouillon_jours: int = Field(ge=1, le=365)
    base_active_mois: int = Field(ge=1, le=120)
    dua_annees: int = Field(ge=0, le=100)
    sort_final: Literal["destruction", "conservation", "tri"]
