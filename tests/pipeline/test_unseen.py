"""Days that the warehouse has not seen are told beside a document that is answered from them."""

from datetime import UTC, datetime
from typing import Any

from tallybook import providers
from tallybook.decode import decode
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect
from tallybook.pipeline.export import Exported, export
from tallybook.pipeline.house import House
from tallybook.sandbox.server import Running
from tests.pipeline.conftest import NOW, MakeHouse

OCTOBER = BillingPeriod(2026, 10)


def exported(house: House, *values: str, month: BillingPeriod = OCTOBER, now: datetime = NOW) -> Exported:
    available = [providers.load(name) for name in providers.names()]
    return export(house, "ocore/usage", month, values=values, connection=None, now=now, available=available)


def test_a_month_that_was_never_seen_is_told_with_what_to_do(box: Running, house: MakeHouse) -> None:
    made = exported(house(box.url + "/ocore/api"))

    assert decode(made.body, dict[str, Any])["items"] == []
    hint, *others = made.hints
    said, advice = hint.split("; ")
    assert others == []
    assert said == "ocore-0 usage 2026-10: nothing was received, and the document answers as for no data"
    assert advice == "run 'tallybook collect --month 2026-10 --connection ocore-0 --dataset usage'"


def test_a_month_that_was_seen_has_no_hint_and_days_that_did_not_end_are_none(box: Running, house: MakeHouse) -> None:
    small = house(box.url + "/ocore/api")
    collect(small, OCTOBER, clock=lambda: NOW, datasets=["usage"])

    assert exported(small).hints == ()


def test_days_that_are_not_whole_are_counted(box: Running, house: MakeHouse) -> None:
    small = house(box.url + "/ocore/api")
    collect(small, OCTOBER, clock=lambda: datetime(2026, 10, 30, 6, tzinfo=UTC), datasets=["usage"])

    assert [hint.split(";")[0] for hint in exported(small).hints] == [
        "ocore-0 usage 2026-10: 2 of 31 days are not whole, the first is 2026-10-30"
    ]


def test_a_span_in_another_month_is_told_of_that_month(box: Running, house: MakeHouse) -> None:
    small = house(box.url + "/ocore/api")
    collect(small, OCTOBER, clock=lambda: NOW, datasets=["usage"])
    made = exported(small, "start_date=2026-08-30T00:00:00Z", "end_date=2026-09-02T00:00:00Z")

    assert [hint.split(": nothing")[0] for hint in made.hints] == ["ocore-0 usage 2026-08", "ocore-0 usage 2026-09"]
