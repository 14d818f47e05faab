"""The papers of a dossier as PDF/A-2a and PDF/UA-1: one function per paper, same bytes for the same paper.

Each carries the instant of the fact it attests, so that making it again after a crash changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime

import structlog

from app.demarches.documents import (
    AccuseReception,
    AttestationEnregistrement,
    DecisionActe,
    DemandeComplement,
    Forme,
    Lettre,
    PieceDemandee,
    RecapDossier,
)
from app.socle.documents import render_pdf
from app.socle.errors import BusinessError
from app.socle.lettres import EnTete, jour

log = structlog.get_logger()


async def pdf_attestation(papier: AttestationEnregistrement) -> bytes:
    """The receipt « Votre demande est enregistrée » as PDF/A-2a and PDF/UA-1."""
    depot = papier.depot
    return await _render(
        "attestation",
        {**depot.data(), "suite": papier.suite},
        en_tete=depot.en_tete,
        instant=depot.recu_le,
        titre=f"Votre demande est enregistrée – dossier {depot.numero}",
    )


async def pdf_accuse(papier: AccuseReception) -> bytes:
    """The electronic acknowledgement as PDF/A-2a and PDF/UA-1, dated by the receipt of the demand."""
    depot = papier.depot
    manquantes = {
        "pieces": [_piece(piece) for piece in papier.pieces_manquantes],
        "avant_le": jour(papier.pieces_avant_le) if papier.pieces_avant_le else "",
    }
    return await _render(
        "accuse",
        {**depot.data(), "silence": papier.silence.data(), "manquantes": manquantes},
        en_tete=depot.en_tete,
        instant=depot.recu_le,
        titre=f"Accusé de réception – dossier {depot.numero}",
    )


async def pdf_demande_complement(papier: DemandeComplement) -> bytes:
    """The letter that asks for pieces as PDF/A-2a and PDF/UA-1."""
    return await _render(
        "demande_complement",
        {
            "en_tete": papier.en_tete.data(),
            "numero": papier.numero,
            "demarche": papier.demarche,
            "destinataire": papier.destinataire.data(),
            "etablie_le": jour(papier.en_tete.date_de(papier.etablie_le)),
            "pieces": [_piece(piece) for piece in papier.pieces],
            "avant_le": jour(papier.avant_le),
            "effet": papier.effet.value,
            "agent": papier.agent.data(),
            "message": papier.message,
        },
        en_tete=papier.en_tete,
        instant=papier.etablie_le,
        titre=f"Pièces à compléter – dossier {papier.numero}",
    )


async def pdf_lettre(papier: Lettre) -> bytes:
    """A plain letter as PDF/A-2a and PDF/UA-1, dated by `etablie_le`."""
    return await _render(
        "lettre",
        {
            "en_tete": papier.en_tete.data(),
            "numero": papier.numero,
            "demarche": papier.demarche,
            "destinataire": papier.destinataire.data(),
            "etablie_le": jour(papier.en_tete.date_de(papier.etablie_le)),
            "objet": papier.objet,
            "paragraphes": papier.paragraphes,
            "mention": papier.mention,
            "agent": papier.agent.data() if papier.agent else None,
        },
        en_tete=papier.en_tete,
        instant=papier.etablie_le,
        titre=f"{papier.objet} – dossier {papier.numero}",
    )


async def pdf_decision(papier: DecisionActe) -> bytes:
    """The act as PDF/A-2a and PDF/UA-1, dated by `signee_le`."""
    nom = f"Arrêté n° {papier.numero_acte}".rstrip(" n°") if papier.forme is Forme.ARRETE else "Décision"
    return await _render(
        "decision",
        {
            "en_tete": papier.en_tete.data(),
            "forme": papier.forme.value,
            "objet": papier.objet,
            "autorite": papier.autorite,
            "numero_dossier": papier.numero_dossier,
            "numero_acte": papier.numero_acte,
            "destinataire": papier.destinataire.data(),
            "represente": papier.represente,
            "visas": papier.visas,
            "motifs": papier.motifs,
            "dispositif": papier.dispositif,
            "lieu": papier.lieu,
            "date": jour(papier.en_tete.date_de(papier.signee_le)),
            "auteur": papier.auteur.data(),
            "recours": papier.recours.data() if papier.recours else None,
            "par_teleservice": papier.par_teleservice,
        },
        en_tete=papier.en_tete,
        instant=papier.signee_le,
        titre=f"{nom} – {papier.objet}",
    )


async def pdf_dossier(papier: RecapDossier) -> bytes:
    """The whole dossier as PDF/A-2a and PDF/UA-1, dated by `imprime_le`."""
    depot, en_tete = papier.depot, papier.depot.en_tete
    historique = [
        {"quand": en_tete.moment(e.instant), "libelle": e.libelle, "auteur": e.auteur}
        for e in papier.historique
    ]
    return await _render(
        "dossier",
        {
            **depot.data(),
            "statut": papier.statut,
            "historique": historique,
            "imprime_le": en_tete.moment(papier.imprime_le),
            "imprime_par": papier.imprime_par,
        },
        en_tete=en_tete,
        instant=papier.imprime_le,
        titre=f"Dossier {depot.numero} – {depot.demarche}",
    )


async def _render(
    modele: str, donnees: Mapping[str, object], *, en_tete: EnTete, instant: datetime, titre: str
) -> bytes:
    try:
        return await render_pdf(modele, donnees, horodatage=instant, titre=titre, embleme=en_tete.embleme_svg)
    except BusinessError as error:
        if not en_tete.embleme_svg:
            raise
        # A drawing that the typesetter does not take must not keep a person from their receipt.
        log.warning("emblem_left_out", modele=modele, error=error.message)
        return await render_pdf(modele, donnees, horodatage=instant, titre=titre)


def _piece(piece: PieceDemandee) -> dict[str, object]:
    return {"libelle": piece.libelle, "motif": piece.motif}
