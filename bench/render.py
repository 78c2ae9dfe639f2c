"""Time the pages of a large estate: the report, all statements, and one naive document of the same rows beside them.

Each step runs in a process of its own, which renders as a report does: PDFs in spawned processes. Peak memory is that
of the largest process. `python bench/render.py --projects 200 --workloads 5000`; `--growth` adds smaller estates.
"""

import argparse
import html
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
MONTHS = {"2026-09": 30, "2026-10": 31}
CONFIGURATION = """
[[connections]]
name = "cluster-costs"
provider = "scaleops"
base_url = "http://127.0.0.1:9"
token = { env = "UNUSED" }
currency = "USD"
"""
GROWTH = (1, 2, 4, 8)
STEPS = ("report", "all", "naive")


def main() -> None:
    """Make the estates, run the steps, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--workloads", type=int, default=5_000)
    parser.add_argument("--growth", action="store_true", help="also an eighth, a quarter and a half of it")
    parser.add_argument("--step", choices=("make", *STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(_measured(options.step, options.folder, options.projects, options.workloads)))
        return
    print(f"load before: {os.getloadavg()[0]:.1f}")
    print("projects workloads step      seconds   CPU s  peak MiB  pages      kB")
    for part in reversed(GROWTH) if options.growth else (1,):
        _estate(options.projects // part, options.workloads // part)


def _estate(projects: int, workloads: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tallybook-bench-") as folder:
        _step("make", Path(folder), projects, workloads)
        for step in STEPS:
            row = _step(step, Path(folder), projects, workloads)
            print(
                f"{projects:>8} {workloads:>9} {step:<8} {row['seconds']:>8.1f} {row['cpu']:>7.1f} "
                f"{row['peak_mib']:>9.0f} {row['pages']:>6} {row['kb']:>7.0f}",
                flush=True,
            )


def _step(step: str, folder: Path, projects: int, workloads: int) -> dict[str, Any]:
    numbers = ["--projects", str(projects), "--workloads", str(workloads)]
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder), *numbers]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)  # noqa: S101
    return answer


def _measured(step: str, folder: Path, projects: int, workloads: int) -> dict[str, Any]:
    if step == "make":
        make(folder, projects, workloads)
        return {}
    work = {"report": write_report, "all": write_all, "naive": write_naive}[step]
    inputs = pickle.loads((folder / "inputs.pickle").read_bytes())  # noqa: S301 - written by `make`
    target = folder / step
    target.mkdir()
    began = time.perf_counter()
    work(target, inputs)
    seconds = time.perf_counter() - began
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "seconds": seconds,
        "cpu": sum(one.ru_utime + one.ru_stime for one in usage),
        "peak_mib": max(one.ru_maxrss for one in usage) / 1024,
        "pages": _pages(target),
        "kb": sum(path.stat().st_size for path in target.rglob("*.pdf")) / 1000,
    }


def make(folder: Path, projects: int, workloads: int) -> None:
    """Two months of workload costs, taken through landing, staging and summaries; the inputs are kept."""
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.charging import charge_months
    from tallybook.pipeline.house import load, open_house
    from tallybook.pipeline.inputs import month_inputs
    from tallybook.pricing.books import read_books

    (folder / "books").mkdir()
    (folder / "tallybook.toml").write_text(CONFIGURATION, encoding="utf-8")
    header = "provider,connection,sub_account_id,region,meter,unit,unit_price,currency,valid_from,valid_to,source\n"
    (folder / "books" / "prices.csv").write_text(header, encoding="utf-8")
    budgets = "".join(f"c0/team-{n},2026-10,{1000 + n}.00,USD\n" for n in range(projects))
    (folder / "books" / "budgets.csv").write_text(f"project,month,budget,currency\n{budgets}", encoding="utf-8")
    for month, days in MONTHS.items():
        _land(folder, month, days, projects=projects, workloads=workloads)
    house, period = open_house(folder / "tallybook.toml"), BillingPeriod(2026, 10)
    books = read_books(house.settings.books_dir, providers=["scaleops"])
    with house.warehouse() as warehouse:
        load(house, warehouse, now=NOW, periods=[period])
        charge_months(house, warehouse, period, books=books, now=NOW)
        inputs = month_inputs(house, warehouse, period, books=books, now=NOW)
    (folder / "inputs.pickle").write_bytes(pickle.dumps(inputs))


def _land(folder: Path, month: str, days: int, *, projects: int, workloads: int) -> None:
    from tallybook import providers
    from tallybook.landing import RawStore, Receipt, as_raw_file
    from tallybook.periods import BillingPeriod
    from tallybook.pipeline.house import open_house

    house = open_house(folder / "tallybook.toml")
    settings = house.settings.connection("cluster-costs")

    class Session:
        def __init__(self) -> None:
            self.settings, self.now = settings, NOW

    year, number = map(int, month.split("-"))
    requests = list(providers.load("scaleops").dataset("workloads").plan(Session(), BillingPeriod(year, number)))  # type: ignore[arg-type] # asks nothing
    store, files = RawStore(folder / "var" / "raw"), []
    for day in range(days):
        start = datetime(year, number, 1, tzinfo=UTC) + timedelta(days=day)
        rows = ",".join(_workload(n, day + number, projects=projects) for n in range(workloads))
        window = (
            f'{{"startTime":"{start:%Y-%m-%dT%H:%M:%S}","endTime":"{start + timedelta(days=1):%Y-%m-%dT%H:%M:%S}"}}'
        )
        body = f'{{"aggregatedWorkloads":[{rows}],"clusters":["c0"],"window":{window}}}'.encode()
        sha256, size = store.land("cluster-costs", "workloads", month, [body])
        files.append(as_raw_file(requests[day], status=200, sha256=sha256, size_bytes=size, captured_at=NOW))
    store.write_receipt(Receipt("scaleops", "cluster-costs", "workloads", "history", month, NOW, tuple(files)))


def _workload(index: int, day: int, *, projects: int) -> str:
    place = f"team-{index % projects}"
    cost = f"{(index * 7919 + day * 1047) % 9999991}"
    return (
        f'{{"amountOfWorkloads":1,"annotations":null,"clusterName":"c0","hourlyCost":0.01,'
        f'"id":"c0/{place}/deployment/w{index}","labels":null,"namespace":"{place}",'
        f'"onDemandHours":{24 - index % 25},"onDemandPercent":50,"ownerCpuRequest":0.5,"ownerGpuRequest":0,'
        f'"ownerLabels":[],"ownerMemoryRequest":1024,"replicas":1.5,'
        f'"savingsAvailable":0.25,"savingsAvailableWithReplicas":0.5,"services":[],"spotHours":{index % 25},'
        f'"spotPercent":50,"totalCost":{cost[:-6] or 0}.{cost[-6:].zfill(6)},'
        f'"workloadName":"w{index}","workloadType":"Deployment"}}'
    )


def write_report(folder: Path, inputs: Any) -> None:
    """The monthly report as a page and a PDF with everything attached, and no statement."""
    from tallybook.documents.monthly import build_report
    from tallybook.pipeline.pages import write_pages

    report = build_report(inputs)
    write_pages(folder, report, (), _attached(inputs, report))


def write_all(folder: Path, inputs: Any) -> None:
    """The report, and a statement of every project."""
    from tallybook.documents.monthly import build_report
    from tallybook.documents.statement import build_statements
    from tallybook.pipeline.pages import write_pages

    report = build_report(inputs)
    write_pages(folder, report, build_statements(inputs, report), _attached(inputs, report))


def _attached(inputs: Any, report: Any) -> dict[str, bytes]:
    from tallybook.pipeline.files import TABLES
    from tallybook.render.csv import render_csv
    from tallybook.render.json import render_json

    tables = {f"{name}.csv": render_csv(getattr(inputs.tables, name)) for name in TABLES}
    return {"monthly-report.json": render_json(report), **tables}


def write_naive(folder: Path, inputs: Any) -> None:
    """Every row of projects and workloads in one document, as one would write it first."""
    from weasyprint import HTML

    parts = []
    for name in ("projects", "workloads"):
        frame = getattr(inputs.tables, name).select(*_COLUMNS[name])
        head = "".join(f"<th>{html.escape(column)}</th>" for column in frame.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in frame.iter_rows()
        )
        parts.append(f"<h1>{name}</h1><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    style = "<style>table { border-collapse: collapse; font-size: 8pt } td { border: 1px solid #ccc }</style>"
    HTML(string=f"<html lang=en>{style}{''.join(parts)}").write_pdf(folder / "naive.pdf", pdf_variant="pdf/a-3a")


_COLUMNS = {
    "projects": ("project", "connection", "billing_currency", "previous_effective_cost", "effective_cost"),
    "workloads": ("namespace", "workload", "previous_effective_cost", "effective_cost", "spot_hours", "on_demand_hours",
                  "spot_pct", "savings_available"),
}  # fmt: skip


def _pages(folder: Path) -> int:
    import pikepdf

    count = 0
    for path in folder.rglob("*.pdf"):
        with pikepdf.open(path) as file:
            count += len(file.pages)
    return count


if __name__ == "__main__":
    main()
