"""Forecasts and anomalies as the report shows them."""

from collections.abc import Sequence

from tallybook.documents.figures import Row, add, money, rounded_pct
from tallybook.documents.inputs import MonthInputs, has_unseen
from tallybook.documents.model import CurrencyTotal
from tallybook.documents.outlook import AnomalyRow, ForecastRow, Outlook
from tallybook.periods import BillingPeriod

TOP_ANOMALIES = 10


def outlook(inputs: MonthInputs, totals: Sequence[CurrencyTotal]) -> Outlook:
    """What may come, and what stood out, the dearest of each currency first."""
    anomalies = inputs.tables.anomalies
    top = anomalies.group_by("billing_currency", maintain_order=True).head(TOP_ANOMALIES)
    uncertain = {total.billing_currency for total in totals if _lacks_always(inputs, total)}
    return Outlook(
        forecasts=tuple(_forecast(inputs, row, uncertain) for row in inputs.tables.forecast.to_dicts()),
        anomalies=tuple(_anomaly(row) for row in top.to_dicts()),
        anomalies_total=anomalies.height,
    )


def _lacks_always(inputs: MonthInputs, total: CurrencyTotal) -> bool:
    """Whether every day of a currency lacks something: holes are left out of a forecast, this is not."""
    return total.unpriced_meters > 0 or has_unseen(inputs, total.billing_currency)


def _forecast(inputs: MonthInputs, row: Row, uncertain: set[str]) -> ForecastRow:
    currency, month = row["billing_currency"], BillingPeriod.parse(row["billing_period"], now=inputs.now)
    lines = [line for line in inputs.budgets if (line.month, line.currency) == (str(month), currency)]
    return ForecastRow(
        billing_currency=currency,
        billing_period=str(month),
        label=inputs.language.month(month),
        **{name: money(row[name], currency) for name in _AMOUNTS},
        budget=money(add(line.budget for line in lines), currency),
        method=row["method"] or "",
        error_pct=rounded_pct(row["error_pct"]),
        tests=row["tests"] or 0,
        tested_days=row["tested_days"] or 0,
        history_days=row["history_days"],
        is_lower_bound=currency in uncertain,
    )


_AMOUNTS = ("known_cost", "forecast_cost", "low_cost", "high_cost")


def _anomaly(row: Row) -> AnomalyRow:
    is_workload, currency = row["workload"] != "", row["billing_currency"]
    return AnomalyRow(
        kind="workload" if is_workload else "project",
        name=row["workload"] or row["project"],
        place=f"{row['cluster']}/{row['namespace']}" if is_workload else "",
        connection=row["connection"],
        billing_currency=currency,
        days=row["days"],
        first_date=row["first_date"],
        last_date=row["last_date"],
        worst_date=row["worst_date"],
        worst_cost=money(row["worst_cost"], currency),
        typical_cost=money(row["typical_cost"], currency),
        excess_cost=money(row["excess_cost"], currency),
    )
