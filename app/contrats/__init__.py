"""What modules know of one another: frozen dataclasses, events and Protocols; no logic."""
