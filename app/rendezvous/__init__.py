"""Rendez-vous: who receives whom, where and when; the database refuses that anybody be in two places at once."""
