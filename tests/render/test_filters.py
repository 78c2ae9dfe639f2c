from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tallybook.documents.values import Figure
from tallybook.render import filters
from tallybook.render.text import shortened, visible

NOT_KNOWN = Figure(None, None)


def shown(text: str) -> Figure:
    return Figure(Decimal(text), Decimal(text))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", "0"),
        ("999", "999"),
        ("1000", "1,000"),
        ("1234567.89", "1,234,567.89"),
        ("-1234.5", "\N{MINUS SIGN}1,234.5"),
        ("0.0000963", "0.0000963"),
        ("1E+3", "1,000"),
        ("-0.00", "0.00"),
    ],
)
def test_numbers_have_separators_a_minus_sign_and_no_exponent(value: str, expected: str) -> None:
    assert filters.number(Decimal(value)) == expected


def test_a_number_is_never_rounded() -> None:
    assert filters.number(Decimal("1.005"), 2) == "1.005"


@pytest.mark.parametrize(("currency", "expected"), [("EUR", "12.50"), ("JPY", "12.5"), ("KWD", "12.500")])
def test_an_amount_has_at_least_the_decimals_of_its_currency(currency: str, expected: str) -> None:
    assert filters.amount(shown("12.5"), currency) == expected


def test_money_carries_its_currency_behind_it() -> None:
    assert filters.money(shown("1234.56"), "EUR") == "1,234.56\N{NO-BREAK SPACE}EUR"


def test_a_currency_code_is_escaped() -> None:
    assert "<b>" not in filters.money(shown("1"), "<b>")


def test_an_unknown_figure_is_a_dash_with_words_and_never_a_zero() -> None:
    text = filters.amount(NOT_KNOWN, "EUR")

    assert "—" in text
    assert "not known" in text
    assert "0" not in text


@pytest.mark.parametrize(("value", "arrow", "digits"), [("12.5", "↑", "+12.50"), ("-3.5", "↓", "\N{MINUS SIGN}3.50")])
def test_a_change_has_a_sign_and_an_arrow(value: str, arrow: str, digits: str) -> None:
    text = filters.signed(shown(value), "EUR")

    assert arrow in text
    assert text.endswith(digits)


def test_no_change_has_neither_sign_nor_arrow() -> None:
    assert filters.signed(shown("0"), "EUR") == "0.00"


def test_percentages() -> None:
    assert filters.percent(Decimal(100)) == "100.0%"
    assert filters.signed_pct(Decimal("-4.25")) == "\N{MINUS SIGN}4.25%"
    assert filters.signed_pct(Decimal(0)) == "0.0%"


def test_exact_values_lose_only_the_zeros_at_their_end() -> None:
    assert filters.exact(Figure(Decimal("12.500000000000"), Decimal("12.50"))) == "12.5"
    assert filters.exact(Decimal(100)) == "100"
    assert filters.exact(Decimal("-0.00")) == "0"
    assert filters.exact(NOT_KNOWN) == ""
    assert filters.exactly(Decimal("1234.500000000000")) == "1,234.5"


@pytest.mark.parametrize(("value", "expected"), [("-3", "0"), ("12.5", "12.5"), ("551", "100")])
def test_a_bar_stays_within_its_track(value: str, expected: str) -> None:
    assert filters.bar_width(Decimal(value)) == expected


def test_times_are_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 11, 1, 0, 30, tzinfo=berlin)

    assert filters.instant(moment) == "2026-10-31 23:30\N{NO-BREAK SPACE}UTC"
    assert filters.iso_instant(moment) == "2026-10-31T23:30:00Z"


def test_days_in_words_and_as_iso() -> None:
    assert filters.long_day(date(2026, 10, 5)).split() == ["5", "October", "2026"]
    assert filters.long_day(datetime(2026, 3, 1, tzinfo=UTC)).split() == ["1", "March", "2026"]
    assert filters.day(date(2026, 10, 5)) == "2026-10-05"


def test_unknown_codes_are_written_with_spaces() -> None:
    assert filters.label("on_demand") == "on-demand"
    assert filters.label("flavor:m1.tiny_hours") == "flavor:m1.tiny hours"


@pytest.mark.parametrize("hidden", ["\x00", "\x07", "\x1b", "\u202e", "\u2066", "\u200f", "\ufffe"])
def test_what_cannot_be_seen_is_shown_as_a_replacement(hidden: str) -> None:
    assert visible(f"a{hidden}b") == "a\ufffdb"


def test_line_breaks_and_tabs_become_one_space() -> None:
    assert visible("a\r\n\tb\u2028c") == "a b c"


def test_ordinary_text_is_left_alone() -> None:
    text = "🦊 ünïcödé ěščř Ωμέγα שלום"

    assert visible(text) == text


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shortened("x" * 300, 10) == "x" * 9 + "…"
    assert shortened("x" * 10, 10) == "x" * 10
