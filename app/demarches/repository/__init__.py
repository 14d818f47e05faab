"""All SQL of the module, one file per sub-noun; every function takes the session and trusts its perimeter."""
