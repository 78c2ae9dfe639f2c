"""The peers of the bench, each doing one step of a month; runs in an environment of its own (requirements.txt).

    python bench/peers/run.py STEP FOLDER ROWS      one line of JSON: seconds, CPU seconds, peak memory, total

FOLDER holds the month's answers in bodies/, and costs.parquet, which the floor made of them. Nothing reaches the
network; the imports are loaded before the clock starts.
"""

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

os.environ |= {"DO_NOT_TRACK": "1", "RUNTIME__DLTHUB_TELEMETRY": "false", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
_IMPORTS = {
    "pandas": ("pandas", "pyarrow.parquet"),
    "dlt": ("dlt", "duckdb"),
    "dbt": ("dbt.cli.main", "dbt.adapters.duckdb", "duckdb"),
    "cloudkitty": ("cloudkitty.rating.hash", "cloudkitty.dataframe", "pyarrow.parquet"),
}


def pandas(folder: Path) -> Decimal:
    """The sums of the floor, exact: costs are Decimal objects."""
    import pandas as pd

    costs = pd.read_parquet(folder / "costs.parquet")
    costs["is_spot"], costs["is_on_demand"] = costs["spot"] > 0, costs["on_demand"] > 0
    figures = ["cost", "spot", "on_demand"]
    for keys in (
        ["cluster", "namespace"],
        ["cluster", "namespace", "workload", "workload_type"],
        ["is_spot", "is_on_demand"],
    ):
        costs.groupby(keys, sort=True)[figures].sum()
    return Decimal(costs["cost"].sum())


def dlt(folder: Path) -> Decimal:
    """Rows of the answers as dictionaries into a DuckDB table, by way of Parquet: dlt's best path for rows."""
    import dlt as engine
    import duckdb

    def rows() -> Iterator[dict[str, Any]]:
        for path in sorted((folder / "bodies").iterdir()):
            answer = json.loads(path.read_bytes(), parse_float=Decimal)
            for row in answer["aggregatedWorkloads"]:
                yield {name: value for name, value in row.items() if not isinstance(value, list)} | {
                    "totalCost": Decimal(row["totalCost"])
                }

    file = folder / "dlt.duckdb"
    columns: Any = {"totalCost": {"data_type": "decimal", "precision": 38, "scale": 12}}
    pipeline = engine.pipeline(
        "month",
        pipelines_dir=str(folder / "dlt"),
        destination=engine.destinations.duckdb(str(file)),
        dataset_name="raw",
    )
    pipeline.run(engine.resource(rows, name="workloads", columns=columns), loader_file_format="parquet")
    with duckdb.connect(str(file), read_only=True) as connection:
        return _total(connection, "select sum(total_cost) from raw.workloads")


def dbt(folder: Path) -> Decimal:
    """The sums of the floor as models, the finest first."""
    import duckdb
    from dbt.adapters import duckdb as duckdb_adapter
    from dbt.cli.main import dbtRunner

    os.environ["BENCH_FOLDER"] = str(folder)
    project = str(Path(__file__).parent / "dbt")
    paths = ["--target-path", str(folder / "dbt-target"), "--log-path", str(folder / "dbt-log")]
    done = dbtRunner().invoke(["--quiet", "run", "--project-dir", project, "--profiles-dir", project, *paths])
    if not done.success:
        raise SystemExit(f"dbt: {done.exception or done.result}")
    duckdb_adapter.DuckDBConnectionManager.close_all_connections()
    with duckdb.connect(str(folder / "dbt.duckdb")) as connection:
        return _total(connection, "select sum(cost) from by_project")


def cloudkitty(folder: Path) -> Decimal:
    """Each row rated by the hashmap of its workload type, at 1 a unit: what is rated comes to what it cost."""
    from cloudkitty.dataframe import DataFrame, DataPoint
    from pyarrow.parquet import ParquetFile

    engine = _hashmap()
    start, end, total = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), Decimal(0)
    with ParquetFile(folder / "costs.parquet") as file:
        for batch in file.iter_batches(50_000):
            points = [
                DataPoint(
                    "USD",
                    row["cost"],
                    0,
                    {"cluster": row["cluster"], "namespace": row["namespace"]},
                    {"workload": row["workload"], "type": row["workload_type"]},
                )
                for row in batch.to_pylist()
            ]
            rated = engine.process(DataFrame(start, end, {"workload": points}))
            total += sum((point.price for _, point in rated.iterpoints()), Decimal(0))
    return total


def _hashmap() -> Any:
    """CloudKitty's rating module over a database in memory with one rule."""
    from cloudkitty import db
    from cloudkitty.rating.hash import HashMap
    from cloudkitty.rating.hash.db import api
    from cloudkitty.rating.hash.db.sqlalchemy import models
    from oslo_config import cfg

    cfg.CONF([], project="cloudkitty", default_config_files=[])
    cfg.CONF.set_override("connection", "sqlite://", "database")
    with db.session_for_write() as session:
        models.Base.metadata.create_all(session.get_bind())
    rules = api.get_instance()
    service = rules.create_service("workload")
    field = rules.create_field(service.service_id, "type")
    since = datetime(2020, 1, 1)  # noqa: DTZ001 - it keeps naive times
    rules.create_mapping("1", "flat", "Deployment", field_id=field.field_id, start=since, created_by="bench")
    return HashMap()


def _total(connection: Any, statement: str) -> Decimal:
    return Decimal(connection.execute(statement).fetchone()[0])


def main(step: str, folder: str, rows: str) -> None:
    """Run a step and tell what it took."""
    for name in _IMPORTS[step]:
        importlib.import_module(name)
    wall, cpu = time.perf_counter(), time.process_time()
    total = globals()[step](Path(folder))
    seconds = time.perf_counter() - wall
    told = {
        "step": step,
        "rows": int(rows),
        "total": str(total.normalize()),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "rows_per_second": round(int(rows) / seconds),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print("\n" + json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
