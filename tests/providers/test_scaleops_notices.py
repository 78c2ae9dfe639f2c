"""What a report of a month must hear of: workloads whose figures contradict themselves."""

from pathlib import Path
from typing import Any

import pytest

from tests.providers.support import Bench, settings
from tests.providers.test_scaleops import day, report, workload


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("scaleops", currency="USD"))


def notices(bench: Bench, *workloads: dict[str, Any], number: int = 1) -> list[str]:
    bench.land("workloads", [(day(number), report(*workloads, number=number))])
    bench.stage()
    parameters = {"connection": bench.connection.name, "billing_period": "2026-10"}
    found = bench.warehouse.frame("checks/scaleops/notices", **parameters)["notice"].to_list()
    assert all(isinstance(text, str) for text in found)
    return found


def named(**changes: object) -> dict[str, Any]:
    names = {"clusterName": "c1", "namespace": "shop", "workloadName": "api"}
    hours = {"spotHours": 12, "onDemandHours": 36, "spotPercent": 25, "onDemandPercent": 75, "replicas": 2}
    return workload(**{**names, **hours, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"spotPercent": 0, "onDemandPercent": 0},
        {"spotPercent": 33.3333, "onDemandPercent": 66.6666},
        {"spotHours": 0, "onDemandHours": 0},
        {"spotHours": 24, "onDemandHours": 0, "replicas": 0.1},
    ],
)
def test_figures_that_agree_are_not_told(bench: Bench, changes: dict[str, Any]) -> None:
    assert notices(bench, named(**changes)) == []


def test_percents_that_do_not_add_up_are_told_with_the_first_of_them(bench: Bench) -> None:
    odd = [named(spotPercent=60, onDemandPercent=30, id="1"), named(spotPercent=0, onDemandPercent=99.8, id="2")]

    (told,) = notices(bench, *odd, number=3)
    assert told == (
        "spot and on-demand percent of 2 workloads and days do not add up to 100; the first: c1/shop/api on 2026-10-03 "
        "(spot 0.0, on-demand 99.8)"
    )


def test_hours_that_the_replicas_cannot_have_run_are_told(bench: Bench) -> None:
    # two replicas run 48 hours a day at most
    (told,) = notices(bench, named(onDemandHours=60))
    assert told == (
        "hours of 1 workload and day are more than the replicas can have run; the first: c1/shop/api on 2026-10-01 "
        "(72.0 hours, room for 48.0)"
    )
