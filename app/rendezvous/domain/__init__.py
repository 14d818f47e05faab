"""Pure rules of the rendez-vous: when it is open, which créneaux to propose, when one may still change one's mind."""
