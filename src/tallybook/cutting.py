"""An answer too long for memory, as several shorter ones: each has some of its rows, and all the rest of it.

The answer is cut behind a row wherever what lies before is JSON as it stands. Nothing else is: a text that ends
within a string or a list is no JSON, whatever brackets and commas a name may hold.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import msgspec

from tallybook.decode import decode
from tallybook.errors import SchemaError

T = TypeVar("T")

_PIECE_BYTES = 8 * 2**20
_LONGEST_BYTES = 64 * 2**20  # that may pass without a place to cut
_TRIES = 50  # places within a row's own lists look like ends of rows
_READERS = 2  # threads; Arrow leaves Python's lock free
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def shorter(chunks: Callable[[], Iterable[bytes]], field: str) -> Iterator[bytes]:
    """The answer as several, in the order of the rows of its list `field`; as it is when that does not come first.

    Raises SchemaError when it is no JSON. `chunks` is read twice, since the rest comes behind the rows.
    """
    opening = f'{{"{field}":['.encode()
    rest = _rest_of(_pieces(chunks(), field), opening, field)
    if rest is None:
        yield b"".join(chunks())
        return
    for piece, is_last in _pieces(chunks(), field):
        yield opening + piece + (b"" if is_last else rest)


def _rest_of(pieces: Iterable[tuple[bytes, bool]], opening: bytes, field: str) -> bytes | None:
    """What comes behind the last row, from the end of the list on; None when the answer cannot be cut."""
    count, last = 0, b""
    for count, (last, _) in enumerate(pieces, 1):  # noqa: B007 - the last one is wanted
        pass
    if not count:
        return None
    rows = bytes(decode(opening + last, dict[str, msgspec.Raw])[field])
    rest = last[len(rows) - 2 :]  # from the list's end on; its opening is not in `last`
    if not (opening + last).startswith(opening[:-1] + rows):
        return None  # the list is given twice, which is refused of the whole answer
    if count > 1 and not decode(rows, list[msgspec.Raw]):
        raise SchemaError("the answer is not JSON (a comma behind the last row)")
    return None if field in decode(b'{"":[' + rest, dict[str, msgspec.Raw]) else rest


def _pieces(chunks: Iterable[bytes], field: str) -> Iterator[tuple[bytes, bool]]:
    """Texts of whole rows, and whether it is the last one, which has all that follows too."""
    rest, is_begun = b"", False
    for chunk in chunks:
        rest += chunk
        while len(rest) >= _PIECE_BYTES:
            if not is_begun:
                head = re.match(rb'\s*\{\s*"%b"\s*:\s*\[' % field.encode(), rest)
                if head is None:
                    return
                rest, is_begun = rest[head.end() :], True
            end = _end_of_rows(rest)
            if end is None:
                break
            yield rest[:end], False
            rest = rest[end + 1 :]
        if len(rest) > _LONGEST_BYTES:
            raise SchemaError(f"the answer cannot be read in parts: no row ends within {_LONGEST_BYTES:,} bytes")
    if is_begun:
        yield rest, True


def _end_of_rows(text: bytes) -> int | None:
    """Where the last whole row ends that another one follows; None: nowhere that can be seen."""
    end = len(text)
    for _ in range(_TRIES):
        end = text.rfind(b"},", 0, end)
        if end < 0:
            return None
        try:
            _LIST.decode(b"[" + text[: end + 1] + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return end + 1
    return None


def side_by_side(read: Callable[[bytes], T], bodies: Iterable[bytes]) -> Iterator[Future[T]]:
    """What `read` makes of each, in their order, some of them read ahead in threads."""
    with ThreadPoolExecutor(_READERS) as pool:
        drawn: deque[Future[T]] = deque()
        for body in bodies:
            drawn.append(pool.submit(read, body))
            if len(drawn) > _READERS:
                yield drawn.popleft()
        yield from drawn
