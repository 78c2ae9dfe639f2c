"""What the sandbox answers over HTTP is what comes out of the warehouse that was collected from it, for any question.

Parameters are drawn; bounds lie in what was collected, since of other time nothing can be known.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tallybook.contract import Source
from tallybook.decode import document_bytes
from tallybook.errors import UsageError
from tallybook.pipeline.export import known_documents, read_values, reader
from tests.documents.providers.document_bench import OCTOBER, exact
from tests.documents.providers.lived_worlds import LIVES, OTHER_PROJECT, SAMPLED, Lived, lived

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("round_trip")]  # the worlds are made once

MANY = settings(max_examples=20, derandomize=True, database=None)
DAY = 86400
START = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp())  # of history
STRANGER = "0" * 32
AGGREGATES = ("customer", "project", "project_group")
REGIONS = ("cbk", "dbl", "fes")
COMPONENTS = ("compute", "dns", "loadbalancer", "network", "network.lb", "network.vpn", "s3", "volume")


@pytest.fixture(scope="module", params=LIVES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived(LIVES[request.param], tmp_path_factory.mktemp("house")) as one:
        yield one


def some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these parameters, and any left away."""
    return st.fixed_dictionaries({}, optional=values)


def listed(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, min_size=1, max_size=3)


# NodeConductor


def statistic(world: Lived, name: str, query: dict[str, Any], *, at: datetime | None = None) -> tuple[Any, Any]:
    said = world.said(f"/nodeconductor/api/stats/{name}/", query, at=at)
    return said, world.wrote(f"nodeconductor/{name}", query)


@st.composite
def spans(draw: st.DrawFn, *, default_days: float) -> dict[str, int]:
    """Bounds as seconds since the start of history or before now; each may be left away where that makes sense."""
    ends = st.integers(-3 * DAY, 0) | st.integers(-46, 0).map(lambda days: days * DAY)
    end = draw(st.none() | ends)
    length = draw(st.none() | st.integers(0, 40 * DAY) | st.sampled_from([0, 1, 3600, DAY, 30 * DAY]))
    found = {} if end is None else {"to": end}
    if length is not None:
        found["from"] = (end or 0) - length
    elif end is not None and end < -default_days * DAY:
        found["from"] = end  # the default lies after it
    return found


def bounded(world: Lived, span: dict[str, int]) -> dict[str, int]:
    """The seconds of a span in the world: not before history, not after now."""
    return {name: max(START, world.now + offset) for name, offset in span.items()}


CHOICE = st.integers(0, 99)


def selection(world: Lived, choice: int) -> dict[str, str]:
    """An aggregate, all of it or one object; a uuid that is nobody's too."""
    estate = world.box.world.nodeconductor
    uuids = {"customer": estate.customers, "project": estate.projects, "project_group": estate.groups}
    known = [
        {},
        {"uuid": estate.customers[0].uuid},
        *({"aggregate": one} for one in AGGREGATES),
        *({"aggregate": one, "uuid": STRANGER} for one in AGGREGATES),
        *({"aggregate": one, "uuid": owner.uuid} for one, owners in uuids.items() for owner in owners),
    ]
    return known[choice % len(known)]


@MANY
@example(span={}, datapoints={}, item="cpu", choice=0)
@example(span={"from": -31 * DAY, "to": 0}, datapoints={"datapoints": 31}, item="storage", choice=0)
@example(span={"from": 0, "to": 0}, datapoints={"datapoints": 2}, item="memory", choice=0)
@given(
    span=spans(default_days=1 / 24),
    datapoints=some(datapoints=st.integers(1, 12)),
    item=st.sampled_from(["cpu", "memory", "storage"]),
    choice=CHOICE,
)
def test_usage(world: Lived, span: dict[str, int], datapoints: dict[str, int], item: str, choice: int) -> None:
    query = {"item": item, **selection(world, choice), **bounded(world, span), **datapoints}
    said, wrote = statistic(world, "usage", query)

    assert said == wrote


@MANY
@example(span={}, datapoints={}, kind="project")
@given(span=spans(default_days=30), datapoints=some(datapoints=st.integers(1, 40)), kind=st.sampled_from(AGGREGATES))
def test_creation_time(world: Lived, span: dict[str, int], datapoints: dict[str, int], kind: str) -> None:
    said, wrote = statistic(world, "creation-time", {"type": kind, **bounded(world, span), **datapoints})

    assert said == wrote


@pytest.mark.parametrize("kind", AGGREGATES)
def test_creations_of_a_year_are_seen(world: Lived, kind: str) -> None:
    query = {"type": kind, "from": int(datetime(2025, 11, 1, tzinfo=UTC).timestamp()), "datapoints": 12}
    said, wrote = statistic(world, "creation-time", query)

    assert said == wrote
    assert sum(one["value"] for one in said) > 1


