"""oCore: what is asked.

/usage (or /projects/{id}/usage for chosen projects) is asked hourly for the month, with its own totals as a
control; /usage/totals for its documented JSON. Bounds are sent as [start, end) in UTC; the document names neither
zone nor inclusiveness, so rows outside the bounds are left to the fact query to drop.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tallybook.contract import Auth, Request, Session
from tallybook.credentials import SecretReader
from tallybook.http import StaticHeaders
from tallybook.periods import BillingPeriod
from tallybook.providers.ocore.settings import OcoreSettings

WHOLE_ORGANISATION = ""  # in the place of a project id


def authenticate(settings: OcoreSettings, read_secret: SecretReader) -> Auth:
    """Bearer token, and the organisation's slug where one is configured."""
    headers = {"Authorization": f"Bearer {read_secret(settings.token)}"}
    if settings.org_slug:
        headers["X-Org-Slug"] = settings.org_slug
    return StaticHeaders(headers)


def parameters(settings: OcoreSettings) -> Mapping[str, object]:
    """GiB in one of the provider's GB as a fraction, 1 or 10^9 / 2^30 = 5^9 / 2^21, and the projects to be covered."""
    numerator, denominator = (1, 1) if settings.gb == "GiB" else (5**9, 2**21)
    return {
        "gib_numerator": numerator,
        "gib_denominator": denominator,
        "project_ids": list(settings.projects) or [WHOLE_ORGANISATION],
    }


def plan_usage(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """Hourly usage of the month's whole hours so far."""
    bounds = _bounds(session, period)
    for project in session.settings.projects or (WHOLE_ORGANISATION,):
        yield Request(
            "usage",
            f"/projects/{project}/usage" if project else "/usage",
            params=(("period", "hourly"), *bounds.items()),
            asked={"period": "hourly", **({"project_id": project} if project else {}), **bounds},
        )


def plan_totals(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """The organisation's totals per project over the same hours."""
    bounds = _bounds(session, period)
    yield Request("totals", "/usage/totals", params=tuple(bounds.items()), asked=bounds)


def _bounds(session: Session, period: BillingPeriod) -> dict[str, str]:
    return {
        "start_date": _rfc3339(period.start),
        "end_date": _rfc3339(period.elapsed_end(session.now)),
    }


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
