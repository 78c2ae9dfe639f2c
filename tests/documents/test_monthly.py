"""The monthly report of a small month, against values worked by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tallybook.documents.inputs import Failure
from tallybook.documents.model import MonthlyReport
from tallybook.documents.monthly import build_report
from tallybook.documents.seen import ExceptionKind
from tallybook.documents.values import Bound, Figure, Status
from tallybook.language import Message
from tests.documents.tiny_month import changed, days, facts, kube_days, month_inputs, usual_month
from tests.pricing.tiny_facts import cost, usage


def money(exact: str, shown: str) -> Figure:
    return Figure(Decimal(exact), Decimal(shown))


UNKNOWN = Figure(None, None)


@pytest.fixture(scope="module")
def report() -> MonthlyReport:
    return build_report(usual_month())


def test_the_header_says_what_it_is_about(report: MonthlyReport) -> None:
    header = report.header

    assert (header.entity, header.billing_period, header.period_label) == ("Acme Analytics", "2026-10", "October 2026")
    assert (header.period_start, header.period_end) == (
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert (header.status, header.reasons, header.revision) == (Status.PROVISIONAL, (), 1)
    assert header.previous_label == "September 2026"


def test_totals_stand_per_currency_beside_last_month_and_the_budget(report: MonthlyReport) -> None:
    euro, dollar = report.totals

    # 336 core-hours at 0.10 and 408 at 0.20; 300 at 0.10 in September; budgets of 70 and 5
    assert euro.effective_cost == money("115.2", "115.20")
    assert euro.previous_effective_cost == money("30", "30.00")
    assert (euro.change, euro.change_pct) == (money("85.2", "85.20"), Decimal("284.0"))
    assert (euro.budget, euro.budget_variance) == (money("75", "75.00"), money("40.2", "40.20"))
    assert (euro.unpriced_meters, euro.coverage_pct) == (1, Decimal("100.0"))
    assert (euro.is_lower_bound, euro.previous_is_lower_bound, euro.change_bound) == (True, False, Bound.AT_LEAST)
    assert (dollar.is_lower_bound, dollar.unpriced_meters, dollar.change_bound) == (False, 0, Bound.EXACT)
    assert dollar.effective_cost == money("12.505", "12.50")
    assert (dollar.budget, dollar.budget_variance) == (UNKNOWN, UNKNOWN)


def test_the_tie_out_holds(report: MonthlyReport) -> None:
    assert [
        (line.billing_currency, line.source_total, line.allocated, line.difference, line.holds)
        for line in report.tie_out
    ] == [
        ("EUR", Decimal("115.2"), Decimal("115.2"), Decimal(0), True),
        ("USD", Decimal("12.505"), Decimal("12.505"), Decimal(0), True),
    ]


def test_projects_carry_who_answers_for_them(report: MonthlyReport) -> None:
    web, shop = report.projects

    assert (web.project, web.slug, web.provider_label, web.cost_center, web.owner) == (
        "Web",
        "web",
        "Alpha Cloud",
        "4001",
        "Jana",
    )
    assert (web.list_cost, web.share_pct) == (money("115.2", "115.20"), Decimal("100.0"))
    assert (shop.project, shop.connection, shop.list_cost) == ("Shop", "kube-main", UNKNOWN)
    assert (shop.change, shop.change_pct) == (money("3.505", "3.50"), Decimal("38.9"))


def test_workloads_and_their_split_add_up_to_the_currency_s_total(report: MonthlyReport) -> None:
    assert [(row.workload, row.effective_cost.shown, row.spot_pct) for row in report.workloads] == [
        ("api", Decimal("10.00"), Decimal("66.7")),
        ("job", Decimal("2.50"), Decimal("100.0")),
    ]
    # spot 6.666666666667 estimated and 2.505 as stated, on-demand 3.333333333333; 12.50 in all
    assert [(row.pricing_category, row.cost_basis, row.effective_cost.shown) for row in report.pricing] == [
        ("unknown", "price_book", Decimal("115.20")),
        ("spot", "hours_weighted", Decimal("6.67")),
        ("spot", "provider", Decimal("2.50")),
        ("on_demand", "hours_weighted", Decimal("3.33")),
    ]


def test_quotas_come_the_tightest_first(report: MonthlyReport) -> None:
    tight, unlimited = report.quotas

    assert (tight.resource, tight.utilisation_pct, tight.state, tight.headroom) == (
        "compute.cores", Decimal("80.0"), "near", money("10", "10"),
    )  # fmt: skip
    assert (unlimited.limit, unlimited.utilisation_pct, unlimited.state) == (UNKNOWN, None, "unlimited")
    assert tight.captured_at == datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert report.quotas_total == 2


def test_prices_say_what_they_made(report: MonthlyReport) -> None:
    assert [
        (row.unit_price, row.valid_to, row.source, row.quantity.exact, row.effective_cost.shown)
        for row in report.prices
    ] == [
        (Decimal("0.1"), date(2026, 10, 15), "old list", Decimal(336), Decimal("33.60")),
        (Decimal("0.2"), None, "new list", Decimal(408), Decimal("81.60")),
    ]


def test_unpriced_usage_is_listed(report: MonthlyReport) -> None:
    [row] = report.unpriced

    assert (row.connection, row.sub_account_name, row.meter, row.unit, row.quantity.exact) == (
        "alpha-main", "Web", "gpu_hours", "hour", Decimal(5),
    )  # fmt: skip


def test_the_trend_and_the_days_add_up(report: MonthlyReport) -> None:
    assert [
        (point.billing_period, point.billing_currency, point.effective_cost.shown, point.is_complete)
        for point in report.trend
    ] == [
        ("2026-09", "EUR", Decimal("30.00"), True),
        ("2026-09", "USD", Decimal("9.00"), True),
        ("2026-10", "EUR", Decimal("115.20"), False),  # an unpriced meter
        ("2026-10", "USD", Decimal("12.50"), True),
    ]
    euros = [point.effective_cost.shown or 0 for point in report.daily if point.billing_currency == "EUR"]
    assert (len(euros), sum(euros)) == (31, Decimal("115.20"))


def test_the_summary_tells_the_same_figures(report: MonthlyReport) -> None:
    assert report.summary == (
        "October 2026 cost at least 115.20 EUR, at least 85.20 EUR (284.0%) more than September 2026.",
        "That is at least 40.20 EUR over the budget of 75.00 EUR.",
        "October 2026 cost 12.50 USD, 3.50 USD (38.9%) more than September 2026.",
        "All costs tie out: sources and projects differ by 0 in EUR and USD.",
    )


def test_the_same_inputs_give_the_same_report(report: MonthlyReport, tmp_path: Path) -> None:
    rows = {name: list(reversed(listed)) for name, listed in facts().items()}

    assert build_report(month_inputs(tmp_path, rows)) == report


def test_a_month_without_anything_has_no_totals_and_says_so(tmp_path: Path) -> None:
    report = build_report(month_inputs(tmp_path, {"usage": []}))

    assert (report.totals, report.projects, report.workloads, report.tie_out) == ((), (), (), ())
    assert report.summary == ("No costs are known for October 2026.",)


def test_projects_are_shown_so_that_they_add_up(tmp_path: Path) -> None:
    rows = facts()
    # 3 projects of 3.333 core-hours at 0.10: 0.3333 EUR each
    rows["usage"] = [usage("3.333", account=f"q{n}", name=f"Project {n}") for n in range(3)]
    report = build_report(month_inputs(tmp_path, rows))

    shown = {row.project: row.effective_cost.shown for row in report.projects}
    assert [shown[f"Project {n}"] for n in range(3)] == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
    assert report.totals[0].effective_cost == money("0.9999", "1.00")


def test_workloads_beyond_the_top_are_one_row(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [cost(f"{n}.005", workload=f"w{n:02d}", spot="1", on_demand="3") for n in range(1, 24)]
    report = build_report(month_inputs(tmp_path, rows))

    assert len(report.workloads) == 21
    rest = report.workloads[-1]
    # w03, w02 and w01 stand behind the twenty dearest
    assert (rest.workload, rest.merged, rest.effective_cost.exact, rest.spot_pct) == (
        "",
        3,
        Decimal("6.015"),
        Decimal("25.0"),
    )
    assert sum(row.effective_cost.shown or 0 for row in report.workloads) == Decimal("276.12")


def test_a_single_workload_beyond_the_top_keeps_its_name(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [cost(f"{n}", workload=f"w{n:02d}") for n in range(1, 22)]
    report = build_report(month_inputs(tmp_path, rows))

    assert (len(report.workloads), report.workloads[-1].workload) == (21, "w01")


def test_a_month_that_has_not_ended_is_a_draft(tmp_path: Path) -> None:
    report = build_report(month_inputs(tmp_path, now=datetime(2026, 10, 31, 23, tzinfo=UTC)))

    assert report.header.status is Status.DRAFT
    assert report.header.reasons == ("October 2026 has not ended: it ends on 2026-11-01 00:00 UTC",)


def test_a_hole_that_can_be_filled_makes_a_draft_and_says_how(tmp_path: Path) -> None:
    rows = {**facts(), "coverage": [*days("2026-10", 31, lacking={10: "19", 11: "23"}), *kube_days("2026-10", 31)]}
    report = build_report(month_inputs(tmp_path, rows))

    command = "tallybook collect --month 2026-10 --connection alpha-main --dataset usage"
    assert report.header.reasons == (f"alpha-main usage lacks 6 hours that can still be fetched: {command}",)
    [gap] = report.gaps
    assert (gap.first_date, gap.last_date, gap.missing.exact, gap.remedy) == (
        date(2026, 10, 10), date(2026, 10, 11), Decimal(6), f"run {command}",
    )  # fmt: skip
    # 738 of 744 hours are 99.19 %
    assert report.totals[0].coverage_pct == Decimal("99.1")
    assert report.totals[1].coverage_pct == Decimal("100.0")


def test_a_hole_that_nobody_can_fill_makes_no_draft_but_an_exception(tmp_path: Path) -> None:
    lacking = days("2026-10", 31, lacking={10: "19"}, backfillable=False)
    report = build_report(month_inputs(tmp_path, {**facts(), "coverage": [*lacking, *kube_days("2026-10", 31)]}))

    assert report.header.status is Status.PROVISIONAL
    [gap] = [one for one in report.exceptions if one.kind is ExceptionKind.DATA_GAP]
    assert gap.text.startswith("alpha-main usage lacks 5 hours of 744 hours, so its costs are lower bounds; it cannot")


def test_a_failed_unit_makes_a_draft_and_is_told_once(tmp_path: Path) -> None:
    rows = {**facts(), "coverage": [*days("2026-10", 31, lacking={10: "19"}), *kube_days("2026-10", 31)]}
    failure = Failure("alpha-main", "usage", "2026-10", "HTTP 403\nfor /usage")
    report = build_report(changed(month_inputs(tmp_path, rows), failures=(failure,)))

    assert report.header.reasons == ("alpha-main usage 2026-10 could not be collected: HTTP 403 for /usage",)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            'alpha-main usage 2026-10: HTTP 500 for /usage: {"error": {"code": 500; "trace": "…"}}; run it again later',
            "HTTP 500 for /usage; run it again later",
        ),
        (
            "alpha-main usage 2026-10: /usage: - at `$.items`; alpha-main usage 2026-10: /totals: - at `$.sum`",
            "/usage: - at `$.items`; /totals: - at `$.sum`",
        ),
        ("alpha-main usage 2026-10: HTTP 500 for /b: oops", "HTTP 500 for /b"),
    ],
)
def test_a_reason_repeats_no_name_and_no_answer(error: str, told: str) -> None:
    failure = Failure("alpha-main", "usage", "2026-10", error)
    report = build_report(changed(usual_month(), failures=(failure,)))

    assert report.header.reasons == (f"alpha-main usage 2026-10 could not be collected: {told}",)


def test_failed_checks_and_controls_make_a_draft() -> None:
    controls = pl.DataFrame(
        {
            "connection": ["alpha-main", "alpha-main"],
            "control": ["core-hours of totals", "instance hours of totals"],
            "unit": ["core-hour", "hour"],
            "source_total": [Decimal("744.50"), Decimal(1)],
            "our_total": [Decimal("744.00"), Decimal(1)],
            "difference": [Decimal("0.50"), Decimal(0)],
        }
    )
    inputs = changed(usual_month(), checks={"negative_usage": 2, "repeated_usage": 0}, controls=controls)
    report = build_report(inputs)

    assert report.header.reasons == (
        "Check negative_usage found 2 rows that should not be there",
        "alpha-main: core-hours of totals differs from the provider's own sum by 0.5 core-hour",
    )
    assert [(total.control, total.holds) for total in report.controls] == [
        ("core-hours of totals", False), ("instance hours of totals", True),
    ]  # fmt: skip


def test_a_control_that_only_warns_is_told_and_makes_no_draft() -> None:
    controls = pl.DataFrame(
        {
            "connection": ["alpha-main"],
            "control": ["core-hours of p-1, by its flavors"],
            "unit": ["core-hour"],
            "source_total": [Decimal(5)],
            "our_total": [Decimal(3)],
            "difference": [Decimal(2)],
            "is_warning": [True],
        }
    )
    without = build_report(usual_month())
    report = build_report(changed(usual_month(), controls=controls))

    (row,) = report.controls
    told = "alpha-main: core-hours of p-1, by its flavors differs from the provider's own sum by 2 core-hour"
    assert (row.difference, row.holds, row.is_warning) == (2, False, True)
    assert report.header == without.header
    assert report.exceptions == without.exceptions
    assert report.notices == (told, *without.notices)


def test_a_difference_in_the_tie_out_makes_a_draft_and_no_praise() -> None:
    inputs = usual_month()
    broken = inputs.tables.tie_out.with_columns(difference=pl.lit(Decimal("0.000000000001")), holds=pl.lit(value=False))
    tables = {**{name: getattr(inputs.tables, name) for name in inputs.tables.__slots__}, "tie_out": broken}
    report = build_report(changed(inputs, tables=type(inputs.tables)(**tables)))

    assert report.header.status is Status.DRAFT
    assert report.header.reasons[0] == (
        "The EUR costs do not tie out: 0.000000000001 EUR of the source total is in no project"
    )
    assert not any("tie out" in sentence for sentence in report.summary)


def test_final_needs_a_reason_and_nothing_against_it() -> None:
    inputs = usual_month()
    failure = Failure("alpha-main", "usage", "2026-10", "HTTP 500")

    assert build_report(changed(inputs, final_reason="closed by finance")).header.status is Status.FINAL
    restated = build_report(changed(inputs, final_reason="x", restatement=Message("New data at kube-main"))).header
    assert (restated.status, restated.reasons) == (Status.RESTATED, ("New data at kube-main",))
    assert build_report(changed(inputs, final_reason="x", failures=(failure,))).header.status is Status.DRAFT


def test_a_silent_connection_leaves_no_comparison(tmp_path: Path) -> None:
    rows = facts()
    rows["costs"] = [row for row in rows["costs"] if row["billing_period"] == "2026-09"]
    rows["coverage"] = [row for row in rows["coverage"] if row["connection"] != "kube-main"]
    report = build_report(month_inputs(tmp_path, rows))

    dollar = report.totals[1]
    assert (dollar.effective_cost, dollar.change) == (UNKNOWN, UNKNOWN)
    assert dollar.previous_effective_cost.exact == Decimal(9)
    assert "What October 2026 cost in USD is not known; September 2026 cost at least 9.00 USD." in report.summary


def test_a_connection_that_is_new_leaves_no_comparison_of_totals(tmp_path: Path) -> None:
    rows = facts()
    rows["usage"].append(usage("24", connection="alpha-new"))
    report = build_report(month_inputs(tmp_path, rows))

    assert report.totals[0].change == UNKNOWN
    # 24 core-hours on the 1st at 0.10 are 2.40
    assert report.summary[0] == (
        "October 2026 cost at least 117.60 EUR; it is not compared with September 2026: "
        "some connections are known in one of the months only."
    )


def test_no_total_claims_to_be_whole_beside_a_silent_connection(tmp_path: Path) -> None:
    rows = facts()
    silent = {"connection": "beta-main", "provider": "beta", "received": Decimal(0), "is_backfillable": False}
    rows["coverage"] += [{**row, **silent} for row in days("2026-10", 31)]
    report = build_report(month_inputs(tmp_path, rows))

    assert [total.coverage_pct for total in report.totals] == [Decimal("0.0"), Decimal("0.0")]
    assert [(row.connection, row.billing_currency) for row in report.providers][-1] == ("beta-main", "")