@MANY
@given(first=st.integers(0, 60), length=st.integers(0, 60), choice=CHOICE)
def test_alerts_of_days(world: Lived, first: int, length: int, choice: int) -> None:
    start = START + min(first, (world.now - START) // DAY - 1) * DAY
    end = min(start + (length + 1) * DAY, world.now) - 1
    said, wrote = statistic(world, "alert", {**selection(world, choice), "from": start, "to": end})

    assert said == wrote


@MANY
@given(span=spans(default_days=1), choice=CHOICE)
def test_alerts_of_any_bounds_are_right_or_refused(world: Lived, span: dict[str, int], choice: int) -> None:
    assume(span != {"from": 0})  # now is not over: the month's last second, which is `to`, lies before it
    query = {**selection(world, choice), **bounded(world, span)}
    last = {"from": world.now - DAY, "to": world.now - 1}
    try:
        wrote = world.wrote("nodeconductor/alert", query)
    except UsageError as refused:
        assert "a count cannot be divided" in str(refused)  # noqa: PT017 - it need not be refused
        return
    assert world.said("/nodeconductor/api/stats/alert/", last | query) == wrote


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_alerts_of_the_last_day_are_the_default(world: Lived, aggregate: str) -> None:
    said = world.said(
        "/nodeconductor/api/stats/alert/", {"aggregate": aggregate, "from": world.now - DAY, "to": world.now - 1}
    )

    assert world.wrote("nodeconductor/alert", {"aggregate": aggregate}) == said


@MANY
@given(choice=CHOICE)
def test_levels(world: Lived, choice: int) -> None:
    said, wrote = statistic(world, "quota", selection(world, choice), at=world.life.captured)

    assert said == wrote


def test_customers_and_clouds(world: Lived) -> None:
    clouds = [{"auth_url": cloud.auth_url} for cloud in world.box.world.nodeconductor.clouds]
    for name, query in (("customer", {}), *(("resource", cloud) for cloud in clouds)):
        said, wrote = statistic(world, name, query, at=world.life.captured)
        assert said == wrote, query


# oCore


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """A time of September or October, to the second or the hour, in some zone."""
    seconds = draw(st.integers(0, 60 * DAY) | st.integers(0, 60 * 24).map(lambda hours: hours * 3600))
    zone = timezone(timedelta(minutes=draw(st.sampled_from([0, 120, -210, 345]))))
    return datetime.fromtimestamp(START + seconds, zone)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, str]:
    """Bounds in RFC 3339. The start is always given: by default it is the month's, here of another clock."""
    first, last = sorted((draw(instants()), draw(instants())))
    return {"start_date": first.isoformat()} | ({"end_date": last.isoformat()} if draw(st.booleans()) else {})


PERIOD = some(period=st.sampled_from(["hourly", "daily", "monthly"]))


def clipped(world: Lived, bounds: dict[str, str]) -> dict[str, str]:
    """The same without a start after now, which is the default of the end."""
    start = min(datetime.fromisoformat(bounds["start_date"]), world.life.now)
    return {**bounds, "start_date": start.isoformat()}


@MANY
@given(bounds=ranges(), period=PERIOD, choice=CHOICE)
def test_usage_of_projects(world: Lived, bounds: dict[str, str], period: dict[str, str], choice: int) -> None:
    ids = [project.project_id for project in world.box.world.ocore.projects]
    project_id = [*ids, None, "nobody"][choice % (len(ids) + 2)]
    query = {**clipped(world, bounds), **period}
    if project_id in ids:
        said = world.said(f"/ocore/api/projects/{project_id}/usage", query)
        assert world.wrote("ocore/project-usage", {"id": project_id, **query}) == said
    query |= {"project_id": project_id} if project_id else {}

    assert world.wrote("ocore/usage", query) == world.said("/ocore/api/usage", query)


@MANY
@given(bounds=ranges())
def test_usage_totals(world: Lived, bounds: dict[str, str]) -> None:
    query = clipped(world, bounds)
    said = world.said("/ocore/api/usage/totals", query)["totals"]

    assert world.wrote("ocore/usage-totals", query)["totals"] == sorted(said, key=lambda one: str(one["projectId"]))


# OpenScaler, SysEleven


@MANY
@given(sample=st.sampled_from(SAMPLED), later=st.integers(0, 3599))
def test_live_stats_hold_until_the_next_sample(world: Lived, sample: datetime, later: int) -> None:
    moment = sample + timedelta(seconds=later)
    held = max(one for one in SAMPLED if one <= moment)

    assert world.wrote("openscaler/stats-live", {"at": int(moment.timestamp())}) == world.live[held]


def test_live_stats_of_the_month_are_its_last_sample(world: Lived) -> None:
    assert world.wrote("openscaler/stats-live", {}) == world.live[SAMPLED[-1]]


@MANY
@given(
    project_id=st.sampled_from(["1" * 32, OTHER_PROJECT]),
    version=st.sampled_from(["v1", "v2", "v3"]),
    lists=some(regions=listed(*REGIONS), filter=listed(*COMPONENTS)),
)
def test_quota_and_current_usage(world: Lived, project_id: str, version: str, lists: dict[str, list[str]]) -> None:
    if version == "v1":
        lists = {name: [one for one in values if one != "loadbalancer"] or ["dns"] for name, values in lists.items()}
    query = {name: ",".join(values) for name, values in lists.items()}
    question = {"project_id": project_id, "version": version}
    path = f"/syseleven/{version}/projects/{project_id}"

    said = world.said(f"{path}/current_usage", query, at=SAMPLED[-1])
    assert world.wrote("syseleven/current-usage", question | query) == said
    query.pop("filter", None)
    assert world.wrote("syseleven/quota", question | query) == world.said(f"{path}/quota", query, at=SAMPLED[-1])


