"""What goes wrong while a command works: said clearly, the right exit code, and nothing lost."""

import errno
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

from tests.commands.conftest import MONTH, Installation, Invoke, command, environment, last_json, shell, tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is ours and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def units(result_json: dict[str, list[dict[str, str]]]) -> dict[tuple[str, str], str]:
    return {(unit["connection"], unit["dataset"]): unit["outcome"] for unit in result_json["units"]}


def test_a_wrong_token_fails_its_connection_only(
    fresh: Installation, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCORE_TOKEN", "wrong-token-of-a-test")
    result = invoke("check --json", folder=fresh.folder)

    told = last_json(result.stdout)["connections"]
    assert result.exit_code == 3
    assert [name for name, problem in told.items() if problem] == ["ocore-main"]
    assert "HTTP 401" in told["ocore-main"]
    assert "README" in told["ocore-main"]
    assert "1 of 5 failed: ocore-main" in result.stderr
    assert "wrong-token-of-a-test" not in result.output
    assert tree(fresh.data) == {}


def test_check_tries_every_credential_of_a_connection(
    fresh: Installation, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S11_SECRET", "wrong-secret-of-a-test")
    result = invoke("check --json", folder=fresh.folder)

    told = last_json(result.stdout)["connections"]
    assert result.exit_code == 3
    assert [name for name, problem in told.items() if problem] == ["syseleven-main"]
    assert f"project {'2' * 32}: " in told["syseleven-main"]


def test_all_connections_failing_exits_1(fresh: Installation, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCORE_TOKEN", "wrong-token-of-a-test")
    result = invoke(f"collect --month {MONTH} --connection ocore-main --json", folder=fresh.folder)

    assert result.exit_code == 1
    assert set(units(last_json(result.stdout)).values()) == {"failed"}
    message = last_json(result.stdout)["units"][0]["message"]
    assert message.startswith(f"ocore-main totals {MONTH}: HTTP 401")
    assert b"wrong-token-of-a-test" not in b"".join(p.read_bytes() for p in fresh.data.rglob("*") if p.is_file())


def test_one_of_five_stopped_publishes_the_rest_as_draft_and_keeps_the_old_unit(
    copy: Installation, invoke: Invoke, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)  # pages have their own tests
    raw = tree(copy.data / "raw" / "ocore-main")
    old = (copy.data / "reports" / MONTH / "r01" / "tables" / "usage.csv").read_text(encoding="utf-8")
    copy.configure(lambda text: _moved(text, "ocore/api", closed_port))
    result = invoke(f"run --month {MONTH} --json", folder=copy.folder)

    told = last_json(result.stdout)
    failed = {unit for unit, outcome in units(told).items() if outcome == "failed"}
    assert result.exit_code == 3, result.stderr
    assert failed == {("ocore-main", "usage"), ("ocore-main", "totals")}
    assert f"ocore-main usage {MONTH}: " in result.stderr
    assert "check base_url and that the provider is up" in result.stderr
    assert (told["status"], told["revision"], told["is_new"]) == ("DRAFT", 2, True)
    assert any("ocore-main" in reason for reason in told["reasons"])
    assert raw.items() <= tree(copy.data / "raw" / "ocore-main").items()
    new = (Path(told["folder"]) / "tables" / "usage.csv").read_text(encoding="utf-8")
    assert [line for line in new.splitlines() if "ocore-main" in line] == [
        line for line in old.splitlines() if "ocore-main" in line
    ]

    again = invoke(f"report --month {MONTH} --json", folder=copy.folder)
    assert again.exit_code == 3  # a draft that is kept lacks as much as one that is made
    assert (last_json(again.stdout)["is_new"], last_json(again.stdout)["status"]) == (False, "DRAFT")
    assert sorted(last_json(again.stdout)["failed"]) == ["ocore-main totals", "ocore-main usage"]
    assert f"ocore-main usage {MONTH}: " in again.stderr


def test_a_draft_only_because_the_month_has_not_ended_exits_0(
    fresh: Installation, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)
    result = invoke("report --month current --json", folder=fresh.folder)

    assert (last_json(result.stdout)["status"], last_json(result.stdout)["failed"]) == ("DRAFT", [])
    whys = last_json(result.stdout)["reasons"]
    assert whys
    assert all(f"  {why}\n" in result.stdout for why in whys)
    assert result.exit_code == 0, result.stderr


def _moved(text: str, path: str, port: int) -> str:
    before, _, after = text.partition(f"/{path}")
    return f"{before.rpartition(':')[0]}:{port}/{path}{after}"


def test_a_full_disk_during_collect_says_so_and_keeps_the_warehouse(copy: Installation) -> None:
    before = tree(copy.data)
    (copy.data / "raw" / "nodeconductor-main").rename(copy.folder / "aside")
    result = shell(copy.folder, "collect", "--month", MONTH, "--connection", "nodeconductor-main", file_bytes=4096)
    (copy.data / "raw" / "nodeconductor-main").rename(copy.folder / "landed")
    (copy.folder / "aside").rename(copy.data / "raw" / "nodeconductor-main")

    assert result.returncode == 1
    assert "MiB left: free at least 1 GiB and run it again" in result.stderr
    assert "Traceback" not in result.stderr
    assert tree(copy.data) == before
    assert not list((copy.folder / "landed").rglob(".tmp-*"))


def test_a_full_disk_during_staging_says_so_and_the_next_run_heals(fresh: Installation, invoke: Invoke) -> None:
    line = f"collect --month {MONTH} --connection ocore-main --json"
    full = shell(fresh.folder, *line.split(), file_bytes=200_000)
    healed = invoke(line, folder=fresh.folder)

    assert full.returncode == 1
    assert "the disk is full: free at least 1 GiB" in full.stderr
    assert "Traceback" not in full.stderr
    assert healed.exit_code == 0, healed.stderr
    assert invoke("rebuild --json", folder=fresh.folder).exit_code == 0


def test_a_full_disk_during_report_leaves_no_revision(
    copy: Installation, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    _change_a_price(copy)
    monkeypatch.setattr("tallybook.pipeline.files.render_xlsx", fail)
    before = tree(copy.data / "reports")
    result = invoke(f"report --month {MONTH}", folder=copy.folder)

    assert result.exit_code == 1
    assert "the disk is full, with " in result.stderr
    assert "MiB left: free at least 1 GiB and run it again; nothing was changed" in result.stderr
    assert tree(copy.data / "reports") == before
    assert copy.revisions() == ["r01"]


def _change_a_price(installation: Installation) -> None:
    prices = installation.folder / "books" / "prices.csv"
    text = prices.read_text(encoding="utf-8")
    assert ",0.0125," in text
    prices.write_text(text.replace(",0.0125,", ",0.0250,"), encoding="utf-8")


def test_a_data_folder_that_cannot_be_made_is_named(fresh: Installation, invoke: Invoke) -> None:
    fresh.data.write_text("a file where a folder should be", encoding="utf-8")
    for line in ("sample", f"coverage --month {MONTH}"):
        result = invoke(line, folder=fresh.folder)

        assert result.exit_code == 1
        assert str(fresh.data) in result.stderr
        assert result.stderr.count("\n") == 1, result.stderr


@pytest.mark.parametrize("damage", ["random", "cut"])
def test_a_damaged_warehouse_says_rebuild_and_rebuild_heals(copy: Installation, invoke: Invoke, damage: str) -> None:
    shutil.rmtree(copy.data / "raw" / "nodeconductor-main")  # the rest is enough, and quicker
    whole = copy.warehouse.read_bytes()
    copy.warehouse.write_bytes(bytes(range(256)) * 64 if damage == "random" else whole[: len(whole) // 3])
    broken = invoke(f"coverage --month {MONTH}", folder=copy.folder)
    rebuilt = invoke("rebuild", folder=copy.folder)
    healed = invoke(f"coverage --month {MONTH}", folder=copy.folder)

    assert broken.exit_code == 1
    assert "run 'tallybook rebuild'" in broken.stderr
    assert rebuilt.exit_code == 0, rebuilt.stderr
    assert healed.exit_code == 0, healed.stderr
    assert "complete" in healed.stdout


def test_a_warehouse_that_tallybook_holds_is_waited_for_and_says_so(fresh: Installation) -> None:
    fresh.data.mkdir()
    lock = filelock.FileLock(fresh.data / "tallybook.lock")
    with lock:
        process = subprocess.Popen(
            command("coverage", "--month", MONTH),
            cwd=fresh.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        readable, _, _ = select.select([process.stderr], [], [], 60)
        waiting = process.stderr.readline() if readable else ""
    _, error = process.communicate(timeout=60)

    assert "waiting for another tallybook process" in waiting
    assert process.returncode == 0, error


def test_a_warehouse_that_another_program_holds_is_not_called_damaged(fresh: Installation, invoke: Invoke) -> None:
    fresh.data.mkdir()
    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [command()[0], "-c", holder, str(fresh.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        result = invoke(f"coverage --month {MONTH}", folder=fresh.folder)
        process.communicate()

    assert result.exit_code == 1
    assert "another program has it open; close it and run this again" in result.stderr
    assert "damaged" not in result.stderr


def test_an_export_that_cannot_be_written_names_the_folder(copy: Installation, invoke: Invoke) -> None:
    result = invoke(f"export ocore/usage --month {MONTH} --output tallybook.toml/usage.json", folder=copy.folder)

    assert result.exit_code == 1
    assert "cannot write to" in result.stderr
    assert "tallybook.toml" in result.stderr


@pytest.mark.parametrize("line", ["documents --json", "documents", "documents --markdown", "--help", "--version"])
def test_a_full_standard_output_is_told_in_one_line(tmp_path: Path, line: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command(*line.split()),
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("tallybook: what was to be printed could not be written (No space")
    assert "Traceback" not in ended.stderr
