"""The OPSN's console: collectivités, their settings, démarches and agents; failed jobs; the message on top of pages.

It works on the whole installation through `hors_cloison`; every act leaves an audit line naming the administrator.
"""

from app.portail.console import acces, fiche, liste, prise, travaux

ROUTERS = (liste.router, prise.router, fiche.router, acces.router, travaux.router)
