"""Pages of the module, by who reads them: `public` and `remplir` on a collectivité's host, `suivi`, `agent`."""

from app.demarches.routes import agent, public, remplir, suivi

__all__ = ["agent", "public", "remplir", "suivi"]
