"""The month in sentences, made from the same figures that the tables show."""

from collections.abc import Sequence

import polars as pl

from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import CurrencyTotal, Figure, ProjectRow, TieOut
from tallybook.documents.words import amount, listing, percent, plain, plural
from tallybook.summaries.expressions import COST_FEEDS
from tallybook.summaries.usage import PROVIDER_COST


def tell_month(
    inputs: MonthInputs,
    totals: Sequence[CurrencyTotal],
    projects: Sequence[ProjectRow],
    tie_outs: Sequence[TieOut],
) -> tuple[str, ...]:
    """The sentences of the first page, in the order of reading; without costs it says so."""
    if not totals:
        return (f"No costs are known for {inputs.period.label}.", *_unpriced(inputs), *_unseen(inputs))
    sentences = []
    for total in totals:
        sentences += [tell_total(inputs, total), *_budget(total), *_dearest(total, projects)]
    return (*sentences, *_unpriced(inputs), *_unseen(inputs), *_tie(tie_outs))


def tell_total(inputs: MonthInputs, total: CurrencyTotal) -> str:
    """A total beside the one before: `October 2026 cost 120.00 EUR, 20.00 EUR (20.0 %) more than …`."""
    before, currency = inputs.period.shift(-1).label, total.billing_currency
    earlier = total.previous_effective_cost.shown
    if total.effective_cost.shown is None:
        then = "" if earlier is None else f"; {before} cost {amount(earlier, currency)}"
        return f"What {inputs.period.label} cost in {currency} is not known{then}."
    start = f"{inputs.period.label} cost {amount(total.effective_cost.shown, currency)}"
    if earlier is None:
        return f"{start}; of {before} nothing is known to compare it with."
    if total.change.shown is None:
        return f"{start}; it is not compared with {before}: some connections are known in one of the months only."
    if total.change.shown == 0:
        return f"{start}, the same as {before}."
    direction = "more" if total.change.shown > 0 else "less"
    by = amount(abs(total.change.shown), currency)
    relative = "" if total.change_pct is None else f" ({percent(total.change_pct)})"
    return f"{start}, {by}{relative} {direction} than {before}."


def _dearest(total: CurrencyTotal, projects: Sequence[ProjectRow]) -> list[str]:
    own = [row for row in projects if row.billing_currency == total.billing_currency and row.effective_cost.exact]
    costs: dict[str, Figure] = {}
    for row in own:
        exact, shown = row.effective_cost.exact, row.effective_cost.shown
        known = costs.get(row.project)
        if exact is not None and shown is not None:
            costs[row.project] = Figure(exact + ((known and known.exact) or 0), shown + ((known and known.shown) or 0))
    if len(costs) < 2:
        return []
    name, cost = max(costs.items(), key=lambda item: (item[1].exact or 0, item[0]))
    return [f"The dearest project is {plain(name)} with {_shown(cost, total.billing_currency)}."]


def _budget(total: CurrencyTotal) -> list[str]:
    if total.budget_variance.shown is None or total.budget.shown is None:
        return []
    over = total.budget_variance.shown
    budget = amount(total.budget.shown, total.billing_currency)
    if over == 0:
        return [f"That is exactly the budget of {budget}."]
    where = "over" if over > 0 else "under"
    return [f"That is {amount(abs(over), total.billing_currency)} {where} the budget of {budget}."]


def _unpriced(inputs: MonthInputs) -> list[str]:
    rows = inputs.tables.unpriced.to_dicts()
    meters = sorted({f"{row['meter']} at {row['connection']}" for row in rows if row["meter"] != PROVIDER_COST})
    sources = sorted({row["connection"] for row in rows if row["meter"] == PROVIDER_COST})
    sentences = [f"{name} gave no cost for some workloads; they are in no total." for name in sources]
    if meters:
        sentences.append(f"{plural(len(meters), 'meter')} in use without a price, in no total: {listing(meters)}.")
    return sentences


def _unseen(inputs: MonthInputs) -> list[str]:
    """A sentence for each dataset that costs need and that has holes nobody can fill."""
    datasets = inputs.tables.datasets.filter(
        (pl.col("missing") > 0) & ~pl.col("is_backfillable") & pl.col("feeds").is_in(COST_FEEDS)
    )
    return [
        f"{row['connection']} could not be seen for {amount(row['missing'], row['unit'])} of "
        f"{amount(row['expected'], row['unit'])}, which cannot be asked again: its figures are lower bounds."
        for row in datasets.to_dicts()
    ]


def _tie(tie_outs: Sequence[TieOut]) -> list[str]:
    if not tie_outs or not all(one.holds for one in tie_outs):
        return []
    return [
        f"All costs tie out: sources and projects differ by 0 in {listing([t.billing_currency for t in tie_outs])}."
    ]


def _shown(figure: Figure, currency: str) -> str:
    return "an unknown amount" if figure.shown is None else amount(figure.shown, currency)