# ScaleOps

FLAG = st.booleans()


def in_order(document: Any) -> Any:
    """The order of rows is not documented."""
    return {
        **document,
        "aggregatedWorkloads": sorted(
            document["aggregatedWorkloads"], key=lambda one: (str(one["id"]), str(one["ownerLabels"]))
        ),
    }


def milliseconds(moment: int) -> int:
    return moment // DAY * DAY * 1000


@MANY
@example(options={"groupByCluster": True, "groupByNamespace": True}, first=45, length=1, clusters=False)
@example(options={"groupByNamespace": True}, first=40, length=7, clusters=True)
@given(
    options=some(
        groupByCluster=FLAG,
        groupByNamespace=FLAG,
        groupByLabels=listed("team", "env", "app", "nothing"),
        gpuWorkloadsOnly=FLAG,
        multiCluster=FLAG,
        shouldIgnoreWorkloads=FLAG,
        stepSize=st.sampled_from([0, 3600]),
        range=st.sampled_from(["7d", "48h", "2w", "1d"]),
    ),
    first=st.none() | st.integers(0, 60),
    length=st.integers(1, 40),
    clusters=FLAG,
)
def test_aggregated(world: Lived, options: dict[str, Any], first: int | None, length: int, clusters: bool) -> None:
    last = milliseconds(world.now)
    options = {"multiCluster": True, **options, "to": last}  # now is within a day, and costs are of whole days
    if first is not None:
        start = min((START + first * DAY) * 1000, last - DAY * 1000)
        options |= {"from": start, "to": min(start + length * DAY * 1000, last)}
    if clusters:
        options["clusters"] = [world.box.world.scaleops.clusters[1], "nobody"]

    said = world.reported("/scaleops/detailedCostReport/getAggregated", options)
    assert in_order(world.wrote("scaleops/aggregated", options)) == in_order(said)


@MANY
@given(data=st.data())
def test_workloads(world: Lived, data: Any) -> None:
    workloads = world.box.world.scaleops.workloads
    pairs = sorted({f"{key}={value}" for one in workloads for key, value in one.labels})
    options = data.draw(
        some(
            labels=listed(*pairs, "team=nobody"),
            namespaces=listed(*sorted({one.namespace for one in workloads}), "nobody"),
            workloadTypes=listed(*sorted({one.type for one in workloads})),
            clusterFilters=listed(*world.box.world.scaleops.clusters),
            logicalLabel=st.sampled_from(["OR", "AND"]),
            logicalAnnotation=st.sampled_from(["OR", "AND"]),
            shouldIgnoreWorkloads=FLAG,
            **{f"is{name}Exclude": FLAG for name in ("Annotation", "Cluster", "Label", "Namespace", "WorkloadType")},
        )
    )
    options["multiCluster"] = data.draw(st.sampled_from([True, True, False]))
    month = {"from": (START + 30 * DAY) * 1000, "to": milliseconds(world.now)}

    said = world.reported("/scaleops/detailedCostReport/getWorkloads", {**options, **month})
    assert in_order(world.wrote("scaleops/workloads", options)) == in_order(said)


# From facts, as for a connection of another provider: its own facts tell the same


def from_facts(world: Lived, name: str, *values: str) -> Any:
    owner = name.partition("/")[0]
    settings, provider = next(pair for pair in world.house.connections if pair[1].name == owner)
    document = known_documents([provider])[name][1]
    assert document.across.build is not None
    bound, chosen = reader(world.warehouse, (settings, provider), OCTOBER), read_values(document, values)
    return document.across.build(bound, OCTOBER, chosen, Source(settings.name, provider.facts))


def test_totals_from_facts_are_those_of_the_items(world: Lived) -> None:
    own = world.wrote("ocore/usage-totals", {})["totals"]
    for total in own:
        del total["instanceCount"]

    assert len(own) > 1
    assert exact(document_bytes(from_facts(world, "ocore/usage-totals")))["totals"] == own


@pytest.mark.parametrize("item", ["memory", "storage"])
def test_series_from_facts_are_those_that_were_answered(world: Lived, item: str) -> None:
    month = {"from": START + 30 * DAY, "to": world.now, "datapoints": 31, "item": item, "aggregate": "project"}
    own = {one["name"]: one["datapoints"] for one in world.wrote("nodeconductor/usage", month)}
    said = from_facts(world, "nodeconductor/usage", *(f"{name}={value}" for name, value in month.items()))

    assert len(own) > 1
    told = exact(document_bytes(said))
    assert {one["name"].rpartition(" / ")[2]: one["datapoints"] for one in told} == own
