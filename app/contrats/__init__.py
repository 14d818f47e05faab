"""What modules know of one another: frozen dataclasses, events and Protocols, one file per offering module; no logic."""
