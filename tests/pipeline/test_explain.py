"""A figure walked down to its charge lines, price rows, staging rows and raw files: worked by hand."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard

from tallybook.documents.explanation import ExplainedFigure, Explanation, explain_figures
from tallybook.errors import ConfigurationError, UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect
from tallybook.pipeline.explain import explain
from tallybook.pipeline.house import House
from tallybook.pricing import allocation
from tallybook.pricing.adjustments import COLUMNS
from tests.pipeline.conftest import NOW, MakeHouse
from tests.pricing.tiny_facts import COMMITMENTS_HEADER, PRICES_HEADER, TIERS_HEADER
from tests.support.web import Said, serving

OCTOBER = BillingPeriod(2026, 10)
PRICES = (
    "ocore,,,,core_hours,core-hour,0.10,EUR,2026-01-01,2026-10-15,contract 7\n"
    "ocore,,,,core_hours,core-hour,0.20,EUR,2026-10-15,,contract 8\n"
    "ocore,,,,instance_hours,hour,0.01,EUR,2026-01-01,,contract 7\n"
)


def item(project: str, start: str, *, cores: int) -> dict[str, object]:
    unused = ("bandwidthInBytes", "bandwidthOutBytes", "diskGbHours", "ramGbHours", "instanceHours")
    named = {"projectId": project, "projectName": project.title(), "periodStart": start, "periodType": "hourly"}
    return {**dict.fromkeys(unused, 0), "cpuCoreHours": cores, "instanceCount": 1, **named}


@pytest.fixture
def told(house: MakeHouse) -> Iterator[House]:
    """Web used 3 core-hours on the 14th and 2 + 4 on the 15th; Shop 50."""
    items = [
        item("web", "2026-10-14T23:00:00Z", cores=3),
        item("web", "2026-10-15T00:00:00Z", cores=2),
        item("web", "2026-10-15T01:00:00Z", cores=4),
        item("shop", "2026-10-15T00:00:00Z", cores=50),
    ]
    body = json.dumps({"items": items, "period": "hourly", "totals": None}).encode()
    with serving(lambda _: Said(body=body)) as server:
        made = house(server.url)
        made.settings.books_dir.mkdir()
        (made.settings.books_dir / "prices.csv").write_text(PRICES_HEADER + PRICES, encoding="utf-8")
        collect(made, OCTOBER, clock=lambda: NOW, datasets=["usage"])
        yield made


def explained(house: House, project: str = "Web", connection: str | None = None) -> Explanation:
    return explain(house, OCTOBER, project=project, connection=connection, now=NOW)


def test_a_figure_is_the_sum_of_its_charge_lines(told: House) -> None:
    found = explained(told)

    # 3 core-hours at 0.10 on the 14th, 6 at 0.20 on the 15th, no instance-hours: 0.30 + 1.20 + 0
    assert [(one.connection, one.billing_currency, one.effective_cost) for one in found.figures] == [
        ("ocore-0", "EUR", Decimal("1.5"))
    ]
    assert [
        (line.meter, line.pricing_quantity, line.list_unit_price, line.effective_cost, line.price_source)
        for line in found.lines
        if line.price_source
    ] == [
        ("core_hours", Decimal(3), Decimal("0.1"), Decimal("0.3"), "prices.csv line 2"),
        ("core_hours", Decimal(6), Decimal("0.2"), Decimal("1.2"), "prices.csv line 3"),
        ("instance_hours", Decimal(0), Decimal("0.01"), Decimal(0), "prices.csv line 4"),
    ]
    assert [one.difference for one in found.figures] == [0]
    assert found.ties_out


def test_a_line_says_its_days_and_what_has_no_price_has_no_cost(told: House) -> None:
    by_meter = {line.meter: line for line in explained(told).lines}

    cores = by_meter["core_hours"]
    assert (cores.first_day, cores.last_day, cores.charges) == (date(2026, 10, 15), date(2026, 10, 15), 1)
    assert (cores.sub_account_id, cores.sub_account_name, cores.basis) == ("web", "Web", "metered")
    memory = by_meter["memory_gib_hours"]
    assert (memory.list_unit_price, memory.effective_cost, memory.billing_currency) == (None, None, None)


def test_price_rows_are_those_of_the_lines_with_their_validity(told: House) -> None:
    assert [(one.price_source, one.valid_from, one.valid_to, one.source) for one in explained(told).prices] == [
        ("prices.csv line 2", date(2026, 1, 1), date(2026, 10, 15), "contract 7"),
        ("prices.csv line 3", date(2026, 10, 15), None, "contract 8"),
        ("prices.csv line 4", date(2026, 1, 1), None, "contract 7"),
    ]


def test_adjustments_are_lines_of_their_own_with_what_they_were_taken_of(told: House) -> None:
    rows = "Web,,discount,10,,,2026-10-15,,frame contract\nWeb,,credit,,0.38,EUR,2026-10-01,2026-11-01,goodwill\n"
    header = ",".join(COLUMNS) + "\n"
    (told.settings.books_dir / "adjustments.csv").write_text(header + rows, encoding="utf-8")
    found = explained(told)

    # 10 % of the 1.20 of the 15th are 0.12; 1.50 - 0.12 - 0.38 are 1.00
    [figure] = [one for one in found.figures if one.billing_currency]
    assert (figure.list_cost, figure.effective_cost, figure.difference) == (Decimal("1.5"), Decimal(1), 0)
    assert [
        (line.adjustment, line.charge_category, line.effective_cost) for line in found.lines if line.adjustment
    ] == [
        ("10 % discount", "Adjustment", Decimal("-0.12")),
        ("credit", "Credit", Decimal("-0.38")),
    ]
    assert [(one.price_source, one.base_cost, one.effective_cost, one.source) for one in found.adjustments] == [
        ("adjustments.csv line 2", Decimal("1.2"), Decimal("-0.12"), "frame contract"),
        ("adjustments.csv line 3", None, Decimal("-0.38"), "goodwill"),
    ]
    assert {origin.sub_account_id for origin in found.origins} == {"web"}


def test_a_share_is_walked_to_its_rule_and_the_charges_it_was_taken_of(told: House) -> None:
    rows = "platform,shared,,,Shop,percent,,Web,25,2026-01-01,,decided\n"
    header = ",".join(allocation.COLUMNS) + "\n"
    (told.settings.books_dir / "allocation.csv").write_text(header + rows, encoding="utf-8")
    found = explained(told)

    # Shop's 50 core-hours at 0.20 are 10 EUR; 25 % of them are 2.50, beside Web's own 1.50
    [figure] = [one for one in found.figures if one.billing_currency]
    assert (figure.effective_cost, figure.difference) == (Decimal(4), 0)
    assert [(one.rule, one.role, one.weight, one.total_weight, one.effective_cost) for one in found.allocations] == [
        ("platform", "target", Decimal(25), Decimal(100), Decimal("2.5"))
    ]
    [source] = found.sources
    assert (source.project, source.source_cost, source.effective_cost) == ("Shop", Decimal(10), Decimal("-2.5"))
    assert [(line.meter, line.effective_cost) for line in source.lines if line.effective_cost] == [
        ("core_hours", Decimal(10))
    ]
    assert {origin.sub_account_id for origin in found.origins} == {"web", "shop"}

    [shop] = [one for one in explained(told, "Shop").figures if one.billing_currency]
    assert (shop.effective_cost, shop.difference) == (Decimal("7.5"), 0)


def test_a_rule_for_a_part_of_the_month_shows_only_what_was_charged_on_its_days(told: House) -> None:
    """Web's 9 core-hours: 0.30 EUR on the 14th and 1.20 on the 15th, from when on all of it goes to Shop."""
    rows = "handover,shared,,,Web,even,,Shop,,2026-10-15,2026-10-20,decided\n"
    header = ",".join(allocation.COLUMNS) + "\n"
    (told.settings.books_dir / "allocation.csv").write_text(header + rows, encoding="utf-8")

    [source] = explained(told, "Shop").sources

    assert (source.source_cost, source.first_day, source.end_day) == (
        Decimal("1.2"),
        date(2026, 10, 15),
        date(2026, 10, 20),
    )
    [line] = [line for line in source.lines if line.effective_cost]
    assert (line.first_day, line.pricing_quantity, line.effective_cost) == (date(2026, 10, 15), 6, Decimal("1.2"))


