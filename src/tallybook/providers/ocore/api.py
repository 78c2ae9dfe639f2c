"""oCore: what is asked, and how its answers become rows.

/usage (or /projects/{id}/usage for chosen projects) is asked hourly for the month, with its own totals as a
control; /usage/totals for its documented JSON. Bounds are sent as [start, end) in UTC; the document names neither
zone nor inclusiveness, so rows outside the bounds are left to the fact query to drop.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tallybook.contract import Auth, Columns, Parsed, Request, Session
from tallybook.credentials import SecretReader
from tallybook.decode import decode, decode_answer, number_text, unknown_fields, unknown_names
from tallybook.errors import SchemaError
from tallybook.http import StaticHeaders
from tallybook.periods import BillingPeriod, parse_instant
from tallybook.providers.ocore.pages import refuse_pages
from tallybook.providers.ocore.settings import OcoreSettings


class UsageItem(msgspec.Struct, rename="camel", frozen=True):
    """One project and period, every field as documented."""

    bandwidth_in_bytes: Decimal
    bandwidth_out_bytes: Decimal
    cpu_core_hours: Decimal
    disk_gb_hours: Decimal
    instance_count: Decimal
    instance_hours: Decimal
    period_start: str
    period_type: str
    project_id: str
    project_name: str
    ram_gb_hours: Decimal


class UsageTotals(msgspec.Struct, rename="camel", frozen=True):
    """The same fields as a sum; the words may be empty, and /usage/totals documents none of them."""

    bandwidth_in_bytes: Decimal | None = None
    bandwidth_out_bytes: Decimal | None = None
    cpu_core_hours: Decimal | None = None
    disk_gb_hours: Decimal | None = None
    instance_count: Decimal | None = None
    instance_hours: Decimal | None = None
    period_start: str | None = None
    period_type: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    ram_gb_hours: Decimal | None = None


class UsageReport(msgspec.Struct, frozen=True):
    """The answer of both usage endpoints. A Go server may write an empty list as null."""

    items: list[UsageItem] | None
    period: str
    totals: UsageTotals | None


class TotalsReport(msgspec.Struct, frozen=True):
    """The answer of /usage/totals: a list, where the other endpoints have an object of that name."""

    totals: list[UsageTotals] | None


WHOLE_ORGANISATION = ""  # in the place of a project id
_ONE_PROJECT = re.compile(r"/projects/([^/]+)/usage")

# column -> the key it is read from
_QUANTITIES = {
    "cpu_core_hours": "cpuCoreHours",
    "ram_gb_hours": "ramGbHours",
    "disk_gb_hours": "diskGbHours",
    "bandwidth_in_bytes": "bandwidthInBytes",
    "bandwidth_out_bytes": "bandwidthOutBytes",
    "instance_hours": "instanceHours",
    "instance_count": "instanceCount",
}


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


def parse_usage(body: bytes, request: Request) -> Parsed:
    """Rows of usage_items and usage_totals from one usage answer."""
    report = decode_answer(body, UsageReport)
    items = report.items or []
    _refuse_other_projects(items, request)
    instants = {text: _instant(text) for text in {item.period_start for item in items}}
    raw = decode(body, dict[str, Any])
    refuse_pages(raw, rows=len(items))
    unknown = unknown_fields(raw.get("items") or [], UsageItem)
    totals = [] if report.totals is None else [report.totals]
    unknown_totals = unknown_fields([raw["totals"]] if totals else [], UsageTotals)
    return Parsed(
        tables={
            "usage_items": {
                "project_id": [item.project_id for item in items],
                "project_name": [item.project_name for item in items],
                "period_start": [item.period_start for item in items],
                "period_start_at": [instants[item.period_start] for item in items],
                "period_type": [item.period_type for item in items],
                **_numbers(items),
                "unknown_fields": unknown,
            },
            "usage_totals": _total_columns(totals, unknown_totals),
        },
        notes=_notes([*unknown, *unknown_totals], raw, UsageReport)
        + _outside(instants.values(), request)
        + tuple(
            f"periodType {word!r} was not asked for: kept, not counted"
            for word in sorted({item.period_type for item in items} - {request.asked.get("period", "")})
        )[:5]
        + tuple(
            f"periodStart {text!r} is not an RFC 3339 time: kept, not counted"
            for text, instant in sorted(instants.items())
            if instant is None
        )[:5],
    )


def parse_totals(body: bytes, request: Request) -> Parsed:
    """Rows of project_totals; the documented example `[{}]` is one row that says nothing."""
    raw = decode(body, dict[str, Any])
    totals = decode_answer(body, TotalsReport).totals or []
    refuse_pages(raw, rows=len(totals))
    unknown = unknown_fields(raw["totals"] or [], UsageTotals)
    return Parsed(
        tables={"project_totals": _total_columns(totals, unknown)},
        notes=_notes(unknown, raw, TotalsReport),
    )


def _total_columns(totals: list[UsageTotals], unknown: list[str]) -> Columns:
    words = ("project_id", "project_name", "period_start", "period_type")
    return {
        **{word: [getattr(total, word) for total in totals] for word in words},
        **_numbers(totals),
        "unknown_fields": unknown,
    }


def _numbers(rows: Iterable[msgspec.Struct]) -> Columns:
    listed = list(rows)
    return {name: [number_text(getattr(row, name), key) for row in listed] for name, key in _QUANTITIES.items()}


def _refuse_other_projects(items: Sequence[UsageItem], request: Request) -> None:
    """Raise SchemaError for items of no project or of another than the asked one: they may answer another question."""
    asked = _ONE_PROJECT.fullmatch(request.path)
    nobody = next((item for item in items if not item.project_id.strip()), None)
    if nobody is not None:
        raise SchemaError(
            f"the item of {nobody.period_start} is of no project (projectId is empty): if it is the sum of the others, "
            "it would be counted beside them"
        )
    others = sorted({item.project_id for item in items} - {asked[1]}) if asked else []
    if asked and others:
        raise SchemaError(
            f"asked for project {asked[1]!r} and answered for {', '.join(map(repr, others[:5]))}; "
            "give 'projects' the ids that its answers name"
        )


def _outside(instants: Iterable[datetime | None], request: Request) -> tuple[str, ...]:
    """A note on items of another time than the asked one; SchemaError when all are: nothing was answered."""
    first, end = (_instant(request.asked.get(name, "")) for name in ("start_date", "end_date"))
    readable = [instant for instant in instants if instant is not None]
    if first is None or end is None:
        return ()
    others = sum(not first <= instant < end for instant in readable)
    if readable and others == len(readable):
        raise SchemaError(f"asked for {first} to {end} UTC, and every periodStart lies outside of it")
    return (f"{others} periods lie outside of the asked time: kept, not counted",) if others else ()


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text).replace(tzinfo=None)  # the warehouse keeps UTC without a zone
    except ValueError:
        return None


def _notes(unknown: list[str], raw: dict[str, Any], report: type[msgspec.Struct]) -> tuple[str, ...]:
    fields = unknown_names(unknown) + sorted(set(raw) - set(report.__struct_encode_fields__))
    return tuple(f"unknown field {name}: kept" for name in fields)
