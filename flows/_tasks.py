"""The only place with tasks: thin wrappers around pipeline functions, coarse ones (a connection, a month).

Retries of single requests belong to `tallybook.http`; a task that fails leaves its receipt and the flow goes on.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from prefect import task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from pydantic import Field, StringConstraints

from tallybook.errors import UsageError
from tallybook.landing import Receipt
from tallybook.periods import BillingPeriod
from tallybook.pipeline import collect as collecting
from tallybook.pipeline.house import House, begun, open_house
from tallybook.pipeline.publish import Published
from tallybook.pipeline.publish import report as publish_report
from tallybook.pipeline.refetching import months_due
from tallybook.pipeline.secrets import read_secrets

Month = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2])|last|current)$"),
    Field(description="YYYY-MM, 'last' or 'current' (UTC)."),
]


def clock() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def configured_house() -> House:
    """The installation that TALLYBOOK_CONFIG names; secrets may lie in Prefect Secret blocks."""
    return open_house(Path(os.environ.get("TALLYBOOK_CONFIG", "tallybook.toml")), prefect_secret=_secret_block)


def reporting_house() -> House:
    """The same for flows that publish: wrong books are told before anything is fetched."""
    house = configured_house()
    house.books()
    return house


def period_of(month: str) -> BillingPeriod:
    """The month of a parameter, by today's clock; UsageError when it has not begun."""
    return begun(BillingPeriod.parse(month, now=clock()), now=clock())


def months_of(house: House, month: str) -> tuple[BillingPeriod, ...]:
    """The months that a collect is about: the earlier one too, while it is collected again."""
    return months_due(month, now=clock(), refetch_days=house.settings.refetch_days)


def month_in_name(month: str) -> str:
    """The month for a run's name. A month that is refused is refused by the flow: here it would crash the run."""
    try:
        return str(BillingPeriod.parse(month, now=clock()))
    except UsageError:
        return month


@task(task_run_name="fetch {connection} {month}", cache_policy=NO_CACHE, persist_result=False)
def fetch_connection(house: House, month: str, connection: str) -> list[Receipt]:
    """Fetch and land one connection's month; a failed unit leaves a receipt that says so."""
    return collecting.fetch(house, period_of(month), clock=clock, connections=[connection])


@task(task_run_name="stage {month}", cache_policy=NO_CACHE, persist_result=False)
def settle_month(
    house: House, month: str, receipts: list[Receipt], connections: list[str]
) -> list[collecting.UnitResult]:
    """Stage what landed and compute the facts; the one writer."""
    return collecting.settle(house, period_of(month), receipts, clock=clock, connections=connections)


@task(task_run_name="publish {month}", cache_policy=NO_CACHE, persist_result=False)
def publish_month(
    house: House, month: str, *, run_id: str, final: bool = False, reason: str = "", accept_gaps: str = ""
) -> Published:
    """Summarise and publish a new revision if anything changed."""
    return publish_report(
        house, period_of(month), clock=clock, final=final, reason=reason, accept_gaps=accept_gaps, run_id=run_id
    )


def collect_month(house: House, month: str) -> list[collecting.UnitResult]:
    """Fetch all connections side by side, then stage once."""
    read_secrets(house.connections, house.settings.read_secret)  # all that are missing are told at once, not a task's
    names = [settings.name for settings in house.settings.connections]
    fetched = [fetch_connection.submit(house, month, name) for name in names]
    receipts = [receipt for future in fetched for receipt in future.result()]
    return settle_month(house, month, receipts, names)


def show_units(month: str, units: list[collecting.UnitResult]) -> None:
    """The result table of a month's units, under a key that stays the same from run to run."""
    rows: list[dict[str, Any]] = [
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
            path.resolve().as_uri(),
            key=f"report-{month}-{kind}",
            link_text=f"{month} r{published.revision:02d} {kind.upper()}",
            description=published.sentence,
        )


def _secret_block(name: str) -> str:
    value: Any = Secret.load(name).get()  # type: ignore[union-attr]
    return str(value)
