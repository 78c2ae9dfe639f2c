"""The causes that moved a total most, worked by hand."""

from decimal import Decimal

import polars as pl

from tallybook.summaries.causes import summarise_causes
from tallybook.summaries.expressions import AMOUNT
from tallybook.summaries.variance import effects


def variance(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    """Rows of project, meter, cause and effect at one connection, in EUR."""
    return pl.DataFrame(
        [
            {
                "project": project,
                "connection": "alpha-main",
                "meter": meter,
                "billing_currency": "EUR",
                **{name: Decimal(effect) if name == f"{cause}_effect" else Decimal(0) for name in effects()},
            }
            for project, meter, cause, effect in rows
        ],
        schema_overrides=dict.fromkeys(effects(), AMOUNT),
    )


def told(*rows: tuple[str, str, str, str]) -> list[tuple[str, str, Decimal, str, Decimal]]:
    found = summarise_causes(variance(*rows))
    return found.select("project", "cause", "effect", "meter", "part_effect").rows()


def test_the_largest_causes_come_first_with_their_largest_part() -> None:
    assert told(
        ("Web", "core_hours", "volume", "6"),
        ("Web", "storage_gib_hours", "volume", "-1"),
        ("Web", "core_hours", "price", "0.5"),
        ("Shop", "core_hours", "gone", "-3"),
        ("Mail", "core_hours", "volume", "0.25"),
    ) == [
        ("Web", "volume", Decimal(5), "core_hours", Decimal(6)),
        ("Shop", "gone", Decimal(-3), "core_hours", Decimal(-3)),
        ("Web", "price", Decimal("0.5"), "core_hours", Decimal("0.5")),
    ]


def test_what_cancels_out_is_no_cause() -> None:
    assert told(("Web", "core_hours", "volume", "6"), ("Web", "storage_gib_hours", "volume", "-6")) == []


def test_a_month_without_changes_has_no_causes() -> None:
    assert summarise_causes(variance(("Web", "core_hours", "volume", "0"))).is_empty()
