import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tallybook.contract import Request
from tallybook.errors import ProviderError, StorageError
from tallybook.landing import RawFile, RawStore, Receipt, as_raw_file, as_request, building, writing

UNIT = ("main", "usage", "2026-10")
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
BODY = b'{"items": []}'


@pytest.fixture
def store(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw")


def raw_file(sha256: str = "0" * 64, **changes: Any) -> RawFile:
    request = Request("usage", "/usage", **changes)
    return as_raw_file(request, status=200, sha256=sha256, size_bytes=1, captured_at=NOON)


def receipt(*files: RawFile, fetched_at: datetime = NOON, error: str = "", connection: str = "main") -> Receipt:
    return Receipt("provider", connection, "usage", "history", "2026-10", fetched_at, files, error)


def left_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# Bodies


def test_a_body_is_named_by_the_hash_of_its_content(store: RawStore, tmp_path: Path) -> None:
    sha256, size = store.land(*UNIT, [BODY[:5], b"", BODY[5:]])

    assert sha256 == hashlib.sha256(BODY).hexdigest()
    assert size == len(BODY)
    assert left_in(tmp_path) == [f"raw/main/usage/2026-10/{sha256}.zst"]


@given(chunks=st.lists(st.binary(max_size=2000), max_size=5))
def test_any_body_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    store = RawStore(tmp_path_factory.getbasetemp() / "round-trip")

    sha256, size = store.land(*UNIT, chunks)

    assert store.read_body(*UNIT, sha256, size_bytes=size) == b"".join(chunks)
    assert size == sum(map(len, chunks))


def test_an_empty_body_is_a_body(store: RawStore) -> None:
    sha256, size = store.land(*UNIT, [])

    assert store.read_body(*UNIT, sha256, size_bytes=size) == b""
    assert size == 0


def test_a_large_body_is_compressed(store: RawStore, tmp_path: Path) -> None:
    sha256, size = store.land(*UNIT, (b'{"a": 1}' * 1000 for _ in range(500)))

    assert size == 4_000_000
    assert (tmp_path / "raw" / "main" / "usage" / "2026-10" / f"{sha256}.zst").stat().st_size < 10_000
    assert len(store.read_body(*UNIT, sha256, size_bytes=size)) == size


def test_the_same_body_twice_is_one_file(store: RawStore, tmp_path: Path) -> None:
    store.land(*UNIT, [BODY])
    store.land(*UNIT, [BODY])

    assert len(left_in(tmp_path)) == 1


@pytest.mark.parametrize("failure", [ProviderError("cut"), KeyboardInterrupt(), OSError(5, "Input/output error")])
def test_nothing_is_left_of_a_stream_that_fails(store: RawStore, tmp_path: Path, failure: BaseException) -> None:
    def failing() -> Iterator[bytes]:
        yield os.urandom(300_000)
        raise failure

    with pytest.raises((ProviderError, KeyboardInterrupt, StorageError)):
        store.land(*UNIT, failing())

    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:-8]), "was changed|cannot be read"),
        (lambda path: path.write_bytes(b""), "was changed|cannot be read"),
        (lambda path: path.write_bytes(b"not zstd"), "cannot be read"),
        (lambda path: path.write_bytes(zstandard.compress(b'{"items": [1]}')), "was changed: its hash differs"),
    ],
    ids=["missing", "truncated", "empty", "overwritten", "other content"],
)
def test_a_damaged_raw_file_is_noticed(store: RawStore, tmp_path: Path, damage: Any, said: str) -> None:
    sha256, _ = store.land(*UNIT, [BODY])
    damage(next((tmp_path / "raw").rglob("*.zst")))

    with pytest.raises(StorageError, match=f"({said}).*restore it from the backup"):
        store.read(receipt(raw_file(sha256)), raw_file(sha256))


# A full disk: the kernel refuses to let any file of the process grow beyond a limit, as root too.

_FULL = """
import os, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from tallybook.errors import StorageError
from tallybook.landing import RawStore, Receipt, building
store = RawStore(Path(sys.argv[1]))
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
def land():
    store.land("main", "usage", "2026-10", (os.urandom(100_000) for _ in range(30)))
def receive():
    store.write_receipt(Receipt("p", "main", "usage", "history", "2026-10", datetime.now(UTC), (), "x" * 5000))
def report():
    with building(Path(sys.argv[1]) / "r01") as folder:
        (folder / "a.txt").write_text("small")
        (folder / "b.txt").write_text("x" * 5000)
try:
    {"land": land, "receive": receive, "report": report}[sys.argv[2]]()
except StorageError as error:
    print(error)
"""


