"""The only place with tasks: thin wrappers around pipeline functions, coarse ones (a connection, a month).

Retries of single requests belong to `tallybook.http`. A fetch that failed all the same is tried again some time later,
asking only for the datasets that failed; in the end it leaves its receipt, and the flow goes on.
"""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ParamSpec

from prefect import get_run_logger, task
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field, StringConstraints

from _scheduled import due
from tallybook.errors import ConfigurationError, TallybookError, UsageError
from tallybook.landing import Receipt
from tallybook.manifest import Entry
from tallybook.periods import BillingPeriod
from tallybook.pipeline import collect as collecting
from tallybook.pipeline.delivering import Delivery, deliver_published
from tallybook.pipeline.house import House, begun, open_house
from tallybook.pipeline.publish import Closing
from tallybook.pipeline.publish import report as publish_report
from tallybook.pipeline.published import Published
from tallybook.pipeline.refetching import months_due
from tallybook.pipeline.secrets import read_secrets

P = ParamSpec("P")
Month = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2])|last|current)$"),
    Field(description="YYYY-MM, 'last' or 'current' (UTC)."),
]
PATIENCE_SECONDS = 6 * 3600.0
"""How long a run waits for another one that writes the warehouse: longer than any backfill holds it at a time."""
FAILED = "failed: "
"""How the message begins of a run that lacks what could not be fetched."""


def task_runner() -> TaskRunner[Any]:
    """Threads of this process, or the Dask cluster that TALLYBOOK_DASK names: a scheduler's address."""
    address = os.environ.get("TALLYBOOK_DASK", "")
    if not address:
        return ThreadPoolTaskRunner()
    from prefect_dask.task_runners import DaskTaskRunner

    return DaskTaskRunner(address=address)


def clock() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def configured_house() -> House:
    """The installation that TALLYBOOK_CONFIG names; secrets may lie in Prefect Secret blocks."""
    config = Path(os.environ.get("TALLYBOOK_CONFIG", "tallybook.toml"))
    return open_house(config, prefect_secret=_secret_block, wait_seconds=PATIENCE_SECONDS)


def reporting_house() -> House:
    """The same for flows that publish: wrong books are told before anything is fetched."""
    house = configured_house()
    house.books()
    return house


def period_of(month: str) -> BillingPeriod:
    """The month of a parameter, as of when the run was due; UsageError when it has not begun."""
    return begun(BillingPeriod.parse(month, now=due(clock())), now=clock())


def closable_period(month: str, *, final: bool, reason: str, accept_gaps: str) -> BillingPeriod:
    """The same for a report; UsageError also when it is to be closed and lacks what that needs."""
    period = period_of(month)
    Closing(final, reason, accept_gaps).check(period)
    return period


def months_of(house: House, month: str, *, at: datetime) -> tuple[BillingPeriod, ...]:
    """The months that a collect is about that is due at a time: the earlier one too, while it is collected again."""
    return months_due(month, now=at, refetch_days=house.settings.refetch_days)


def month_in_name(month: str) -> str:
    """The month for a run's name. A month that is refused is refused by the flow: here it would crash the run."""
    try:
        return str(BillingPeriod.parse(month, now=due(clock())))
    except UsageError:
        return month


def told(function: Callable[P, State[Any]]) -> Callable[P, State[Any]]:
    """End a flow with what went wrong as its state's message, and no traceback: refused, or failed."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        try:
            return function(*args, **kwargs)
        except TallybookError as error:
            get_run_logger().error("%s", error)
            return Failed(name="Refused" if error.exit_code == UsageError.exit_code else None, message=str(error))

    return run


class Landed:
    """The receipts of one connection's month, by dataset; they outlive an attempt of the task that fetches them."""

    def __init__(self) -> None:
        self.receipts: dict[str, Receipt] = {}

    @property
    def failed(self) -> list[str]:
        """The datasets that failed at the last attempt."""
        return [name for name, receipt in self.receipts.items() if receipt.error]


