"""What runs leave in the UI, under keys that stay the same from run to run."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from tallybook.pipeline.backfill import Step
from tallybook.pipeline.collect import UnitResult
from tallybook.pipeline.journal import Backfill, MonthResult
from tallybook.pipeline.published import Published


def show_units(month: str, units: Sequence[UnitResult]) -> None:
    """The result table of a month's units."""
    rows = [
        {
            "connection": unit.connection,
            "dataset": unit.dataset,
            "outcome": unit.outcome,
            "rows": unit.rows,
            "message": unit.message,
        }
        for unit in units
    ]
    create_table_artifact(rows, key=f"units-{month}", description=f"What became of each dataset of {month}")


def show_report(month: str, published: Published) -> None:
    """Tie-out and coverage as tables, and links to the published files."""
    create_table_artifact(published.tie_out_rows, key=f"tie-out-{month}", description=f"Tie-out of {month}")
    create_table_artifact(published.coverage_rows, key=f"coverage-{month}", description=f"Coverage of {month}")
    for path in published.headline_files:
        kind = path.suffix.removeprefix(".")
        create_link_artifact(
            address(path),
            key=f"report-{month}-{kind}",
            link_text=f"{month} r{published.revision:02d} {kind.upper()}",
            description=published.sentence,
        )


def show_plan(backfill: Backfill, steps: Sequence[Step]) -> None:
    """The plan of a backfill: every dataset of every month with its state, and whether it is collected."""
    text = f"The plan of {backfill.name}, only {backfill.only}: {sum(step.is_chosen for step in steps)} to do"
    create_table_artifact([step.row() for step in steps], key=_key("plan", backfill), description=text)


def show_results(backfill: Backfill, results: Sequence[MonthResult], summary: str) -> None:
    """The result of a backfill, and a link to each report."""
    rows = [
        {
            "month": row.month,
            "connection": row.connection,
            "dataset": row.dataset,
            "outcome": row.outcome,
            "revision": row.revision,
            "message": row.message,
            "report": address(Path(row.report)) if row.report else "",  # the widest one would push others out of sight
        }
        for row in results
    ]
    create_table_artifact(rows, key=_key("result", backfill), description=f"The result of {backfill.name}: {summary}")
    pages = {f"{row.month} {row.revision}": Path(row.report) for row in results if row.report}
    links = [f"- [{name}]({address(page)}), [PDF]({address(page.with_suffix('.pdf'))})" for name, page in pages.items()]
    text = "\n".join([f"Reports of {backfill.name}:", "", *(links or ["- none was published"])])
    create_markdown_artifact(text, key=_key("reports", backfill), description=summary)


def address(path: Path) -> str:
    """Where a published file is read: below TALLYBOOK_REPORTS_URL, which a browser may follow from the UI.

    Without it a file's address on this machine, which browsers open only when it is typed.
    """
    served = os.environ.get("TALLYBOOK_REPORTS_URL", "").rstrip("/")
    if not served:
        return path.resolve().as_uri()
    month, revision, name = path.parts[-3:]
    return f"{served}/{quote(month)}/{quote(revision)}/{quote(name)}"


def _key(what: str, backfill: Backfill) -> str:
    return f"backfill-{what}-{backfill.first}-to-{backfill.last}"
