"""Making and changing a démarche, as pure functions on its definition: edits, faults, differences, files, rehearsals.

Words: a « geste » is one edit; a « faute » what keeps a definition from being published, with its place.
"""
