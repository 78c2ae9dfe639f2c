"""Whether a month can be closed: what makes it a draft never can, gaps only when somebody accepts them."""

from decimal import Decimal
from typing import Any

import polars as pl

from tallybook.documents.figures import coverage_shown
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.status import blocking_reasons, collect_command
from tallybook.documents.words import amount
from tallybook.errors import UsageError
from tallybook.summaries.expressions import COST_FEEDS


def refuse_to_close(inputs: MonthInputs, *, least_pct: Decimal) -> None:
    """Raise UsageError, naming every reason and gap, when the month cannot be closed.

    A failed unit, a month that has not ended and figures that do not add up cannot be accepted. Gaps can, with
    `inputs.accepted_gaps`: `open_gaps` says which.
    """
    reasons = list(blocking_reasons(inputs))
    gaps = [] if inputs.accepted_gaps else [_told(inputs, gap, least_pct) for gap in open_gaps(inputs, least_pct)]
    if not reasons and not gaps:
        return
    lines = [f"{inputs.period} cannot be closed, and nothing was published:", *(f"- {one}" for one in reasons + gaps)]
    if reasons:
        lines.append("What makes it a draft has to be mended first.")
    if gaps:
        lines.append(
            "Collect what can be fetched, or close it with its gaps and say why: --accept-gaps TEXT "
            "(accept_gaps of the flow)."
        )
    raise UsageError("\n".join(lines))


def open_gaps(inputs: MonthInputs, least_pct: Decimal) -> list[dict[str, Any]]:
    """The gaps that somebody has to accept, as rows of `tables.gaps` with their connection's `coverage_pct`.

    Those of what feeds costs that can still be fetched, and all of a connection that was seen less than `least_pct`.
    Example: 700 of 744 hours are 94.1 %, below 99; 740 of 744 sampled hours are 99.5 %, and nobody is asked.
    """
    seen = inputs.tables.connections.select("connection", "coverage_pct")
    gaps = inputs.tables.gaps.filter(pl.col("feeds").is_in(COST_FEEDS)).join(seen, on="connection", how="left")
    return gaps.filter(pl.col("is_backfillable") | (pl.col("coverage_pct") < least_pct)).to_dicts()


def _told(inputs: MonthInputs, gap: dict[str, Any], least_pct: Decimal) -> str:
    first, last = gap["first_date"], gap["last_date"]
    days = f"on {first}" if first == last else f"from {first} to {last}"
    command = collect_command(inputs, gap["connection"], gap["dataset"])
    remedy = f"can still be fetched: {command}" if gap["is_backfillable"] else "can never be fetched again"
    seen = gap["coverage_pct"]
    share = f"{gap['connection']} was seen to {coverage_shown(seen)} %"
    if seen is not None and seen < least_pct:
        share += f", below the {least_pct:f} % of final_coverage_pct"
    what = amount(gap["missing"], gap["unit"])
    return f"{gap['connection']} {gap['dataset']} lacks {what} {days}, which {remedy} ({share})"
