"""Tests of signing in, through the pages."""
