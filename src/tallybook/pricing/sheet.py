"""A book's CSV file as lines with typed cells. Every error names file, line, column and what is allowed."""

import contextlib
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from tallybook.errors import BookError

MAX_DECIMALS = 12
MAX_DIGITS = 18
MAX_WHOLE_DIGITS = 15

_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # not tabs and line breaks
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a book. Cells are stripped of the blanks around them."""

    file: str
    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell as it is, "" when empty."""
        return self.cells[column]

    def required(self, column: str, *, what: str = "a value") -> str:
        """The cell, which must not be empty."""
        return self.cells[column] or self.refuse(column, f"is empty; give {what}")

    def decimal(self, column: str, *, whole_digits: int = MAX_WHOLE_DIGITS) -> Decimal:
        """An exact decimal of 0 or more, e.g. 0.0135: at most 12 decimals and 18 digits, no thousands marks.

        `whole_digits` are those allowed before the dot; without a bound, sums would outgrow the warehouse.
        """
        text = self.required(column, what="a decimal number such as 0.0135")
        if not _DECIMAL.fullmatch(text):
            self.refuse(
                column,
                f"{text!r} is no decimal number; write digits with a dot, such as 1234.5, "
                "without thousands marks, signs of currency or exponents",
            )
        if Decimal(text) < 0:
            self.refuse(column, f"{text} is below zero; 0 or more is allowed")
        before, _, behind = text.partition(".")
        before, behind = before.lstrip("-0"), behind.rstrip("0")
        if len(before) > whole_digits:
            self.refuse(column, f"{text:.60} has more than {whole_digits} digits before the dot")
        if len(behind) > MAX_DECIMALS or len(before + behind) > MAX_DIGITS:
            self.refuse(column, f"{text:.60} has more than {MAX_DECIMALS} decimals or {MAX_DIGITS} digits")
        return Decimal(f"{before or 0}.{behind or 0}")

    def decimal_or_none(self, column: str, *, whole_digits: int = MAX_WHOLE_DIGITS) -> Decimal | None:
        """The same, or None for an empty cell."""
        return self.decimal(column, whole_digits=whole_digits) if self.cells[column] else None

    def validity(self) -> tuple[date, date | None]:
        """`valid_from` and `valid_to`, the first day without; None: until further notice."""
        valid_from = self.date("valid_from")
        valid_to = self.date("valid_to") if self.text("valid_to") else None
        if valid_to is not None and valid_to <= valid_from:
            self.refuse("valid_to", f"{valid_to} is not after valid_from {valid_from}; it is the first day without")
        return valid_from, valid_to

    def date(self, column: str) -> date:
        """A day such as 2026-10-01."""
        text = self.required(column, what="a date such as 2026-10-01")
        with contextlib.suppress(ValueError):
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        return self.refuse(column, f"{text!r} is no date; write YYYY-MM-DD, such as 2026-10-01")

    def month(self, column: str) -> str:
        """A month such as 2026-10."""
        text = self.required(column, what="a month such as 2026-10")
        if not _MONTH.fullmatch(text):
            self.refuse(column, f"{text!r} is no month; write YYYY-MM, such as 2026-10")
        return text

    def currency(self, column: str) -> str:
        """An ISO 4217 code such as EUR."""
        text = self.required(column, what="a currency code such as EUR")
        if not _CURRENCY.fullmatch(text):
            self.refuse(column, f"{text!r} is no currency code; write three capitals, such as EUR")
        return text

    def refuse(self, column: str, problem: str) -> NoReturn:
        """Raise the BookError of a cell."""
        raise BookError(f"{self.file} line {self.number}, column {column}: {problem}")


def read_sheet(path: Path, columns: Sequence[str], *, optional: Sequence[str] = ()) -> list[Line]:
    """The lines of a CSV file that has these columns, in any order; empty lines are passed over.

    Of the `optional` columns it may lack some: their cells are empty then. Raises BookError: not readable, not UTF-8,
    not CSV, other columns, or a line of another width.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    lines: list[Line] = []
    header: list[str] | None = None
    number = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if header is None:
                header = _header(path.name, stripped, columns, optional)
            elif any(stripped):
                lines.append(_line(path.name, number, header, cells, optional))
            number = reader.line_num + 1
    except csv.Error as error:
        raise BookError(f"{path.name} line {number}: this is not CSV ({error})") from error
    if header is None:
        raise BookError(f"{path.name} line 1: no header; the columns are {', '.join(columns)}")
    return lines


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BookError(f"{path.name} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise BookError(f"{path} cannot be read: {error.strerror}") from error


def _header(file: str, names: list[str], columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    allowed = f"the columns are {', '.join(columns)}" + (f"; optional: {', '.join(optional)}" if optional else "")
    if len(names) == 1 and ";" in names[0]:
        raise BookError(f"{file} line 1: columns are separated by commas, not semicolons; {allowed}")
    for name in names:
        if name not in columns and name not in optional:
            raise BookError(f"{file} line 1, column {name or '(without a name)'}: unknown; {allowed}")
        if names.count(name) > 1:
            raise BookError(f"{file} line 1, column {name}: named twice; {allowed}")
    for column in columns:
        if column not in names:
            raise BookError(f"{file} line 1, column {column}: missing; {allowed}")
    return names


def _line(file: str, number: int, header: list[str], cells: list[str], optional: Sequence[str]) -> Line:
    if len(cells) != len(header):
        raise BookError(
            f"{file} line {number}: {len(cells)} cells where the header has {len(header)} columns; "
            "quote a text that holds a comma"
        )
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    line = Line(file, number, dict.fromkeys(optional, "") | given)
    for column, cell in zip(header, cells, strict=True):
        if hidden := _CONTROL.search(cell):
            line.refuse(column, f"holds the control character U+{ord(hidden[0]):04X}, which nobody can see; remove it")
    return line
