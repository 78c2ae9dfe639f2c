"""Webhooks, against a real local app that takes messages as Slack does."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import stamina
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tallybook.pipeline.delivering import Wish, deliver
from tests.delivery.conftest import HOSTILE, NOW, Write, publish, report

PATH = "/services/T0000/B0000/s3cr3t-part-0fThePath"
WEBHOOK = 'name = "chat"\nkind = "webhook"\nurl = { env = "CHAT_URL" }'


@dataclass
class Chat:
    """The chat: what it answers, in turn and then 200, and what was posted."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)


@contextmanager
def serving(chat: Chat) -> Iterator[Chat]:
    async def take(request: Request) -> Response:
        chat.at.append(time.monotonic())
        if chat.answers:
            return chat.answers.pop(0)
        chat.posted.append(json.loads(await request.body()))
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    chat.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}{PATH}"
    try:
        yield chat
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with serving(Chat()) as running:
        monkeypatch.setenv("CHAT_URL", running.url)
        yield running


def test_a_notice_is_posted_with_links(chat: Chat, write: Write) -> None:
    house = write(WEBHOOK, house='reports_url = "https://reports.example.com/cloud/"')
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert (told.outcome, told.message) == ("delivered", "chat: delivered 2026-10 r01 to 127.0.0.1")
    assert chat.posted == [
        {
            "text": "*Cloud costs October 2026: FINAL, r01*\n"
            "```\nExample Works GmbH\nStatus: FINAL, revision 1\n"
            "Total: 1,234.50 EUR, +34.50 EUR (+2.9%) against September 2026\n"
            "Seen: 100.0% of the month\nOpen exceptions: none\n```\n"
            "<https://reports.example.com/cloud/2026-10/r01/monthly-report.html|Report>  "
            "<https://reports.example.com/cloud/2026-10/r01/monthly-report.pdf|PDF>",
            "unfurl_links": False,
            "unfurl_media": False,
        }
    ]


def test_a_german_report_is_told_in_german(chat: Chat, write: Write) -> None:
    house = write(WEBHOOK, house='reports_url = "https://reports.example.com"')
    publish(house.settings.data_dir, report(), language="de")

    deliver(house, "2026-10", clock=lambda: NOW)

    (posted,) = chat.posted
    assert posted["text"].startswith("*Cloud-Kosten Oktober 2026: ENDGÜLTIG, r01*\n")
    assert posted["text"].endswith(
        "<https://reports.example.com/2026-10/r01/monthly-report.html|Bericht>  "
        "<https://reports.example.com/2026-10/r01/monthly-report.pdf|PDF>"
    )


def test_a_chat_that_asks_to_wait_is_waited_for(chat: Chat, write: Write) -> None:
    house = write(WEBHOOK)
    publish(house.settings.data_dir, report())
    chat.answers = [PlainTextResponse("slow down", 429, headers={"Retry-After": "1"})]

    with stamina.set_testing(False):
        (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "delivered"
    assert len(chat.posted) == 1
    assert 1.0 <= chat.at[1] - chat.at[0] < 5


def test_names_can_do_nothing(chat: Chat, write: Write) -> None:
    house = write(WEBHOOK)
    publish(house.settings.data_dir, report(entity=HOSTILE, reasons=[HOSTILE], exceptions=(HOSTILE,)))

    deliver(house, "2026-10", clock=lambda: NOW)

    (posted,) = chat.posted
    before, block, after = posted["text"].split("```")  # opened and closed once: no name ends it
    assert before == "*Cloud costs October 2026: FINAL, r01*\n"
    assert after == ""
    assert not set("<>`\r\x1b\u202e") & set(block)
    assert "&lt;!channel&gt; &lt;@U1&gt;" in block
    assert "&amp;amp;" in block


@pytest.mark.parametrize("status", [400, 404, 500, 302])
def test_a_refusal_is_told_and_not_tried_again(chat: Chat, write: Write, status: int) -> None:
    house = write(WEBHOOK)
    publish(house.settings.data_dir, report())
    chat.answers = [PlainTextResponse(f"no_service at {PATH}", status, headers={"Location": "/elsewhere"})]

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert told.message.startswith(f"chat: the webhook answered HTTP {status}: no_service at ***; check that")
    assert len(chat.at) == 1


def test_no_message_log_or_receipt_has_any_of_the_address(
    chat: Chat, write: Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    house = write(WEBHOOK)
    publish(house.settings.data_dir, report())
    chat.answers = [PlainTextResponse(f"at {chat.url} or {PATH}", 503) for _ in range(3)]
    with caplog.at_level("DEBUG"):
        failed = deliver(house, "2026-10", clock=lambda: NOW)
        done = deliver(house, "2026-10", clock=lambda: NOW)
        monkeypatch.setenv("CHAT_URL", f"http://127.0.0.1:9{PATH}")
        nobody = deliver(house, "2026-10", clock=lambda: NOW, wish=Wish(again=True))

    assert [one.outcome for one in (*failed, *done, *nobody)] == ["failed", "delivered", "failed"]
    kept = "".join(path.read_text() for path in house.settings.data_dir.rglob("*.json"))
    told = "".join(one.message for one in (*failed, *done, *nobody))
    logged = "".join(record.getMessage() for record in caplog.records)
    assert "tried again" in logged
    for text in (kept, told, logged):
        assert "s3cr3t" not in text
        assert "T0000" not in text


@pytest.mark.parametrize(
    "secret", ["hooks.example.com/services/x", "https://", "ftp://h/x", "https://a b/", "https://[/"]
)
def test_a_secret_that_is_no_address_is_told_without_it(
    write: Write, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CHAT_URL", secret)
    house = write(WEBHOOK)
    publish(house.settings.data_dir, report())

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "is no address" in told.message
    assert secret not in told.message
