"""JSON objects with long lists read by Arrow as columns: decimals exactly from their text, no Python object a value.

For answers that are plainly as documented, which are nearly all. What Arrow does not read so is left to the provider's
own parser, which reads row by row and says what is wrong.
"""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from tallybook.decode import is_figure
from tallybook.money import SCALE

EXACT = pa.decimal128(38, SCALE)
# A double's shortest text has up to 17 digits, often more than 12 behind the point. One digit below the full
# width, or rounding is ten times slower; and DuckDB's own cast between two scales is far slower still.
WIDE = pa.decimal128(37, 20)


def read_object(body: bytes, schema: pa.Schema) -> pa.StructScalar | None:
    """The object as one row of `schema`; None when it is not read so.

    None stands for: no JSON, a text that is no UTF-8, a field given twice or unknown, a number with more digits than
    its type holds. Fields may be absent or null, and a decimal may stand in quotes: whether that is wrong, the caller
    has to see.
    """
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(body),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(body) + 1),  # one object, one block
            parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
        )
        table.validate(full=True)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return table.to_struct_array().combine_chunks()[0] if table.num_rows == 1 else None


def read_rows(rows: pa.ListScalar) -> pa.StructArray | None:
    """The rows of a list that was read; None when it is null, or one of them is."""
    return rows.values if rows.is_valid and not rows.values.null_count else None


def figures(numbers: pa.Array) -> pa.Array | None:
    """The numbers as the warehouse keeps them, rounded half-even at the 12th decimal; None when one is no figure."""
    kept = numbers if numbers.type == EXACT else pc.round(numbers, SCALE, "half_to_even").cast(EXACT)
    return kept if are_figures(kept) else None


def are_figures(numbers: pa.Array) -> bool:
    """Whether each of these decimals is a number that a figure can have; null is."""
    return all(end is None or is_figure(end) for end in pc.min_max(numbers).as_py().values())
