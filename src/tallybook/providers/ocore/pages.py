"""Whether an answer of oCore says that it is one page of several.

The usage endpoints document no pages; its other endpoints have cursors, or page, perPage and total.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tallybook.errors import SchemaError

_CURSORS = ("next_cursor", "nextCursor", "has_more", "hasMore", "next_page", "nextPage", "next")
_TOTALS = ("total", "totalCount", "total_count")
_SIZES = ("perPage", "per_page", "pageSize", "page_size", "limit")
_LAST_PAGES = ("totalPages", "total_pages", "pages")


def refuse_pages(answer: Mapping[str, Any], *, rows: int) -> None:
    """Raise SchemaError when the answer, of so many rows, says that there are more: half a month is not a month."""
    said = next(_signs(answer, rows), None)
    if said:
        raise SchemaError(f"{said}: the answer has further pages, which the document does not know")


def _signs(answer: Mapping[str, Any], rows: int) -> Iterator[str]:
    yield from (f"{name} is set" for name in _CURSORS if answer.get(name))
    totals, sizes = dict(_numbers(answer, _TOTALS)), dict(_numbers(answer, _SIZES))
    yield from (f"{name} is {count} and {rows} rows came" for name, count in totals.items() if count > rows)
    yield from (f"{name} is {count}" for name, count in _numbers(answer, _LAST_PAGES) if count > 1)
    if not totals:
        yield from (f"{name} is {size} and as many rows came" for name, size in sizes.items() if 0 < size <= rows)


def _numbers(answer: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for name in names:
        value = answer.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            yield name, value
