"""Commitments: the ones that cost most for nothing first."""

from decimal import Decimal

from tallybook.documents.committed import CommitmentRow
from tallybook.documents.figures import Row, column_figures, quantity, rounded_pct, total_of, trimmed
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.values import Figure

TOP_COMMITMENTS = 20


def commitment_rows(inputs: MonthInputs) -> tuple[CommitmentRow, ...]:
    """The commitments with the largest unused cost, per currency; all of them are in tables/commitments.csv."""
    rows = inputs.tables.commitments.to_dicts()
    used, unused = column_figures(rows, "used_cost"), column_figures(rows, "unused_cost")
    made = [_row(inputs, *one) for one in zip(rows, used, unused, strict=True)]
    made.sort(key=lambda one: (one.billing_currency, -(one.unused_cost.exact or Decimal(0))))
    return tuple(made[:TOP_COMMITMENTS])


def _row(inputs: MonthInputs, row: Row, used: Figure, unused: Figure) -> CommitmentRow:
    return CommitmentRow(
        connection=row["connection"],
        provider_label=inputs.label(row["provider"]),
        sub_account_name=row["sub_account_name"] or row["sub_account_id"],
        project=row["project"],
        region=row["region"],
        meter=row["meter"],
        unit=row["unit"],
        committed_quantity=trimmed(row["committed_quantity"]),
        unit_price=trimmed(row["list_unit_price"]),
        billing_currency=row["billing_currency"],
        used_quantity=quantity(row["used_quantity"], row["unit"]),
        unused_quantity=quantity(row["unused_quantity"], row["unit"]),
        used_cost=used,
        unused_cost=unused,
        effective_cost=total_of((used, unused)),
        utilisation_pct=rounded_pct(row["utilisation_pct"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        source=row["source"] or row["price_source"],
        is_lower_bound=row["is_lower_bound"],
    )
