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

S = TypeVar("S")
T = TypeVar("T")

_PIECE_BYTES = 4 * 2**20
_LONGEST_BYTES = 64 * 2**20  # that may pass without a place to cut
_TRIES = 50  # places within a row's own lists look like ends of rows
_READERS = 2  # threads; Arrow leaves Python's lock free
_AHEAD_BYTES = 64_000_000  # that are read before they are asked for
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def shorter(chunks: Callable[[], Iterable[bytes]], field: str) -> Iterator[bytes]:
    """The answer as several, in the order of the rows of its list `field`; as it is when that does not come first.

    Raises SchemaError when it is no JSON. `chunks` is read twice, since the rest comes behind the rows.
    """
    head = re.compile(rb'\s*\{\s*"%b"\s*:\s*\[' % field.encode())
    opening = f'{{"{field}":['.encode()
    end = _end_of(_blocks(chunks()), head)
    rest = None if end is None else _behind_rows(end, opening, field)
    if rest is None:
        yield b"".join(chunks())
        return
    for piece, is_last in _pieces(_blocks(chunks()), head):
        yield opening + piece + (b"" if is_last else rest)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same in blocks long enough to be worth a look."""
    held, size = list[bytes](), 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _end_of(blocks: Iterator[bytes], head: re.Pattern[bytes]) -> bytes | None:
    """The last two blocks, or all behind the beginning of the list; None when the answer does not begin with it."""
    first = next(blocks)
    begun = head.match(first)
    if begun is None:
        return None
    before, last = b"", first[begun.end() :]
    for block in blocks:
        before, last = last, block
    return before + last


def _behind_rows(end: bytes, opening: bytes, field: str) -> bytes | None:
    """What comes behind the last row, from the end of the list on; None when the answer cannot be cut."""
    for start in _starts_of_rows(end):
        last = opening + end[start:]
        try:
            rows = bytes(decode(last, dict[str, msgspec.Raw])[field])
        except SchemaError:
            continue
        if not last.startswith(opening[:-1] + rows):
            return None  # the list is given twice, which is refused of the whole answer
        if start and not decode(rows, list[msgspec.Raw]):
            raise SchemaError("the answer is not JSON (a comma behind the last row)")
        rest = last[len(opening) + len(rows) - 2 :]
        return None if field in decode(b'{"":[' + rest, dict[str, msgspec.Raw]) else rest
    raise SchemaError(f"the answer is not JSON, or no row ends within its last {_PIECE_BYTES:,} bytes")


def _starts_of_rows(text: bytes) -> Iterator[int]:
    """Where a row may begin, from behind: after what looks like the end of another one, and at the beginning."""
    end = len(text)
    for _ in range(_TRIES):
        end = text.rfind(b"},", 0, end)
        if end < 0:
            break
        yield end + len(b"},")
    yield 0


def _pieces(blocks: Iterable[bytes], head: re.Pattern[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Texts of whole rows, and whether it is the last one, which has all that follows too."""
    rest, is_begun = b"", False
    for block in blocks:
        rest += block
        if not is_begun:
            rest, is_begun = head.sub(b"", rest, count=1), True
        end = _end_of_rows(rest)
        if end is not None:
            yield rest[:end], False
            rest = rest[end + 1 :]
        if len(rest) > _LONGEST_BYTES:
            raise SchemaError(f"the answer cannot be read in parts: no row ends within {_LONGEST_BYTES:,} bytes")
    yield rest, True


def _end_of_rows(text: bytes) -> int | None:
    """Where the last whole row ends that another one follows; None: nowhere that can be seen."""
    ends = (start - len(b",") for start in _starts_of_rows(text) if start)
    return next((end for end in ends if _is_list(b"[" + text[:end] + b"]")), None)


def _is_list(text: bytes) -> bool:
    try:
        _LIST.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def side_by_side(
    read: Callable[[S], T],
    items: Iterable[S],
    *,
    size: Callable[[S], int] = len,  # type: ignore[assignment] # of bytes
) -> Iterator[Future[T]]:
    """What `read` makes of each, in their order, some of them read ahead in threads within bounds of memory."""
    with ThreadPoolExecutor(_READERS) as pool:
        ahead: deque[tuple[int, Future[T]]] = deque()
        try:
            for item in items:
                ahead.append((size(item), pool.submit(read, item)))
                while len(ahead) > _READERS + 1 or (len(ahead) > 1 and sum(each for each, _ in ahead) > _AHEAD_BYTES):
                    yield ahead.popleft()[1]
            while ahead:
                yield ahead.popleft()[1]
        finally:
            for _, future in ahead:
                future.cancel()
