"""The steps that the bench times, each in a process of its own; README.md says what each is."""

import importlib
import re
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from floor import floor_group, floor_load  # noqa: F401 - steps by their names
from month import PERIOD, RECEIPTS, land_samples, requests

from tallybook.contract import Request

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
MONTHS = 24  # of the backfill
EXPORTED = (
    ("scaleops/workloads", ("multiCluster=true",)),
    ("scaleops/aggregated", ("multiCluster=true", "groupByNamespace=true", "groupByLabels=team", "range=31d")),
)


def land(folder: Path, rows: int) -> dict[str, Any]:
    """The raw bytes into compressed, hashed raw files and a receipt, side by side as a fetch lands its answers."""
    from concurrent.futures import ThreadPoolExecutor

    from tallybook.landing import RawFile, RawStore, Receipt, as_raw_file

    store = RawStore(folder / "var" / "raw")

    def land_one(request: Request, path: Path) -> RawFile:
        sha256, size = store.land("cluster-costs", "workloads", str(PERIOD), _chunks(path))
        return as_raw_file(request, status=200, sha256=sha256, size_bytes=size, captured_at=NOW)

    with ThreadPoolExecutor(2) as pool:
        files = tuple(pool.map(land_one, requests(_house(folder)), sorted((folder / "bodies").iterdir())))
    store.write_receipt(Receipt("scaleops", "cluster-costs", "workloads", "history", str(PERIOD), NOW, files))
    return {"rows": rows, "bytes": _bytes(folder / "var" / "raw")}


def _chunks(path: Path) -> Any:
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            yield chunk


def decode(folder: Path, rows: int) -> dict[str, Any]:
    """The raw files into typed columns, exactly, on both cores; a part of `stage`, on its own."""
    from concurrent.futures import ThreadPoolExecutor

    from tallybook import providers
    from tallybook.landing import RawStore, as_request

    store = RawStore(folder / "var" / "raw")
    (receipt,) = map(store.receipt, store.receipts())
    parse = providers.load("scaleops").dataset("workloads").parse
    with ThreadPoolExecutor(2) as pool:
        read = pool.map(lambda file: parse(store.read(receipt, file), as_request(file)), receipt.files)
        decoded = sum(len(one.tables["workloads"]["id"]) for one in read)
    if decoded != rows:
        raise SystemExit(f"{decoded} rows were decoded of {rows}")
    return {"rows": rows}


def stage(folder: Path, rows: int) -> dict[str, Any]:
    """Decode exactly, stage, and compute the facts."""
    errors = [item.error for item in _staged(folder) if item.error]
    if errors:
        raise SystemExit(errors[0])
    return {"rows": rows, "bytes": _bytes(folder / "var" / "tallybook.duckdb")}


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


def _staged(folder: Path) -> list[Any]:
    from tallybook.pipeline.house import load

    house = _house(folder)
    with house.warehouse() as warehouse:
        return load(house, warehouse, now=NOW, periods=[PERIOD])


def price(folder: Path, rows: int) -> dict[str, Any]:
    """Facts and books into charges."""
    from tallybook.pricing.books import read_books
    from tallybook.pricing.charges import make_charges

    house = _house(folder)
    with house.warehouse() as warehouse:
        make_charges(warehouse, period=PERIOD, books=read_books(house.settings.books_dir))
    return {"rows": rows}


def summarise(folder: Path, rows: int) -> dict[str, Any]:
    """Charges into every summary table."""
    from tallybook.summaries.month import read_frames, summarise_month

    house, period = _house(folder), PERIOD
    with house.warehouse() as warehouse:
        tables = summarise_month(read_frames(warehouse, period=period), period=period, now=NOW)
    return {"rows": rows, "total": str(Decimal(tables.projects["effective_cost"].sum()).normalize())}


def publish(folder: Path, rows: int) -> dict[str, Any]:
    """The summaries once more, and from them JSON, CSV, Parquet and HTML, without PDF and XLSX."""
    from tallybook.documents.monthly import build_report
    from tallybook.pipeline.charging import charge_spans
    from tallybook.pipeline.files import TABLES
    from tallybook.pipeline.inputs import month_inputs
    from tallybook.pipeline.publish import ALIKE
    from tallybook.pricing.books import read_books
    from tallybook.render.csv import render_csv
    from tallybook.render.html import render_report
    from tallybook.render.json import render_json
    from tallybook.render.parts import write_parts

    house, period, out = _house(folder), PERIOD, folder / "published"
    out.mkdir()
    with house.warehouse() as warehouse:
        books = read_books(house.settings.books_dir)
        inputs = month_inputs(house, warehouse, period, books=books, now=NOW)
        write_parts(warehouse.tables("marts/charges", charge_spans(warehouse, period)), out, "charges", alike=ALIKE)
    report = build_report(inputs)
    (out / "monthly-report.json").write_bytes(render_json(report))
    (out / "monthly-report.html").write_text(render_report(report), encoding="utf-8")
    for name in TABLES:
        (out / f"{name}.csv").write_bytes(render_csv(getattr(inputs.tables, name)))
    return {"rows": rows, "bytes": _bytes(out)}


