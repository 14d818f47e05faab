"""What follows by itself: from answers while they are typed, from silence, from a dossier being handed over."""

from typing import Any

from app.demarches.domain import Lieu
from app.demarches.domain.conditions import EtatFormulaire
from app.demarches.domain.etats import Etat
from app.demarches.service.horloge import tacite_du
from app.demarches.service.suivi import Suivi
from app.demarches.service.transmission import new_id_of
from app.demarches.types.tableau import Tableau
from app.socle.contexte import Contexte
from app.socle.ids import new_token


def mouvements_of(etat: EtatFormulaire, page_id: str) -> dict[str, Any]:
    """What answers move on their page while they are typed, as it is shown there.

    `calculs` are the computed values ("" while one is not known), `totaux` the totals of tables, `obligatoires` the
    questions that a rule makes obligatory or not.
    """
    asked = etat.champs(page_id)
    known = etat.reponses
    return {
        "calculs": {
            c.id: c.genre.afficher(c, known[c.id]) if c.id in known else ""
            for c in asked
            if c.calcul is not None
        },
        "totaux": {
            c.id: c.genre.totaux_montres(c, known.get(c.id))
            for c in asked
            if isinstance(c.genre, Tableau) and c.totaux
        },
        "obligatoires": {c.id: c.id in etat.obligatoires for c in asked if c.obligatoire_si is not None},
    }


def suites_of(ctx: Contexte, found: Suivi) -> dict[str, Any]:
    """The attestation of an implicit acceptance (to ask for, then to read), the dossier that this one became."""
    dossier, attestation = found.dossier, found.document("attestation_tacite")
    lieu = Lieu.de(found.collectivite.fuseau, found.collectivite.departement)
    tacite = tacite_du(dossier, found.definition, lieu, ctx.now)
    accepted = tacite is not None and tacite.regime == "acceptation"
    # The history says whether it went on in this installation.
    inside = any(e.genre == "transmission" and e.donnees.get("ici") == "oui" for e in found.evenements)
    return {
        "attestation_action": f"/dossiers/{dossier.id}/attestation" if accepted and not attestation else "",
        "attestation_url": f"/documents/{attestation.id}" if attestation else "",
        "suite_url": f"/dossiers/{new_id_of(dossier.id)}" if dossier.etat == Etat.TRANSMIS and inside else "",
        "cle_idempotence": new_token(),
    }
