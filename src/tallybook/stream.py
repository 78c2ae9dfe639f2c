"""Tables on their way into the warehouse, cast to its types: Arrow is far quicker at that than DuckDB 1.5."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, groupby

import pyarrow
import pyarrow.compute as pc

from tallybook.errors import RefusedRowsError
from tallybook.money import quantise

_ROWS = 5_000  # at least that are cast at once, if there are so many: a table takes its time, and a copy its memory


class Stream:
    """Parts of one table, which have the same columns, cast to `kinds` as they are drawn.

    Drawing raises RefusedRowsError when a part does not fit; whatever it raises is kept in `error`, since DuckDB, which
    draws, makes a text of it.
    """

    def __init__(self, parts: Iterable[pyarrow.Table], kinds: pyarrow.Schema) -> None:
        self.row_count = 0
        self.error: Exception | None = None
        filled = (part for part in parts if part.num_rows)
        first = next(filled, None)
        self._parts = chain([first] if first else [], filled)
        # a column that the table does not have is left as it is, so that DuckDB names it
        fields = [kinds.field(one.name) if one.name in kinds.names else one for one in first.schema] if first else []
        self.schema = pyarrow.schema(fields)

    def reader(self) -> pyarrow.RecordBatchReader:
        """What DuckDB reads; once."""
        return pyarrow.RecordBatchReader.from_batches(self.schema, self._batches())

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        try:
            for part in _gathered(self._parts):
                self.row_count += part.num_rows
                yield from self._cast(part).to_batches()
        except Exception as error:
            self.error = error
            raise

    def _cast(self, part: pyarrow.Table) -> pyarrow.Table:
        try:
            columns = [_cast(part[field.name], field.type) for field in self.schema]
        except (KeyError, ArithmeticError, pyarrow.ArrowException) as error:
            raise RefusedRowsError(f"the warehouse refused: {error}") from error
        return pyarrow.table(columns, schema=self.schema)


def _gathered(parts: Iterable[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    """The same rows in tables of a good length: short answers are many, and each table takes its time."""
    for _, alike in groupby(parts, key=lambda part: part.schema):
        waiting: list[pyarrow.Table] = []
        rows = 0
        for part in alike:
            waiting.append(part)
            rows += len(part)
            if rows >= _ROWS:
                yield pyarrow.concat_tables(waiting).combine_chunks()
                waiting, rows = [], 0
        if waiting:
            yield pyarrow.concat_tables(waiting).combine_chunks()


def _cast(column: pyarrow.ChunkedArray, kind: pyarrow.DataType) -> pyarrow.ChunkedArray:
    """A column as the warehouse keeps it; what has more decimals than `kind` holds is rounded half-even."""
    if column.type == kind:
        return column
    if all(map(pyarrow.types.is_decimal, (column.type, kind))) and column.type.scale > kind.scale:
        column = pc.round(column, kind.scale, "half_to_even")
    try:
        return column.cast(kind)
    except pyarrow.ArrowInvalid:
        if not (pyarrow.types.is_string(column.type) and pyarrow.types.is_decimal(kind)):
            raise
    values = (None if text is None else quantise(Decimal(text), kind.scale) for text in column.to_pylist())
    return pyarrow.chunked_array([pyarrow.array(values, kind)])
