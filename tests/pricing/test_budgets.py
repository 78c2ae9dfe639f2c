"""Budgets that no cost stands against."""

from decimal import Decimal

from tallybook.pricing.books import Books, Budget
from tallybook.pricing.budgets import misplaced_budgets

COSTS = {("Web", "EUR"), ("Web", "CHF"), ("Shop", "USD")}


def budget(line: int, project: str, currency: str, *, month: str = "2026-10") -> Budget:
    return Budget(line, project, month, Decimal(15), currency)


def test_a_budget_in_a_currency_in_which_its_project_costs_nothing_is_told() -> None:
    rows = (budget(2, "Web", "USD"), budget(3, "Web", "EUR"), budget(4, "Shop", "USD"))

    [told] = misplaced_budgets(Books((), budgets=rows), "2026-10", costs=COSTS)
    assert told == (
        "budgets.csv line 2 is in USD, in which 'Web' costs nothing in 2026-10: it counts in the budget of the "
        "total in USD, and no cost stands against it; the costs are in CHF, EUR"
    )


def test_projects_without_costs_and_other_months_are_not_its_business() -> None:
    rows = (budget(2, "Blog", "USD"), budget(3, "Web", "USD", month="2026-09"))

    assert misplaced_budgets(Books((), budgets=rows), "2026-10", costs=COSTS) == ()
