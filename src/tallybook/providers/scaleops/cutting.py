"""A report too long for memory, as several shorter ones: each has some of its workloads, and all the rest of it.

The answer is cut behind a workload wherever what lies before is JSON as it stands. Nothing else is: a text that ends
within a string or a list is no JSON, whatever brackets and commas a name may hold.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from tallybook.decode import decode
from tallybook.errors import SchemaError

_HEAD = re.compile(rb'\s*\{\s*"aggregatedWorkloads"\s*:\s*\[')
_FIELD = "aggregatedWorkloads"
_OPENING = b'{"aggregatedWorkloads":['
_PIECE_BYTES = 8 * 2**20
_LONGEST_BYTES = 64 * 2**20  # that may pass without a place to cut
_TRIES = 50  # places within lists of labels look like ends of workloads
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def reports(chunks: Callable[[], Iterable[bytes]]) -> Iterator[bytes]:
    """The answer as reports, in the order of its workloads; as it is when its workloads do not come first.

    Raises SchemaError when it is no JSON. `chunks` is read twice, since the window comes behind the workloads.
    """
    rest = _rest_of(_pieces(chunks()))
    if rest is None:
        yield b"".join(chunks())
        return
    for piece, is_last in _pieces(chunks()):
        yield _OPENING + piece + (b"" if is_last else rest)


def _rest_of(pieces: Iterable[tuple[bytes, bool]]) -> bytes | None:
    """What comes behind the last workload, from the end of the list on; None when the report cannot be cut."""
    count, last = 0, b""
    for count, (last, _) in enumerate(pieces, 1):  # noqa: B007 - the last one is wanted
        pass
    if not count:
        return None
    workloads = bytes(decode(_OPENING + last, dict[str, msgspec.Raw])[_FIELD])
    rest = last[len(workloads) - 2 :]  # from the list's end on; its opening is not in `last`
    if not (_OPENING + last).startswith(_OPENING[:-1] + workloads):
        return None  # the list is given twice, which is refused of the whole answer
    if count > 1 and not decode(workloads, list[msgspec.Raw]):
        raise SchemaError("the answer is not JSON (a comma behind the last workload)")
    return None if _FIELD in decode(b'{"":[' + rest, dict[str, msgspec.Raw]) else rest


def _pieces(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Texts of whole workloads, and whether it is the last one, which has all that follows too."""
    rest, is_begun = b"", False
    for chunk in chunks:
        rest += chunk
        while len(rest) >= _PIECE_BYTES:
            if not is_begun:
                head = _HEAD.match(rest)
                if head is None:
                    return
                rest, is_begun = rest[head.end() :], True
            end = _end_of_workloads(rest)
            if end is None:
                break
            yield rest[:end], False
            rest = rest[end + 1 :]
        if len(rest) > _LONGEST_BYTES:
            raise SchemaError(f"the answer cannot be read in parts: no workload ends within {_LONGEST_BYTES:,} bytes")
    if is_begun:
        yield rest, True


def _end_of_workloads(text: bytes) -> int | None:
    """Where the last whole workload ends that another one follows; None: nowhere that can be seen."""
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
