"""Use cases on people: signing in (FranceConnect, ProConnect, e-mail code), passing from host to host, signing out.

Its words: Identite (what an issuer says of a person to one client), Usager (an account), Connexion (a sign-in in
progress), Passage (the hand-off of a signed-in person to another of our hosts).
Tables: identite_franceconnect; it uses the kernel's socle_connexion, socle_session, socle_identite.
"""
