"""Stand-in for the geocoding service of the Géoplateforme (data.geopf.fr/geocodage), which serves the BAN."""
