"""The pages of the rendez-vous: residents on their commune's host and on Mon espace, agents on the desk."""

from app.rendezvous.routes import (
    agent,
    agent_mesures,
    agent_prise,
    agent_reglages,
    public,
    public_retenue,
    public_suivi,
)

COLLECTIVITE = (public.router, public_retenue.router, public_suivi.router)
MON = (public_suivi.mon,)
AGENTS = (agent_reglages.router, agent_mesures.router, agent_prise.router, agent.router)
