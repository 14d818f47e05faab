"""The plain letters of the instruction: handing over, attestation of an implicit acceptance, letter of a step."""

from zoneinfo import ZoneInfo

from app.demarches.definitions import Definition
from app.demarches.definitions.parcours import ActionDocument
from app.demarches.documents import Lettre
from app.demarches.domain import afficher_date, afficher_numero, jour_local, remplir_modele
from app.demarches.models import Dossier, Transmission
from app.demarches.pdf import pdf_lettre
from app.demarches.service.papiers import destinataire_of, en_tete_of, mots_of
from app.socle.hosts import CollectiviteVue
from app.socle.lettres import Auteur
from app.socle.noyau import Noyau

CRPA = "code des relations entre le public et l’administration"


async def make_transmission(
    noyau: Noyau,
    collectivite: CollectiviteVue,
    dossier: Dossier,
    definition: Definition,
    transmission: Transmission,
    auteur: Auteur,
) -> bytes:
    """Tells the person who has the dossier now, and what that does to the clock (L114-2, L114-3)."""
    paragraphs = [
        f"Votre demande ne relève pas de nos services. Comme la loi nous le demande, nous l’avons transmise à : "
        f"{transmission.organisme}.",
        transmission.motif,
        "Vous n’avez rien à refaire : vos réponses et vos pièces suivent. Cette administration vous enverra un accusé "
        "de réception et vous répondra.",
        "Si le silence de l’administration vaut rejet de votre demande, le délai court depuis le jour où nous l’avons "
        "reçue. S’il vaut acceptation, le délai court depuis le jour où l’administration compétente la reçoit.",
    ]
    if transmission.adresse:
        paragraphs.insert(2, f"Son adresse : {transmission.adresse}")
    return await pdf_lettre(
        Lettre(
            en_tete=en_tete_of(noyau, collectivite, definition.service.nom),
            numero=afficher_numero(dossier.numero or ""),
            demarche=definition.titre,
            destinataire=destinataire_of(dossier),
            etablie_le=transmission.transmis_le,
            objet="Votre demande est transmise à l’administration compétente",
            paragraphes=tuple(paragraphs),
            mention=f"Courrier établi en application des articles L114-2 et L114-3 du {CRPA}.",
            agent=auteur,
        )
    )


async def make_attestation(
    noyau: Noyau, collectivite: CollectiviteVue, dossier: Dossier, definition: Definition
) -> bytes:
    """The attestation that silence has meant acceptance (L232-3); ValueError before that day is known."""
    if dossier.silence_le is None or dossier.depose_le is None:
        raise ValueError("silence has accepted nothing")
    received = afficher_date(jour_local(dossier.depose_le, ZoneInfo(collectivite.fuseau)))
    return await pdf_lettre(
        Lettre(
            en_tete=en_tete_of(noyau, collectivite, definition.service.nom),
            numero=afficher_numero(dossier.numero or ""),
            demarche=definition.titre,
            destinataire=destinataire_of(dossier),
            etablie_le=noyau.clock.now(),
            objet="Attestation de décision implicite d’acceptation",
            paragraphes=(
                f"Nous attestons que la demande désignée ci-dessus, reçue le {received}, n’a pas reçu de réponse "
                "expresse dans le délai fixé par la loi.",
                f"Elle est acceptée par une décision implicite née le {afficher_date(dossier.silence_le)}.",
            ),
            mention=f"Attestation délivrée à la demande de l’intéressé, article L232-3 du {CRPA}.",
        )
    )


async def make_etape(
    noyau: Noyau,
    collectivite: CollectiviteVue,
    dossier: Dossier,
    definition: Definition,
    action: ActionDocument,
    auteur: Auteur,
) -> bytes:
    """The letter that a step of the parcours makes."""
    mots, reponses = mots_of(collectivite, dossier), dossier.reponses or {}
    return await pdf_lettre(
        Lettre(
            en_tete=en_tete_of(noyau, collectivite, definition.service.nom),
            numero=mots["numero"],
            demarche=definition.titre,
            destinataire=destinataire_of(dossier),
            etablie_le=dossier.etape_le or noyau.clock.now(),
            objet=action.titre,
            paragraphes=tuple(
                remplir_modele(definition, text, reponses, mots) for text in action.paragraphes
            ),
            agent=auteur,
        )
    )
