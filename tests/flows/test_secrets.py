"""Secrets of connections, from Prefect blocks too, are in no parameter, log, artifact, result, file or database."""

import os
import subprocess
from pathlib import Path

import pytest

from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.server import Running
from tests.flows.conftest import Drive, configured
from tests.flows.servers import ask, dumped

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
NOW = "2026-11-03T00:00:00+00:00"
REPORT = {"flow": "flows/monthly_report.py:monthly_report", "parameters": {"month": "2026-10"}}
WRONG = "ocore_k_0123456789_of_somebody_else"


def block(server: dict[str, str], name: str, secret: str) -> None:
    """A Secret block, made as the UI makes one."""
    kinds = ask(server, "block_types/filter", {"block_types": {"slug": {"any_": ["secret"]}}})
    schemas = ask(server, "block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kinds[0]["id"]]}}})
    wanted = {"block_type_id": kinds[0]["id"], "block_schema_id": schemas[0]["id"], "data": {"value": secret}}
    ask(server, "block_documents/", {"name": name, **wanted})


def files_with(folder: Path, secret: str) -> list[str]:
    found = subprocess.run(["grep", "-rlaF", "--", secret, str(folder)], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()


def with_block(folder: Path, url: str, name: str) -> dict[str, object]:
    """A report of an installation whose token of ocore lies in a block."""
    config = configured(folder, url) / "tallybook.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('{ env = "OCORE_TOKEN" }', f'{{ prefect = "{name}" }}'), encoding="utf-8")
    return {**REPORT, "folder": str(folder)}


def test_secrets_of_blocks_work_and_are_nowhere(
    server: dict[str, str], box: Running, tmp_path: Path, drive: Drive
) -> None:
    block(server, "ocore-token", SECRETS["OCORE_TOKEN"])
    block(server, "wrong-token", WRONG)
    names = ("no-token", "ocore-token", "wrong-token")
    calls = [with_block(tmp_path / name, box.url, name) for name in names]
    missing, ended, refused = drive("do", now=NOW, calls=calls)

    assert missing[:2] == ["FAILED", "Refused"]
    assert "there is no Prefect block secret/no-token" in missing[2]
    assert ended[0] == "COMPLETED"
    assert "failed" not in ended[2]
    assert refused[2].startswith("failed: ocore-main")
    database = dumped(server)
    assert "ocore-token" in database  # it is the right database
    for secret in (*SECRETS.values(), WRONG):
        assert secret not in database
        assert files_with(Path(server["PREFECT_HOME"]), secret) == []
        assert files_with(tmp_path, secret) == []
    assert os.environ.get("OCORE_TOKEN") is None
