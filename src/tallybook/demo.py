"""The demo and the sandbox command: the only places where product and sandbox meet.

The sandbox's clock is moved through two months as the schedule would have lived them: samples, and a collect at each
month's end. Then the monthly flow closes the last month in a process of its own, as a schedule would.
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

from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.pipeline.collect import collect, sampler
from tallybook.pipeline.house import House, open_house
from tallybook.resources import root
from tallybook.sandbox.configuration import SECRETS, addresses, export_lines, write_configuration
from tallybook.sandbox.server import Running, running, serve

_MARKER = ".tallybook-demo"
_HEADLINES = ("monthly-report.pdf", "monthly-report.html", "monthly-report.json")


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The flow's exit code and the report's headline files."""

    exit_code: int
    files: tuple[Path, ...]


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
    """Live two months in the sandbox and close the last one. Raises UsageError for a folder that is not the demo's."""
    _make_anew(folder)
    period = BillingPeriod.containing(clock()).shift(-1)
    os.environ.update(SECRETS)  # the sandbox's tokens: secrets of nobody
    with running(months=3, until=clock().date()) as box:
        config = write_configuration(folder, url=box.url, max_gap="3h")
        house = open_house(config)
        # The month before is only compared with: every three hours is enough for it, and takes a third of the time.
        for month, hours in ((period.shift(-1), 3), (period, 1)):
            say(f"sampling {month.label}, a snapshot for every {hours} h")
            live_through(house, box, month, every=timedelta(hours=hours))
        box.set_clock(clock())
        collect(house, period.shift(-1), clock=clock)
        say(f"closing {period.label} through the Prefect flow")
        exit_code = _run_flow(folder, config, period)
    revisions = sorted((house.reports_dir / str(period)).glob("r*"))
    files = tuple(revisions[-1] / name for name in _HEADLINES) if revisions else ()
    return DemoResult(exit_code, files)


def live_through(house: House, box: Running, month: BillingPeriod, *, every: timedelta) -> None:
    """Sample a month at the sandbox's clock, and collect once in its last hour, when levels can be captured."""
    with sampler(house) as take:
        for step in range(int((month.end - month.start) / every)):
            moment = month.start + step * every
            box.set_clock(moment)
            take(lambda: moment)  # noqa: B023 - used before the loop goes on
    collect(house, month, clock=lambda: month.end - timedelta(minutes=30))


def _run_flow(folder: Path, config: Path, period: BillingPeriod) -> int:
    environment = {
        **os.environ,
        "TALLYBOOK_CONFIG": str(config.resolve()),
        "PREFECT_HOME": str((folder / "prefect").resolve()),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A first start makes a new database, which took more than the default 20 s on a loaded machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_LEVEL": os.environ.get("PREFECT_LOGGING_LEVEL", "WARNING"),
    }
    flow = root() / "flows" / "monthly_report.py"
    return subprocess.run([sys.executable, str(flow), str(period)], env=environment, check=False).returncode  # noqa: S603 - our own file


def _make_anew(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARKER).exists():
        raise UsageError(f"{folder} is not a demo's folder and not empty: give another one with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARKER).write_text("tallybook demo makes this folder anew each time\n", encoding="utf-8")
