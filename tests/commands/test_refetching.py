"""`collect --month current` in the first days of a month."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands.conftest import Installation, Invoke, last_json

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]
LINE = "collect --connection ocore-main --dataset usage --json --month"


@pytest.fixture(autouse=True)
def _second_of_november(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("options", "collecting"):
        monkeypatch.setattr(f"tallybook.commands.{module}.clock", lambda: datetime(2026, 11, 2, 6, tzinfo=UTC))


def forget_fetches(data_dir: Path) -> None:
    """What was fetched by the real clock, after this module's time, would not be replaced by it."""
    shutil.rmtree(data_dir / "raw" / "ocore-main")
    (data_dir / "tallybook.duckdb").unlink()


def periods(output: str) -> list[str]:
    return [unit["period"] for unit in last_json(output)["units"]]


def test_the_month_before_is_collected_again_and_its_report_is_offered(copy: Installation, invoke: Invoke) -> None:
    forget_fetches(copy.folder / "var")

    result = invoke(f"{LINE} current", folder=copy.folder)

    assert result.exit_code == 0, result.output
    assert periods(result.stdout) == ["2026-11", "2026-10"]
    assert "2026-10 was published before: 'tallybook report --month 2026-10' publishes what changed" in result.stdout


def test_a_named_month_is_collected_alone(copy: Installation, invoke: Invoke) -> None:
    assert periods(invoke(f"{LINE} 2026-11", folder=copy.folder).stdout) == ["2026-11"]


def test_no_days_turn_it_off(copy: Installation, invoke: Invoke) -> None:
    copy.configure(lambda text: text.replace("[tallybook]\n", "[tallybook]\nrefetch_days = 0\n"))

    assert periods(invoke(f"{LINE} current", folder=copy.folder).stdout) == ["2026-11"]
