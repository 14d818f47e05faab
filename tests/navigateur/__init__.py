"""Journeys of real people through the whole portal, in Debian's Chromium."""
