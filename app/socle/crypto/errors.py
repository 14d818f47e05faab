"""What can go wrong with keys and ciphertext; the object store turns these into sentences for people."""


class CiphertextRefusedError(Exception):
    """The bytes are not what we wrote for this object: altered, cut, reordered, moved, or never ours."""


class KeyUnavailableError(Exception):
    """The key exists but cannot be used: wrong root key, damaged file, or silent key service."""


class KeyDestroyedError(Exception):
    """The owner has no key (any more): what it protected is unreadable for good."""
