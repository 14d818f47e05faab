"""What every letter of a collectivité is made of: letterhead, addressee, author, appeals, French dates.

CRPA L111-2 (a letter names the agent in charge), L212-1 and L212-2 (an act names its author), CJA R421-5
(a time limit that was not notified cannot be opposed): a part that lacks what the law asks cannot be built.
"""

import re
from dataclasses import dataclass, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from app.socle.articles import a
from app.socle.errors import InvalidInputError

NBSP = "\u00a0"
DEFAULT_COLOUR = "#1b3a57"


class IncompleteLetterError(InvalidInputError):
    """A mention that the law requires is missing; the sentence names it."""

    code = "courrier_incomplet"


class IncompleteAuthorError(IncompleteLetterError):
    """An act or letter whose author lacks first name, name, quality or service (CRPA L111-2, L212-2)."""

    code = "auteur_incomplet"


def require(value: object, mention: str) -> None:
    """Refuse an absent or blank `mention` with IncompleteLetterError."""
    if not (value.strip() if isinstance(value, str) else value):
        raise IncompleteLetterError(f"Il manque une mention obligatoire{NBSP}: {mention}.")


def require_aware(instant: datetime, mention: str) -> None:
    """Refuse an instant without time zone: its printed hour would be a guess."""
    if instant.tzinfo is None:
        raise ValueError(f"{mention} needs an aware instant")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnTete:
    """Letterhead of a collectivité and of the service in charge (CRPA R112-11-1: name, address, phone)."""

    collectivite: str
    service: str
    adresse: tuple[str, ...]
    telephone: str
    courriel: str = ""
    horaires: str = ""
    site: str = ""
    embleme_svg: str = ""
    couleur: str = DEFAULT_COLOUR
    fuseau: str = "Europe/Paris"

    def __post_init__(self) -> None:
        require(self.collectivite, "le nom de la collectivité")
        require(self.service, "le service chargé du dossier")
        require(any(line.strip() for line in self.adresse) or self.courriel, "l’adresse du service")
        require(self.telephone, "le téléphone du service")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.couleur):
            raise ValueError("a letterhead colour is #rrggbb")

    def data(self) -> dict[str, object]:
        """Plain data for the templates; the emblem goes beside it."""
        return {
            "collectivite": self.collectivite,
            "service": self.service,
            "adresse": list(self.adresse),
            "telephone": self.telephone,
            "courriel": self.courriel,
            "horaires": self.horaires,
            "site": self.site,
            "couleur": self.couleur,
        }

    def moment(self, instant: datetime) -> str:
        """`22 novembre 2026 à 14 h 05`, at the collectivité's wall clock."""
        local = instant.astimezone(ZoneInfo(self.fuseau))
        return f"{jour(local.date())} à{NBSP}{local.hour}{NBSP}h{NBSP}{local.minute:02d}"

    def date_de(self, instant: datetime) -> date:
        """The calendar day of an instant at the collectivité's wall clock."""
        return instant.astimezone(ZoneInfo(self.fuseau)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinataire:
    """Whom a letter is for: name as given, lines of the postal address when known."""

    nom: str
    adresse: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(self.nom, "le nom du destinataire")

    def data(self) -> dict[str, object]:
        """Plain data for the templates."""
        return {"nom": self.nom, "adresse": list(self.adresse)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Auteur:
    """The person who decides or who is in charge of a file: all four mentions, or IncompleteAuthorError.

    `delegation` is what stands above the name when another authority is represented
    (« Pour le maire et par délégation »).
    """

    prenom: str
    nom: str
    qualite: str
    service: str
    delegation: str = ""

    def __post_init__(self) -> None:
        labels = {"prenom": "prénom", "nom": "nom", "qualite": "qualité", "service": "service"}
        missing = [label for name, label in labels.items() if not getattr(self, name).strip()]
        if missing:
            raise IncompleteAuthorError(
                f"L’auteur doit être désigné par ses prénom, nom, qualité et service. Il manque{NBSP}: "
                f"{', '.join(missing)}."
            )

    def data(self) -> dict[str, object]:
        """Plain data for the templates."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "nom_complet": f"{self.prenom} {self.nom}"
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiesRecours:
    """Ways and time limits of appeal (CJA R421-1, R421-5): administrative to `autorite`, then the court.

    `delai` is written out (« deux mois »). `proroge` says whether the administrative appeal keeps the court's
    time limit open (CRPA L411-2), which some laws exclude.
    """

    autorite: str
    tribunal: str
    tribunal_adresse: tuple[str, ...]
    delai: str = "deux mois"
    proroge: bool = True

    def __post_init__(self) -> None:
        require(self.autorite, "l’autorité du recours administratif")
        require(self.tribunal, "le tribunal compétent")
        require(any(line.strip() for line in self.tribunal_adresse), "l’adresse du tribunal")
        require(self.delai, "le délai de recours")

    def data(self) -> dict[str, object]:
        """Plain data for the templates."""
        return {
            "a_autorite": a(self.autorite),
            "tribunal": self.tribunal,
            "tribunal_adresse": list(self.tribunal_adresse),
            "delai": self.delai,
            "proroge": self.proroge,
        }


def jour(day: date) -> str:
    """A date as a French letter writes it: `1er décembre 2026`, never broken between lines."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}{NBSP}{format_date(day, 'MMMM', locale='fr')}{NBSP}{day.year}"
