"""A month over five providers for the bench, with the sum that its report must come to: the same every time.

Of the rows of usage and cost a third each are ScaleOps' workloads by day, oCore's projects by hour and meter, and
NodeConductor's projects by hour and meter; OpenScaler and SysEleven are sampled every hour beside them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import answers

from tallybook import providers
from tallybook.contract import Answer, Dataset, Provider, Request
from tallybook.landing import RawFile, RawStore, Receipt, as_raw_file
from tallybook.periods import BillingPeriod
from tallybook.pipeline.house import open_house

DAYS = 31
HOURS = DAYS * 24  # of the month that is reckoned
PROJECTS = 200  # that sub accounts are mapped to
_UNIT = Decimal(1).scaleb(-12)

CONFIGURATION = """
[tallybook]
entity = "Estate Works"

[[connections]]
name = "openscaler-main"
provider = "openscaler"
base_url = "http://127.0.0.1:9"
token = {{ env = "UNUSED" }}
max_gap = "2h"

[[connections]]
name = "nodeconductor-main"
provider = "nodeconductor"
base_url = "http://127.0.0.1:9"
token = {{ env = "UNUSED" }}
aggregates = ["project"]

[[connections]]
name = "syseleven-main"
provider = "syseleven"
base_url = "http://127.0.0.1:9"
keystone_url = "http://127.0.0.1:9/v3"
max_gap = "2h"
projects = [{projects}]

[[connections]]
name = "ocore-main"
provider = "ocore"
base_url = "http://127.0.0.1:9"
token = {{ env = "UNUSED" }}

