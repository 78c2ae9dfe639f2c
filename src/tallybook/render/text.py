"""Hostile text made harmless to look at. Names come from providers; escaping is the format's own task."""

import re

# Spaces that break a line or a column, then what cannot be seen or is not allowed in XML:
# control characters, bidirectional overrides and isolates, noncharacters and lone surrogates.
_SPACES = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    """One line of text in reading order: each character that hides or reorders others becomes U+FFFD.

    Shown, not dropped: two names that differ in such a character must not look the same.
    """
    return _INVISIBLE.sub(REPLACEMENT, _SPACES.sub(" ", text))


def shortened(text: str, length: int) -> str:
    """`text` made visible and at most `length` characters long, the cut marked by an ellipsis."""
    clean = visible(text)
    return clean if len(clean) <= length else clean[: length - 1].rstrip() + "…"
