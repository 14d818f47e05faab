"""Pure rules of the démarches: reading what was typed, what is asked, states, legal clocks, numbers.

Nothing here knows the database, the web or the time: callers pass plain values and the day.
"""

from app.demarches.domain.affichage import afficher, afficher_date, remplir_modele
from app.demarches.domain.calendrier import ajouter, ajouter_mois, echeance
from app.demarches.domain.conditions import (
    champs_visibles,
    facultatif,
    holds,
    pages_applicables,
    reponses_effectives,
    visible,
)
from app.demarches.domain.delais import (
    PARIS,
    Lieu,
    Suspension,
    Tacite,
    competence_de,
    date_silence,
    jour_local,
    silence_de,
    tacite_de,
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
    transmettre,
)
from app.demarches.domain.numero import NumeroIncorrectError, afficher_numero, lire_numero, nouveau_numero
from app.demarches.domain.saisie import (
    Saisie,
    SaisieChamp,
    a_completer,
    avertissements,
    entrees_de,
    parse_champ,
    parse_page,
)
from app.demarches.domain.texte import nettoyer

__all__ = [
    "ETATS_FINAUX",
    "LIBELLES_ETAT",
    "PARIS",
    "Etat",
    "Lieu",
    "NumeroIncorrectError",
    "Saisie",
    "SaisieChamp",
    "Suspension",
    "Tacite",
    "TransitionRefuseeError",
    "a_completer",
    "afficher",
    "afficher_date",
    "afficher_numero",
    "ajouter",
    "ajouter_mois",
    "avertissements",
    "champs_visibles",
    "classer_sans_suite",
    "competence_de",
    "completer",
    "date_silence",
    "decider",
    "demander_complement",
    "deposer",
    "echeance",
    "entrees_de",
    "facultatif",
    "holds",
    "jour_local",
    "lire_numero",
    "nettoyer",
    "nouveau_numero",
    "pages_applicables",
    "parse_champ",
    "parse_page",
    "prendre_en_charge",
    "remplir_modele",
    "reponses_effectives",
    "retirer",
    "silence_de",
    "tacite_de",
    "transmettre",
    "visible",
]