[[connections]]
name = "cluster-costs"
provider = "scaleops"
base_url = "http://127.0.0.1:9"
token = {{ env = "UNUSED" }}
currency = "USD"
"""
PRICES = {
    "openscaler": {"instance_hours": "0.0125", "memory_gib_hours": "0.0048", "storage_gib_hours": "0.00011"},
    "nodeconductor": {"memory_gib_hours": "0.0061", "storage_gib_hours": "0.00014"},
    "syseleven": {
        "core_hours": "0.0135",
        "memory_gib_hours": "0.0042",
        "instance_hours": "0",
        "storage_gib_hours": "0.00016",
        "object_storage_gib_hours": "0.00004",
        "floating_ip_hours": "0.005",
        "load_balancer_hours": "0.01",
        "flavor:m1.small_hours": "0",
    },
    "ocore": {
        "core_hours": "0.021",
        "memory_gib_hours": "0.0065",
        "storage_gib_hours": "0.00018",
        "network_in_bytes": "0",
        "network_out_bytes": "0.045",
        "instance_hours": "0.003",
    },
}
_UNITS = {
    "core_hours": "core-hour",
    **dict.fromkeys(("memory_gib_hours", "storage_gib_hours", "object_storage_gib_hours"), "GiB-hour"),
    **dict.fromkeys(("network_in_bytes", "network_out_bytes"), "GiB"),
}


class Estate:
    """So many projects, machines and workloads that their month has about `rows` rows of usage and cost."""

    def __init__(self, rows: int) -> None:
        self.cost_rows = rows // 3
        self.ocore = max(1, round(rows / 3 / HOURS / 6))
        self.nodeconductor = max(1, round(rows / 3 / HOURS / 2))
        self.openscaler = max(2, rows // 40_000)
        self.syseleven = max(1, rows // 1_000_000)

    @property
    def rows(self) -> int:
        """What facts.usage and facts.costs hold of the month."""
        hourly = HOURS * (6 * self.ocore + 2 * self.nodeconductor)
        return self.cost_rows + hourly + DAYS * (3 * self.openscaler + 1 + len(PRICES["syseleven"]) * self.syseleven)

    def workloads(self, day: int) -> range:
        """Of a day: all days together have `cost_rows`."""
        return range(self.cost_rows // DAYS + (day < self.cost_rows % DAYS))


def write_house(folder: Path, estate: Estate) -> None:
    """The configuration and the books."""
    (folder / "books").mkdir(parents=True)
    projects = ", ".join(
        f'{{ id = "{answers.uuid(n)}", token = {{ env = "UNUSED" }} }}' for n in range(estate.syseleven)
    )
    (folder / "tallybook.toml").write_text(CONFIGURATION.format(projects=projects), encoding="utf-8")
    prices = [
        f"{provider},,,,{meter},{_UNITS.get(meter, 'hour')},{price},EUR,2020-01-01,,bench"
        for provider, meters in PRICES.items()
        for meter, price in meters.items()
    ]
    header = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source"
    _write_book(folder / "books" / "prices.csv", header, prices)
    accounts = [
        *(("ocore-main", f"prj_{n}") for n in range(estate.ocore)),
        *(("nodeconductor-main", answers.uuid(n)) for n in range(estate.nodeconductor)),
        *(("syseleven-main", answers.uuid(n)) for n in range(estate.syseleven)),
        *(("cluster-costs", f"c{n % 2}/ns{n % 97}") for n in range(194)),
    ]
    lines = [
        f"{name},{account},p{n % PROJECTS:03d},cc{n % 7},team{n % 13}" for n, (name, account) in enumerate(accounts)
    ]
    _write_book(folder / "books" / "projects.csv", "connection,sub_account_id,project,cost_center,owner", lines)


def _write_book(path: Path, header: str, lines: Iterable[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def land_estate(folder: Path, estate: Estate, period: BillingPeriod) -> None:
    """Every answer of a month as raw files and receipts, as collects and samples leave them."""
    house = open_house(folder / "tallybook.toml")
    histories = [period.end + timedelta(days=1)]
    samples = [period.start + hour * answers.HOUR for hour in range(period.hours)]
    for settings, provider in house.connections:
        dataset = provider.dataset(_DATASETS[provider.name])
        for at in samples if provider.name in _SAMPLES else histories:
            session = _Session(house.store, settings, provider, dataset, estate, period, at)
            for request in dataset.plan(session, period):
                session.ask(request)
            session.close()


_DATASETS = {
    "openscaler": "live",
    "nodeconductor": "usage",
    "syseleven": "usage",
    "ocore": "usage",
    "scaleops": "workloads",
}
_SAMPLES = {
    name: json.loads((Path(providers.__file__).parent / name / "samples" / file).read_bytes())
    for name, file in (("openscaler", "live.json"), ("syseleven", "current_usage_v3.json"))
}


@dataclass
class _Session:
    """Lands what the estate answers to each question, as a fetch does."""

    store: RawStore
    settings: Any
    provider: Provider
    dataset: Dataset
    estate: Estate
    period: BillingPeriod
    now: datetime
    files: list[RawFile] = field(default_factory=list)

    def ask(self, request: Request) -> Answer:
        pieces = [piece.encode() for piece in self._body(request)]
        sha256, size = self.store.land(self.settings.name, self.dataset.name, str(self.period), pieces)
        self.files.append(as_raw_file(request, status=200, sha256=sha256, size_bytes=size, captured_at=self.now))
        return Answer(request, 200, self._headers(request), self.now, sha256, lambda: b"".join(pieces))

    def close(self) -> None:
        """Make it count."""
        unit = (self.provider.name, self.settings.name, self.dataset.name, self.dataset.cadence.value, str(self.period))
        self.store.write_receipt(Receipt(*unit, self.now, tuple(self.files)))

    def _body(self, request: Request) -> Iterable[str]:
        asked, hour = request.asked, (self.now - self.period.start) // answers.HOUR
        if self.provider.name == "scaleops":
            day = (datetime.fromtimestamp(int(asked["from"]) // 1000, UTC) - self.period.start).days
            return [answers.workloads(self.period.start + timedelta(days=day), self.estate.workloads(day), day)]
        if self.provider.name == "ocore":
            return answers.ocore_items(self.period.start, self.period.hours, self.estate.ocore)
        if request.kind == "projects":
            first = (int(asked["page"]) - 1) * int(asked["page_size"])
            return [answers.listed(range(first, min(first + int(asked["page_size"]), self.estate.nodeconductor)))]
        if self.provider.name == "nodeconductor":
            return [answers.series(int(asked["from"]), self.period.hours, int(asked["uuid"], 16) - 1, asked["item"])]
        sample = _SAMPLES[self.provider.name]
        if self.provider.name == "openscaler":
            return [answers.live(self.now, self.estate.openscaler, sample)]
        return [answers.current_usage(int(asked["project_id"], 16) - 1, hour, sample)]

    def _headers(self, request: Request) -> dict[str, str]:
        """The link to the next page of a list."""
        if request.kind != "projects":
            return {}
        page, size = (int(request.asked[name]) for name in ("page", "page_size"))
        is_last = page * size >= self.estate.nodeconductor
        return {"link": "" if is_last else f'<http://127.0.0.1:9/?page={page + 1}>; rel="next"'}


def totals(estate: Estate) -> dict[str, Decimal]:
    """What a month of 31 days costs by currency, reckoned from the figures that the answers are made of."""
    quantities = (
        ("ocore", _ocore),
        ("nodeconductor", _nodeconductor),
        ("openscaler", _openscaler),
        ("syseleven", _syseleven),
    )
    with localcontext() as context:
        context.prec = 60
        costs = (
            _rounded(_rounded(quantity) * Decimal(PRICES[provider][meter]))
            for provider, days in quantities
            for meter, quantity in days(estate)
        )
        micros = sum(answers.micros(index, day) for day in range(DAYS) for index in estate.workloads(day))
        return {"EUR": sum(costs, Decimal(0)), "USD": Decimal(micros).scaleb(-6)}


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_UNIT)


def _days() -> Iterator[range]:
    """The hours of each day."""
    return (range(24 * day, 24 * day + 24) for day in range(DAYS))


def _ocore(estate: Estate) -> Iterator[tuple[str, Decimal]]:
    """Priced quantities of each meter, project and day."""
    meters = {
        "core_hours": ("cpuCoreHours", 1),
        "memory_gib_hours": ("ramGbHours", 1),
        "storage_gib_hours": ("diskGbHours", 1),
        "network_out_bytes": ("bandwidthOutBytes", answers.GIB),
        "instance_hours": ("instanceHours", 1),
    }
    for project in range(estate.ocore):
        for hours in _days():
            figures = [answers.ocore_figures(project, hour) for hour in hours]
            for meter, (name, per_unit) in meters.items():
                yield meter, Decimal(sum(each[name] for each in figures)) / per_unit


def _nodeconductor(estate: Estate) -> Iterator[tuple[str, Decimal]]:
    for project in range(estate.nodeconductor):
        for hours in _days():
            for item in ("memory", "storage"):
                mib_hours = sum(answers.project_mib(project, hour, item) for hour in hours)
                yield f"{item}_gib_hours", Decimal(mib_hours) / 1024


def _openscaler(estate: Estate) -> Iterator[tuple[str, Decimal]]:
    for _ in _days():
        yield "storage_gib_hours", Decimal(24 * answers.BLOCK_STORAGE_GIB)
        for machine in range(estate.openscaler):
            memory_gib, disk_gib = answers.machine_gib(machine)
            yield "instance_hours", Decimal(24)
            yield "memory_gib_hours", Decimal(24 * memory_gib)
            yield "storage_gib_hours", Decimal(24 * disk_gib)


def _syseleven(estate: Estate) -> Iterator[tuple[str, Decimal]]:
    fields = {
        "core_hours": "compute.cores",
        "storage_gib_hours": "volume.space_gb",
        "floating_ip_hours": "network.floatingips",
        "load_balancer_hours": "loadbalancer.loadbalancers",
    }
    for project in range(estate.syseleven):
        for hours in _days():
            levels = [answers.region_levels(project, hour) for hour in hours]
            yield "memory_gib_hours", Decimal(sum(each["compute.ram_mb"] for each in levels)) / 1024
            yield "object_storage_gib_hours", Decimal(24 * answers.OBJECT_STORAGE_GIB)
            for meter, name in fields.items():
                yield meter, Decimal(sum(each[name] for each in levels))
