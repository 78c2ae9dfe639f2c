"""Hostile text made harmless to look at. Names come from providers; escaping is the format's own task."""

import re

# Spaces that break a line or a column, then what cannot be seen or is not allowed in XML:
# control characters, bidirectional overrides and isolates, noncharacters and lone surrogates.
_SPACES = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
# Pictures (emoji, dingbats beyond the Basic Multilingual Plane, their joiners and variants) that no shipped font draws.
_PICTURES = re.compile("[\U0001f000-\U0001faff\U000e0020-\U000e007f\ufe00-\ufe0f\u200d\u20e3]+")
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


def spelled(text: str) -> str:
    """Emoji as their code points, for paper: `🦊` as `U+1F98A`. No shipped font draws them, and a box says nothing."""
    return _PICTURES.sub(lambda found: " ".join(f"U+{ord(one):04X}" for one in found[0]), text)
