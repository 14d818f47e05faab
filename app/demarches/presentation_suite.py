"""What follows: from answers while they are typed, from silence, from a handing over; what a draft misses."""

from typing import Any

from app.demarches.domain import Lieu
from app.demarches.domain.conditions import EtatFormulaire
from app.demarches.domain.etats import Etat
from app.demarches.service.horloge import tacite_du
from app.demarches.service.reste import Reste
from app.demarches.service.suivi import Suivi
from app.demarches.service.transmission import new_id_of
from app.socle.contexte import Contexte
from app.socle.ids import new_token
from app.socle.vues import Lien


def mouvements_of(etat: EtatFormulaire, page_id: str) -> dict[str, Any]:
    """What answers move on their page while they are typed, as it is shown there.

    `calculs` are the computed values ("" while one is not known), `obligatoires` the questions that a rule makes
    obligatory or not.
    """
    asked = etat.champs(page_id)
    known = etat.reponses
    return {
        "calculs": {
            c.id: c.genre.afficher(c, known[c.id]) if c.id in known else ""
            for c in asked
            if c.calcul is not None
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


def reste_vu(one: Reste, base: str) -> dict[str, Any]:
    """What a draft misses, in numbers and links; `base` is its address."""
    liens = [Lien(phrase, f"{base}/etapes/{page_id}#{champ_id}") for page_id, champ_id, phrase in one.manques]
    return {"questions": one.champs, "pieces": one.pieces, "liens": liens}
