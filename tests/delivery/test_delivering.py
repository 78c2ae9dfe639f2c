"""Delivering a month: once, by whom it is for, with a receipt; what fails holds up nothing."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tallybook.delivery.receipts import Receipts
from tallybook.errors import ConfigurationError, UsageError
from tallybook.pipeline.delivering import Delivery, Wish, deliver, deliver_published, failures
from tallybook.pipeline.house import House
from tests.delivery.conftest import NOW, Write, publish, report

SHARE = 'name = "share"\nkind = "folder"\nurl = "share"'
BROKEN = 'name = "broken"\nkind = "folder"\nurl = "nosuch://x"'


def outcomes(deliveries: list[Delivery]) -> dict[str, str]:
    return {one.delivery: one.outcome for one in deliveries}


def go(house: House, **wish: Any) -> dict[str, str]:
    return outcomes(deliver(house, "2026-10", clock=lambda: NOW, wish=Wish(**wish)))


def receipts(house: House) -> list[str]:
    folder = house.settings.data_dir / "deliveries"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json"))


def test_a_revision_is_delivered_once_and_again_when_asked(write: Write) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report())

    assert [go(house), go(house)] == [{"share": "delivered"}, {"share": "delivered before"}]
    assert receipts(house) == ["2026-10/r01/share.json"]
    assert go(house, again=True) == {"share": "delivered"}
    assert receipts(house) == ["2026-10/r01/share.2.json", "2026-10/r01/share.json"]
    assert go(house) == {"share": "delivered before"}


def test_a_receipt_says_what_when_and_where_to(write: Write) -> None:
    house = write(SHARE + '\nfiles = ["*.pdf"]')
    folder = publish(house.settings.data_dir, report())

    go(house, run_id="run-1")

    receipt = json.loads((house.settings.data_dir / "deliveries/2026-10/r01/share.json").read_text())
    (pdf, manifest) = receipt.pop("files")
    assert pdf["path"] == "monthly-report.pdf"
    assert manifest == {
        "path": "manifest.json",
        "sha256": receipt.pop("manifest_sha256"),
        "size_bytes": (folder / "manifest.json").stat().st_size,
    }
    assert receipt == {
        "delivery": "share",
        "kind": "folder",
        "billing_period": "2026-10",
        "revision": 1,
        "status": "FINAL",
        "copy": 1,
        "delivered_at": "2026-11-02T06:00:00Z",
        "target": "share/2026-10/r01",
        "reference": "",
        "refused": [],
        "run_id": "run-1",
    }


def test_a_new_revision_is_delivered_and_so_is_another_of_the_same_number(write: Write) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report())
    go(house)
    publish(house.settings.data_dir, report(revision=2))
    assert go(house) == {"share": "delivered"}

    publish(house.settings.data_dir, report(revision=2), pdf=b"%PDF of a restored month")
    assert go(house) == {"share": "delivered"}


def test_a_test_blocks_no_delivery_and_asks_for_no_status(write: Write) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report(status="DRAFT"))

    assert go(house, is_test=True) == {"share": "tested"}
    assert receipts(house) == []
    assert go(house) == {"share": "not for it"}


@pytest.mark.parametrize(
    ("keys", "status", "outcome"),
    [
        ("", "DRAFT", "not for it"),
        ("", "PROVISIONAL", "delivered"),
        ("", "RESTATED", "delivered"),
        ('statuses = ["FINAL"]', "PROVISIONAL", "not for it"),
        ('statuses = ["DRAFT"]', "DRAFT", "delivered"),
        ('first_month = "2026-10"', "FINAL", "delivered"),
        ('first_month = "2026-11"', "FINAL", "not for it"),
    ],
)
def test_a_delivery_is_for_the_statuses_and_months_that_it_names(
    write: Write, keys: str, status: str, outcome: str
) -> None:
    house = write(f"{SHARE}\n{keys}")
    publish(house.settings.data_dir, report(status=status))

    assert go(house) == {"share": outcome}


def test_one_that_fails_holds_up_no_other_and_is_made_up_for(write: Write) -> None:
    house = write(BROKEN, SHARE)
    publish(house.settings.data_dir, report())

    done = deliver(house, "2026-10", clock=lambda: NOW)

    assert outcomes(done) == {"broken": "failed", "share": "delivered"}
    assert failures(done) == ["delivery broken"]
    assert go(write(BROKEN.replace("nosuch://x", "mended"), SHARE)) == {
        "broken": "delivered",
        "share": "delivered before",
    }


def test_only_the_named_ones_deliver(write: Write) -> None:
    house = write(BROKEN, SHARE)
    publish(house.settings.data_dir, report())

    assert outcomes(deliver(house, "2026-10", clock=lambda: NOW, names=["share"])) == {"share": "delivered"}
    with pytest.raises(ConfigurationError, match=r"no delivery 'finanze' in .*; known: broken, share"):
        deliver(house, "2026-10", clock=lambda: NOW, names=["finanze"])


def test_without_a_report_or_a_delivery_there_is_nothing_to_do(write: Write) -> None:
    with pytest.raises(UsageError, match=r"2026-10 has no published report: run 'tallybook report"):
        go(write(SHARE))
    with pytest.raises(UsageError, match=r"has no \[\[deliveries\]\]: add one"):
        go(write())

    assert deliver_published(write(), "2026-10", clock=lambda: NOW) == []


@pytest.mark.parametrize("broken", ["monthly-report.json", "manifest.json"])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"header": [], "files": [{}], "status": "FINAL"}', b"\xff"])
def test_a_revision_that_cannot_be_read_fails_no_command(write: Write, broken: str, body: bytes) -> None:
    house = write(SHARE)
    folder = publish(house.settings.data_dir, report())
    (folder / broken).write_bytes(body)

    (told,) = deliver_published(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "restore it from the backup" in told.message


@pytest.mark.parametrize("totals", [None, ["EUR"], [{"billing_currency": 1}], "EUR"])
def test_a_report_with_totals_that_are_none_fails_no_command(write: Write, totals: object) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, {**report(), "totals": totals})

    (told,) = deliver_published(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "is no whole revision" in told.message


def test_what_cannot_be_noted_says_that_it_will_come_twice(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    (told,) = deliver(house, "2026-10", clock=lambda: NOW)
    monkeypatch.undo()

    assert told.outcome == "failed"
    assert "was delivered, but without a receipt it will be once more: cannot write to" in told.message
    assert receipts(house) == []
    assert list((house.settings.data_dir / "deliveries").rglob(".tmp-*")) == []


def test_a_process_that_is_killed_before_the_receipt_delivers_again(write: Write, tmp_path: Path) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report())
    if (child := os.fork()) == 0:
        Receipts.write = lambda *_, **__: os._exit(9)  # type: ignore[method-assign]
        go(house)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert (tmp_path / "share/2026-10/r01/manifest.json").is_file()
    assert go(house) == {"share": "delivered"}


def test_two_at_a_time_deliver_once(write: Write) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report())
    done: list[dict[str, str]] = []
    threads = [threading.Thread(target=lambda: done.append(go(house))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one["share"] for one in done) == ["delivered", *["delivered before"] * 3]
    assert receipts(house) == ["2026-10/r01/share.json"]


def test_a_receipt_that_cannot_be_read_is_not_taken_for_none(write: Write) -> None:
    house = write(SHARE)
    publish(house.settings.data_dir, report())
    go(house)
    (house.settings.data_dir / "deliveries/2026-10/r01/share.json").write_text("{")

    (told,) = deliver(house, "2026-10", clock=lambda: NOW)

    assert told.outcome == "failed"
    assert "cannot be read" in told.message
