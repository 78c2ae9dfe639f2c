"""Open exceptions, and which figures a connection that was never seen makes lower bounds."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from tallybook.documents.model import MonthlyReport
from tallybook.documents.monthly import build_report
from tallybook.documents.seen import ExceptionKind
from tallybook.documents.statement import build_statements
from tallybook.documents.values import Bound, Status
from tallybook.pricing.books import Budget
from tests.documents.tiny_month import changed, days, facts, kube_days, month_inputs
from tests.pricing.tiny_facts import Row, covered, usage

KINDS = ExceptionKind


def whole() -> dict[str, list[Row]]:
    """The tiny month without its unpriced meter."""
    return {**facts(), "usage": [row for row in facts()["usage"] if row["meter"] != "gpu_hours"]}


def with_silent(provider: str, *, backfillable: bool = False, before: str = "0") -> dict[str, list[Row]]:
    """A connection `<provider>-silent` that was expected all October and gave nothing, nor in September."""
    rows = whole()
    names = {"connection": f"{provider}-silent", "provider": provider, "is_backfillable": backfillable}
    rows["coverage"] += [{**row, **names, "received": Decimal(0)} for row in days("2026-10", 31)]
    rows["coverage"] += [{**row, **names, "received": Decimal(before)} for row in days("2026-09", 30)]
    return rows


def texts(report: MonthlyReport, kind: ExceptionKind) -> list[str]:
    return [one.text for one in report.exceptions if one.kind is kind]


def test_nothing_is_open_when_all_was_seen_priced_mapped_and_adds_up(tmp_path: Path) -> None:
    assert build_report(month_inputs(tmp_path, whole())).exceptions == ()


def test_a_connection_never_seen_comes_first_and_makes_no_draft(tmp_path: Path) -> None:
    rows = with_silent("alpha")
    rows["usage"].append(usage("5", meter="gpu_hours"))
    report = build_report(month_inputs(tmp_path, rows))

    assert report.header.status is Status.PROVISIONAL
    first = report.exceptions[0]
    assert (first.kind, first.subject) == (KINDS.NEVER_SEEN, "alpha-silent")
    assert first.text.startswith(
        "alpha-silent (Alpha Cloud) was never seen in October 2026: usage gave 0 of 744 hours. "
        "What it cost is not known and in no total; it cannot be asked again"
    )
    assert [one.kind for one in report.exceptions] == [KINDS.NEVER_SEEN, KINDS.UNPRICED]


def test_a_connection_never_seen_that_can_be_asked_again_says_how(tmp_path: Path) -> None:
    [text] = texts(build_report(month_inputs(tmp_path, with_silent("alpha", backfillable=True))), KINDS.NEVER_SEEN)

    assert text.endswith("run tallybook collect --month 2026-10 --connection alpha-silent --dataset usage.")


def test_a_silent_connection_with_prices_touches_their_currency_only(tmp_path: Path) -> None:
    # every price of alpha is in EUR
    report = build_report(month_inputs(tmp_path, with_silent("alpha", before="24")))
    euro, dollar = report.totals

    assert (euro.coverage_pct, euro.is_lower_bound, euro.change_bound) == (Decimal("0.0"), True, Bound.AT_LEAST)
    assert (dollar.coverage_pct, dollar.is_lower_bound, dollar.change_bound) == (Decimal("100.0"), False, Bound.EXACT)
    october = [point for point in report.trend if point.billing_period == "2026-10"]
    assert {point.billing_currency: point.is_complete for point in october} == {"EUR": False, "USD": True}
    assert {row.billing_currency for row in report.pricing if row.is_lower_bound} == {"EUR"}


def test_a_silent_connection_that_nothing_is_known_of_touches_every_currency(tmp_path: Path) -> None:
    report = build_report(month_inputs(tmp_path, with_silent("beta")))

    assert [total.coverage_pct for total in report.totals] == [Decimal("0.0"), Decimal("0.0")]
    assert [total.change_bound for total in report.totals] == [Bound.OPEN, Bound.OPEN]
    assert not any(point.is_complete for point in report.trend)


def test_rows_of_connections_that_were_seen_stay_exact_beside_a_silent_one(tmp_path: Path) -> None:
    report = build_report(month_inputs(tmp_path, with_silent("alpha")))

    assert not any(row.is_lower_bound for row in report.projects)
    assert not any(row.is_lower_bound for row in report.providers if row.billing_currency)


def test_a_statement_says_that_a_connection_was_never_seen(tmp_path: Path) -> None:
    inputs = month_inputs(tmp_path, with_silent("alpha"))
    web = next(one for one in build_statements(inputs, build_report(inputs)) if one.project == "Web")

    assert [one.kind for one in web.exceptions] == [KINDS.NEVER_SEEN]
    assert web.totals[0].is_lower_bound
    assert web.totals[0].coverage_pct == Decimal("100.0")


def test_a_gap_makes_all_figures_of_its_connection_lower_bounds(tmp_path: Path) -> None:
    holes = days("2026-10", 31, lacking={10: "19"}, backfillable=False)
    rows = {**whole(), "coverage": [*holes, *days("2026-09", 30), *kube_days("2026-10", 31), *kube_days("2026-09", 30)]}
    inputs = month_inputs(tmp_path, rows)
    report = build_report(inputs)

    assert [(row.connection, row.is_lower_bound, row.change_bound) for row in report.projects] == [
        ("alpha-main", True, Bound.AT_LEAST), ("kube-main", False, Bound.EXACT),
    ]  # fmt: skip
    assert [row.is_lower_bound for row in report.providers] == [True, False]
    assert {row.is_lower_bound for row in report.prices} == {True}
    assert not any(row.is_lower_bound for row in report.workloads)
    assert [point.date.day for point in report.daily if point.is_lower_bound] == [10]
    web = next(one for one in build_statements(inputs, report) if one.project == "Web")
    assert [line.is_lower_bound for line in web.lines] == [True]
    assert [one.kind for one in web.exceptions] == [KINDS.DATA_GAP]


def test_gaps_of_datasets_that_feed_no_cost_are_told_together(tmp_path: Path) -> None:
    rows = whole()
    for name in ("customer", "quota"):
        change = {"dataset": name, "feeds": "quotas" if name == "quota" else "estate", "unit": "captures"}
        rows["coverage"] += [{**row, **change} for row in days("2026-10", 31, lacking={1: "0"}, backfillable=False)]
    report = build_report(month_inputs(tmp_path, rows))

    assert texts(report, KINDS.DATA_GAP) == [
        "2 datasets without costs not seen whole: alpha-main customer and alpha-main quota. No amount depends on it."
    ]
    assert [(gap.dataset, gap.feeds, gap.remedy) for gap in report.gaps] == [
        (
            "customer",
            "estate",
            "cannot be asked again; what was there on these days is not known; no cost depends on it",
        ),
        (
            "quota",
            "quotas",
            "cannot be asked again; limits and their use on these days are not known; no cost depends on them",
        ),
    ]
    assert not any(total.is_lower_bound for total in report.totals)


def test_sub_accounts_that_nobody_mapped_are_named_and_marked(tmp_path: Path) -> None:
    rows = whole()
    rows["usage"].append(usage("10", account="q1", name="Blog"))
    report = build_report(month_inputs(tmp_path, rows))

    [text] = texts(report, KINDS.UNMAPPED)
    assert text.startswith("Not in projects.csv, and a project under its own name: Blog.")
    assert {row.project: row.is_mapped for row in report.projects} == {"Web": True, "Blog": False, "Shop": True}


def test_checks_that_fail_are_exceptions_too(tmp_path: Path) -> None:
    report = build_report(changed(month_inputs(tmp_path, whole()), checks={"negative_usage": 2}))

    assert texts(report, KINDS.FAILED_CHECK) == ["Check negative_usage found 2 rows that should not be there."]


def test_example_prices_and_budgets_are_told_where_they_were_used(tmp_path: Path) -> None:
    inputs = month_inputs(tmp_path, whole())
    prices = inputs.tables.prices
    example = prices.with_columns(source=prices["source"].replace("old list", "example: replace by your price"))
    inputs = changed(
        inputs,
        tables=replace(inputs.tables, prices=example),
        budgets=(Budget(2, "Example project", "2026-10", Decimal(1000), "EUR"),),
    )
    report = build_report(inputs)

    price, budget = texts(report, KINDS.EXAMPLE)
    assert price.startswith("Priced with examples that 'tallybook init' wrote: prices.csv line 2.")
    assert budget.startswith("Compared with an example that 'tallybook init' wrote: budgets.csv line 2.")
    assert [row.is_example for row in report.prices] == [True, False]
    assert report.totals[0].is_budget_example
    assert "the budget of 1,000.00 EUR (an example)" in report.summary[1]
    web, shop = (
        next(one for one in build_statements(inputs, report) if one.project == name) for name in ("Web", "Shop")
    )
    assert [one.kind for one in web.exceptions] == [KINDS.EXAMPLE]
    assert shop.exceptions == ()


def test_a_project_with_several_connections_has_its_sum(tmp_path: Path) -> None:
    rows = whole()
    rows["usage"] += [
        usage("100", connection="alpha-east", account="p1"), usage("2000", connection="alpha-west", account="z"),
    ]  # fmt: skip
    inputs = month_inputs(tmp_path, rows, projects="alpha-main,p1,Web,,\nalpha-east,p1,Web,,\nalpha-west,z,Big,,\n")
    report = build_report(inputs)

    euros = [(row.project, row.connection) for row in report.projects if row.billing_currency == "EUR"]
    assert euros == [("Big", "alpha-west"), ("Web", "alpha-main"), ("Web", "alpha-east")]
    [web] = report.project_totals
    # 115.20 and 100 core-hours at 0.10
    assert (web.project, web.effective_cost.shown, web.is_lower_bound) == ("Web", Decimal("125.20"), False)


def test_categories_with_several_rows_have_their_sum(tmp_path: Path) -> None:
    report = build_report(month_inputs(tmp_path, whole()))

    [spot] = report.pricing_totals
    # 6.666666666667 estimated and 2.505 as stated, with 2 and 4 hours
    assert (spot.pricing_category, spot.cost_basis, spot.effective_cost.shown, spot.hours.shown) == (
        "spot", "", Decimal("9.17"), Decimal("6.0"),
    )  # fmt: skip


def test_what_no_amount_depends_on_stands_last(tmp_path: Path) -> None:
    rows = facts()
    rows["coverage"] += [
        covered("0", on=date(2026, 10, day), expected="1", dataset="quota", feeds="quotas", unit="captures")
        for day in range(1, 31)
    ]
    texts = [one.text for one in build_report(month_inputs(tmp_path, rows)).exceptions]

    assert texts[0].startswith("No price, and in no total: gpu_hours at alpha-main.")
    assert texts[-1].endswith("No amount depends on it.")
