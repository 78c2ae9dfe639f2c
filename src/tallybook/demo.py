"""The demo and the sandbox command: the only places where product and sandbox meet.

The sandbox's clock is moved through two months as the schedule would have lived them: samples, the levels of each
month's end, and a collect on the 2nd. Then the monthly flow closes the last month in a process of its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tallybook.contract import Cadence
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect, sampler
from tallybook.pipeline.house import House, open_house
from tallybook.resources import root
from tallybook.sandbox.arrangements import write_arrangements
from tallybook.sandbox.configuration import SECRETS, addresses, export_lines, write_configuration
from tallybook.sandbox.server import Running, running, serve

_MARKER = ".tallybook-demo"
_HEADLINES = ("monthly-report.pdf", "monthly-report.html", "monthly-report.json")
# A sample costs what it costs at a provider, and the world changes slowly: the closed month needs no more than these,
# the month before it, which is only compared with, half of them.
_SAMPLED_EVERY, _BEFORE_SAMPLED_EVERY = timedelta(hours=3), timedelta(hours=6)
_MAX_GAP = "6h"
_REPORT_DAY = timedelta(days=1, hours=6)  # into the next month: when the schedule reports


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The flow's exit code, the report's headline files, and command lines to go on with."""

    exit_code: int
    files: tuple[Path, ...]
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """What a user needs to connect to a sandbox: each provider's base_url, and the secrets as lines for a shell."""

    url: str
    addresses: Mapping[str, str]
    export_lines: tuple[str, ...]


def serve_sandbox(
    *,
    port: int,
    seed: int,
    months: int,
    until: str,
    faults: Sequence[str],
    folder: Path | None,
    on_ready: Callable[[Served], Any],
) -> None:
    """Serve the sandbox until it is stopped, with a configuration for it in `folder`.

    Raises UsageError for a bad date, an unknown fault, a port that is taken and a folder with a configuration.
    """
    if folder is not None and (folder / "tallybook.toml").exists():
        raise UsageError(f"{folder / 'tallybook.toml'} is there already and is kept: give another --write-config")

    def ready(url: str) -> None:
        on_ready(Served(url, addresses(url), tuple(export_lines())))

    try:
        day = date.fromisoformat(until) if until else datetime.now(UTC).date()
    except ValueError as error:
        raise UsageError(f"--until {until!r} is no day: give YYYY-MM-DD, such as 2026-10-01") from error
    try:
        serve(port=port, seed=seed, months=months, until=day, faults=faults, folder=folder, on_ready=ready)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        if error.filename is not None:
            raise UsageError(f"{error.filename} cannot be written ({error.strerror})") from error
        raise UsageError(f"port {port} cannot be served ({error.strerror}); give another --port, or 0") from error


def run_demo(folder: Path, *, clock: Callable[[], datetime], say: Callable[[str], None]) -> DemoResult:
    """Live two months in the sandbox and close the last one; `say` is told each step as it begins.

    Raises UsageError for a folder that is not the demo's.
    """
    _make_anew(folder)
    period, today = BillingPeriod.containing(clock()).shift(-1), clock().date()
    os.environ.update(SECRETS)  # the sandbox's tokens: secrets of nobody
    say("starting the sandbox: five providers, one world")
    with running(months=3, until=today) as box:
        config = write_configuration(folder, url=box.url, max_gap=_MAX_GAP)
        house = open_house(config)
        write_arrangements(house.settings.books_dir)
        for month, every in ((period.shift(-1), _BEFORE_SAMPLED_EVERY), (period, _SAMPLED_EVERY)):
            live_through(house, box, month, every=every, until=clock(), say=say)
        box.set_clock(clock())
        say(f"{period.label}: collecting again, pricing and publishing through the Prefect flow")
        exit_code = _run_flow(folder, config, period, say=say)
    say("done")
    revisions = sorted((house.reports_dir / str(period)).glob("r*"))
    files = tuple(revisions[-1] / name for name in _HEADLINES) if revisions else ()
    again = f"tallybook sandbox --port {urlsplit(box.url).port} --until {today}"
    return DemoResult(exit_code, files, (again, f"tallybook check --config {config}"))


def live_through(
    house: House,
    box: Running,
    month: BillingPeriod,
    *,
    every: timedelta,
    until: datetime,
    say: Callable[[str], None],
) -> None:
    """Live a month at the sandbox's clock: samples, levels in its last hour, and a collect on the day of the report."""
    say(f"{month.label}: sampling what can only be asked about now, every {every // timedelta(hours=1)} h")
    with sampler(house) as take:
        for step in range(int((month.end - month.start) / every)):
            moment = month.start + step * every
            box.set_clock(moment)
            take(lambda: moment)  # noqa: B023 - used before the loop goes on
    say(f"{month.label}: collecting usage, quotas and costs, and staging all of it")
    collect(house, month, clock=lambda: month.end - timedelta(minutes=30), datasets=_captured(house))
    report_day = min(until, month.end + _REPORT_DAY)
    box.set_clock(report_day)
    collect(house, month, clock=lambda: report_day)


def _captured(house: House) -> list[str]:
    """The datasets that a collect can only ask about the month it is in."""
    datasets = {dataset for _, provider in house.connections for dataset in provider.datasets}
    return sorted({dataset.name for dataset in datasets if dataset.cadence is Cadence.CAPTURED})


def _run_flow(folder: Path, config: Path, period: BillingPeriod, *, say: Callable[[str], None]) -> int:
    """Run the flow as a schedule would; `say` is told what Prefect logs and what the flow prints."""
    environment = {
        **os.environ,
        "TALLYBOOK_CONFIG": str(config.resolve()),
        "PREFECT_HOME": str((folder / "prefect").resolve()),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A first start makes a new database, which took more than the default 20 s on a loaded machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_LEVEL": os.environ.get("PREFECT_LOGGING_LEVEL", "INFO"),
    }
    flow = root() / "flows" / "monthly_report.py"
    command = [sys.executable, str(flow), str(period)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603 - our own file
        for line in process.stdout or ():
            text = line.rpartition("| INFO    | ")[2].rstrip()
            if text:
                say(text)
    return process.returncode


def _make_anew(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARKER).exists():
        raise UsageError(f"{folder} is not a demo's folder and not empty: give another one with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARKER).write_text("tallybook demo makes this folder anew each time\n", encoding="utf-8")
