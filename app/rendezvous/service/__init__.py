"""Use cases: rules of opening, search of créneaux, holding and booking."""
