"""allocation.csv: each method worked by hand, in a real warehouse; mistakes in the book; what always holds."""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybook.errors import BookError
from tallybook.pricing.allocating import spreading_notices
from tallybook.pricing.allocation import COLUMNS, AllocationRow, AllocationRule
from tallybook.pricing.books import Books, read_books, unknown_connections
from tallybook.pricing.checks import run_checks
from tallybook.pricing.spreading import spread
from tallybook.warehouse import Warehouse
from tests.pricing.tiny_facts import OCTOBER, PRICES_HEADER, charges, cost, priced, usage, warehouse_with

CORE = "alpha,,,,core_hours,core-hour,1,EUR,2026-01-01,,list"
GIB = "alpha,,,,memory_gib_hours,GiB-hour,0,EUR,2026-01-01,,free"
HEADER = ",".join(COLUMNS) + "\n"
MAPPED = "alpha-main,web,Web,,\nalpha-main,shop,Shop,,\nalpha-main,base,Platform,,\nbeta-main,*,Blog,,\n"
FROM = ",,Platform"
VALID = ",2026-01-01,,decided"


def write(folder: Path, *rows: str) -> None:
    folder.joinpath("allocation.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def allocated(warehouse: Warehouse, folder: Path, *rows: str, projects: str = MAPPED) -> Books:
    write(folder, *rows)
    return priced(warehouse, folder, CORE, GIB, CORE.replace("alpha", "beta"), projects=projects)


def month(*more: dict[str, Any], web: str = "20", shop: str = "10", base: str = "90") -> Warehouse:
    """Costs in EUR, since a core-hour costs 1, on the first of October."""
    rows = [usage(amount, account=name, name=name) for name, amount in (("web", web), ("shop", shop), ("base", base))]
    return warehouse_with(usage=[*rows, *more])


def spread_of(warehouse: Warehouse) -> dict[str, Decimal]:
    """What each project got or gave."""
    rows = charges(warehouse, "basis", "project", "effective_cost")
    sums: dict[str, Decimal] = {}
    for basis, project, amount in rows:
        if basis == "allocated":
            sums[project] = sums.get(project, Decimal(0)) + amount
    return sums


def refused(folder: Path, *rows: str) -> str:
    folder.joinpath("prices.csv").write_text(PRICES_HEADER, encoding="utf-8")
    write(folder, *rows)
    with pytest.raises(BookError) as caught:
        read_books(folder)
    return str(caught.value)


def failing(warehouse: Warehouse) -> list[str]:
    return [check.name for check in run_checks(warehouse, period=OCTOBER) if not check.holds]


def test_even_gives_everybody_the_same(tmp_path: Path) -> None:
    """100 EUR for three projects: 33.333333333334, 33.333333333333 and 33.333333333333."""
    warehouse = month(base="100")
    rows = [f"platform,shared,{FROM},even,,{name},{VALID}" for name in ("Web", "Shop", "Blog")]
    allocated(warehouse, tmp_path, *rows)

    third = Decimal("33.333333333333")
    assert spread_of(warehouse) == {
        "Platform": Decimal(-100),
        "Web": third + Decimal("0.000000000001"),
        "Shop": third,
        "Blog": third,
    }
    assert failing(warehouse) == []


def test_by_cost_gives_in_the_ratio_of_costs(tmp_path: Path) -> None:
    """90 EUR by 20 and 10: 60 and 30."""
    warehouse = month()
    allocated(warehouse, tmp_path, f"platform,shared,{FROM},cost,,*,{VALID}")

    assert spread_of(warehouse) == {"Platform": Decimal(-90), "Web": Decimal(60), "Shop": Decimal(30)}


def test_by_usage_gives_in_the_ratio_of_a_meter(tmp_path: Path) -> None:
    """90 EUR by 1 and 8 GiB-hours, whatever those cost: 10 and 80."""
    memory = [usage(size, account=name, meter="memory_gib_hours") for name, size in (("web", "1"), ("shop", "8"))]
    warehouse = month(*memory)
    allocated(warehouse, tmp_path, f"platform,shared,{FROM},usage,memory_gib_hours,*,{VALID}")

    assert spread_of(warehouse) == {"Platform": Decimal(-90), "Web": Decimal(10), "Shop": Decimal(80)}


def test_percentages_leave_the_rest_unallocated_where_it_was(tmp_path: Path) -> None:
    """50 % and 12.5 % of 90 EUR are 45 and 11.25; 33.75 stay at Platform."""
    warehouse = month()
    rows = [f"platform,shared,{FROM},percent,,{name},{part}{VALID}" for name, part in (("Web", "50"), ("Shop", "12.5"))]
    allocated(warehouse, tmp_path, *rows)

    assert spread_of(warehouse) == {"Platform": Decimal("-56.25"), "Web": Decimal(45), "Shop": Decimal("11.25")}
    [source] = warehouse.select("marts.allocation_charges", role="source").to_dicts()
    assert (source["source_cost"], source["effective_cost"]) == (Decimal(90), Decimal("-56.25"))


@pytest.mark.parametrize("method", ["cost,", "usage,gpu_hours"])
def test_zero_weights_fall_back_to_even_and_say_so(tmp_path: Path, method: str) -> None:
    warehouse = month(web="0", shop="0")
    rows = [f"platform,shared,{FROM},{method},{name},{VALID}" for name in ("Web", "Shop")]
    books = allocated(warehouse, tmp_path, *rows)

    assert spread_of(warehouse) == {"Platform": Decimal(-90), "Web": Decimal(45), "Shop": Decimal(45)}
    [notice] = spreading_notices(warehouse, period=OCTOBER, books=books)
    assert notice.endswith("in 2026-10, so EUR was spread evenly")


def test_a_sub_account_is_a_source_and_its_part_stays_at_its_connection_and_in_its_currency(tmp_path: Path) -> None:
    """The idle namespace's 9 USD by the 4 and 2 USD of Web and Shop at that connection; EUR are no weight."""
    stated = [("idle", "9"), ("web", "4"), ("shop", "2")]
    warehouse = warehouse_with(
        usage=[usage("1000", account="web", name="web")],
        costs=[cost(amount, namespace=name, workload=name) for name, amount in stated],
    )
    mapped = MAPPED + "kube-main,c1/web,Web,,\nkube-main,c1/shop,Shop,,\n"
    allocated(warehouse, tmp_path, f"idle nodes,idle,kube-main,c1/idle,,cost,,*,{VALID}", projects=mapped)

    found = charges(warehouse, "basis", "project", "connection", "billing_currency", "effective_cost")
    assert sorted(row[1:] for row in found if row[0] == "allocated") == [
        ("Shop", "kube-main", "USD", Decimal(3)),
        ("Web", "kube-main", "USD", Decimal(6)),
        ("c1/idle", "kube-main", "USD", Decimal(-9)),
    ]


def test_only_the_days_of_a_rule_s_validity_are_spread(tmp_path: Path) -> None:
    later = [usage("6", account="base", start="2026-10-15"), usage("1", account="shop", start="2026-10-15")]
    warehouse = month(*later)
    allocated(warehouse, tmp_path, f"platform,shared,{FROM},cost,,*,,2026-10-15,2026-10-20,from the 15th")

    assert spread_of(warehouse) == {"Platform": Decimal(-6), "Shop": Decimal(6)}
    starts = warehouse.select("marts.allocation_charges")["charge_period_start"].dt.date().unique().to_list()
    assert starts == [date(2026, 10, 15)]


def test_what_a_rule_gives_a_later_one_spreads_on(tmp_path: Path) -> None:
    """Platform's 90 go to Shop; Shop's own 10 and these 90 go to Web, who ends with 20 + 100."""
    warehouse = month()
    allocated(
        warehouse,
        tmp_path,
        f"platform,shared,{FROM},even,,Shop,{VALID}",
        f"shop,idle,,,Shop,even,,Web,{VALID}",
    )

    assert spread_of(warehouse) == {"Platform": Decimal(-90), "Shop": Decimal(-10), "Web": Decimal(100)}
    [source] = warehouse.select("marts.allocation_charges", role="source", rule="shop").to_dicts()
    assert (source["source_cost"], source["received_shared_cost"], source["received_idle_cost"]) == (100, 90, 0)
    assert failing(warehouse) == []


def test_a_cost_is_taken_by_the_first_rule_that_names_it(tmp_path: Path) -> None:
    warehouse = month()
    allocated(
        warehouse,
        tmp_path,
        f"account,shared,alpha-main,base,,even,,Web,{VALID}",
        f"project,shared,{FROM},even,,Shop,{VALID}",
    )

    assert spread_of(warehouse) == {"Platform": Decimal(-90), "Web": Decimal(90)}


def test_a_target_that_nobody_knows_leaves_its_part_unallocated_and_is_told(tmp_path: Path) -> None:
    warehouse = month()
    rows = [f"platform,shared,{FROM},even,,{name},{VALID}" for name in ("Web", "Sohp")]
    books = allocated(warehouse, tmp_path, *rows)

    assert spread_of(warehouse) == {"Platform": Decimal(-45), "Web": Decimal(45)}
    [notice] = spreading_notices(warehouse, period=OCTOBER, books=books)
    assert notice.startswith("allocation.csv line 3: project 'Sohp' is neither in projects.csv nor in 2026-10")


def test_a_rule_that_takes_nothing_or_finds_nobody_is_told(tmp_path: Path) -> None:
    warehouse = month(web="0", shop="0")
    warehouse.delete("facts.usage", sub_account_id="web")
    warehouse.delete("facts.usage", sub_account_id="shop")
    books = allocated(
        warehouse,
        tmp_path,
        f"typo,shared,,,Platfrom,even,,Web,{VALID}",
        f"alone,shared,{FROM},cost,,*,{VALID}",
        "over,shared,,,Blog,even,,Web,,2025-01-01,2026-01-01,",
    )

    first, second = spreading_notices(warehouse, period=OCTOBER, books=books)
    assert first.startswith(
        "allocation.csv line 2: rule 'typo' takes nothing in 2026-10: project 'Platfrom' has no cost"
    )
    assert second.startswith(
        "allocation.csv line 3: rule 'alone' finds nobody to share with in 2026-10; all of it stays"
    )
    assert spread_of(warehouse) == {}


def test_a_connection_that_is_not_configured_is_told(tmp_path: Path) -> None:
    books = allocated(month(), tmp_path, f"idle,idle,kube-mian,c1/idle,,even,,Web,{VALID}")

    assert unknown_connections(books, ["kube-main"])[-1].startswith(
        "allocation.csv line 2 spreads nothing: no connection"
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f",shared,{FROM},even,,Web,{VALID}", "column rule: is empty"),
        (f"r,common,{FROM},even,,Web,{VALID}", "column kind: unknown kind 'common'; known: shared, idle"),
        (
            f"r,shared,{FROM},fair,,Web,{VALID}",
            "column method: unknown method 'fair'; known: even, cost, usage, percent",
        ),
        (f"r,shared,,,,even,,Web,{VALID}", "column from_project: give either from_project or from_sub_account_id"),
        (f"r,shared,a,p-1,Platform,even,,Web,{VALID}", "column from_project: give either from_project or"),
        (
            f"r,shared,,p-1,,even,,Web,{VALID}",
            "column from_connection: is empty; a sub account belongs to a connection",
        ),
        (f"r,shared,{FROM},usage,,Web,{VALID}", "column meter: is empty"),
        (f"r,shared,{FROM},usage,beer,Web,{VALID}", "column meter: unknown meter 'beer'"),
        (f"r,shared,{FROM},even,core_hours,Web,{VALID}", "column meter: is for the method usage"),
        (f"r,shared,{FROM},even,,Web,5{VALID}", "column percent: is for the method percent"),
        (f"r,shared,{FROM},percent,,Web,{VALID}", "column percent: is empty"),
        (f"r,shared,{FROM},percent,,Web,0{VALID}", "column percent: 0 gives nothing"),
        (f"r,shared,{FROM},percent,,Web,100.1{VALID}", "column percent: 100.1 is more than all of it"),
        (f"r,shared,{FROM},percent,,*,50{VALID}", "column to_project: * has no percentages"),
        (f"r,shared,{FROM},even,,,{VALID}", "column to_project: is empty"),
        (f"r,shared,{FROM},even,,Platform,{VALID}", "column to_project: 'Platform' is where the cost comes from"),
        (f"r,shared,{FROM},even,,Web,,,,x", "column valid_from: is empty"),
        (f"r,shared,{FROM},even,,Web,,2026-01-02,2026-01-02,x", "column valid_to: 2026-01-02 is not after valid_from"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_column(tmp_path: Path, row: str, said: str) -> None:
    assert refused(tmp_path, row).startswith(f"allocation.csv line 2, {said}")


FIRST = f"r,shared,{FROM},even,,Web,{VALID}"
HALF = f"r,shared,{FROM},percent,,Web,50{VALID}"


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (FIRST, f"r,idle,{FROM},even,,Shop,{VALID}", "column kind: 'idle', where line 2 of the same rule has 'shared'"),
        (FIRST, FIRST, "column to_project: 'Web' stands in line 2 already"),
        (FIRST, f"r,shared,{FROM},even,,*,{VALID}", "column to_project: * is every project already"),
        (
            HALF,
            f"r,shared,{FROM},percent,,Shop,50.1{VALID}",
            "column percent: the lines of rule 'r' give 100.1 % of it",
        ),
        (FIRST, f"r,shared,{FROM},even,,Shop,,2026-06-01,,x", "column valid_from: line 2 of rule 'r' holds on some of"),
        (FIRST, f"s,idle,a,,Platform,even,,Shop,{VALID}", "column from_project: line 2 spreads this already"),
        (
            FIRST,
            f"s,idle,,,Web,even,,Platform,{VALID}",
            "column to_project: 'Platform' is spread by line 2, which comes",
        ),
    ],
)
def test_two_lines_that_contradict_each_other_name_the_second(
    tmp_path: Path, first: str, second: str, said: str
) -> None:
    assert refused(tmp_path, first, second).startswith(f"allocation.csv line 3, {said}")


