"""Documents from the facts of other providers: which pairs work, what stands for what, and what is refused.

The facts are written by hand, and so are the expected figures.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tallybook import providers
from tallybook.contract import Facts
from tallybook.errors import UsageError
from tallybook.pipeline import export
from tallybook.pipeline.answering import Asked
from tallybook.resources import queries, query
from tallybook.warehouse import Warehouse
from tests.documents.providers.document_bench import OCTOBER, exact
from tests.providers.support import CONNECTION, settings

PROJECT, OTHER = "1" * 32, "2" * 32
EXTRA = {"scaleops": {"currency": "USD"}, "syseleven": {"projects": [{"id": PROJECT, "token": {"env": "T"}}]}}
DOCUMENTS = export.known_documents([providers.load(name) for name in providers.names()])
FIRST = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# What the facts allow; everything else is refused.
PAIRS = {
    ("nodeconductor/usage", "openscaler"),
    ("nodeconductor/usage", "syseleven"),
    ("nodeconductor/usage", "ocore"),
    ("nodeconductor/quota", "syseleven"),
    ("syseleven/quota", "nodeconductor"),
    ("ocore/usage", "syseleven"),
    ("ocore/project-usage", "syseleven"),
    ("ocore/usage-totals", "nodeconductor"),
    ("ocore/usage-totals", "openscaler"),
    ("ocore/usage-totals", "syseleven"),
}


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as empty:
        yield empty


def answer(warehouse: Warehouse, document: str, source: str, *values: str) -> Any:
    """A document from a connection of another provider; it fits its schema."""
    provider, wanted = DOCUMENTS[document]
    connection = (settings(source, **EXTRA.get(source, {})), providers.load(source))
    question = Asked(provider, wanted, connection)
    bound = export.reader(warehouse, connection, OCTOBER)
    return exact(export.made(question, bound, OCTOBER, export.read_values(wanted, values)))


def use(
    warehouse: Warehouse,
    meter: str,
    quantity: str,
    *,
    at: timedelta = timedelta(0),
    length: timedelta = DAY,
    project: str = PROJECT,
    region: str = "cbk",
) -> None:
    """One row of facts.usage; `at` counts from the month's start."""
    start = datetime(2026, 10, 1) + at  # noqa: DTZ001 - as the warehouse keeps it
    row = {
        "connection": CONNECTION,
        "provider": "any",
        "dataset": "usage",
        "billing_period": f"{start:%Y-%m}",
        "sub_account_id": project,
        "sub_account_name": f"project {project[0]}",
        "region": region,
        "resource_id": "",
        "resource_name": "",
        "meter": meter,
        "charge_period_start": start,
        "charge_period_end": start + length,
        "consumed_quantity": Decimal(quantity),
        "basis": "sampled",
    }
    warehouse.insert("facts.usage", pl.DataFrame([row]))


def limit(
    warehouse: Warehouse,
    resource: str,
    quota: int | None,
    used: int | None,
    *,
    unit: str,
    region: str = "",
    project: str = PROJECT,
    day: int = 5,
) -> None:
    """One row of facts.quotas; a quota of -1 is unlimited."""
    row = {
        "connection": CONNECTION,
        "provider": "any",
        "dataset": "quota",
        "billing_period": "2026-10",
        "sub_account_id": project,
        "sub_account_name": f"project {project[0]}",
        "region": region,
        "resource": resource,
        "unit": unit,
        "limit_quantity": None if quota in (None, -1) else Decimal(quota),
        "is_unlimited": quota == -1,
        "used_quantity": None if used is None else Decimal(used),
        "captured_at": datetime(2026, 10, day, 12),  # noqa: DTZ001
    }
    decimals = {"limit_quantity": pl.Decimal(38, 12), "used_quantity": pl.Decimal(38, 12)}
    warehouse.insert("facts.quotas", pl.DataFrame([row], schema_overrides=decimals))


