"""The flow delivers what it published; a delivery that fails changes no report, and is an event."""

from pathlib import Path

import pytest

from tallybook.sandbox.server import Running
from tests.flows.conftest import Drive, configured
from tests.flows.servers import ask, dumped, until
from tests.flows.test_secrets import NOW, REPORT, block, files_with
from tests.flows.test_signals import events
from tests.support.web import Said, serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
PATH = "/services/T0000/s3cr3t-of-the-chat"
DELIVERIES = """
[[deliveries]]
name = "chat"
kind = "webhook"
url = { prefect = "chat-url" }
statuses = ["DRAFT", "PROVISIONAL"]

[[deliveries]]
name = "broken"
kind = "folder"
url = "nosuch://place"
statuses = ["DRAFT", "PROVISIONAL"]
"""


def test_a_report_is_delivered_and_a_failure_is_told(
    server: dict[str, str], box: Running, tmp_path: Path, drive: Drive
) -> None:
    config = configured(tmp_path, box.url) / "tallybook.toml"
    config.write_text(config.read_text(encoding="utf-8") + DELIVERIES, encoding="utf-8")
    with serving([Said(503), Said()]) as web:
        block(server, "chat-url", web.url + PATH)
        first, second = drive("do", now=NOW, calls=[{**REPORT, "folder": str(tmp_path)}] * 2)

    assert [first[0], second[0]] == ["COMPLETED", "COMPLETED"]
    assert first[2].startswith("failed: delivery broken; 2026-10: published r01")
    assert second[2].startswith("failed: delivery broken; 2026-10: nothing changed: kept r01")
    assert web.paths == [PATH, PATH]  # busy once, then delivered; the second run delivers it no more
    receipts = tmp_path / "var" / "deliveries" / "2026-10" / "r01"
    assert [path.name for path in receipts.glob("*.json")] == ["chat.json"]
    (run_id,) = [
        one["id"] for one in ask(server, "flow_runs/filter") if one["id"] in (receipts / "chat.json").read_text()
    ]
    assert run_id
    told = until(lambda: events(server, "tallybook.delivery.failed"))
    assert "2026-10 is published and was not delivered: broken: " in told[0]["payload"]["message"]
    for text in (dumped(server), *(path.read_text(errors="replace") for path in tmp_path.rglob("*.json"))):
        assert "s3cr3t-of-the-chat" not in text
    assert files_with(Path(server["PREFECT_HOME"]), "s3cr3t-of-the-chat") == []
