"""The floor that the bench holds our steps against: the same in SQL by hand, in DuckDB alone."""

from decimal import Decimal
from pathlib import Path
from typing import Any

_CONFIG = {"memory_limit": "4GB", "preserve_insertion_order": "false"}


def floor_load(folder: Path, rows: int) -> dict[str, Any]:
    """The same answers by hand: DuckDB writes seven of the 22 fields of the JSON as Parquet.

    Its decimals come by way of doubles, which these small numbers with six decimals survive and real ones do not.
    """
    import duckdb

    largest = max(path.stat().st_size for path in (folder / "bodies").iterdir()) + 1
    with duckdb.connect(config=_CONFIG) as connection:
        connection.execute(
            f"""
            copy (
                select w.clusterName as cluster, w.namespace as namespace, w.workloadName as workload,
                    w.workloadType as workload_type, w.totalCost as cost,
                    w.spotHours as spot, w.onDemandHours as on_demand
                from (
                    select unnest(aggregatedWorkloads) as w
                    from read_json('{folder}/bodies/*.json', maximum_object_size = {largest}, columns = {{
                        'aggregatedWorkloads': 'STRUCT(clusterName VARCHAR, namespace VARCHAR, workloadName VARCHAR,
                            workloadType VARCHAR, totalCost DECIMAL(38, 12), spotHours DECIMAL(38, 12),
                            onDemandHours DECIMAL(38, 12))[]'}})
                )
            ) to '{folder}/costs.parquet' (format parquet, compression zstd)"""
        )
    return {"rows": rows, "bytes": (folder / "costs.parquet").stat().st_size}


def floor_group(folder: Path, rows: int) -> dict[str, Any]:
    """What price and summarise come down to: sums per project, per workload and per category."""
    import duckdb

    with duckdb.connect(config=_CONFIG) as connection:
        costs = connection.read_parquet(str(folder / "costs.parquet"))  # noqa: F841 - the statements name it
        for keys in ("cluster, namespace", "cluster, namespace, workload, workload_type", "spot > 0, on_demand > 0"):
            connection.sql(
                f"select {keys}, sum(cost), sum(spot), sum(on_demand) from costs group by all order by all"
            ).to_arrow_table()
        total = connection.sql("select sum(cost) from costs").fetchone()
    return {"rows": rows, "total": str(Decimal(total[0]).normalize()) if total else ""}
