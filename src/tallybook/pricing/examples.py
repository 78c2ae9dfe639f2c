"""Which prices and budgets are still those that `tallybook init` wrote: nobody's contract, and nobody's plan."""

from tallybook.pricing.books import Books, Budget

_SOURCE = "example"
_PROJECT = "example "


def is_example_source(source: str) -> bool:
    """Whether a price's source says that it is one, as in the shipped book: `example`, `example: replace …`."""
    return source.partition(":")[0].strip().casefold() == _SOURCE


def is_example_budget(budget: Budget) -> bool:
    """Whether a budget is for a project of the shipped book: `Example project`."""
    return budget.project.casefold().startswith(_PROJECT)


def example_warnings(books: Books) -> list[str]:
    """A sentence for each book that still holds examples, with its lines and what to do; none is what is wanted."""
    found = {
        "prices.csv": [price.line for price in books.prices if is_example_source(price.source)],
        "budgets.csv": [budget.line for budget in books.budgets if is_example_budget(budget)],
    }
    what = {"prices.csv": "the prices of your contracts", "budgets.csv": "your own budgets"}
    return [
        f"{name} {_lines(lines)}: still the example that 'tallybook init' wrote; put {what[name]} in its place"
        for name, lines in found.items()
        if lines
    ]


def _lines(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    shown = ", ".join(str(number) for number in numbers[:5])
    return f"lines {shown}" if len(numbers) <= 5 else f"lines {shown} and {len(numbers) - 5} more"