def test_a_rule_may_change_when_its_validity_ends(tmp_path: Path) -> None:
    warehouse = month(usage("5", account="base", start="2026-10-20"))
    allocated(
        warehouse,
        tmp_path,
        f"r,shared,{FROM},even,,Web,,2026-01-01,2026-10-15,then",
        f"r,shared,{FROM},even,,Shop,,2026-10-15,,now",
    )

    assert spread_of(warehouse) == {"Platform": Decimal(-95), "Web": Decimal(90), "Shop": Decimal(5)}
    assert failing(warehouse) == []


def test_more_than_there_was_is_found(tmp_path: Path) -> None:
    warehouse = month()
    allocated(warehouse, tmp_path, FIRST)
    made = warehouse.select("marts.allocation_charges")
    warehouse.delete("marts.allocation_charges")
    warehouse.insert("marts.allocation_charges", made.with_columns(pl.col("effective_cost") + Decimal("1e-12")))

    assert failing(warehouse) == ["allocation_sum"]


NAMES = ("P1", "P2", "P3", "P4")
MONEY = st.decimals(min_value=-(10**6), max_value=10**9, places=12)
COSTS = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["a", "b"]), st.sampled_from(["EUR", "USD"]), st.integers(1, 3)),
    MONEY,
    max_size=8,
)


