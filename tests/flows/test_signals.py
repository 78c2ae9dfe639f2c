"""What has to be heard is a Prefect event, and the automations that `tallybook automations` sets up tell somebody."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Drive, flow_environment
from tests.flows.servers import ask, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
EXPECTED = {
    "tallybook: report failed",
    "tallybook: report late",
    "tallybook: coverage low",
    "tallybook: tie-out failed",
    "tallybook: delivery failed",
    "tallybook: run did not start",
    "tallybook: end runs that died",
}


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[str]]]:
    """An address that takes notifications, and what it took."""
    taken: list[str] = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Inbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", taken
        server.shutdown()


def notification_block(server: dict[str, str], name: str, url: str) -> None:
    kinds = ask(server, "block_types/filter", {"block_types": {"slug": {"any_": ["custom-webhook"]}}})
    schemas = ask(server, "block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kinds[0]["id"]]}}})
    data = {"name": name, "url": url, "method": "POST", "json_data": {"text": "{{subject}}: {{body}}"}}
    wanted = {"block_type_id": kinds[0]["id"], "block_schema_id": schemas[0]["id"], "data": data}
    ask(server, "block_documents/", {"name": name, **wanted})


def set_up(server: dict[str, str], folder: Path, block: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tallybook", "automations", "--notify", block]
    return subprocess.run(command, env=flow_environment(server, folder), capture_output=True, text=True, check=False)


def events(server: dict[str, str], name: str) -> list[dict[str, Any]]:
    wanted = {"filter": {"event": {"name": [name]}}, "limit": 20}
    found: list[dict[str, Any]] = ask(server, "events/filter", wanted)["events"]
    return found


def said(server: dict[str, str], name: str, text: str) -> bool:
    return any(text in one["payload"]["message"] for one in events(server, name))


def test_what_goes_wrong_is_told_to_somebody(
    server: dict[str, str], installation: Path, drive: Drive, inbox: tuple[str, list[str]]
) -> None:
    url, taken = inbox
    unknown = set_up(server, installation, "custom-webhook/finance")
    notification_block(server, "finance", url)
    first, again = (set_up(server, installation, "custom-webhook/finance") for _ in range(2))

    assert unknown.returncode == 1
    assert "there is no notification block 'custom-webhook/finance'" in unknown.stderr
    assert set(first.stdout.splitlines()) == EXPECTED, first.stderr
    assert again.stdout == first.stdout
    assert {one["name"] for one in ask(server, "automations/filter")} == EXPECTED

    calls: list[dict[str, object]] = [
        {"flow": "flows/collect.py:collect", "parameters": {"month": "2026-11"}},  # late: October was never reported
        {"flow": "flows/monthly_report.py:monthly_report", "parameters": {"month": "2026-10"}},  # hardly sampled
        {"flow": "flows/monthly_report.py:monthly_report", "parameters": {"month": "2026-10", "final": True}},
    ]
    placed = [{**call, "folder": str(installation)} for call in calls]
    states = drive("do", now="2026-11-03T02:30:00+00:00", calls=placed)

    assert [state[0] for state in states] == ["COMPLETED", "COMPLETED", "FAILED"]
    for name, text in {
        "tallybook.report.late": "2026-10 ended on 2026-11-01 and has no report yet",
        "tallybook.coverage.low": "2026-10: seen less than 99 %: openscaler-main",
        "tallybook.report.failed": "report 2026-10: Refused: 2026-10 is not closed without a reason",
    }.items():
        until(lambda name=name, text=text: said(server, name, text), why=lambda name=name: events(server, name))  # type: ignore[misc]
        until(lambda text=text: any(text in body for body in taken), why=lambda: taken)  # type: ignore[misc]
    assert all("Tallybook: " in json.loads(body)["text"] for body in taken)


def test_totals_that_do_not_tie_out_are_an_event(server: dict[str, str], installation: Path, drive: Drive) -> None:
    drive("tie_out", folder=str(installation), difference="0.01")
    (event,) = until(lambda: events(server, "tallybook.tie-out.failed"))

    assert event["payload"]["message"] == "2026-10: the totals do not tie out: EUR by 0.01"
    assert event["resource"]["prefect.resource.id"] == "tallybook.report.2026-10"
