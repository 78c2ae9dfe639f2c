"""Usage answers that are plainly as documented, read by Arrow."""

import pyarrow as pa

from tallybook.arrow_json import EXACT, WIDE, figures, read_object, read_rows
from tallybook.providers.ocore.shapes import QUANTITIES, WORDS, Read, UsageItem, UsageTotals

_NAMES = dict(zip(UsageItem.__struct_fields__, UsageItem.__struct_encode_fields__, strict=True))


def read_plain(body: bytes) -> Read | None:
    """The answer, or None when it is not as documented, or its numbers have more digits than Arrow reads."""
    answer = read_object(body, _schema(EXACT)) or read_object(body, _schema(WIDE))
    items = answer and read_rows(answer["items"])
    if (
        answer is None
        or items is None
        or not answer["period"].is_valid
        or any(each.null_count for each in items.flatten())
    ):
        return None
    columns = {name: items.field(_NAMES[name]) for name in WORDS}
    for name in QUANTITIES:
        numbers = figures(items.field(_NAMES[name]))
        if numbers is None:
            return None
        columns[name] = numbers
    columns["unknown_fields"] = pa.repeat("", len(items))
    totals = answer["totals"].as_py()
    return Read(columns, None if totals is None else UsageTotals(**{name: totals[key] for name, key in _NAMES.items()}))


def _schema(number: pa.DataType) -> pa.Schema:
    row = pa.struct([(key, pa.string() if name in WORDS else number) for name, key in _NAMES.items()])
    return pa.schema([("items", pa.list_(row)), ("period", pa.string()), ("totals", row)])
