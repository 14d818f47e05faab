"""The plain objects that page templates take: `templates/README.md` says which page wants which.

They hold display values only, frozen, with defaults for what a page may lack: a template under
StrictUndefined can read every attribute. Amounts are in cents, sizes in bytes, instants aware and in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lien:
    """Somewhere to go."""

    libelle: str
    url: str
    courant: bool = False


@dataclass(frozen=True)
class Langue:
    """A language that the page can be read in; `code` is BCP 47, `libelle` is in that very language."""

    code: str
    libelle: str
    url: str
    courante: bool = False


@dataclass(frozen=True)
class Horaire:
    """One line of opening hours, as the mairie words it."""

    jours: str
    heures: str


@dataclass(frozen=True)
class Coordonnees:
    """How to reach people without a screen; an empty value is not shown."""

    adresse: Sequence[str] = ()
    telephone: str = ""
    courriel: str = ""
    horaires: Sequence[Horaire] = ()


@dataclass(frozen=True)
class Personne:
    """Who is signed in, as the header shows it."""

    nom_affiche: str
    deconnexion_url: str
    espace_url: str


@dataclass(frozen=True)
class Portail:
    """What every page gets about the host it is on."""

    nom: str
    type: str
    accueil_url: str = "/"
    theme_url: str | None = None
    blason_url: str | None = None
    navigation: Sequence[Lien] = ()
    coordonnees: Coordonnees | None = None
    langues: Sequence[Langue] = ()
    personne: Personne | None = None
    maintenance: str = ""
    jeton_csrf: str = ""


@dataclass(frozen=True)
class Option:
    """One answer of a closed question."""

    valeur: str
    libelle: str
    aide: str = ""


@dataclass(frozen=True)
class Fichier:
    """A file already attached to a question; `etat` is one of analyse, accepte, refuse, a_remplacer.

    `precision` is what its owner said of it, `saisie` the inputs to say so, `vignette` the address of its thumbnail.
    """

    id: str
    nom: str
    taille: int
    etat: str = "accepte"
    message: str = ""
    url: str = ""
    vignette: str = ""
    precision: str = ""
    saisie: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Champ:
    """One question of a form, ready to draw.

    `type` names a widget: a macro `widget_<type>` of templates/composants. `id` is both the name of the input and the
    target of the error summary. `valeur` is a str, a list of str for cases, and a mapping by part for what has
    several inputs (a date: jour, mois, annee), then named `<id>-<key>`. `donnees` is what only that widget
    understands; `erreurs` are those of the questions that it is made of. `etat` is what rules make of a question of a
    row (cachee, facultative, obligatoire), empty for one that has none.
    """

    id: str
    type: str
    libelle: str
    aide: str = ""
    obligatoire: bool = True
    valeur: str | Sequence[str] | Mapping[str, str] = ""
    erreur: str = ""
    options: Sequence[Option] = ()
    provenance: str = ""
    fichiers: Sequence[Fichier] = ()
    autocomplete: str = ""
    largeur: str = ""
    unite: str = ""
    taille_max: int = 0
    formats: str = ""
    donnees: Mapping[str, Any] = field(default_factory=dict)
    erreurs: Sequence["Erreur"] = ()
    etat: str = ""


@dataclass(frozen=True)
class Erreur:
    """One line of the error summary: `cible` is the id of the field, without `#`."""

    cible: str
    message: str


@dataclass(frozen=True)
class Etiquette:
    """A state in words; `ton` is one of neutre, info, attente, action, succes, refus."""

    libelle: str
    ton: str = "neutre"


@dataclass(frozen=True)
class Plan:
    """A sketch in a square of 300, north up: paths (closed or not), points, a bar of scale, links to maps."""

    traits: Sequence[tuple[bool, str]]
    points: Sequence[tuple[float, float]]
    barre: float
    echelle: str
    liens: Sequence[Lien] = ()


@dataclass(frozen=True)
class Ligne:
    """A question and its answer in a summary; `valeurs` are shown one under the other, then the sketch of a place."""

    libelle: str
    valeurs: Sequence[str] = field(default_factory=tuple)
    modifier_url: str = ""
    provenance: str = ""
    plan: Plan | None = None


@dataclass(frozen=True)
class Section:
    """A titled group of answers."""

    titre: str
    lignes: Sequence[Ligne]
