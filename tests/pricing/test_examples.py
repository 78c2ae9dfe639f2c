"""What `tallybook init` writes is recognised as an example."""

from pathlib import Path

import pytest

from tallybook.pipeline.starting import initialise
from tallybook.pricing.books import read_books
from tallybook.pricing.examples import example_warnings, is_example_source
from tests.pricing.tiny_facts import PRICES_HEADER


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("example: replace by the price of your contract", True),
        (" Example: GiB of disk", True),
        ("example", True),
        ("example tariff of the contract: page 3", False),
        ("contract 4711, for example", False),
        ("", False),
    ],
)
def test_an_example_says_so_at_its_start(source: str, *, expected: bool) -> None:
    assert is_example_source(source) is expected


def test_all_prices_and_budgets_that_init_writes_are_examples(tmp_path: Path) -> None:
    initialise(tmp_path)
    books = read_books(tmp_path / "books")

    prices, budgets = example_warnings(books)

    assert all(is_example_source(price.source) for price in books.prices)
    assert prices.startswith("prices.csv lines 2, 3, 4, 5, 6 and ")
    assert budgets == (
        "budgets.csv line 2: still the example that 'tallybook init' wrote; put your own budgets in its place"
    )


def test_one_s_own_books_warn_of_nothing(tmp_path: Path) -> None:
    row = "alpha,,,,core_hours,core-hour,0.10,EUR,2026-01-01,,contract 4711\n"
    tmp_path.joinpath("prices.csv").write_text(PRICES_HEADER + row, encoding="utf-8")
    tmp_path.joinpath("budgets.csv").write_text("project,month,budget,currency\nWeb,2026-10,1,EUR\n", encoding="utf-8")

    assert example_warnings(read_books(tmp_path)) == []
