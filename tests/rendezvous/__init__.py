"""Tests of the rendez-vous."""
