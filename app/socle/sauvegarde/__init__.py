"""Backup and restore of an installation: database, objects, keys and destructions, each with its own life.

Copied in this order, so that what is restored is whole: an object without a row is harmless, a row without its object
is not. A key destroyed since stays destroyed, whatever is restored.
"""

from app.socle.sauvegarde.manifeste import Manifeste, SauvegardeError
from app.socle.sauvegarde.restauration import Restauration, restaurer
from app.socle.sauvegarde.sauvegarde import Options, sauvegarder

__all__ = ["Manifeste", "Options", "Restauration", "SauvegardeError", "restaurer", "sauvegarder"]
