"""Runs in a process of its own: months closed by the flow, the work of connections on two Dask workers.

dask_driver.py MONTH...                the flow's states, as JSON
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tallybook.documents.model import MonthlyReport
from tallybook.pipeline import files
from tallybook.render.html import render_report
from tallybook.resources import root

CLOCK = datetime(2026, 11, 2, 6, tzinfo=UTC)


def write_report_page(folder: Path, report: MonthlyReport, *_: Any, **__: Any) -> None:
    """Instead of all pages and PDFs, which are made of the same figures and take most of a month's time."""
    (folder / "monthly-report.html").write_text(render_report(report), encoding="utf-8")


def close(months: list[str]) -> list[str]:
    """What became of each month."""
    from distributed import LocalCluster
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    sys.path.insert(0, str(root() / "flows"))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),  # its thread holds up each end by a second
    ):
        os.environ["TALLYBOOK_DASK"] = cluster.scheduler_address
        import _tasks
        import monthly_report

        _tasks.clock = lambda: CLOCK
        states = [monthly_report.monthly_report(month, return_state=True) for month in months]
    return [f"{state.name}: {state.message}" for state in states]


if __name__ == "__main__":
    files.write_pages = write_report_page
    told = close(sys.argv[1:])
    sys.stdout.write("\n" + json.dumps(told) + "\n")