def export(folder: Path, rows: int) -> dict[str, Any]:
    """Two documented documents over all rows: every workload, and the groups of a label by namespace.

    Each is timed on its own; `seconds` of the step are those of both.
    """
    from tallybook import providers
    from tallybook.pipeline.export import export as export_document

    house, documents = _house(folder), {}
    available = [providers.load(name) for name in providers.names()]
    for name, values in EXPORTED:
        wall, cpu = time.perf_counter(), time.process_time()
        made = export_document(house, name, PERIOD, values=values, connection=None, now=NOW, available=available)
        documents[name] = {
            "seconds": round(time.perf_counter() - wall, 2),
            "cpu_seconds": round(time.process_time() - cpu, 2),
            "bytes": len(made.body),
        }
    return {"rows": rows, "documents": documents}


def close(folder: Path, rows: int) -> dict[str, Any]:
    """The five providers' month in one process, from raw files to a published revision and its pages, without PDFs."""
    from estate import Estate

    from tallybook.pipeline import files
    from tallybook.pipeline.publish import report

    files.write_pages = _write_html
    house = _house(folder / "estate")
    report(house, PERIOD, clock=lambda: NOW)
    return {"rows": Estate(rows).rows, "bytes": _bytes(house.reports_dir)}


def _refuse_other_totals(folder: Path, rows: int) -> None:
    """What is published must be what the estate reckons; off the clock."""
    from estate import Estate, totals

    published = _published_totals(_house(folder / "estate").reports_dir)
    if published != (reckoned := totals(Estate(rows))):
        raise SystemExit(f"published {published}, reckoned {reckoned}")


def _published_totals(reports: Path) -> dict[str, Decimal]:
    """What the newest revision's projects cost, by currency."""
    import csv

    totals: dict[str, Decimal] = {}
    with (max((reports / str(PERIOD)).iterdir()) / "tables" / "projects.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            cost = Decimal(row["effective_cost"] or 0)
            totals[row["billing_currency"]] = totals.get(row["billing_currency"], Decimal(0)) + cost
    return totals


def again(folder: Path, rows: int) -> dict[str, Any]:
    """The command once more, as its own process: nothing changed, so nothing is published."""
    from estate import Estate

    command = [sys.executable, "-m", "tallybook", "report", "--month", str(PERIOD)]
    subprocess.run(command, cwd=folder / "estate", check=True, stdout=subprocess.DEVNULL)
    return {"rows": Estate(rows).rows}


def backfill(folder: Path, rows: int) -> dict[str, Any]:
    """Two years of months, each with a share of the rows, staged and published one after the other in one process."""
    from estate import Estate, land_estate, write_house

    from tallybook.pipeline import files
    from tallybook.pipeline.publish import report

    files.write_pages = _write_html
    estate, peaks = Estate(rows // MONTHS), []
    write_house(folder / "months", estate)
    for back in reversed(range(MONTHS)):
        land_estate(folder / "months", estate, PERIOD.shift(-back))
        report(_house(folder / "months"), PERIOD.shift(-back), clock=lambda: NOW)
        peaks.append(_peak_mib())
    return {"rows": MONTHS * estate.rows, "peak_mib_by_month": peaks}


def _write_html(folder: Path, report: Any, statements: Any, *_: Any, **__: Any) -> None:
    """Instead of `write_pages`: PDFs take a fixed time a project, whatever a month has of rows."""
    from tallybook.render.html import render_report, render_statement

    (folder / "monthly-report.html").write_text(render_report(report), encoding="utf-8")
    for statement in statements:
        page = folder / "projects" / statement.slug / "statement.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render_statement(statement), encoding="utf-8")


def samples(folder: Path, rows: int) -> dict[str, Any]:  # noqa: ARG001 - as many as there are receipts
    """Receipts of a sampled provider, landed before the clock starts, staged in one go."""
    errors = [item.error for item in _staged(folder / "sampled") if item.error]
    if errors:
        raise SystemExit(errors[0])
    return {"rows": RECEIPTS}


def _house(folder: Path) -> Any:
    from tallybook.pipeline.house import open_house

    return open_house(folder / "tallybook.toml")


def measured(step: str, folder: Path, rows: int) -> dict[str, Any]:
    """A step's result with its seconds, processor seconds and peak memory."""
    importlib.import_module("duckdb" if step.startswith("floor") else "tallybook.pipeline.publish")
    if step == "export":
        importlib.import_module("tallybook.pipeline.export")
    if step == "samples":
        land_samples(folder)
    wall, cpu = time.perf_counter(), _cpu_seconds()
    result = globals()[step](folder, rows)
    seconds = time.perf_counter() - wall
    told = {
        "step": step,
        **result,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(_cpu_seconds() - cpu, 2),
        "rows_per_second": round(result["rows"] / seconds),
        "peak_mib": _peak_mib(),
    }
    if step == "close":
        _refuse_other_totals(folder, rows)
    return told


def _used() -> tuple[resource.struct_rusage, ...]:
    return tuple(map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _cpu_seconds() -> float:
    return sum(used.ru_utime + used.ru_stime for used in _used())


def _peak_mib() -> int:
    """Of the largest process, this one or one that it started.

    Its own is Linux's: to getrusage a new program has the peak of the process that started it.
    """
    own = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert own is not None  # noqa: S101 - Linux says it of every process
    return max(int(own[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
