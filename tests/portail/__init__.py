"""Tests of the pages that show several modules together."""
