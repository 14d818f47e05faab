"""People: an identity and a child, each a handful of questions worded once for every form."""

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from app.demarches.types.compose import Compose

if TYPE_CHECKING:
    from app.demarches.definitions.champs import Champ

_NOM = {"type": "texte", "longueur_max": 100}
# Name of the part, and the question it asks; `obligatoire` follows the field unless written.
_IDENTITE: dict[str, dict[str, Any]] = {
    "civilite": {"type": "civilite", "libelle": "Civilité", "sujet": "la civilité"},
    "prenoms": {**_NOM, "libelle": "Prénoms", "sujet": "les prénoms"},
    "nom_naissance": {**_NOM, "libelle": "Nom de naissance", "sujet": "le nom de naissance"},
    "nom_usage": {**_NOM, "libelle": "Nom d’usage", "sujet": "le nom d’usage", "obligatoire": False},
    "naissance": {
        "type": "date",
        "libelle": "Date de naissance",
        "sujet": "la date de naissance",
        "date_max": "aujourdhui",
    },
    "lieu_naissance": {
        **_NOM,
        "libelle": "Commune (et pays) de naissance",
        "sujet": "le lieu de naissance",
    },
    "nationalite": {**_NOM, "libelle": "Nationalité", "sujet": "la nationalité"},
    "courriel": {"type": "courriel", "libelle": "Adresse électronique", "sujet": "l’adresse électronique"},
    "telephone": {"type": "telephone", "libelle": "Téléphone", "sujet": "le numéro de téléphone"},
    "adresse": {
        "type": "adresse",
        "libelle": "Adresse postale",
        "sujet": "l’adresse postale",
        "etranger": True,
    },
}
_ENFANT: dict[str, dict[str, Any]] = {
    "prenoms": {**_NOM, "libelle": "Prénoms de l’enfant", "sujet": "les prénoms de l’enfant"},
    "nom": {**_NOM, "libelle": "Nom de l’enfant", "sujet": "le nom de l’enfant"},
    "naissance": {
        "type": "date",
        "libelle": "Date de naissance de l’enfant",
        "sujet": "la date de naissance de l’enfant",
        "date_max": "aujourdhui",
    },
    "sexe": {
        "type": "choix",
        "libelle": "Sexe de l’enfant",
        "sujet": "le sexe de l’enfant",
        "options": ({"valeur": "f", "libelle": "Féminin"}, {"valeur": "m", "libelle": "Masculin"}),
    },
    "lieu_naissance": {
        **_NOM,
        "libelle": "Commune (et pays) de naissance de l’enfant",
        "sujet": "le lieu de naissance de l’enfant",
    },
    "ecole": {**_NOM, "libelle": "École", "sujet": "l’école"},
    "classe": {**_NOM, "libelle": "Classe", "sujet": "la classe"},
}


class Identite(Compose):
    """A person: first names and birth name, and the parts that `demande` adds."""

    nom: ClassVar[str] = "identite"
    attributs: ClassVar[frozenset[str]] = frozenset({"demande", "facultatives"})
    modele: ClassVar[dict[str, dict[str, Any]]] = _IDENTITE
    toujours: ClassVar[frozenset[str]] = frozenset({"prenoms", "nom_naissance"})

    def verifier(self, champ: "Champ") -> None:
        """Parts that exist, each once."""
        unknown = set(champ.demande) - (self.modele.keys() - self.toujours)
        if unknown or len(set(champ.demande)) != len(champ.demande):
            offered = ", ".join(sorted(self.modele.keys() - self.toujours))
            raise ValueError(f"demande: parts among {offered}, each once")
        if not set(champ.facultatives) <= self.toujours | set(champ.demande):
            raise ValueError("facultatives: parts that are asked")

    def sous_champs(self, champ: "Champ") -> "tuple[Champ, ...]":
        """The parts, in the order of the model."""
        return _parties(type(champ), self.nom, champ.demande, champ.facultatives)


class Enfant(Identite):
    """A child: first names, name and date of birth, and the parts that `demande` adds."""

    nom: ClassVar[str] = "enfant"
    modele: ClassVar[dict[str, dict[str, Any]]] = _ENFANT
    toujours: ClassVar[frozenset[str]] = frozenset({"prenoms", "nom", "naissance"})


@functools.lru_cache(maxsize=256)
def _parties(
    classe: "type[Champ]", nom: str, demande: tuple[str, ...], facultatives: tuple[str, ...]
) -> "tuple[Champ, ...]":
    kind = Enfant if nom == Enfant.nom else Identite
    return tuple(
        classe.model_validate(
            {"id": part, "obligatoire": True, **modele}
            | ({"obligatoire": False} if part in facultatives else {})
        )
        for part, modele in kind.modele.items()
        if part in kind.toujours or part in demande
    )
