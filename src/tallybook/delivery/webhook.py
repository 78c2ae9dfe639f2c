"""Delivery to a webhook that takes Slack's messages: the notice and a link, in which no name can do anything."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from tallybook.addresses import is_host
from tallybook.credentials import SecretRef
from tallybook.delivery.contract import Kind, Means, Parcel, Sent, TryAgainError
from tallybook.errors import DeliveryError, ProviderError
from tallybook.http import RETRIED, post
from tallybook.settings import DeliverySettings
from tallybook.wire import excerpt, retry_after_seconds

_LONGEST_WAIT_SECONDS = 120.0


class WebhookSettings(DeliverySettings):
    """An incoming webhook of Slack, Mattermost, Rocket.Chat and their like. Who knows its address can post."""

    kind: Literal["webhook"]
    url: SecretRef
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0


def send(settings: WebhookSettings, parcel: Parcel, means: Means) -> Sent:
    """Post the notice once."""
    url = _checked(means.read_secret(settings.url))
    try:
        reply, body = post(url, json=message(parcel), timeout_seconds=settings.timeout_seconds)
    except ProviderError as error:
        raise TryAgainError(str(error)) from None
    if 200 <= reply.status < 300:
        return Sent(target=urlsplit(url).hostname or "")
    said = excerpt(body, [url, urlsplit(url).path], is_cut=False)
    problem = f"the webhook answered HTTP {reply.status}{f': {said}' if said else ''}"
    wait = retry_after_seconds(reply.headers)
    if reply.status in RETRIED and (wait is None or wait <= _LONGEST_WAIT_SECONDS):
        raise TryAgainError(problem, wait)
    raise DeliveryError(f"{problem}; check that its address is whole and that the webhook still exists")


def message(parcel: Parcel) -> dict[str, object]:
    """The body that is posted.

    Names stand in a block of code, where no chat makes links, pictures, mentions or markup of a text; they can't end
    it, and what Slack reads everywhere (`<!channel>`, `<@U…>`, `&`) is escaped as Slack's own documents say.
    """
    text = "\n".join([parcel.notice.entity, *parcel.notice.lines])
    parts = [f"*{_escaped(parcel.notice.headline)}*", f"```\n{_escaped(text.replace('`', chr(39)))}\n```"]
    if parcel.reports_url:
        links = {parcel.notice.language.say("Report"): "monthly-report.html", "PDF": "monthly-report.pdf"}
        parts.append("  ".join(f"<{_escaped(parcel.address(path))}|{name}>" for name, path in links.items()))
    return {"text": "\n".join(parts), "unfurl_links": False, "unfurl_media": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _checked(url: str) -> str:
    """The secret, refused unless it is an address; it is not repeated."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise DeliveryError("the webhook's secret is no address such as https://hooks.example.com/...; give it whole")
    return url


KIND = Kind(settings=WebhookSettings, send=send)
