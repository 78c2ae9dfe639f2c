"""A month of raw answers for the bench, the same every time."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallybook import providers
from tallybook.contract import Request
from tallybook.landing import RawStore, Receipt, as_raw_file
from tallybook.periods import BillingPeriod

if TYPE_CHECKING:  # the floor's processes bear none of what it imports
    from tallybook.pipeline.house import House

MONTH = "2026-10"
DAYS = 31
RECEIPTS = 1_500  # of the sampled provider: five days of a sample every five minutes
CONFIGURATION = """
[[connections]]
name = "cluster-costs"
provider = "scaleops"
base_url = "http://127.0.0.1:9"
token = { env = "UNUSED" }
currency = "USD"
"""
SAMPLED = """
[[connections]]
name = "live-stats"
provider = "openscaler"
base_url = "http://127.0.0.1:9"
token = { env = "UNUSED" }
"""


def generate(folder: Path, rows: int) -> None:
    """Raw answers of one window a day, deterministic; costs have six decimals, as JSON numbers."""
    bodies = folder / "bodies"
    bodies.mkdir()
    for number, body in enumerate(_answers(date(2026, 10, 1), DAYS, rows)):
        (bodies / f"{number:02d}.json").write_text(body, encoding="utf-8")
    (folder / "books").mkdir()
    header = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source\n"
    (folder / "books" / "prices.csv").write_text(header, encoding="utf-8")
    (folder / "tallybook.toml").write_text(CONFIGURATION, encoding="utf-8")
    for name, text in (("sampled", SAMPLED), ("months", CONFIGURATION)):
        (folder / name).mkdir()
        (folder / name / "tallybook.toml").write_text(text, encoding="utf-8")
        shutil.copytree(folder / "books", folder / name / "books")


def _answers(first: date, days: int, rows: int) -> Iterator[str]:
    per_day = rows // days
    for day in range(days):
        start = first + timedelta(days=day)
        workloads = ",".join(_workload(index, day) for index in range(per_day + (day < rows % days)))
        window = f'{{"startTime":"{start}T00:00:00","endTime":"{start + timedelta(days=1)}T00:00:00"}}'
        yield f'{{"aggregatedWorkloads":[{workloads}],"clusters":["c0","c1"],"window":{window}}}'


def requests(house: "House", period: BillingPeriod = BillingPeriod(2026, 10)) -> list[Request]:  # noqa: B008 - frozen
    """What the provider's plan asks about a month, a request a day."""

    class Session:
        settings = house.settings.connections[0]
        now = period.end + timedelta(days=1)

        def ask(self, request: Request) -> Any:  # noqa: ARG002 - the protocol's argument
            raise AssertionError("this plan asks nothing to go on")

    return list(providers.load("scaleops").dataset("workloads").plan(Session(), period))


def land_month(house: "House", period: BillingPeriod, rows: int) -> None:
    """The answers of any month, as `generate` makes them, landed."""
    asked, at = requests(house, period), period.end + timedelta(days=1)
    answers = _answers(period.start.date(), len(asked), rows)
    files = []
    for request, body in zip(asked, answers, strict=True):
        sha256, size = house.store.land("cluster-costs", "workloads", str(period), [body.encode()])
        files.append(as_raw_file(request, status=200, sha256=sha256, size_bytes=size, captured_at=at))
    receipt = Receipt("scaleops", "cluster-costs", "workloads", "history", str(period), at, tuple(files))
    house.store.write_receipt(receipt)


def _workload(index: int, day: int) -> str:
    cost = f"{(index * 7919 + day * 104729) % 9999991}"
    return (
        f'{{"amountOfWorkloads":1,"annotations":null,"clusterName":"c{index % 2}","hourlyCost":0.01,'
        f'"id":"c{index % 2}/ns{index % 97}/deployment/w{index}","labels":null,"namespace":"ns{index % 97}",'
        f'"onDemandHours":{24 - index % 25},"onDemandPercent":50,"ownerCpuRequest":0.5,"ownerGpuRequest":0,'
        f'"ownerLabels":[{{"key":"team","value":"t{index % 13}"}}],"ownerMemoryRequest":1024,"replicas":1.5,'
        f'"savingsAvailable":0.25,"savingsAvailableWithReplicas":0.5,"services":[],"spotHours":{index % 25},'
        f'"spotPercent":50,"totalCost":{cost[:-6] or 0}.{cost[-6:].zfill(6)},'
        f'"workloadName":"w{index}","workloadType":"Deployment"}}'
    )


def land_samples(folder: Path) -> None:
    """The provider's documented answer, once every five minutes, for an installation of its own."""
    store = RawStore(folder / "sampled" / "var" / "raw")
    (request,) = providers.load("openscaler").dataset("live").plan(None, None)
    sample = Path(providers.__file__).parent / "openscaler" / "samples" / "live.json"
    answer = json.loads(sample.read_bytes())
    for number in range(RECEIPTS):
        at = datetime(2026, 10, 1, tzinfo=UTC) + number * timedelta(minutes=5)
        answer["timestamp"] = int(at.timestamp())
        sha256, size = store.land("live-stats", "live", MONTH, [json.dumps(answer).encode()])
        file = as_raw_file(request, status=200, sha256=sha256, size_bytes=size, captured_at=at)
        store.write_receipt(Receipt("openscaler", "live-stats", "live", "sampled", MONTH, at, (file,)))