def stack_limits(warehouse: Warehouse, *, region: str, **more: Any) -> None:
    limit(warehouse, "compute.cores", 50, 40, unit="core", region=region, **more)
    limit(warehouse, "compute.ram_mb", 204800, 1024, unit="MiB", region=region, **more)
    limit(warehouse, "compute.instances", 100, 7, unit="count", region=region, **more)
    limit(warehouse, "volume.space_gb", 3, 2, unit="GiB", region=region, **more)
    limit(warehouse, "dns.zones", 9, 1, unit="count", region=region, **more)


def test_the_pairs_that_work_are_those_that_the_facts_allow() -> None:
    answered = {
        (name, source)
        for name, (owner, document) in DOCUMENTS.items()
        for source in providers.names()
        if source != owner.name and document.across.is_answered_by(providers.load(source).facts)
    }
    assert answered == PAIRS


def test_what_is_needed_decides_and_no_name() -> None:
    sixth = Facts(meters=frozenset({"core_hours", "memory_gib_hours", "storage_gib_hours", "instance_hours"}))

    assert DOCUMENTS["ocore/usage"][1].across.is_answered_by(sixth)
    assert not DOCUMENTS["nodeconductor/quota"][1].across.is_answered_by(sixth)


@pytest.mark.parametrize(("document", "source"), sorted(PAIRS))
def test_without_any_facts_it_answers_as_for_no_data(warehouse: Warehouse, document: str, source: str) -> None:
    values = {"nodeconductor/usage": [f"from={FIRST}", f"to={FIRST + 86400}", "datapoints=1", "item=memory"]}
    values |= {"ocore/usage": ["period=daily"]}
    if document in ("ocore/project-usage", "syseleven/quota"):
        with pytest.raises(UsageError, match="none"):
            answer(warehouse, document, source, "id=x" if "ocore" in document else "project_id=x")
        return
    empty = {"nodeconductor/usage": [], "nodeconductor/quota": {}, "ocore/usage-totals": {"totals": []}}
    said = answer(warehouse, document, source, *values.get(document, []))
    assert said == empty[document] if document in empty else said["items"] == []


