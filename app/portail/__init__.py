"""Pages that show several modules together: a collectivité's home, Mon espace, the agents' desk, the common pages."""