def test_tiers_minimums_and_commitments_are_walked_down_like_any_other_line(told: House) -> None:
    """Shop used 50 core-hours on the 15th: 24 are committed, 16 of 26 are below the tier's 16, and 3 EUR are owed."""
    keys = "ocore,,,,core_hours,core-hour"
    tiers = f"{keys},0.10,EUR,2026-01-01,,contract 9,,5.5\n{keys},0.09,EUR,2026-01-01,,contract 9,16,\n"
    upfront = "ocore-0,shop,,core_hours,core-hour,1,0.05,EUR,2026-10-15,2026-10-17,upfront\n"
    (told.settings.books_dir / "prices.csv").write_text(TIERS_HEADER + tiers, encoding="utf-8")
    (told.settings.books_dir / "commitments.csv").write_text(COMMITMENTS_HEADER + upfront, encoding="utf-8")
    found = explained(told, "Shop")

    assert [
        (line.cost_basis, line.commitment_discount_status, line.pricing_quantity, line.list_unit_price, line.list_cost)
        for line in found.lines
        if line.price_source
    ] == [
        ("price_book", "", Decimal(16), Decimal("0.1"), Decimal("1.6")),
        ("price_book", "", Decimal(10), Decimal("0.09"), Decimal("0.9")),
        ("commitment", "Used", Decimal(24), Decimal("0.05"), Decimal("1.2")),
        ("commitment", "Unused", Decimal(24), Decimal("0.05"), Decimal("1.2")),
        ("minimum", "", None, None, Decimal(3)),
    ]
    assert [
        (one.price_source, one.from_quantity, one.minimum_cost, one.committed_quantity) for one in found.prices
    ] == [
        ("prices.csv line 2", 0, Decimal("5.5"), None),
        ("prices.csv line 3", 16, None, None),
        ("commitments.csv line 2", 0, None, 1),
    ]
    [figure] = [one for one in found.figures if one.billing_currency]
    assert (figure.effective_cost, figure.difference) == (Decimal("7.9"), 0)


