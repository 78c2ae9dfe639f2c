"""What NodeConductor is asked.

Lists of customers, project groups and projects give the uuids; then one question for each uuid, since answers
carry names only, names are not unique, and sums over several projects hide unlimited quotas. Every path ends
with a slash: without it the server redirects.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tallybook.contract import Answer, Request, Session
from tallybook.decode import decode
from tallybook.errors import ProviderError, SchemaError
from tallybook.periods import BillingPeriod
from tallybook.providers.nodeconductor.lists import Listed, hexadecimal, read_list
from tallybook.providers.nodeconductor.settings import NodeconductorSettings

ITEMS = ("cpu", "memory", "storage")
LISTS = {"customer": "customers", "project_group": "project-groups", "project": "projects"}
PLURAL_ALERT_PATH = "/stats/alerts/"
_NEXT = re.compile(r"<([^>]*)>\s*;[^,]*\brel=\"?next\b")
_DAY = timedelta(days=1)
_MOST_PAGES = 10_000  # a million objects: more is a server that pages in circles


def plan_usage(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """One series of hours for each aggregate, uuid and item, from the month's start to its last whole hour."""
    settings: NodeconductorSettings = session.settings
    end = period.elapsed_end(session.now)
    hours = (end - period.start) // timedelta(hours=1)
    for aggregate in settings.aggregates:
        for listed in list_all(session, aggregate):
            for item in ITEMS if hours else ():
                query = {"aggregate": aggregate, "uuid": hexadecimal(listed.uuid), "item": item}
                query |= {**_bounds(period.start, end), "datapoints": str(hours)}
                yield _request(settings, "usage", "/stats/usage/", query, name=listed.name)


