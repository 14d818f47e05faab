"""The types of fields, by the name that definitions write: everything that depends on a type asks here.

A new type is one class in a file of this package, one line below, and a macro in `templates/champs/` when no widget
suits it.
"""

from collections.abc import Mapping

from app.demarches.types.accords import Consentement, Signature
from app.demarches.types.adresse import Adresse
from app.demarches.types.affichages import Calcul, Explication, PieceJointe
from app.demarches.types.base import (
    NON_RENSEIGNE,
    Brut,
    Cellule,
    Colonne,
    ContexteDeSaisie,
    RefusDeSaisie,
    ReglesDesLignes,
    SaisieChamp,
    TypeDeChamp,
    TypeExpression,
    sujet,
)
from app.demarches.types.bloc import Bloc
from app.demarches.types.carte import Carte
from app.demarches.types.choix import Choix, ChoixMultiple, Civilite, ListesLiees, OuiNon
from app.demarches.types.contacts import Courriel, Telephone
from app.demarches.types.dates import Heure, Jour, Periode
from app.demarches.types.lieux import Commune, Departement, Pays
from app.demarches.types.nombres import Entier, Montant, Nombre
from app.demarches.types.numeros import (
    Iban,
    Immatriculation,
    Nir,
    NumeroCaf,
    PredemandeAnts,
    Rna,
    Siret,
)
from app.demarches.types.personnes import Enfant, Identite
from app.demarches.types.referentiel import Referentiel
from app.demarches.types.tableau import Tableau
from app.demarches.types.textes import Formate, Texte, TexteLong

_TOUS: tuple[TypeDeChamp, ...] = (
    Texte(),
    TexteLong(),
    Entier(),
    Nombre(),
    Montant(),
    OuiNon(),
    Choix(),
    ChoixMultiple(),
    ListesLiees(),
    Jour(),
    Heure(),
    Periode(),
    Civilite(),
    Courriel(),
    Telephone(),
    Adresse(),
    Siret(),
    Rna(),
    Iban(),
    Nir(),
    NumeroCaf(),
    PredemandeAnts(),
    Immatriculation(),
    Formate(),
    Consentement(),
    Signature(),
    Identite(),
    Enfant(),
    Bloc(),
    Tableau(),
    Commune(),
    Departement(),
    Pays(),
    Carte(),
    Referentiel(),
    Calcul(),
    PieceJointe(),
    Explication(),
)
TYPES: Mapping[str, TypeDeChamp] = {kind.nom: kind for kind in _TOUS}
# The attributes that only some types take: any other is common to all.
PROPRES: frozenset[str] = frozenset().union(*(kind.attributs for kind in _TOUS))

__all__ = [
    "NON_RENSEIGNE",
    "PROPRES",
    "TYPES",
    "Brut",
    "Cellule",
    "Colonne",
    "ContexteDeSaisie",
    "RefusDeSaisie",
    "ReglesDesLignes",
    "SaisieChamp",
    "TypeDeChamp",
    "TypeExpression",
    "sujet",
]