def test_an_origin_names_the_bytes_and_what_was_asked_for_them(told: House) -> None:
    [origin] = explained(told).origins

    content = zstandard.ZstdDecompressor().decompressobj().decompress(Path(origin.path).read_bytes())
    assert hashlib.sha256(content).hexdigest() == origin.sha256 == Path(origin.path).stem
    assert (origin.staging_table, origin.sub_account_id, origin.row_count) == ("staging.ocore_usage_items", "web", 3)
    assert Path(origin.receipt).is_file()
    assert origin.fetched_at == NOW
    [asked] = origin.asked
    assert asked.startswith("GET /")
    assert "period=hourly" in asked


def test_an_unknown_project_is_told_the_known_ones(told: House) -> None:
    with pytest.raises(UsageError, match="2026-10: project 'web' has no usage and no cost; known: Shop, Web"):
        explained(told, "web")


def test_of_a_month_that_nobody_collected_no_project_is_known(told: House) -> None:
    with pytest.raises(UsageError, match=r"2026-08: .* collect the month first"):
        explain(told, BillingPeriod(2026, 8), project="Web", now=NOW)


def test_an_unknown_connection_is_refused(told: House) -> None:
    with pytest.raises(ConfigurationError, match="no connection 'ocore-9'"):
        explained(told, connection="ocore-9")


def test_a_connection_at_which_the_project_has_nothing_is_refused(told: House) -> None:
    [(settings, provider)] = told.connections
    other = settings.model_copy(update={"name": "ocore-1"})
    two = House(
        settings=replace(told.settings, connections=(settings, other)),
        connections=((settings, provider), (other, provider)),
    )

    with pytest.raises(UsageError, match="'Web' has no usage and no cost at ocore-1; it has at ocore-0"):
        explained(two, connection="ocore-1")


def test_a_figure_that_its_lines_do_not_make_shows_the_difference() -> None:
    row = {
        "connection": "a", "billing_currency": "EUR", "list_cost": None, "effective_cost": Decimal("1.50"),
        "is_lower_bound": False,
    }  # fmt: skip
    assert explain_figures([row], []) == (
        ExplainedFigure("a", "EUR", None, Decimal("1.5"), 0, None, Decimal("1.5"), is_lower_bound=False),
    )
