"""Pure rules of the démarches: reading what was typed, what is asked, states, legal clocks, numbers.

Nothing here knows the database, the web or the time: callers pass plain values and the day.
"""

from app.demarches.domain.affichage import afficher, remplir_modele
from app.demarches.domain.conditions import (
    EtatFormulaire,
    PageVisible,
    Refus,
    SectionVisible,
    champs_visibles,
    etat_du_formulaire,
    facultatif,
    pages_applicables,
    parties_repondues,
    reponses_effectives,
    router,
)
from app.demarches.domain.delais import (
    PARIS,
    ServiceInstructeur,
    Suspension,
    ajouter_mois,
    date_silence,
    jour_local,
    mentions_accuse,
)
from app.demarches.domain.etats import (
    ETATS_FINAUX,
    LIBELLES_ETAT,
    Etat,
    TransitionRefuseeError,
    classer_sans_suite,
    completer,
    decider,
    demander_complement,
    deposer,
    prendre_en_charge,
    retirer,
)
from app.demarches.domain.numero import (
    NumeroIncorrectError,
    afficher_numero,
    lire_numero,
    nouveau_numero,
    numeros_proches,
)
from app.demarches.domain.saisie import (
    Saisie,
    a_completer,
    agir,
    avertissements,
    entrees_de,
    parse_champ,
    parse_page,
)
from app.demarches.types import SaisieChamp
from app.demarches.types.ecriture import afficher_date, nettoyer

__all__ = [
    "ETATS_FINAUX",
    "LIBELLES_ETAT",
    "PARIS",
    "Etat",
    "EtatFormulaire",
    "NumeroIncorrectError",
    "PageVisible",
    "Refus",
    "Saisie",
    "SaisieChamp",
    "SectionVisible",
    "ServiceInstructeur",
    "Suspension",
    "TransitionRefuseeError",
    "a_completer",
    "afficher",
    "afficher_date",
    "afficher_numero",
    "agir",
    "ajouter_mois",
    "avertissements",
    "champs_visibles",
    "classer_sans_suite",
    "completer",
    "date_silence",
    "decider",
    "demander_complement",
    "deposer",
    "entrees_de",
    "etat_du_formulaire",
    "facultatif",
    "jour_local",
    "lire_numero",
    "mentions_accuse",
    "nettoyer",
    "nouveau_numero",
    "numeros_proches",
    "pages_applicables",
    "parse_champ",
    "parse_page",
    "parties_repondues",
    "prendre_en_charge",
    "remplir_modele",
    "reponses_effectives",
    "retirer",
    "router",
]
