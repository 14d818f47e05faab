"""Identifiers: time-ordered UUIDs for rows, random tokens where possession gives access (never the other way round)."""

import hashlib
import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """A version 7 UUID (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    value = (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_token() -> str:
    """A secret of 256 random bits, safe in a URL or a cookie."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> bytes:
    """SHA-256 of a token: what is stored, so that the database alone opens nothing."""
    return hashlib.sha256(token.encode()).digest()
