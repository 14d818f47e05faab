"""Démarches: the catalogue, its versions and overlays, the forms, the dossiers and their instruction.

Words: a *définition* is the content of one version; a *surcouche* is what a collectivité changes in it; a
*saisie* is what somebody typed on one page; a *dossier* is one request with its answers, pieces and history.
"""
