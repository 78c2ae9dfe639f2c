"""Safe, unique folder names from the names that people and providers give."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

MAX_LENGTH = 60

_HASH_LENGTH = 10
_UNSAFE = re.compile(r"[^a-z0-9]+")
# Names that Windows keeps for devices.
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


def assign_slugs(names: Iterable[str]) -> dict[str, str]:
    """A slug for each name: a-z, 0-9 and single hyphens, 1 to 60 characters, no two alike.

    `Grüne Wiese` becomes `grune-wiese`. A name that loses everything (`../..`), is reserved, or collides with another
    one gets a suffix from its own hash, so that its slug depends on no order.
    """
    distinct = sorted(set(names))
    plain = {name: _plain(name) for name in distinct}
    uses = Counter(plain.values())
    unique = {name for name in distinct if uses[plain[name]] == 1 and plain[name] not in {"", *_RESERVED}}
    slugs = {name: plain[name] if name in unique else _with_hash(plain[name], name) for name in distinct}
    taken = {slugs[name] for name in unique}
    return {
        name: _with_hash(plain[name], name, length=2 * _HASH_LENGTH) if name not in unique and slug in taken else slug
        for name, slug in slugs.items()
    }


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.casefold())
    ascii_only = folded.encode("ascii", "ignore").decode("ascii").lower()
    return _UNSAFE.sub("-", ascii_only).strip("-")[:MAX_LENGTH].strip("-")


def _with_hash(plain: str, name: str, *, length: int = _HASH_LENGTH) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:length]
    room = MAX_LENGTH - length - 1
    return f"{(plain[:room]).strip('-') or 'project'}-{digest}"