@st.composite
def _rules(draw: st.DrawFn) -> list[AllocationRule]:
    """Each project spread by one rule at most, to those that come after it."""
    rules = []
    for place, name in enumerate(NAMES[:-1]):
        method = draw(st.sampled_from(["none", "even", "cost", "usage", "percent"]))
        targets = draw(st.lists(st.sampled_from(NAMES[place + 1 :]), min_size=1, max_size=3, unique=True))
        targets = ["*"] if method in ("even", "cost", "usage") and draw(st.booleans()) else targets
        if method != "none":
            rows = tuple(
                AllocationRow(
                    line=2 + len(rules), rule=name, kind=draw(st.sampled_from(["shared", "idle"])), from_connection="",
                    from_sub_account_id="", from_project=name, method=method, meter="m" if method == "usage" else "",
                    to_project=target, percent=Decimal("33.3") if method == "percent" else None,
                    valid_from=date(2026, 10, draw(st.sampled_from([1, 2]))), valid_to=None, source="",
                )
                for target in targets
            )  # fmt: skip
            rules.append(AllocationRule(rows))
    return rules


@settings(max_examples=60)
@given(_rules(), COSTS, st.randoms())
def test_whatever_is_spread_conserves_cost_and_the_order_of_charges_does_not_matter(
    rules: list[AllocationRule], amounts: dict[tuple[str, str, str, int], Decimal], chance: Any
) -> None:
    rows = [(p, c, currency, "s", date(2026, 10, day), amount) for (p, c, currency, day), amount in amounts.items()]
    used = [(p, c, "s", "m", date(2026, 10, day), abs(amount)) for (p, c, _, day), amount in amounts.items()]

    def made() -> list[Any]:
        costs = pl.DataFrame(rows, schema=_COSTS, orient="row")
        usage_frame = pl.DataFrame(used, schema=_USAGE, orient="row")
        return spread(rules, costs, usage_frame, period=OCTOBER, known=NAMES)

    charged = made()
    for chosen in rules:
        sums: dict[tuple[str, str], Decimal] = {}
        for one in charged:
            if one.row.rule == chosen.first.rule:
                key = (one.holder.connection, one.holder.currency)
                sums[key] = sums.get(key, Decimal(0)) + one.effective_cost
        assert all(total == 0 for total in sums.values())
    assert all(abs(one.effective_cost) <= abs(one.source_cost) for one in charged if one.source_cost is not None)
    chance.shuffle(rows)
    chance.shuffle(used)
    assert Counter(map(repr, made())) == Counter(map(repr, charged))


_COSTS = {
    "project": pl.String, "connection": pl.String, "billing_currency": pl.String, "sub_account_id": pl.String,
    "day": pl.Date, "cost": pl.Decimal(38, 12),
}  # fmt: skip
_USAGE = {
    "project": pl.String, "connection": pl.String, "sub_account_id": pl.String, "meter": pl.String, "day": pl.Date,
    "quantity": pl.Decimal(38, 12),
}  # fmt: skip
