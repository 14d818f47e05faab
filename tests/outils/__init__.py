"""Tests of the set-up, the launcher and the health check."""
