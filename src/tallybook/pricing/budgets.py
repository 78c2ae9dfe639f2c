"""Budgets of a month that no cost stands against."""

from collections.abc import Collection

from tallybook.pricing.books import Books


def misplaced_budgets(books: Books, month: str, *, costs: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """A sentence for each budget of a month in a currency in which its project costs nothing, but does in another.

    `costs` are projects and currencies of the month's costs. Nothing is converted: a budget counts in its own currency.
    """
    currencies: dict[str, set[str]] = {}
    for project, currency in costs:
        currencies.setdefault(project, set()).add(currency)
    return tuple(
        f"budgets.csv line {one.line} is in {one.currency}, in which {one.project!r} costs nothing in {month}: it "
        f"counts in the budget of the total in {one.currency}, and no cost stands against it; the costs are in "
        f"{', '.join(sorted(own))}"
        for one in books.budgets
        if one.month == month and one.currency not in (own := currencies.get(one.project, {one.currency}))
    )
