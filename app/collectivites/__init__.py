"""Use cases on tenants: taking on communes and EPCI, their services, theme, agents' rights.

A *collectivité* is a commune, an EPCI or a syndicat; its *slug* is the first label of its host name.
"""
