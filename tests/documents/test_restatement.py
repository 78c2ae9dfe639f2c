"""The delta statement as it is shown: sums that can be checked by hand, and what is certain of them."""

from decimal import Decimal

import polars as pl
import pytest

from tallybook.documents.inputs import MonthInputs, Restated
from tallybook.documents.monthly import build_report
from tallybook.documents.restated import Cause, Restatement
from tallybook.documents.values import Status
from tallybook.language import Message, language_of
from tallybook.summaries.expressions import AMOUNT
from tallybook.summaries.restatement import CAUSES
from tests.documents.tiny_month import changed, usual_month

COSTS = ("previous_effective_cost", "effective_cost", *CAUSES)


@pytest.fixture(scope="module")
def month() -> MonthInputs:
    """October: Web costs 115.20 EUR at alpha-main, a lower bound."""
    return usual_month()


def costs(*rows: tuple[str, str, str, dict[str, str]]) -> pl.DataFrame:
    """Rows as queries/marts/restated_costs.sql gives them: project, cost before and now ("" for none), causes."""
    listed = [
        {
            "project": project,
            "connection": "alpha-main",
            "provider": "alpha",
            "billing_currency": "EUR",
            "previous_effective_cost": Decimal(before) if before else None,
            "effective_cost": Decimal(now) if now else None,
            **{cause: Decimal(causes.get(cause, "0")) for cause in CAUSES},
        }
        for project, before, now, causes in rows
    ]
    text = dict.fromkeys(("project", "connection", "provider", "billing_currency"), pl.String())
    return pl.DataFrame(listed, schema={**text, **dict.fromkeys(COSTS, AMOUNT)})


def restatement(month: MonthInputs, frame: pl.DataFrame, **more: object) -> Restatement:
    found = build_report(
        changed(month, restated=Restated(1, (Message("prices.csv changed"),), frame, **more))
    ).restatement  # type: ignore[arg-type]
    assert found is not None
    return found


def shown(found: Restatement) -> list[tuple[str, ...]]:
    return [(row.project, *(str(one.shown) for one in (row.before, row.after, row.difference))) for row in found.rows]


def test_a_month_that_was_not_closed_has_none(month: MonthInputs) -> None:
    assert build_report(month).restatement is None


def test_a_row_says_before_now_the_difference_and_why(month: MonthInputs) -> None:
    found = restatement(month, costs(("Web", "100", "115.2", {"new_data": "20", "changed_price": "-4.8"})))
    (row,) = found.rows

    assert shown(found) == [("Web", "100.00", "115.20", "15.20")]
    assert [(one.cause, one.difference.shown) for one in row.causes] == [
        (Cause.NEW_DATA, Decimal("20.00")), (Cause.CHANGED_PRICE, Decimal("-4.80")),
    ]  # fmt: skip
    assert (found.restates_revision, found.changed_inputs) == (1, ("prices.csv changed",))


def test_what_is_shown_adds_up_along_the_rows_and_down_to_the_total(month: MonthInputs) -> None:
    # three projects of 0.3333 more each: 1.00 in the total, so one of them shows 0.34
    third = {"new_data": "0.16665", "changed_price": "0.16665"}
    found = restatement(
        month, costs(*((f"P{n}", "1", "1.3333", third) for n in range(3)), ("Web", "111.2001", "111.2001", {}))
    )
    (total,) = found.totals

    # 3 x 1.3333 + 111.2001 are the 115.20 that the report shows; before it was 114.2001
    assert (total.before.shown, total.after.shown, total.difference.shown) == (
        Decimal("114.20"), Decimal("115.20"), Decimal("1.00"),
    )  # fmt: skip
    assert total.difference.exact == Decimal("0.9999")
    assert [str(row.difference.shown) for row in found.rows] == ["0.34", "0.33", "0.33"]
    for row in found.rows:
        assert sum(one.difference.shown or 0 for one in row.causes) == row.difference.shown
        assert (row.before.shown or 0) + (row.difference.shown or 0) == row.after.shown


def test_a_project_without_a_cost_is_not_known_on_that_side(month: MonthInputs) -> None:
    found = restatement(
        month, costs(("Web", "", "115.2", {"changed_map": "115.2"}), ("Old", "115.2", "", {"changed_map": "-115.2"}))
    )

    assert sorted(shown(found)) == [("Old", "115.20", "None", "-115.20"), ("Web", "None", "115.20", "115.20")]
    assert [(one.cause, one.difference.shown) for one in found.totals[0].causes] == [(Cause.CHANGED_MAP, 0)]


def test_lower_bounds_are_marked_on_their_side(month: MonthInputs) -> None:
    frame = costs(("Web", "100", "115.2", {"new_data": "15.2"}), ("Old", "1", "", {"new_data": "-1"}))
    keys = frozenset({("Old", "alpha-main", "EUR"), ("", "", "EUR")})
    found = restatement(month, frame, lower_bounds=keys)

    # Web has an unpriced meter now, and so has the total
    assert {row.project: (row.before_is_lower_bound, row.after_is_lower_bound) for row in found.rows} == {
        "Web": (False, True),
        "Old": (True, False),
    }
    assert [(one.before_is_lower_bound, one.after_is_lower_bound) for one in found.totals] == [(True, True)]


def test_rows_without_a_cause_are_left_out_and_count_in_the_total(month: MonthInputs) -> None:
    found = restatement(month, costs(("Web", "115.2", "115.2", {})))

    assert found.rows == ()
    assert [(one.before.shown, one.difference.shown, one.causes) for one in found.totals] == [
        (Decimal("115.20"), Decimal("0.00"), ())
    ]


@pytest.mark.parametrize(
    ("code", "stamp"),
    [
        (
            "en",
            "Restates r01; what changed since: prices.csv, the answers of a, the answers of b, the software and 1 ",
        ),
        (
            "de",
            "Berichtigt r01; seither geändert: prices.csv, die Antworten von a, die Antworten von b, die Software und ",
        ),
    ],
)
def test_the_stamp_names_the_first_few_causes_in_its_language(month: MonthInputs, code: str, stamp: str) -> None:
    answers = [Message("the answers of %(connection)s", {"connection": name}) for name in ("a", "b")]
    causes = (Message("prices.csv"), *answers, Message("the software"), Message("one more"))
    why = Message("Restates %(revision)s; what changed since: %(causes)s", {"revision": "r01"})
    restated = Restated(1, (), costs(), causes=causes)

    header = build_report(changed(month, restatement=why, restated=restated, language=language_of(code))).header
    assert header.status is Status.RESTATED
    assert header.reasons[0].startswith(stamp)
