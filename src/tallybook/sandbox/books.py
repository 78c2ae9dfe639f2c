"""Configuration and books that match a world, as texts by file name, for a product that is to read the sandbox."""

import csv
import io
import json
from collections.abc import Iterable
from decimal import Decimal

from tallybook.sandbox.arrangements import make_empty
from tallybook.sandbox.credentials import OCORE_ORG_SLUG
from tallybook.sandbox.hours import add_months
from tallybook.sandbox.measures import text
from tallybook.sandbox.prices import CURRENCY
from tallybook.sandbox.projects import MONTHLY_BUDGETS
from tallybook.sandbox.world import World
from tallybook.sandbox.worlds import scaleops

MONTHS_AHEAD = 12
EXCHANGE_RATES = ("0.8612", "0.8655", "0.8590", "0.8703")
SOURCE = "sandbox price list"


_CONFIGURATION = """\
[tallybook]
entity = "Acme Analytics"
data_dir = "var"
books_dir = "books"
reporting_currency = "{reporting_currency}"

[[connections]]
name = "openscaler-main"
provider = "openscaler"
base_url = "{url}/openscaler"
token = {{ env = "OPENSCALER_TOKEN" }}
max_gap = "{max_gap}"
max_clock_error = "99999h"     # the sandbox's clock stands where it was put

[[connections]]
name = "nodeconductor-main"
provider = "nodeconductor"
base_url = "{url}/nodeconductor"
token = {{ env = "NODECONDUCTOR_TOKEN" }}
auth_urls = {auth_urls}
max_clock_error = "99999h"     # the sandbox's clock stands where it was put

[[connections]]
name = "syseleven-main"
provider = "syseleven"
base_url = "{url}/syseleven"
api_version = "v3"
regions = []
keystone_url = "{url}/syseleven/keystone/v3"
max_gap = "{max_gap}"
max_clock_error = "99999h"     # the sandbox's clock stands where it was put
projects = [
  {{ id = "{production}", token = {{ env = "S11_TOKEN" }} }},
  {{ id = "{staging}", application_credential_id = {{ env = "S11_ID" }}, \
application_credential_secret = {{ env = "S11_SECRET" }} }},
]

[[connections]]
name = "ocore-main"
provider = "ocore"
base_url = "{url}/ocore/api"
token = {{ env = "OCORE_TOKEN" }}
org_slug = "{org_slug}"

[[connections]]
name = "scaleops-main"
provider = "scaleops"
base_url = "{url}/scaleops"
token = {{ env = "SCALEOPS_TOKEN" }}
currency = "{scaleops_currency}"
aggregated_path = "/detailedCostReport/getAggregated"
workloads_path = "/detailedCostReport/getWorkloads"
group_by_labels = ["app", "team"]
"""


def make_files(world: World, *, url: str, max_gap: str) -> dict[str, str]:
    """File name -> text of tallybook.toml and the books; those of what finance agreed are empty."""
    return {
        "tallybook.toml": make_configuration(world, url=url, max_gap=max_gap),
        "books/prices.csv": make_prices(world),
        "books/exchange_rates.csv": make_exchange_rates(world),
        "books/projects.csv": make_projects(world),
        "books/budgets.csv": make_budgets(world),
        **{f"books/{name}": text for name, text in make_empty().items()},
    }


def connection_name(provider: str) -> str:
    """The connection that the configuration gives to a provider."""
    return f"{provider}-main"


def make_configuration(world: World, *, url: str, max_gap: str) -> str:
    """tallybook.toml for a sandbox at `url`; every secret stays in the environment."""
    return _CONFIGURATION.format(
        url=url,
        max_gap=max_gap,
        auth_urls=json.dumps([cloud.auth_url for cloud in world.nodeconductor.clouds]),
        reporting_currency=CURRENCY,
        scaleops_currency=scaleops.CURRENCY,
        org_slug=OCORE_ORG_SLUG,
        production="1" * 32,
        staging="2" * 32,
    )


def make_prices(world: World) -> str:
    """prices.csv: the world's price list."""
    header = (
        "provider",
        "connection",
        "sub_account_id",
        "region",
        "meter",
        "unit",
        "unit_price",
        "currency",
        "valid_from",
        "valid_to",
        "source",
    )
    rows = [
        (
            one.provider,
            "",
            one.sub_account_id,
            one.region,
            one.meter,
            one.unit,
            text(one.unit_price),
            CURRENCY,
            one.valid_from.isoformat(),
            "" if one.valid_to is None else one.valid_to.isoformat(),
            SOURCE if one.unit_price else "included in other meters",
        )
        for one in world.prices
    ]
    return _csv(header, rows)


def make_exchange_rates(world: World) -> str:
    """exchange_rates.csv: ScaleOps' currency into the reporting one, for every month and a year ahead."""
    header = ("month", "from_currency", "to_currency", "rate", "source")
    rows = [
        (month, scaleops.CURRENCY, CURRENCY, EXCHANGE_RATES[index % len(EXCHANGE_RATES)], "sandbox")
        for index, month in enumerate(_months(world))
    ]
    return _csv(header, rows)


def make_projects(world: World) -> str:
    """projects.csv: the map from sub accounts to the firm's projects."""
    header = ("connection", "sub_account_id", "project", "cost_center", "owner")
    rows = [
        (connection_name(one.provider), one.sub_account_id, one.project, one.cost_center, one.owner)
        for one in world.project_rules
    ]
    return _csv(header, rows)


def make_budgets(world: World) -> str:
    """budgets.csv: each project's budget for every month; it grows by 2 % a month."""
    rows = [
        (project, month, text(Decimal(budget) * (100 + 2 * index) / 100), CURRENCY)
        for project, budget in MONTHLY_BUDGETS.items()
        for index, month in enumerate(_months(world))
    ]
    return _csv(("project", "month", "budget", "currency"), rows)


def _months(world: World) -> tuple[str, ...]:
    """The months of history and a year more, since the clock can be moved on."""
    ahead = (add_months(world.calendar.until, count) for count in range(1, MONTHS_AHEAD + 1))
    return (*world.calendar.months, *(f"{month:%Y-%m}" for month in ahead))


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue()
