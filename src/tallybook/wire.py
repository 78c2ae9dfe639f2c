"""What comes over the wire, made safe to use: compressed bodies, dates, waits, excerpts of errors. No I/O."""

import email.utils
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

ACCEPTED_ENCODING = "gzip"
SHORTEST_SECRET = 4  # shorter ones are refused by the configuration: hiding them would hide ordinary words
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_GZIP_WBITS = 31
_PIECE_BYTES = 2**18  # what one step may grow to, so that a gzip bomb meets the size limit and not the memory's
_EXCERPT_CHARACTERS = 160
# Line breaks of all kinds, terminal control (C0, C1) and bidirectional marks.
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class BrokenBodyError(Exception):
    """A compressed body that ends early or is damaged: worth another try."""


def is_readable(encoding: str) -> bool:
    """Whether `decoded` reads this Content-Encoding; only gzip is asked for."""
    return encoding.strip().lower() in _ENCODINGS


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A body as it was before Content-Encoding, in pieces of bounded size.

    Raises BrokenBodyError when a compressed body is damaged or ends before its end.
    """
    if "gzip" not in encoding.lower():
        yield from chunks
        return
    try:
        yield from _inflated(chunks)
    except zlib.error as error:
        raise BrokenBodyError(f"damaged gzip body: {error}") from error


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater, is_begun = zlib.decompressobj(_GZIP_WBITS), False
    for chunk in chunks:
        rest = chunk
        while rest:
            if inflater.eof:  # a gzip body may have several members (RFC 1952, 2.2)
                inflater = zlib.decompressobj(_GZIP_WBITS)
            is_begun = True
            yield inflater.decompress(rest, _PIECE_BYTES)
            rest = inflater.unconsumed_tail or inflater.unused_data
    yield inflater.flush()
    if is_begun and not inflater.eof:
        raise BrokenBodyError("the gzip body ends early")


def http_date(text: str) -> datetime | None:
    """A date of a header in UTC (RFC 9110, 5.6.7), None when it is none. Without a zone it is GMT."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: Retry-After is a number or an HTTP date (RFC 9110, 10.2.3); None when it is neither.

    A date is measured on the answer's own clock, which may differ from ours.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    moment = http_date(text)
    if moment is None:
        return None
    now = http_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def excerpt(body: bytes, secrets: Collection[str], *, is_cut: bool) -> str:
    """The start of an error's body on one line, without the secrets; "" when there is nothing to see.

    `is_cut`: the body went on, so that a secret may be cut in two at its end.
    """
    text = body.decode("utf-8", "replace")
    hidden = sorted((secret for secret in secrets if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)
    text = masked(text, hidden)
    if is_cut and hidden:
        text = text[: max(0, len(text) - len(hidden[0]))]
    return _UNSAFE.sub(" ", text).strip()[:_EXCERPT_CHARACTERS]


def masked(text: str, secrets: Collection[str]) -> str:
    """A text without the secrets in it, the longest first: one may be a part of another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def origin(url: str) -> str:
    """Scheme, host and port as written; whatever stands before an @ may be a credential."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
