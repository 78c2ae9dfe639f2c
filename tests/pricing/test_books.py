"""The books: what is read, and that each mistake is named by file, line and column."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.errors import BookError
from tallybook.pricing.books import Books, idle_budgets, read_books, sha256, unknown_connections
from tests.pricing.tiny_facts import PRICES_HEADER

ROW = "alpha,,,,core_hours,core-hour,0.0135,EUR,2026-01-01,,list 2026"


def write(folder: Path, name: str, text: str) -> None:
    folder.joinpath(name).write_text(text, encoding="utf-8")


def prices(folder: Path, *rows: str) -> Books:
    write(folder, "prices.csv", PRICES_HEADER + "".join(f"{row}\n" for row in rows))
    return read_books(folder)


def refused(folder: Path, *rows: str) -> str:
    with pytest.raises(BookError) as caught:
        prices(folder, *rows)
    return str(caught.value)


def test_a_price_row_is_read_exactly(tmp_path: Path) -> None:
    [price] = prices(
        tmp_path, "alpha,alpha-main,p1,north,core_hours,core-hour,0.000000000001,EUR,2026-01-01,2026-02-01,x"
    ).prices

    assert price.unit_price == Decimal("0.000000000001")
    assert (price.line, price.keys, price.specificity) == (2, ("alpha-main", "p1", "north"), 3)
    assert (price.valid_from, price.valid_to) == (date(2026, 1, 1), date(2026, 2, 1))


def test_only_prices_csv_must_be_there(tmp_path: Path) -> None:
    books = prices(tmp_path)

    assert books == Books()


def test_a_missing_price_book_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"no prices.csv in .*tallybook init"):
        read_books(tmp_path)


def test_a_byte_order_mark_blanks_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    header, row = (text.replace(",", " , ") for text in (PRICES_HEADER, ROW))
    write(tmp_path, "prices.csv", f"\ufeff{header}\n,,,,,,,,,,\n{row}\n")

    [price] = read_books(tmp_path).prices

    assert (price.line, price.provider, price.source) == (4, "alpha", "list 2026")


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    write(tmp_path, "prices.csv", PRICES_HEADER)
    write(tmp_path, "budgets.csv", "currency,budget,month,project\nEUR,100.50,2026-10,Web\n")

    [budget] = read_books(tmp_path).budgets

    assert (budget.project, budget.month, budget.budget, budget.currency) == (
        "Web",
        "2026-10",
        Decimal("100.50"),
        "EUR",
    )


def test_a_quoted_line_break_keeps_the_count_of_lines(tmp_path: Path) -> None:
    message = refused(tmp_path, ROW.replace("list 2026", '"list\n2026"'), ROW.replace("EUR", "euro"))

    assert message.startswith("prices.csv line 4, column currency: 'euro'")


@pytest.mark.parametrize(
    ("column", "cells", "told"),
    [
        ("unit_price", ("0.0135", "0,0135"), "cells where the header has 11 columns"),
        ("unit_price", ("0.0135", '"1,000.5"'), "column unit_price: '1,000.5' is no decimal number"),
        ("unit_price", ("0.0135", "1e3"), "column unit_price: '1e3' is no decimal number"),
        ("unit_price", ("0.0135", "€5"), "column unit_price: '€5' is no decimal number"),
        ("unit_price", ("0.0135", "-1"), "column unit_price: -1 is below zero"),
        ("unit_price", ("0.0135", "NaN"), "column unit_price: 'NaN' is no decimal number"),
        ("unit_price", ("0.0135", "0.0000000000001"), "more than 12 decimals"),
        ("unit_price", ("0.0135", "123456789.1234567891"), "or 18 digits"),
        ("unit_price", ("0.0135", "1." + 30 * "0" + "1"), "more than 12 decimals"),
        ("unit_price", ("0.0135", "0." + 4999 * "0" + "1"), "more than 12 decimals"),
        ("unit_price", ("0.0135", "1000000000"), "column unit_price: 1000000000 has more than 9 digits before the dot"),
        ("unit_price", ("0.0135", "1" + 30 * "0"), "digits before the dot"),
        ("unit_price", ("0.0135", ""), "column unit_price: is empty"),
        ("valid_from", ("2026-01-01", "01.01.2026"), "column valid_from: '01.01.2026' is no date; write YYYY-MM-DD"),
        ("valid_from", ("2026-01-01", "2026-02-30"), "column valid_from: '2026-02-30' is no date"),
        ("valid_from", ("2026-01-01", "20260101"), "column valid_from: '20260101' is no date"),
        ("valid_to", ("2026-01-01,,", "2026-01-01,2026-01-01,"), "column valid_to: 2026-01-01 is not after valid_from"),
        ("meter", ("core_hours", "cpu_hours"), "column meter: unknown meter 'cpu_hours'; known: core_hours,"),
        ("unit", ("core-hour", "hour"), "column unit: 'hour' is not the unit of core_hours; write core-hour"),
        ("currency", ("EUR", "Euro"), "column currency: 'Euro' is no currency code; write three capitals"),
        ("provider", ("alpha", ""), "column provider: is empty"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, column: str, cells: tuple[str, str], told: str) -> None:
    message = refused(tmp_path, ROW.replace(*cells, 1))

    assert message.startswith("prices.csv line 2")
    assert told in message, column


def test_leading_and_trailing_zeros_are_no_digits(tmp_path: Path) -> None:
    [price] = prices(tmp_path, ROW.replace("0.0135", "00000000000999999999.10000000000000000000")).prices

    assert str(price.unit_price) == "999999999.1"


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("exchange_rates.csv", "month,from_currency,to_currency,rate,source\n2026-10,USD,EUR,{},x\n", "rate"),
        ("budgets.csv", "project,month,budget,currency\nWeb,2026-10,{},EUR\n", "budget"),
    ],
)
def test_a_number_that_no_sum_can_hold_is_named_in_every_book(
    tmp_path: Path, name: str, text: str, column: str
) -> None:
    write(tmp_path, "prices.csv", PRICES_HEADER)
    write(tmp_path, name, text.format(9 * 10**14))
    read_books(tmp_path)
    write(tmp_path, name, text.format(10**30))

    with pytest.raises(BookError) as caught:
        read_books(tmp_path)
    assert str(caught.value) == f"{name} line 2, column {column}: {10**30} has more than 15 digits before the dot"


@pytest.mark.parametrize("mark", ["\0", "\x1b", "\x1f", "\x7f", "\x85", "\x9b"])
@pytest.mark.parametrize("text", ["li{}st", "list{}"])
def test_a_control_character_is_refused_by_its_code(tmp_path: Path, mark: str, text: str) -> None:
    message = refused(tmp_path, ROW.replace("list 2026", text.format(mark)))

    told = f"holds the control character U+{ord(mark):04X}, which nobody can see; remove it"
    assert message == f"prices.csv line 2, column source: {told}"


def test_connections_that_are_not_configured_are_told_with_their_lines(tmp_path: Path) -> None:
    rows = [ROW.replace("alpha,,", f"alpha,{name},") for name in ("ocore-mian", "ocore-main", "zeta", "ocore-mian", "")]
    rows = [row.replace("2026-01-01", f"2026-01-{day:02d}") for day, row in enumerate(rows, 1)]
    rows = [row.replace(",,list", f",2026-01-{day + 1:02d},list") for day, row in enumerate(rows, 1)]
    write(tmp_path, "projects.csv", "connection,sub_account_id,project,cost_center,owner\nocore-mian,*,Web,1,Jana\n")
    books = prices(tmp_path, *rows)

    assert unknown_connections(books, ["ocore-main", "openscaler-main"]) == (
        "prices.csv lines 2, 5 price nothing: no connection 'ocore-mian' is configured; did you mean 'ocore-main'?",
        "prices.csv line 4 prices nothing: no connection 'zeta' is configured; known: ocore-main, openscaler-main",
        "projects.csv line 2 maps nothing: no connection 'ocore-mian' is configured; did you mean 'ocore-main'?",
    )
    assert unknown_connections(books, ["ocore-main", "ocore-mian", "zeta"]) == ()


def test_of_many_lines_the_first_five_are_named(tmp_path: Path) -> None:
    rules = "".join(f"gone,p{number},Web,1,Jana\n" for number in range(7))
    write(tmp_path, "projects.csv", f"connection,sub_account_id,project,cost_center,owner\n{rules}")

    [told] = unknown_connections(prices(tmp_path), ["ocore-main"])
    assert told.startswith("projects.csv lines 2, 3, 4, 5, 6 and 2 more map nothing: no connection 'gone'")


def test_a_flavor_is_a_meter_of_hours(tmp_path: Path) -> None:
    [price] = prices(tmp_path, ROW.replace("core_hours,core-hour", "flavor:m1.small_hours,hour")).prices

    assert (price.meter, price.unit) == ("flavor:m1.small_hours", "hour")


def test_bytes_are_priced_per_gib(tmp_path: Path) -> None:
    assert "write GiB" in refused(tmp_path, ROW.replace("core_hours,core-hour", "network_out_bytes,byte"))


def test_an_unknown_provider_is_refused_when_the_known_ones_are_given(tmp_path: Path) -> None:
    prices(tmp_path, ROW)

    with pytest.raises(BookError, match=r"line 2, column provider: unknown provider 'alpha'; known: beta, gamma"):
        read_books(tmp_path, providers=["gamma", "beta"])


def test_a_price_for_a_connection_of_another_provider_is_refused(tmp_path: Path) -> None:
    prices(tmp_path, ROW, ROW.replace("alpha,", "alpha,beta-main"), ROW.replace("alpha,", "alpha,elsewhere"))

    with pytest.raises(BookError) as caught:
        read_books(tmp_path, connections={"alpha-main": "alpha", "beta-main": "beta"})
    assert str(caught.value) == (
        "prices.csv line 3, column provider: connection 'beta-main' is one of beta, not of alpha: the row would price "
        "nothing; write beta, or the name of a connection of alpha"
    )


def test_a_budget_of_a_project_that_nobody_knows_is_told(tmp_path: Path) -> None:
    prices(tmp_path)
    write(tmp_path, "projects.csv", "connection,sub_account_id,project,cost_center,owner\na,p1,Shop,,\n")
    lines = ("Web,2026-10,1,EUR", "Wbe,2026-10,2,EUR", "Shop,2026-10,3,EUR", "Gone,2026-09,4,EUR")
    write(tmp_path, "budgets.csv", "project,month,budget,currency\n" + "".join(f"{line}\n" for line in lines))

    [told] = idle_budgets(read_books(tmp_path), "2026-10", projects={"Web"})
    assert told == (
        "budgets.csv line 3 is for a project that 2026-10 does not know, 'Wbe': it counts in the budget of the total "
        "in EUR, and no cost stands against it; did you mean 'Web'?"
    )


def test_an_unknown_column_is_named_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, "prices.csv", PRICES_HEADER.replace("unit_price", "price"))

    with pytest.raises(
        BookError, match=r"prices.csv line 1, column price: unknown; the columns are provider, connection"
    ):
        read_books(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write(tmp_path, "prices.csv", PRICES_HEADER.replace(",source", ""))

    with pytest.raises(BookError, match=r"line 1, column source: missing"):
        read_books(tmp_path)


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "prices.csv", PRICES_HEADER.replace("source", "meter"))

    with pytest.raises(BookError, match=r"line 1, column meter: named twice"):
        read_books(tmp_path)


def test_semicolons_are_told_apart_from_a_missing_column(tmp_path: Path) -> None:
    write(tmp_path, "prices.csv", PRICES_HEADER.replace(",", ";"))

    with pytest.raises(BookError, match=r"separated by commas, not semicolons"):
        read_books(tmp_path)


def test_an_empty_file_wants_a_header(tmp_path: Path) -> None:
    write(tmp_path, "prices.csv", "")

    with pytest.raises(BookError, match=r"prices.csv line 1: no header"):
        read_books(tmp_path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("prices.csv").write_bytes(PRICES_HEADER.encode() + "Zürich".encode("latin-1"))

    with pytest.raises(BookError, match=r"prices.csv is not UTF-8"):
        read_books(tmp_path)


def test_an_open_quote_is_no_csv(tmp_path: Path) -> None:
    assert "is not CSV" in refused(tmp_path, '"alpha')


def test_two_prices_that_both_apply_name_both_lines(tmp_path: Path) -> None:
    message = refused(tmp_path, ROW, ROW.replace("2026-01-01", "2026-05-01"))

    assert message.startswith("prices.csv lines 2 and 3: both apply to alpha core_hours from 2026-05-01")


def test_a_price_may_follow_where_the_one_before_ends(tmp_path: Path) -> None:
    books = prices(
        tmp_path, ROW.replace("2026-01-01,", "2026-01-01,2026-10-15"), ROW.replace("2026-01-01", "2026-10-15")
    )

    assert len(books.prices) == 2


def test_prices_of_other_keys_do_not_overlap(tmp_path: Path) -> None:
    books = prices(tmp_path, ROW, ROW.replace("alpha,,,,", "alpha,,p1,,"), ROW.replace("alpha,,,,", "alpha,,p2,,"))

    assert [price.specificity for price in books.prices] == [0, 1, 1]


def test_two_prices_of_one_specificity_by_different_keys_overlap(tmp_path: Path) -> None:
    message = refused(tmp_path, ROW.replace("alpha,,,,", "alpha,,p1,,"), ROW.replace("alpha,,,,", "alpha,,,north,"))

    assert message.startswith("prices.csv lines 2 and 3: both apply")


def test_a_sub_account_is_mapped_once(tmp_path: Path) -> None:
    prices(tmp_path)
    write(
        tmp_path,
        "projects.csv",
        "connection,sub_account_id,project,cost_center,owner\na,p1,Web,,\na,*,Rest,,\na,p1,Shop,,\n",
    )

    with pytest.raises(BookError, match=r"projects.csv lines 2 and 4: both are for"):
        read_books(tmp_path)


def test_a_project_has_one_budget_a_month_and_currency(tmp_path: Path) -> None:
    prices(tmp_path)
    write(
        tmp_path,
        "budgets.csv",
        "project,month,budget,currency\nWeb,2026-10,1,EUR\nWeb,2026-10,1,USD\nWeb,2026-10,2,EUR\n",
    )

    with pytest.raises(BookError, match=r"budgets.csv lines 2 and 4"):
        read_books(tmp_path)


def test_a_budget_month_has_the_form_of_a_month(tmp_path: Path) -> None:
    prices(tmp_path)
    write(tmp_path, "budgets.csv", "project,month,budget,currency\nWeb,2026-13,1,EUR\n")

    with pytest.raises(BookError, match=r"budgets.csv line 2, column month: '2026-13' is no month"):
        read_books(tmp_path)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2026-10,EUR,EUR,1,x", "column to_currency: EUR into itself"),
        ("2026-10,USD,EUR,0,x", "column rate: a rate of 0"),
    ],
)
def test_a_rate_is_between_two_currencies_and_above_zero(tmp_path: Path, row: str, told: str) -> None:
    prices(tmp_path)
    write(tmp_path, "exchange_rates.csv", f"month,from_currency,to_currency,rate,source\n{row}\n")

    with pytest.raises(BookError, match=f"exchange_rates.csv line 2, {told}"):
        read_books(tmp_path)


def test_the_hash_follows_the_bytes_of_each_book_and_whether_it_is_there(tmp_path: Path) -> None:
    prices(tmp_path, ROW)
    first = sha256(tmp_path)
    write(tmp_path, "budgets.csv", "")
    with_budgets = sha256(tmp_path)
    write(tmp_path, "budgets.csv", "x")

    assert len({first, with_budgets, sha256(tmp_path)}) == 3
    write(tmp_path, "notes.txt", "not a book")
    tmp_path.joinpath("budgets.csv").unlink()
    assert sha256(tmp_path) == first


def test_the_books_that_come_with_tallybook_are_right() -> None:
    books = read_books(Path(__file__).parents[2] / "books")

    assert books.prices
    assert books.exchange_rates
    assert books.projects
    assert books.budgets
