"""Stand-ins for the outside services that the portal talks to; a second ASGI application, ignorant of it.

They refuse what the real services refuse: each rule names its evidence, an unverified one can be suspended.
"""
