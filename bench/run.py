"""Times a month of costs from raw bytes to tables, step by step, beside plain DuckDB, and a month of all providers.

    python bench/run.py [--rows 1000000 ...] [--runs 1] [--peers PYTHON] [--json FILE]

Every step runs in a process of its own over the same generated month, so that its peak memory is its own; what it
imports is loaded before the clock starts. With several runs the tables show medians, with several sizes how time and
memory grow with rows: as rows to the power of the exponent shown. The floor is hand-written SQL over the same files,
the peers are other tools that do one step of it. All totals must be equal to the last digit, or the bench fails.
README.md says what each step is.
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from estate import Estate, land_estate, write_house
from month import PERIOD, RECEIPTS, generate
from steps import measured

STEPS = (
    *("land", "decode", "stage", "price", "summarise", "publish", "export", "close", "again", "backfill", "samples"),
    *("floor_load", "floor_group"),
)
PEERS = ("pandas", "dlt", "dbt", "cloudkitty")
_PEER_ROWS = 1_000_000  # more takes hours, or more memory than a laptop has
_BACKFILL_ROWS = 1_000_000  # in 24 months, each with its samples and statements: minutes, whatever it has of rows
_EVERY_STEP_ROWS = 10_000_000  # more are only closed: whether that takes more memory
_COMPARED = (
    (("stage", "price", "summarise"), ("floor_load", "floor_group")),
    (("stage",), ("floor_load",)),
    (("price", "summarise"), ("floor_group",)),
    (("price", "summarise"), ("pandas",)),
    (("price", "summarise"), ("dbt",)),
    (("price",), ("cloudkitty",)),
    (("land", "stage"), ("dlt",)),
)


def main() -> None:
    """Generate, run every step, check the totals, print the table."""
    arguments = _arguments()
    if arguments.step:
        print(json.dumps(measured(arguments.step, Path(arguments.folder), arguments.rows[0])))
        return
    sizes = {}
    for rows in sorted(arguments.rows):
        runs = [_run(rows, arguments.peers) for _ in range(arguments.runs)]
        sizes[rows] = [_median(list(of_step)) for of_step in zip(*runs, strict=True)]
        _show(sizes[rows], rows)
        if arguments.json:
            Path(arguments.json).write_text(json.dumps(sizes, indent=2) + "\n", encoding="utf-8")
    if len(sizes) > 1:
        _show_growth(sizes)


def _run(rows: int, peers: str) -> list[dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix="tallybook-bench-"))
    try:
        steps = _steps(rows)
        if set(steps) != {"close"}:
            generate(folder, rows)
        write_house(folder / "estate", Estate(rows))
        land_estate(folder / "estate", Estate(rows), PERIOD)
        results = [
            _in_process([sys.executable, __file__, "--step", step, "--folder", str(folder), "--rows", str(rows)])
            for step in steps
        ]
        if peers and rows <= _PEER_ROWS:
            script = str(Path(__file__).with_name("peers") / "run.py")
            results += [_in_process([peers, script, step, str(folder), str(rows)]) for step in PEERS]
    finally:
        shutil.rmtree(folder)
    totals = {result["step"]: result["total"] for result in results if "total" in result}
    if len(set(totals.values())) > 1:
        raise SystemExit(f"the totals differ: {totals}")
    return results


def _steps(rows: int) -> list[str]:
    if rows > _EVERY_STEP_ROWS:
        return ["close"]
    return [step for step in STEPS if step != "backfill" or rows == _BACKFILL_ROWS]


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    measured = ("seconds", "cpu_seconds", "rows_per_second", "peak_mib")
    return runs[0] | {name: round(statistics.median(run[name] for run in runs), 2) for name in measured}


def _in_process(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{result['step']}: {result['seconds']} s", file=sys.stderr)
    return result


def _show(results: list[dict[str, Any]], rows: int) -> None:
    print(f"\n{rows} rows; the totals of ours and of the floor are equal\n")
    print("| step | seconds | CPU s | rows/s | peak MiB | bytes on disk |\n|---|---|---|---|---|---|")
    for result in results:
        on_disk = f"{result['bytes']:,}" if "bytes" in result else ""
        print(
            f"| {result['step']} | {result['seconds']} | {result['cpu_seconds']} "
            f"| {result['rows_per_second']:,} | {result['peak_mib']} | {on_disk} |"
        )
    for result in results:
        for name, one in result.get("documents", {}).items():
            print(f"\n{name}: {one['seconds']} s, {one['cpu_seconds']} CPU s, {one['bytes']:,} bytes")
    _compare(results, rows)


def _compare(results: list[dict[str, Any]], rows: int) -> None:
    seconds = {result["step"]: result["seconds"] for result in results}
    cpu = {result["step"]: result["cpu_seconds"] for result in results}
    print()
    for ours in (("land", "decode"), ("land", "stage")):
        if set(ours) <= set(seconds):
            print(f"{' and '.join(ours)}: {rows / sum(seconds[step] for step in ours):,.0f} rows/s")
    for ours, others in _COMPARED:
        if not {*ours, *others} <= set(seconds):
            continue
        ratios = [sum(of[step] for step in ours) / sum(of[other] for other in others) for of in (seconds, cpu)]
        told = f"{', '.join(ours)} to {', '.join(others)}"
        print(f"{told}: {ratios[0]:.1f} in seconds, {ratios[1]:.1f} in CPU seconds")
    if "samples" in seconds:
        print(f"samples: {1000 * seconds['samples'] / RECEIPTS:.1f} ms a receipt")


def _show_growth(sizes: dict[int, list[dict[str, Any]]]) -> None:
    """Of each step, from the smallest to the largest size it was run at, by CPU seconds: 1 is linear."""
    print("\n| step | rows | exponent of CPU seconds | peak MiB |\n|---|---|---|---|")
    for step in STEPS:
        runs = {rows: result for rows in sorted(sizes) for result in sizes[rows] if result["step"] == step}
        first, last = min(runs, default=0), max(runs, default=0)
        if first == last or step == "samples" or not runs[first]["cpu_seconds"]:
            continue
        exponent = math.log(runs[last]["cpu_seconds"] / runs[first]["cpu_seconds"]) / math.log(last / first)
        peaks = ", ".join(str(result["peak_mib"]) for result in runs.values())
        print(f"| {step} | {first:,} to {last:,} | {exponent:.2f} | {peaks} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--peers", default="", metavar="PYTHON", help="of an environment with peers/requirements.txt")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--json", default="")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
