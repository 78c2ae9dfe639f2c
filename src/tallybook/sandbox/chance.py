"""Chance without state: every number comes from hashing the seed and a key, so any instant stands alone."""

from hashlib import blake2b


def number(*key: object) -> int:
    """A uniform number of 64 bits made from the key (seed first); the same key always gives the same number."""
    text = "\x1f".join(map(str, key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def between(low: int, high: int, *key: object) -> int:
    """A whole number from low to high, both included."""
    return low + number(*key) % (high - low + 1)


def hexadecimal(digits: int, *key: object) -> str:
    """A lowercase hexadecimal text of at most 64 digits."""
    text = "\x1f".join(map(str, key))
    return blake2b(text.encode(), digest_size=32).hexdigest()[:digits]
