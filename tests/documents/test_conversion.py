"""The month in the reporting currency: sums, and what of a change the rates made. Figures worked by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tallybook.documents.conversion import convert_totals
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import Conversion
from tallybook.documents.monthly import build_report
from tallybook.documents.values import Bound, Figure
from tallybook.pricing.conversion import Rates
from tallybook.summaries.conversion import convert_costs
from tests.documents.tiny_month import usual_month

# October: 115.20 EUR (Alpha) and 12.505 USD (Kube); September: 30 EUR and 9 USD.
NOW, BEFORE = Decimal("0.90"), Decimal("0.80")


def with_rates(inputs: MonthInputs, *, before: Decimal | None = BEFORE, currency: str = "EUR") -> MonthInputs:
    own = {currency: Decimal(1)}
    earlier = own if before is None else {**own, "USD": before}
    rates = Rates(currency, {**own, "USD": NOW}, earlier, {"USD": "bank"})
    projects = convert_costs(inputs.tables.projects, currency=currency, rates=rates.now)
    return replace(inputs, rates=rates, tables=replace(inputs.tables, projects=projects))


@pytest.fixture
def inputs() -> MonthInputs:
    return usual_month()


def money(exact: str, shown: str) -> Figure:
    return Figure(Decimal(exact), Decimal(shown))


def converted(inputs: MonthInputs) -> Conversion:
    conversion = build_report(inputs).conversion
    assert conversion
    return conversion


def test_each_currency_is_turned_by_its_rate_and_the_rate_s_part_stands_apart(inputs: MonthInputs) -> None:
    euro, dollar = converted(with_rates(inputs)).totals

    assert (dollar.rate, dollar.rate_source, dollar.previous_rate) == (NOW, "bank", BEFORE)
    assert dollar.effective_cost == money("11.2545", "11.25")  # 12.505 at 0.90
    assert dollar.previous_effective_cost == money("7.2", "7.20")  # 9 at 0.80
    assert dollar.change == money("4.0545", "4.05")
    assert dollar.exchange_effect == money("1.2505", "1.25")  # 12.505 at 0.10; the use made 3.505 x 0.80 = 2.804
    assert (euro.rate, euro.exchange_effect) == (1, money("0", "0.00"))


def test_the_currencies_together(inputs: MonthInputs) -> None:
    month = converted(with_rates(inputs))

    assert month.reporting_currency == "EUR"
    assert month.effective_cost == money("126.4545", "126.45")
    assert month.previous_effective_cost == money("37.2", "37.20")
    assert month.change == money("89.2545", "89.25")
    assert month.exchange_effect == money("1.2505", "1.25")
    # the EUR total has a meter without a price
    assert (month.is_lower_bound, month.change_bound) == (True, Bound.AT_LEAST)


def test_what_projects_csv_says_adds_up_to_it(inputs: MonthInputs) -> None:
    with_rate = with_rates(inputs)

    assert with_rate.tables.projects["reporting_cost"].sum() == converted(with_rate).effective_cost.exact


def test_without_the_rate_before_the_change_is_not_known(inputs: MonthInputs) -> None:
    month = converted(with_rates(inputs, before=None))
    _, dollar = month.totals

    unknown = Figure(None, None)
    assert (dollar.previous_rate, dollar.previous_effective_cost) == (None, unknown)
    assert (month.previous_effective_cost, month.change, month.exchange_effect) == (unknown, unknown, unknown)
    assert month.effective_cost == money("126.4545", "126.45")


def test_without_a_reporting_currency_there_is_no_conversion(inputs: MonthInputs) -> None:
    assert build_report(inputs).conversion is None


def test_the_month_before_is_as_much_a_lower_bound_as_in_its_own_currency(inputs: MonthInputs) -> None:
    """A total whose month before is at least 9 USD was at least 7.20 EUR, and so was the sum of all currencies."""
    report = build_report(with_rates(inputs))
    totals = tuple(replace(one, previous_is_lower_bound=one.billing_currency == "USD") for one in report.totals)
    month = convert_totals(with_rates(inputs), totals)
    assert month

    assert [row.previous_is_lower_bound for row in month.totals] == [False, True]
    assert month.previous_is_lower_bound
    assert report.conversion
    assert not report.conversion.previous_is_lower_bound


def test_the_bridge_opens_with_the_sum_that_the_table_shows(inputs: MonthInputs) -> None:
    """30 EUR at 0.9005 are 27.015 and 9 USD at 0.8006 are 7.2054 CHF: 27.02 + 7.21, and not 34.2204 as 34.22."""
    own = {"CHF": Decimal(1)}
    before = {**own, "EUR": Decimal("0.9005"), "USD": Decimal("0.8006")}
    rates = Rates("CHF", {**own, "EUR": Decimal("0.9"), "USD": Decimal("0.8")}, before, {})
    projects = convert_costs(inputs.tables.projects, currency="CHF", rates=rates.now)
    month = converted(replace(inputs, rates=rates, tables=replace(inputs.tables, projects=projects)))
    assert month.bridge

    assert month.previous_effective_cost == money("34.2204", "34.23")
    assert month.bridge.opening_cost == month.previous_effective_cost


def test_the_bridge_over_all_currencies_has_exchange_as_a_cause_and_sums(inputs: MonthInputs) -> None:
    """30 EUR and 9 USD at 0.80 are 37.20; 12.505 USD at 0.10 more are 1.2505; the rest is use and price."""
    bridge = converted(with_rates(inputs)).bridge
    assert bridge

    steps = {step.cause: step.effect for step in bridge.steps}
    assert (bridge.opening_cost, bridge.closing_cost) == (money("37.2", "37.20"), money("126.4545", "126.45"))
    assert steps["exchange"] == money("1.2505", "1.25")
    [euro] = [one for one in build_report(inputs).changes.bridges if one.billing_currency == "EUR"]
    # the dollars: 3.505 x 0.80 = 2.804 of new and more workloads; the euros as they are
    own = {step.cause: step.effect.exact for step in euro.steps}
    assert sum(steps[name].exact - own[name] for name in own) == Decimal("2.804")
    assert bridge.opening_cost.exact + sum(one.exact for one in steps.values()) == bridge.closing_cost.exact
    assert bridge.opening_cost.shown + sum(one.shown for one in steps.values()) == bridge.closing_cost.shown


def test_without_a_rate_of_the_month_before_there_is_no_such_bridge(inputs: MonthInputs) -> None:
    assert converted(with_rates(inputs, before=None)).bridge is None
