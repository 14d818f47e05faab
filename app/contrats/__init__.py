"""What modules know of one another: frozen dataclasses, events, Protocols; one file per offering module, no logic."""
