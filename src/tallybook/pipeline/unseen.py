"""What a document does not know: days of its datasets that the warehouse has not seen, as hints for people."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import polars as pl

from tallybook.contract import Cadence, Dataset
from tallybook.periods import BillingPeriod, months_between
from tallybook.pipeline.answering import Asked
from tallybook.summaries.coverage import summarise_coverage
from tallybook.warehouse import Warehouse

Span = tuple[datetime, datetime]


def hints(
    warehouse: Warehouse, asked: Asked, period: BillingPeriod, *, spans: Sequence[Span], now: datetime
) -> Iterator[str]:
    """A sentence for each dataset of a document, and each month, of which days that have ended are missing.

    The months are `period` and those of the `spans` `[start, end)` that were read, of which only the days in a span
    count; `period` itself is left out when all spans lie elsewhere.
    """
    settings, provider = asked.connection
    datasets = _datasets(asked, warehouse.frame("marts/coverage", billing_period=str(period)))
    for month, dates in _days(period, spans, now).items():
        frame = warehouse.frame("marts/coverage", billing_period=str(month))
        days = summarise_coverage(frame, now=now).filter(pl.col("connection") == settings.name)
        for dataset in map(provider.dataset, datasets):
            seen = days.filter(pl.col("dataset") == dataset.name, pl.col("date").is_in(dates))
            is_summed = dataset.cadence is Cadence.HISTORY or bool(asked.across and asked.across.reads == "usage")
            said = _said(seen, is_summed=is_summed)
            if said:
                yield f"{settings.name} {dataset.name} {month}: {said}; {_advice(settings.name, dataset, month)}"


def _datasets(asked: Asked, coverage: pl.DataFrame) -> Sequence[str]:
    """What a document is answered from: its own datasets, or of another provider those that feed the facts it reads."""
    if asked.across is None:
        return asked.document.datasets
    feeding = coverage.filter(pl.col("connection") == asked.connection[0].name, pl.col("feeds") == asked.across.reads)
    return feeding["dataset"].unique().sort().to_list()


def _days(period: BillingPeriod, spans: Sequence[Span], now: datetime) -> dict[BillingPeriod, list[date]]:
    """The days of each month that were read and have ended; of `period` all, as far as it was read."""
    whole = (period.start, period.end)
    is_read = not spans or any(start < period.end and end > period.start for start, end in spans)
    read = [*([whole] if is_read else []), *spans]
    first, last = (BillingPeriod.containing(bound.astimezone(UTC)) for bound in (min(read)[0], max(e for _, e in read)))
    months = {
        month: [
            day.date()
            for day, day_end in month.days(before=now)
            if any(start < day_end and end > day for start, end in read)
        ]
        for month in months_between(first, last)
    }
    return {month: days for month, days in months.items() if days}


def _said(days: pl.DataFrame, *, is_summed: bool) -> str:
    """What is missing of a dataset's days, "" when nothing is worth a word.

    Of what is not summed a document shows one capture: only a month without any is.
    """
    if not days.height or days["received"].sum() <= 0 < days["expected"].sum():
        return "nothing was received, and the document answers as for no data"
    missing = days.filter(pl.col("missing") > 0)["date"].unique().sort()
    if not missing.len() or not is_summed:
        return ""
    return f"{missing.len()} of {days['date'].n_unique()} days are not whole, the first is {missing[0]}"


def _advice(connection: str, dataset: Dataset, month: BillingPeriod) -> str:
    if dataset.cadence is Cadence.HISTORY:
        return f"run 'tallybook collect --month {month} --connection {connection} --dataset {dataset.name}'"
    return "it can only be asked about now, and what nobody asked for cannot be had again"
