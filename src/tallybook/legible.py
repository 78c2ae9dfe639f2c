"""Which characters nobody can read on paper: what hides or reorders text, and what breaks a line. No I/O."""

import re

# Literal characters, so that Python's and Rust's regular expressions read them alike.
BREAKS = "[\t\n\v\f\r\x85\u2028\u2029]+"
CONTROLS = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
"""Control characters, and what reorders text."""
_HIDDEN = re.compile(f"{CONTROLS}|[\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(BREAKS)


def legible(text: str) -> str:
    """A name as it can be read: what two names that look alike have in common, in whatever form they are shown."""
    return _HIDDEN.sub("", _SPACES.sub(" ", text)).strip()


def spelled_out(text: str, marks: str) -> str:
    """Each of `marks` and everything illegible as `%2C`, so that two texts that differ can be told apart."""
    return "".join(
        f"%{ord(one):02X}" if one in marks or _HIDDEN.match(one) or _SPACES.match(one) else one for one in text
    )