@pytest.mark.parametrize(("what", "limit"), [("land", 1_000_000), ("land", 0), ("receive", 100), ("report", 1000)])
def test_a_full_disk_is_told_with_advice_and_leaves_nothing(tmp_path: Path, what: str, limit: int) -> None:
    (tmp_path / "kept").write_text("kept", encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path), what, str(limit)], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert f"cannot write to {tmp_path}" in done.stdout
    assert "the disk is full, with " in done.stdout
    assert "MiB left: free at least 1 GiB and run it again; nothing was changed" in done.stdout
    assert left_in(tmp_path) == ["kept"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file where a folder should be", encoding="utf-8")

    with pytest.raises(StorageError, match="check that the folder exists and may be written"):
        RawStore(tmp_path / "raw").land(*UNIT, [BODY])


# Receipts


def test_a_receipt_comes_back_as_it_was(store: RawStore) -> None:
    question = {"params": (("a", "1"), ("a", "2")), "method": "POST", "json": {"b": [1, "ü"]}, "asked": {"c": "d"}}
    written = receipt(raw_file(credential="p1", **question), error="broken\nline")

    store.write_receipt(written)
    (name,) = store.receipts()

    assert name == written.id
    assert store.receipt(name) == written
    asked = as_request(store.receipt(name).files[0])
    assert asked == Request("usage", "/usage", credential="p1", **question)


def test_two_fetches_at_one_instant_have_receipts_of_their_own(store: RawStore) -> None:
    several = [receipt(raw_file("a" * 64)), receipt(raw_file("b" * 64)), receipt(error="one"), receipt(error="two")]

    for each in [*several, receipt()]:
        store.write_receipt(each)

    assert len(set(store.receipts())) == 5


def test_receipts_come_by_unit_and_time(store: RawStore) -> None:
    times = [NOON + timedelta(microseconds=step) for step in (1, 0, 1_000_000, -1)]
    for connection in ("b", "a"):
        for moment in times:
            store.write_receipt(receipt(connection=connection, fetched_at=moment))

    read = [store.receipt(name) for name in store.receipts()]
    assert [(each.connection, each.fetched_at) for each in read] == [
        (connection, moment) for connection in ("a", "b") for moment in sorted(times)
    ]


def test_the_id_of_a_receipt_is_in_utc(store: RawStore) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=9)))

    assert receipt(fetched_at=there).id == receipt(fetched_at=NOON).id


def test_the_same_questions_and_answers_have_the_same_inputs_in_any_order() -> None:
    one, other = raw_file("a" * 64), raw_file("b" * 64, params=(("page", "2"),))

    assert receipt(one, other).inputs_sha256 == receipt(other, one, fetched_at=NOON + timedelta(1)).inputs_sha256
    assert receipt(one).inputs_sha256 != receipt(other).inputs_sha256
    assert receipt(one).inputs_sha256 != receipt(one, one).inputs_sha256
    assert receipt(one).inputs_sha256 != receipt(raw_file("a" * 64, credential="p2")).inputs_sha256


@pytest.mark.parametrize("damage", [b"", b"{", b'{"provider": 7}', b"\xff"])
def test_a_damaged_receipt_is_named(store: RawStore, tmp_path: Path, damage: bytes) -> None:
    store.write_receipt(receipt())
    (name,) = store.receipts()
    (tmp_path / "raw" / f"{name}.receipt.json").write_bytes(damage)

    with pytest.raises(StorageError, match=f"{name}.*cannot be read.*restore it from the backup"):
        store.receipt(name)


def test_a_half_written_receipt_is_no_receipt(store: RawStore, tmp_path: Path) -> None:
    folder = tmp_path / "raw" / "main" / "usage" / "2026-10"
    folder.mkdir(parents=True)
    (folder / ".tmp-abc").write_bytes(b"{")

    assert list(store.receipts()) == []


def test_a_store_without_a_folder_has_no_receipts(store: RawStore) -> None:
    assert list(store.receipts()) == []


# Writing and building


def write_and_stop(path: Path) -> None:
    path.write_text("half", encoding="utf-8")
    raise ValueError("stop")


def test_a_file_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), writing(tmp_path) as temporary:
        write_and_stop(temporary)

    assert left_in(tmp_path) == []


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), building(tmp_path / "r01") as folder:
        write_and_stop(folder / "half")
    assert list(tmp_path.iterdir()) == []

    with building(tmp_path / "r01") as folder:
        (folder / "whole").write_text("whole", encoding="utf-8")
        assert not (tmp_path / "r01").exists()
    assert left_in(tmp_path) == ["r01/whole"]


def test_a_folder_never_takes_the_place_of_another(tmp_path: Path) -> None:
    with building(tmp_path / "r01") as folder:
        (folder / "first").write_text("first", encoding="utf-8")

    with pytest.raises(StorageError, match="cannot write to"), building(tmp_path / "r01") as folder:
        (folder / "second").write_text("second", encoding="utf-8")

    assert left_in(tmp_path) == ["r01/first"]


def test_what_a_killed_process_left_half_written_is_removed_after_a_day(tmp_path: Path) -> None:
    folder = tmp_path / receipt().id.rpartition("/")[0]
    folder.mkdir(parents=True)
    old, fresh = folder / ".tmp-old", folder / ".tmp-fresh"
    for path in (old, fresh):
        path.write_bytes(b"half an answer")
    os.utime(old, (0, 0))
    RawStore(tmp_path).write_receipt(receipt())

    assert [path.name for path in folder.glob(".tmp-*")] == [".tmp-fresh"]
