"""A month of costs for the bench, ScaleOps' alone, and a month of samples; the same every time."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import answers

from tallybook import providers
from tallybook.contract import Request
from tallybook.landing import RawStore, Receipt, as_raw_file
from tallybook.periods import BillingPeriod

if TYPE_CHECKING:  # the floor's processes bear none of what it imports
    from tallybook.pipeline.house import House

PERIOD = BillingPeriod(2026, 10)
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
    for number, body in enumerate(_answers(rows)):
        (bodies / f"{number:02d}.json").write_text(body, encoding="utf-8")
    (folder / "books").mkdir()
    header = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source\n"
    (folder / "books" / "prices.csv").write_text(header, encoding="utf-8")
    (folder / "tallybook.toml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "sampled").mkdir()
    (folder / "sampled" / "tallybook.toml").write_text(SAMPLED, encoding="utf-8")
    shutil.copytree(folder / "books", folder / "sampled" / "books")


def _answers(rows: int) -> Iterator[str]:
    """What ScaleOps answers, a day after the other."""
    days = list(PERIOD.days())
    for day, (start, _) in enumerate(days):
        yield answers.workloads(start, range(rows // len(days) + (day < rows % len(days))), day)


def requests(house: "House") -> list[Request]:
    """What the provider's plan asks about the month, a request a day."""

    class Session:
        settings = house.settings.connections[0]
        now = PERIOD.end + timedelta(days=1)

        def ask(self, request: Request) -> Any:  # noqa: ARG002 - the protocol's argument
            raise AssertionError("this plan asks nothing to go on")

    return list(providers.load("scaleops").dataset("workloads").plan(Session(), PERIOD))


def land_samples(folder: Path) -> None:
    """The provider's documented answer, once every five minutes, for an installation of its own."""
    store = RawStore(folder / "sampled" / "var" / "raw")
    (request,) = providers.load("openscaler").dataset("live").plan(None, None)
    sample = Path(providers.__file__).parent / "openscaler" / "samples" / "live.json"
    answer = json.loads(sample.read_bytes())
    for number in range(RECEIPTS):
        at = datetime(2026, 10, 1, tzinfo=UTC) + number * timedelta(minutes=5)
        answer["timestamp"] = int(at.timestamp())
        sha256, size = store.land("live-stats", "live", str(PERIOD), [json.dumps(answer).encode()])
        file = as_raw_file(request, status=200, sha256=sha256, size_bytes=size, captured_at=at)
        store.write_receipt(Receipt("openscaler", "live-stats", "live", "sampled", str(PERIOD), at, (file,)))
