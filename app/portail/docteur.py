"""`kumun docteur`: what is missing or wrong in an installation, one sentence each, with what to do."""

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from app.socle import etat
from app.socle.errors import BusinessError
from app.socle.noyau import Noyau
from app.socle.storage import BucketMissingError


@dataclass(frozen=True, slots=True)
class Remarque:
    """One thing looked at; `facultatif` says that the portal lives without it."""

    sujet: str
    sain: bool
    phrase: str
    facultatif: bool = False


async def examine(noyau: Noyau) -> list[Remarque]:
    """Everything worth knowing before opening to the public."""
    return [
        await _roles(noyau),
        await _queue(noyau),
        await _objects(noyau),
        *_settings(noyau),
    ]


async def repair(noyau: Noyau) -> list[str]:
    """Makes what can be made without deciding anything for anybody; one sentence for each thing done."""
    if await noyau.objets.store.prepare():
        return ["Documents : le lieu de stockage manquait, il est créé."]
    return []


async def _roles(noyau: Noyau) -> Remarque:
    try:
        bound = await etat.is_bound(noyau.db)
    except (SQLAlchemyError, OSError) as error:
        return Remarque("Base de données", False, f"ne répond pas ({type(error).__name__}).")
    if not bound:
        return Remarque(
            "Base de données",
            False,
            "le rôle de KUMUN_DATABASE_URL est super-utilisateur, contourne le cloisonnement ou possède des tables : "
            "utilisez kumun_app.",
        )
    return Remarque("Base de données", True, "répond, avec un rôle cloisonné.")


async def _queue(noyau: Noyau) -> Remarque:
    try:
        failed = await etat.count_failed_jobs(noyau.db)
    except (SQLAlchemyError, OSError) as error:
        return Remarque(
            "Travaux", False, f"la file n’est pas lisible ({type(error).__name__}) : `kumun migrer` ?"
        )
    if failed:
        return Remarque("Travaux", False, f"{failed} travail(aux) en échec définitif : voyez la console.")
    return Remarque("Travaux", True, "aucun échec définitif.")


async def _objects(noyau: Noyau) -> Remarque:
    try:
        await noyau.objets.check()
    except BucketMissingError as error:
        return Remarque(
            "Documents",
            False,
            f"le seau « {error.detail} » n’existe pas : `kumun docteur --reparer` le crée.",
        )
    except (BusinessError, OSError) as error:
        return Remarque(
            "Documents", False, f"le stockage ou la clé ne convient pas ({type(error).__name__})."
        )
    return Remarque("Documents", True, "le stockage répond et la clé maîtresse ouvre.")


def _settings(noyau: Noyau) -> list[Remarque]:
    settings = noyau.settings
    return [
        Remarque(
            "Courriels",
            bool(settings.smtp_url),
            "envoyés par SMTP." if settings.smtp_url else "gardés dans un dossier : réglez KUMUN_SMTP_URL.",
            facultatif=settings.local,
        ),
        Remarque(
            "Courriels revenus",
            bool(settings.mail_rebonds),
            "relevés." if settings.mail_rebonds else "non relevés : réglez KUMUN_MAIL_REBONDS.",
            facultatif=True,
        ),
        Remarque(
            "Antivirus",
            bool(settings.clamd_url),
            "les pièces sont analysées." if settings.clamd_url else "absent : réglez KUMUN_CLAMD_URL.",
            facultatif=True,
        ),
        Remarque(
            "ProConnect",
            bool(settings.proconnect_client_id),
            "réglé." if settings.proconnect_client_id else "absent : les agents ne peuvent pas entrer.",
        ),
        Remarque(
            "Adresse",
            settings.secure or settings.local,
            "https." if settings.secure else "http, accepté sur localhost seulement.",
        ),
        Remarque(
            "Code source",
            bool(settings.source_url),
            "offert aux usagers (AGPL, section 13)."
            if settings.source_url
            else "à remettre à qui le demande : réglez KUMUN_SOURCE_URL si vous le publiez.",
            facultatif=True,
        ),
    ]
