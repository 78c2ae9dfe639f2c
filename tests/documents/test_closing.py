"""What can be closed, and what is said of what cannot: the examples of docs/figures.md, section 6."""

from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.documents.closing import refuse_to_close
from tallybook.documents.inputs import Failure, MonthInputs
from tallybook.documents.status import decide_status
from tallybook.documents.values import Status
from tallybook.errors import UsageError
from tests.documents.tiny_month import changed, days, facts, kube_days, month_inputs

LEAST = Decimal(99)


def seen(folder: Path, lacking: dict[int, str], *, backfillable: bool) -> MonthInputs:
    """October, to be closed, with less than 24 hours received on some days of alpha-main."""
    rows = facts()
    coverage = days("2026-10", 31, lacking=lacking, backfillable=backfillable)
    rows["coverage"] = [*coverage, *kube_days("2026-10", 31)]
    return changed(month_inputs(folder, rows), final_reason="checked")


def refusal(inputs: MonthInputs) -> str:
    with pytest.raises(UsageError) as caught:
        refuse_to_close(inputs, least_pct=LEAST)
    return str(caught.value)


def test_a_month_seen_whole_is_closed(tmp_path: Path) -> None:
    inputs = seen(tmp_path, {}, backfillable=True)

    refuse_to_close(inputs, least_pct=LEAST)
    assert decide_status(inputs) == (Status.FINAL, ())


def test_each_gap_below_the_bound_is_named_with_what_can_be_done(tmp_path: Path) -> None:
    # 20 + 24 of 744 hours are missing: 700 are 94.08 %
    inputs = seen(tmp_path, {3: "4", 4: "0", 9: "24"}, backfillable=False)

    assert refusal(inputs) == (
        "2026-10 cannot be closed, and nothing was published:\n"
        "- alpha-main usage lacks 44 hours from 2026-10-03 to 2026-10-04, which can never be fetched again "
        "(alpha-main was seen to 94.0 %, below the 99 % of final_coverage_pct)\n"
        "Collect what can be fetched, or close it with its gaps and say why: --accept-gaps TEXT "
        "(accept_gaps of the flow)."
    )


def test_a_small_gap_that_nobody_can_fill_asks_for_nothing(tmp_path: Path) -> None:
    # 740 of 744 hours are 99.46 %
    inputs = seen(tmp_path, {3: "20"}, backfillable=False)

    refuse_to_close(inputs, least_pct=LEAST)
    assert decide_status(inputs) == (Status.FINAL, ())


def test_a_small_gap_that_can_still_be_fetched_is_fetched_first_or_accepted(tmp_path: Path) -> None:
    inputs = seen(tmp_path, {3: "20"}, backfillable=True)

    assert (
        "- alpha-main usage lacks 4 hours on 2026-10-03, which can still be fetched: tallybook collect --month 2026-10 "
        "--connection alpha-main --dataset usage (alpha-main was seen to 99.4 %)"
    ) in refusal(inputs)
    accepted = changed(inputs, accepted_gaps="the provider has\nlost them")
    refuse_to_close(accepted, least_pct=LEAST)
    assert decide_status(accepted) == (Status.FINAL, ("Closed with gaps: the provider has lost them",))


def test_gaps_of_what_costs_nothing_do_not_keep_a_month_open(tmp_path: Path) -> None:
    rows = facts()
    rows["coverage"] = [*days("2026-10", 31), *kube_days("2026-10", 31)]
    rows["coverage"] += [{**row, "dataset": "quota", "feeds": "quotas"} for row in days("2026-10", 9, lacking={3: "0"})]
    inputs = changed(month_inputs(tmp_path, rows), final_reason="checked")

    refuse_to_close(inputs, least_pct=LEAST)


def test_a_draft_is_closed_by_no_reason(tmp_path: Path) -> None:
    inputs = changed(
        seen(tmp_path, {3: "20"}, backfillable=True),
        accepted_gaps="lost",
        failures=(Failure("alpha-main", "usage", "2026-10", "HTTP 500"),),
        checks={"repeated_usage": 2},
    )

    message = refusal(inputs)
    assert "- alpha-main usage 2026-10 could not be collected: HTTP 500\n" in message
    assert "- Check repeated_usage found 2 rows that should not be there\n" in message
    assert message.endswith("What makes it a draft has to be mended first.")
    assert decide_status(inputs)[0] is Status.DRAFT
