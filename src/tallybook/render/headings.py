"""Headings of a spreadsheet's columns: the database's names in words that finance reads."""

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "billing_period": "Month",
    "billing_currency": "Currency",
    "list_cost": "List cost",
    "effective_cost": "Cost",
    "previous_effective_cost": "Cost of the month before",
    "reporting_currency": "Reporting currency",
    "reporting_cost": "Cost in the reporting currency",
    "error_pct": "Typical error, %",
    "low_cost": "8 in 10: from",
    "high_cost": "8 in 10: to",
    "unknown_cost": "Cost without hours",
    "judged_hours": "Spot hours with a known rate",
    "on_demand_cost": "These at on-demand rates",
    "realised_savings": "Saved by spot",
    "realised_pct": "Saved by spot, %",
    "price_effect": "By price",
    "volume_effect": "By volume",
    "new_effect": "New",
    "gone_effect": "Gone",
    "adjustment_effect": "By adjustments",
    "not_comparable_effect": "Not comparable",
    "is_lower_bound": "Lower bound",
    "previous_is_lower_bound": "Month before: lower bound",
    "coverage_pct": "Seen, %",
    "utilisation_pct": "Used of limit, %",
    "spot_pct": "Spot share, %",
    "unpriced_meters": "Meters without a price",
    "sub_account_id": "Sub account id",
    "sub_account_name": "Sub account",
    "savings_available": "Could be saved",
    "cost_basis": "How the cost was found",
    "pricing_quantity": "Quantity",
    "pricing_unit": "Unit",
    "list_unit_price": "Price per unit",
    "price_source": "Line of the price book",
    "valid_to": "Valid before",
    "is_backfillable": "Can be fetched later",
    "has_ended": "Day has ended",
    "captured_at": "Captured at, UTC",
    "trend_per_day": "More a day",
    "run_out_date": "Runs out on",
    "is_unused": "Unused all month",
    "previous_limit": "Limit before",
    "was_unlimited": "Unlimited before",
    "is_unlimited": "Unlimited",
    "holds": "Ties out",
}


def heading(column: str) -> str:
    """The words for a column: `effective_cost` as `Cost`; any other name with spaces and a capital."""
    return _WORDS.get(column) or column.replace("_", " ").capitalize()