class TestUsageInBuckets:
    def fill(self, warehouse: Warehouse) -> None:
        for region in ("cbk", "fes"):
            for day in (0, 1):
                use(warehouse, "core_hours", "48", at=day * DAY, region=region)
                use(warehouse, "memory_gib_hours", "96.5", at=day * DAY, region=region)
                use(warehouse, "storage_gib_hours", "0", at=day * DAY, region=region)
                use(warehouse, "instance_hours", "24", at=day * DAY, region=region)
                use(warehouse, "floating_ip_hours", "24", at=day * DAY, region=region)

    def test_a_project_is_the_sum_over_its_regions_and_unknown_fields_are_left_out(self, warehouse: Warehouse) -> None:
        self.fill(warehouse)
        said = answer(warehouse, "ocore/usage", "syseleven", "period=daily")
        item = {
            "cpuCoreHours": 96,
            "diskGbHours": 0,
            "instanceHours": 48,
            "periodStart": "2026-10-01T00:00:00Z",
            "periodType": "daily",
            "projectId": PROJECT,
            "projectName": "project 1",
            "ramGbHours": 193,
        }

        assert said["items"] == [item, item | {"periodStart": "2026-10-02T00:00:00Z"}]
        assert list(said["items"][0]) == list(item)
        assert said["totals"] == item | {
            "cpuCoreHours": 192, "instanceHours": 96, "ramGbHours": 386, "projectId": "", "projectName": "",
        }  # fmt: skip

    def test_one_project_of_several(self, warehouse: Warehouse) -> None:
        self.fill(warehouse)
        use(warehouse, "core_hours", "1", project=OTHER)
        said = answer(warehouse, "ocore/project-usage", "syseleven", f"id={PROJECT}", "period=monthly")

        assert [(item["cpuCoreHours"], item["periodStart"]) for item in said["items"]] == [
            (192, "2026-10-01T00:00:00Z")
        ]
        assert said["totals"]["projectId"] == PROJECT
        with pytest.raises(UsageError, match=f"id='x' is no project of {CONNECTION}; known: {PROJECT}, {OTHER}"):
            answer(warehouse, "ocore/project-usage", "syseleven", "id=x", "period=monthly")

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ([], "period=hourly: the facts of connection .* hold whole UTC days; allowed are daily, monthly"),
            (["period=daily", "start_date=2026-10-01T00:00:00+02:00"], "start_date=2026-09-30T22:00:00Z: .* midnight"),
            (["period=daily", "end_date=2026-10-02T00:00:01Z"], "end_date=2026-10-02T00:00:01Z: .* midnight"),
        ],
    )
    def test_parts_of_a_day_are_refused(self, warehouse: Warehouse, values: list[str], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            answer(warehouse, "ocore/usage", "syseleven", *values)

    def test_bytes_are_left_out_with_the_count_of_instances(self, warehouse: Warehouse) -> None:
        """The schema wants these three together, and usage knows no counts."""
        self.fill(warehouse)
        use(warehouse, "network_in_bytes", "7")
        owner, document = DOCUMENTS["ocore/usage"]
        source = replace(providers.load("syseleven"), facts=Facts(meters=providers.load("ocore").facts.meters))
        question = Asked(owner, document, (settings("syseleven", **EXTRA["syseleven"]), source))
        bound = export.reader(warehouse, question.connection, OCTOBER)
        said = exact(export.made(question, bound, OCTOBER, export.read_values(document, ["period=daily"])))

        assert said["items"][0].keys().isdisjoint({"bandwidthInBytes", "bandwidthOutBytes", "instanceCount"})

    def test_an_item_that_would_not_be_whole_is_refused(self, warehouse: Warehouse) -> None:
        use(warehouse, "core_hours", "48")
        with pytest.raises(UsageError, match="lack storage_gib_hours, instance_hours, memory_gib_hours of some"):
            answer(warehouse, "ocore/usage", "syseleven", "period=daily")

    def test_totals_say_what_is_known(self, warehouse: Warehouse) -> None:
        use(warehouse, "memory_gib_hours", "1.5", length=HOUR)
        use(warehouse, "memory_gib_hours", "2", at=HOUR, length=HOUR)
        use(warehouse, "storage_gib_hours", "8", length=HOUR, project=OTHER)
        said = answer(warehouse, "ocore/usage-totals", "nodeconductor", "end_date=2026-10-01T02:00:00Z")
        common = {"periodStart": "2026-10-01T00:00:00Z", "periodType": "total"}

        assert said["totals"] == [
            common | {"projectId": PROJECT, "projectName": "project 1", "ramGbHours": Decimal("3.5")},
            common | {"diskGbHours": 8, "projectId": OTHER, "projectName": "project 2"},
        ]


class TestUsageAsLevels:
    def series(self, warehouse: Warehouse, source: str, *values: str) -> dict[str, list[Any]]:
        said = answer(warehouse, "nodeconductor/usage", source, *values)
        return {one["name"]: [point["value"] for point in one["datapoints"]] for one in said}

    def test_gib_hours_become_mib(self, warehouse: Warehouse) -> None:
        """48 GiB-hours of a day are 2 GiB all day: 2048 MiB; two regions with 2 and 1 GiB are 3072 MiB."""
        use(warehouse, "memory_gib_hours", "48", region="cbk")
        use(warehouse, "memory_gib_hours", "24", region="fes")
        use(warehouse, "memory_gib_hours", "12", at=DAY)
        asked = ("item=memory", f"from={FIRST}", f"to={FIRST + 3 * 86400}", "datapoints=3")

        assert self.series(warehouse, "syseleven", "aggregate=project", *asked) == {"project 1": [3072, 512, 0]}
        assert self.series(warehouse, "syseleven", *asked) == {CONNECTION: [3072, 512, 0]}

    def test_the_longest_time_that_can_be_asked_for_is_answered(self, warehouse: Warehouse) -> None:
        """A day of 2 GiB within 11,570 days, which is the second of the segments: 2048 MiB / 11,570."""
        use(warehouse, "memory_gib_hours", "48")
        asked = ("item=memory", "from=0", f"to={100 * 11_570 * 86400}", "datapoints=100")

        assert self.series(warehouse, "syseleven", *asked)[CONNECTION][:3] == [0, Decimal("0.17701"), 0]

    def test_a_segment_of_two_hours_and_a_half_is_their_mean_by_seconds(self, warehouse: Warehouse) -> None:
        """1, 3 and 6 GiB in an hour each: (1 + 3 + 6 / 2) / 2.5 = 2.8 GiB = 2867.2 MiB; storage is the last: 6144."""
        for hour, quantity in enumerate(("1", "3", "6")):
            use(warehouse, "memory_gib_hours", quantity, at=hour * HOUR, length=HOUR)
            use(warehouse, "storage_gib_hours", quantity, at=hour * HOUR, length=HOUR)
        asked = (f"from={FIRST}", f"to={FIRST + 9000}", "datapoints=1", "aggregate=project")

        assert self.series(warehouse, "ocore", "item=memory", *asked) == {"project 1": [Decimal("2867.2")]}
        assert self.series(warehouse, "ocore", "item=storage", *asked) == {"project 1": [6144]}

    def test_a_third_is_rounded_at_the_millionth(self, warehouse: Warehouse) -> None:
        use(warehouse, "memory_gib_hours", "1", length=HOUR)
        asked = ("item=memory", f"from={FIRST}", f"to={FIRST + 10800}", "datapoints=1")

        assert self.series(warehouse, "ocore", *asked) == {CONNECTION: [Decimal("341.333333")]}

    def test_what_was_never_measured_has_no_datapoints(self, warehouse: Warehouse) -> None:
        use(warehouse, "memory_gib_hours", "1", length=HOUR)
        use(warehouse, "core_hours", "1", length=HOUR, project=OTHER)
        asked = ("item=memory", f"from={FIRST}", f"to={FIRST + 3600}", "datapoints=1", "aggregate=project")

        assert self.series(warehouse, "ocore", *asked) == {"project 1": [1024], "project 2": []}
        assert self.series(warehouse, "ocore", *asked, f"uuid={PROJECT}") == {"project 1": [1024]}
        assert self.series(warehouse, "ocore", *asked, "uuid=nobody") == {}

    def test_now_is_the_end_of_the_months_usage(self, warehouse: Warehouse) -> None:
        use(warehouse, "memory_gib_hours", "1", at=5 * HOUR, length=HOUR)
        (one,) = answer(warehouse, "nodeconductor/usage", "ocore", "item=memory", "datapoints=2")

        assert one["datapoints"] == [
            {"to": FIRST + 19800, "from": FIRST + 18000, "value": 1024},
            {"to": FIRST + 21600, "from": FIRST + 19800, "value": 1024},
        ]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            (["item=cpu"], "item=cpu: the facts of connection .* allowed are memory, storage"),
            (["item=memory", "aggregate=project_group"], "know no groups; allowed are customer, project"),
            (["item=memory", f"uuid={PROJECT}"], "is the only customer"),
            (["item=memory"], f"hold whole UTC days; .* from={FIRST} to={FIRST + 31 * 86400} datapoints=31"),
        ],
    )
    def test_what_facts_do_not_know_is_refused(self, warehouse: Warehouse, values: list[str], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            answer(warehouse, "nodeconductor/usage", "syseleven", *values)


class TestQuotas:
    def test_regions_and_projects_are_added_up_in_mib(self, warehouse: Warehouse) -> None:
        stack_limits(warehouse, region="cbk")
        stack_limits(warehouse, region="fes")
        stack_limits(warehouse, region="cbk", project=OTHER)
        expected = {"vcpu": 150, "ram": 614400, "storage": 9216, "max_instances": 300}
        expected |= {"vcpu_usage": 120, "ram_usage": 3072, "storage_usage": 6144, "max_instances_usage": 21}
        said = answer(warehouse, "nodeconductor/quota", "syseleven")

        assert said == expected
        assert list(said) == list(expected)
        one = answer(warehouse, "nodeconductor/quota", "syseleven", "aggregate=project", f"uuid={OTHER}")
        assert (one["vcpu"], one["storage"]) == (50, 3072)

    def test_one_unlimited_region_makes_it_unlimited(self, warehouse: Warehouse) -> None:
        stack_limits(warehouse, region="cbk")
        stack_limits(warehouse, region="fes")
        limit(warehouse, "compute.cores", -1, 1, unit="core", region="fes", day=6)
        limit(warehouse, "compute.ram_mb", 0, 0, unit="MiB", region="fes", day=6)
        limit(warehouse, "compute.instances", 0, 0, unit="count", region="fes", day=6)
        limit(warehouse, "volume.space_gb", -1, 0, unit="GiB", region="fes", day=6)
        said = answer(warehouse, "nodeconductor/quota", "syseleven")

        assert (said["vcpu"], said["storage"]) == (-1, -1)
        assert (said["ram"], said["max_instances"]) == (0, 0)  # only the last day with a capture counts

    @pytest.mark.parametrize(
        ("quota", "used", "lacking"), [(5, None, "storage_usage"), (None, 5, "storage")], ids=["use", "limit"]
    )
    def test_what_is_not_known_is_refused(
        self, warehouse: Warehouse, quota: int | None, used: int | None, lacking: str
    ) -> None:
        for resource in ("compute.cores", "compute.instances"):
            limit(warehouse, resource, 1, 1, unit="count")
        limit(warehouse, "compute.ram_mb", 1, 1, unit="MiB")
        limit(warehouse, "volume.space_gb", quota, used, unit="GiB")

        with pytest.raises(UsageError, match=f"of 2026-10 lack {lacking}, without"):
            answer(warehouse, "nodeconductor/quota", "syseleven")

    def test_a_quota_without_regions_stands_under_its_connection(self, warehouse: Warehouse) -> None:
        limit(warehouse, "vcpu", 20, 2, unit="core")
        limit(warehouse, "ram", -1, 2048, unit="MiB")
        limit(warehouse, "max_instances", 0, 0, unit="count")
        limit(warehouse, "storage", 4096, 0, unit="MiB")
        expected = {CONNECTION: {"compute.cores": 20, "compute.instances": 0, "compute.ram_mb": -1}}

        for values in ([], ["version=v1"], ["version=v2", f"regions={CONNECTION}"]):
            assert answer(warehouse, "syseleven/quota", "nodeconductor", f"project_id={PROJECT}", *values) == expected

    def test_a_component_that_is_not_whole_is_not_there(self, warehouse: Warehouse) -> None:
        limit(warehouse, "vcpu", 20, 2, unit="core")
        limit(warehouse, "ram", None, 2048, unit="MiB")
        limit(warehouse, "max_instances", 0, 0, unit="count")

        said = answer(warehouse, "syseleven/quota", "nodeconductor", f"project_id={PROJECT}")
        assert said == {CONNECTION: {}}

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ([f"project_id={PROJECT}", "version=v3"], "version=v3: .* allowed are v1, v2"),
            ([f"project_id={OTHER}"], f"project_id='{OTHER}': allowed are {PROJECT}"),
            ([f"project_id={PROJECT}", "regions=fes"], f"regions='fes': allowed are {CONNECTION}"),
        ],
    )
    def test_an_unknown_project_region_or_version_is_refused(
        self, warehouse: Warehouse, values: list[str], said: str
    ) -> None:
        limit(warehouse, "vcpu", 20, 2, unit="core")
        with pytest.raises(UsageError, match=said):
            answer(warehouse, "syseleven/quota", "nodeconductor", *values)


def test_the_months_of_others_are_not_read(warehouse: Warehouse) -> None:
    use(warehouse, "memory_gib_hours", "5", at=-HOUR, length=HOUR)
    use(warehouse, "memory_gib_hours", "7", at=timedelta(days=31), length=HOUR)
    use(warehouse, "memory_gib_hours", "1", length=HOUR)
    said = answer(warehouse, "ocore/usage-totals", "nodeconductor")

    assert [row["ramGbHours"] for row in said["totals"]] == [1]


def test_only_facts_are_read_of_other_providers() -> None:
    names = [name for owner in providers.names() for name in queries(f"documents/{owner}") if "of_facts" in name]

    assert len(names) == 7
    for name in names:
        assert set(re.findall(r"\b(facts|staging|landing|marts)\.", query(name))) == {"facts"}, name


def test_what_a_document_needs_is_said_without_a_providers_name() -> None:
    names = "|".join(providers.names())
    assert [d.name for _, d in DOCUMENTS.values() if re.search(names, d.across.needs, re.IGNORECASE)] == []
