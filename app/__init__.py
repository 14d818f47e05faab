"""Kumun: one portal for every commune and EPCI of an OPSN."""