def plan_quota(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """The quotas of each aggregate and uuid as they are now."""
    settings: NodeconductorSettings = session.settings
    for aggregate in settings.aggregates:
        for listed in list_all(session, aggregate):
            query = {"aggregate": aggregate, "uuid": hexadecimal(listed.uuid)}
            owner = listed.owner(aggregate)
            names = {"name": listed.name, "customer_uuid": owner.uuid, "customer_name": owner.name}
            yield _request(settings, "quota", "/stats/quota/", query, **names)


def plan_customer(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """What each customer has now; documented without the prefix, served with it."""
    yield _request(session.settings, "customer", "/stats/customer/", {})


def plan_resource(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """What each configured cloud holds now; documented without the prefix, served with it."""
    for auth_url in session.settings.auth_urls:
        yield _request(session.settings, "resource", "/stats/resource/", {"auth_url": auth_url})


def plan_creation_time(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """How many of each type were created in each hour, from the month's start to its last whole hour."""
    settings: NodeconductorSettings = session.settings
    end = period.elapsed_end(session.now)
    hours = (end - period.start) // timedelta(hours=1)
    offset = settings.creation_clock_offset_seconds
    for kind in settings.aggregates if hours else ():
        query = {"type": kind, **_bounds(period.start, end, offset=offset), "datapoints": str(hours)}
        yield _request(settings, "creation_time", "/stats/creation-time/", query, offset=str(offset))


def plan_alert(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """Alerts of each aggregate and each object: of the month so far, the last 24 hours, and of its days.

    The last 24 hours are what the document asks by default. A count cannot be divided, so a month with alerts is
    asked day by day; one without has none on any day.
    """
    settings: NodeconductorSettings = session.settings
    end = period.elapsed_end(session.now)
    if end == period.start:
        return
    selections = list(_alert_selections(session))
    months = [_alert_request(settings, selection, period.start, end) for selection in selections]
    yield from months
    for selection, month in zip(selections, months, strict=True):
        yield _alert_request(settings, selection, end - _DAY, end)
        if _counts_any(session.ask(month)):
            for first, last in period.days(before=end):
                yield _alert_request(settings, selection, first, last)
            if end > (midnight := end.replace(hour=0)):
                yield _alert_request(settings, selection, midnight, end)


def _alert_selections(session: Session) -> Iterator[dict[str, str]]:
    """All together and each alone. The default differs between releases, so `aggregate` is always sent."""
    for aggregate in dict.fromkeys(("customer", *session.settings.aggregates)):
        yield {"aggregate": aggregate}
        for listed in list_all(session, aggregate):
            yield {"aggregate": aggregate, "uuid": hexadecimal(listed.uuid)}


def _alert_request(
    settings: NodeconductorSettings, selection: Mapping[str, str], start: datetime, end: datetime
) -> Request:
    """The alerts of [start, end): the server includes both bounds, so its last second is left out."""
    query = {**selection, **_bounds(start, end - timedelta(seconds=1))}
    return _request(settings, "alert", settings.alert_path, query)


def _counts_any(answer: Answer) -> bool:
    """Whether there were alerts. An answer that cannot be read counts none: `parse` will say what is wrong with it."""
    try:
        return any(decode(answer.read(), dict[str, int]).values())
    except SchemaError:
        return False


def list_all(session: Session, aggregate: str) -> Iterator[Listed]:
    """All visible objects of one kind, each once: objects created meanwhile move others to the next page.

    Raises ProviderError when the list is not whole: pages that go in circles or are skipped, fewer objects than told.
    """
    settings: NodeconductorSettings = session.settings
    path, seen, told = f"/{LISTS[aggregate]}/", set[str](), list[int]()
    for page in range(1, _MOST_PAGES):
        query = {"page": str(page), "page_size": str(settings.page_size)}
        answer = session.ask(_request(settings, LISTS[aggregate], path, query))
        rows = read_list(answer.read())
        told += result_count(answer)
        for listed in rows:
            if hexadecimal(listed.uuid) not in seen:
                seen.add(hexadecimal(listed.uuid))
                yield listed
        following = next_page(answer)
        if following is None:
            is_told = bool(told) or "link" in _lowered(answer)
            _refuse_short(path, listed=len(seen), told=told, may_go_on=not is_told and len(rows) == settings.page_size)
            return
        if following <= page:
            break
        if following > page + 1:
            raise ProviderError(f"{path} goes on with page {following} after page {page}; the list is not complete")
    raise ProviderError(f"{path} pages in circles after page {page}; the list is not complete")


def _refuse_short(path: str, *, listed: int, told: Sequence[int], may_go_on: bool) -> None:
    """The least count that any page told: objects are created and deleted while the pages are read."""
    if told and listed < min(told):
        raise ProviderError(
            f"{path} says it has {min(told)} objects and lists {listed}; the list is not complete: check that nothing "
            "between here and the server removes the Link header"
        )
    if may_go_on:
        raise ProviderError(
            f"{path} answers a full page of {listed} and neither Link nor X-Result-Count, so that more may follow; "
            "set another page_size, or check what removes these headers"
        )


def result_count(answer: Answer) -> list[int]:
    """How many objects the list has in all, as X-Result-Count tells it; nothing when it tells none."""
    text = _lowered(answer).get("x-result-count", "").strip()
    return [int(text)] if text.isascii() and text.isdecimal() else []


def next_page(answer: Answer) -> int | None:
    """The number of the next page in the Link header, or None on the last one.

    Only the number is taken, and asked at the connection's own address: a link never chooses where a
    credential goes, and a server behind a proxy may write another scheme or host into it.
    """
    link = _NEXT.search(_lowered(answer).get("link", ""))
    if link is None:
        return None
    (number,) = parse_qs(urlsplit(link[1]).query).get("page", ["1"])[:1]
    return int(number) if number.isdecimal() else 0


def _lowered(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _bounds(start: datetime, end: datetime, *, offset: int = 0) -> dict[str, str]:
    """Unix seconds."""
    return {"from": str(int(start.timestamp()) + offset), "to": str(int(end.timestamp()) + offset)}


def _request(settings: NodeconductorSettings, kind: str, path: str, query: Mapping[str, str], **more: str) -> Request:
    is_alert = kind == "alert" and path != PLURAL_ALERT_PATH
    return Request(
        kind,
        settings.api_prefix + path,
        params=tuple(query.items()),
        asked={**query, **more},
        fallback_path=settings.api_prefix + PLURAL_ALERT_PATH if is_alert else "",
    )
