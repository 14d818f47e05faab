"""The composition root: the one place that chooses adapters, hands modules to one another and knows their jobs."""

from jinja2 import Environment

import app.collectivites.tasks
import app.demarches.tasks
import app.demarches.tasks_bureau
import app.demarches.tasks_conservation
import app.demarches.tasks_echeances
import app.demarches.tasks_exterieur
import app.demarches.tasks_instruction
import app.demarches.tasks_places
import app.identite.tasks
import app.rendezvous.tasks
import app.rendezvous.tasks_public
import app.socle.entretien  # noqa: F401 - these register their jobs
from app.collectivites.emblemes import PortEmblemes
from app.config import Settings, SettingsError
from app.contrats.ports import Ports
from app.demarches.providers.adresses import make_adresses
from app.identite.clients import PortIdentification
from app.socle import embarque
from app.socle.antivirus import make_antivirus
from app.socle.cache import PageCache
from app.socle.clock import Clock, SystemClock
from app.socle.db import Database
from app.socle.expediteurs import Expediteur, make_expediteur
from app.socle.gabarits import make_environment
from app.socle.hosts import HostRegistry
from app.socle.langues import LANGUES, is_relue, translations
from app.socle.noyau import Noyau
from app.socle.oidc import Oidc
from app.socle.sceau import Sceau
from app.socle.sms import make_passerelle
from app.socle.sortie import make_sortie
from app.socle.storage import make_encrypted_objects


def database_urls(settings: Settings) -> tuple[str, str]:
    """Addresses for the application's and the platform's roles; the embedded server's when none is set.

    SettingsError when nothing is set and no embedded server runs.
    """
    if settings.database_url:
        return settings.database_url, settings.database_url_plateforme
    serveur = embarque.adresses(settings.var)
    if serveur is None:
        raise SettingsError(
            f"KUMUN_DATABASE_URL is empty and no embedded PostgreSQL runs under {settings.var}: `make run`."
        )
    return serveur.url_app, serveur.url_plateforme


def make_gabarits() -> dict[str, Environment]:
    """The templates' environment of each language."""
    return {
        langue: make_environment(translations(langue), lang=langue, relue=is_relue(langue))
        for langue, _ in LANGUES
    }


def make_noyau(
    settings: Settings,
    *,
    clock: Clock | None = None,
    db: Database | None = None,
    expediteur: Expediteur | None = None,
    oidc: Oidc | None = None,
    gabarits: dict[str, Environment] | None = None,
) -> Noyau:
    """The kernel's services for one process; tests replace what they must."""
    clock = clock or SystemClock()
    db = db or Database(*database_urls(settings))
    return Noyau(
        settings=settings,
        clock=clock,
        db=db,
        hosts=HostRegistry(settings, db),
        sceau=Sceau(settings.secret_key.get_secret_value()),
        gabarits=gabarits or make_gabarits(),
        pages=PageCache(),
        objets=make_encrypted_objects(settings, clock),
        antivirus=make_antivirus(settings.clamd_url),
        expediteur=expediteur or make_expediteur(settings),
        oidc=oidc or Oidc(clock),
        ports=Ports(identification=PortIdentification(), emblemes=PortEmblemes()),
        maintenance=settings.maintenance,
        adresses=make_adresses(settings.adresses_url),
        sortie=make_sortie(settings),
        passerelle_sms=make_passerelle(settings),
    )
