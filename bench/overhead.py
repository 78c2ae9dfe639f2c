"""What Prefect adds to a monthly run: the same month by plain functions and by the flow, against a running server.

    python bench/overhead.py [--runs 3] [--json FILE]

Both collect and report an unchanged month over all five providers of the sandbox, each in a process of its own that has
imported everything before its clock starts; imports are given apart. Task runs are counted by the server.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tallybook.resources import root
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import running

MONTH, UNTIL = "2026-10", date(2026, 11, 3)
LIMIT_SECONDS, LIMIT_TASK_RUNS = 5.0, 100


def main() -> None:
    """Serve, run both ways in turn, print the medians; fails when a limit is passed."""
    arguments = _arguments()
    if arguments.step:
        sys.stdout.write(json.dumps({"plain": _plain, "flow": _flow}[arguments.step]()) + "\n")
        return
    folder = Path(tempfile.mkdtemp(prefix="tallybook-overhead-"))
    try:
        with running(months=2, until=UNTIL) as box:
            environment, server = _server(folder)
            environment["TALLYBOOK_CONFIG"] = str(write_configuration(folder, url=box.url))
            try:
                _step("plain", environment)  # the first one publishes; all that are timed find nothing changed
                pairs = [(_step("plain", environment), _step("flow", environment)) for _ in range(arguments.runs)]
                tasks = _task_runs(environment["PREFECT_API_URL"]) / arguments.runs
            finally:
                server.send_signal(signal.SIGINT)
                server.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _tell(pairs, tasks, arguments.json)


def _tell(pairs: list[tuple[dict[str, float], dict[str, float]]], tasks: float, path: str) -> None:
    plain, flow = (statistics.median(pair[way]["seconds"] for pair in pairs) for way in (0, 1))
    imports = statistics.median(flow["import"] - plain["import"] for plain, flow in pairs)
    result = {"plain": plain, "flow": flow, "added": flow - plain, "import_added": imports, "task_runs": tasks}
    for name, value in result.items():
        print(f"{name:14}{value:10.2f}")
    if path:
        Path(path).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if result["added"] + imports > LIMIT_SECONDS or tasks > LIMIT_TASK_RUNS:
        sys.exit(f"over the limit of {LIMIT_SECONDS} s or {LIMIT_TASK_RUNS} task runs")


def _plain() -> dict[str, float]:
    begun = time.perf_counter()
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.collect import collect
    from tallybook.pipeline.house import open_house
    from tallybook.pipeline.publish import report

    imported = time.perf_counter()
    period = BillingPeriod.parse(MONTH, now=_now())
    house = open_house(Path(os.environ["TALLYBOOK_CONFIG"]))
    collect(house, period, clock=_now)
    report(house, period, clock=_now)
    return {"import": imported - begun, "seconds": time.perf_counter() - imported}


def _flow() -> dict[str, float]:
    begun = time.perf_counter()
    sys.path.insert(0, str(root() / "flows"))
    import _tasks
    from monthly_report import monthly_report

    _tasks.clock = _now
    imported = time.perf_counter()
    monthly_report(MONTH)
    return {"import": imported - begun, "seconds": time.perf_counter() - imported}


def _now() -> datetime:
    return datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=UTC)


def _step(step: str, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, __file__, "--step", step]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _server(home: Path) -> tuple[dict[str, str], "subprocess.Popen[bytes]"]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    environment = {
        **os.environ,
        **SECRETS,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
    }
    start = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    process = subprocess.Popen(start, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(240):
        try:
            with urlopen(f"{environment['PREFECT_API_URL']}/health", timeout=2):
                return environment, process
        except OSError:
            time.sleep(0.5)
    process.kill()
    sys.exit("the Prefect server did not start")


def _task_runs(api: str) -> int:
    """How many task runs the server has; their rows are written a little after the tasks ended."""
    time.sleep(5)
    ask = Request(f"{api}/task_runs/count", b"{}", {"Content-Type": "application/json"}, method="POST")
    with urlopen(ask, timeout=30) as answer:
        return int(json.loads(answer.read()))


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", default="", help="where to write the result")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