@task(
    task_run_name="fetch {connection} {month}",
    retries=2,
    retry_delay_seconds=[30, 120],
    retry_jitter_factor=0.5,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def fetch_connection(
    house: House, month: str, connection: str, landed: Landed, datasets: Sequence[str] = ()
) -> list[Receipt]:
    """Fetch and land one connection's month. It fails with what failed; a retry asks only for that."""
    wanted = landed.failed or datasets
    for receipt in collecting.fetch(house, period_of(month), clock=clock, connections=[connection], datasets=wanted):
        landed.receipts[receipt.dataset] = receipt
    if landed.failed:
        told = "; ".join(landed.receipts[name].error for name in landed.failed)
        raise collecting.FetchError(told, list(landed.receipts.values()))
    return list(landed.receipts.values())


@task(task_run_name="stage {connection}", cache_policy=NO_CACHE, persist_result=False)
def stage_connection(house: House, connection: str) -> list[Entry]:
    """Stage what one connection landed into a warehouse that several workers write."""
    return collecting.stage(house, connection)


@task(task_run_name="stage {month}", cache_policy=NO_CACHE, persist_result=False)
def settle_staged(
    house: House, month: str, receipts: Sequence[Receipt], connections: Sequence[str], staged: Sequence[Entry]
) -> list[collecting.UnitResult]:
    """Stage what landed, unless it was `staged` before, and compute the facts; the one writer."""
    period = period_of(month)
    return collecting.settle(house, period, receipts, clock=clock, connections=connections, staged=staged)


@task(task_run_name="publish {month}", cache_policy=NO_CACHE, persist_result=False)
def publish_month(
    house: House, month: str, *, run_id: str, final: bool = False, reason: str = "", accept_gaps: str = ""
) -> Published:
    """Summarise and publish a new revision if anything changed."""
    return publish_report(
        house, period_of(month), clock=clock, final=final, reason=reason, accept_gaps=accept_gaps, run_id=run_id
    )


@task(task_run_name="deliver {month}", cache_policy=NO_CACHE, persist_result=False)
def deliver_month(house: House, month: str, *, run_id: str) -> list[Delivery]:
    """Deliver what is published and was not delivered yet. It fails by no delivery: they say so themselves."""
    return deliver_published(house, month, clock=clock, run_id=run_id)


def collect_month(house: House, month: str) -> list[collecting.UnitResult]:
    """Fetch all connections side by side, then stage."""
    read_secrets(house.connections, house.settings.read_secret)  # all that are missing are told at once, not a task's
    names = [settings.name for settings in house.settings.connections]
    return settle_month(house, month, fetch_month(house, month, dict.fromkeys(names, ())), names)


def fetch_month(house: House, month: str, wanted: Mapping[str, Sequence[str]]) -> list[Receipt]:
    """Fetch the wanted datasets (none: all) of these connections side by side, a task each."""
    fetched = [fetch_connection.submit(house, month, name, Landed(), datasets) for name, datasets in wanted.items()]
    return [receipt for future in fetched for receipt in _receipts(future)]


def _receipts(fetched: PrefectFuture[list[Receipt]]) -> Sequence[Receipt]:
    """Also of a fetch that failed; what is no failure of a provider, such as a full disk, is raised."""
    try:
        return fetched.result()
    except collecting.FetchError as error:
        return error.receipts


def settle_month(
    house: House, month: str, receipts: Sequence[Receipt], connections: Sequence[str]
) -> list[collecting.UnitResult]:
    """Stage what landed; into a shared warehouse the connections side by side, a task each."""
    staging = [stage_connection.submit(house, name) for name in connections if house.settings.lake]
    staged = [entry for future in staging for entry in future.result()]
    return settle_staged(house, month, receipts, connections, staged)


def _secret_block(name: str) -> str:
    try:
        value: Any = Secret.load(name).get()  # type: ignore[union-attr]
    except ValueError:
        raise ConfigurationError(
            f"there is no Prefect block secret/{name}: make one in the UI (Blocks, Secret) under this name"
        ) from None
    return str(value)
