"""`tallybook library` as a process: what it prints, whom it lets in, and how it stops."""

import signal
import socket
import stat
from pathlib import Path

import pytest

from tests.commands.conftest import Invoke
from tests.support.library import serving

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tallybook.toml").touch()
    reports = tmp_path / "var" / "reports"
    reports.mkdir(parents=True)
    (reports / "index.html").write_text("the library", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_its_token_is_made_once_told_once_and_kept_for_its_user_alone(
    folder: Path, stop: signal.Signals, code: int
) -> None:
    path = folder / "var" / "library-token"
    with serving(folder) as first:
        token = path.read_text(encoding="utf-8").strip()
        assert first.lines == [
            f"the library is at http://127.0.0.1:{first.port}; stop it with Ctrl-C\n",
            f"sign in with the token {token}\n",
            f"it is told once, and kept in {path}\n",
        ]
        assert len(token) >= 43
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert first.get("/", token) == (200, b"the library")
        assert first.get("/", "wrong")[0] == 401
        for way_out in ("/../library-token", "/%2e%2e/library-token", "/2026-10/../../library-token"):
            assert first.get(way_out, token)[0] == 404
        first.process.send_signal(stop)
        _, error = first.process.communicate(timeout=30)
    with serving(folder) as second:
        assert second.lines[1:] == [f"sign in with the token in {path}\n"]
        assert second.get("/", token)[0] == 200

    assert first.process.returncode == code
    assert "Traceback" not in error
    assert token not in error
    assert ("no longer served" in error) == (stop is signal.SIGINT)


def test_a_token_of_the_configuration_is_read_where_it_lies_and_not_told(folder: Path) -> None:
    (folder / "tallybook.toml").write_text('[tallybook]\nlibrary_token = { env = "LIBRARY_TOKEN" }\n', encoding="utf-8")
    with serving(folder, LIBRARY_TOKEN="of-the-secret-store-1") as library:
        assert library.lines[1:] == ["sign in with the token of library_token\n"]
        assert library.get("/", "of-the-secret-store-1")[0] == 200

    assert not (folder / "var" / "library-token").exists()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('"literal"', "a secret is never written into the file"),
        ('{ env = "NOT_SET_ANYWHERE" }', "environment variable NOT_SET_ANYWHERE is not set"),
        ('{ file = "short" }', "fewer than 16 characters; make one with: openssl rand -hex 32"),
    ],
)
def test_a_token_that_cannot_be_is_refused(invoke: Invoke, folder: Path, setting: str, expected: str) -> None:
    (folder / "short").write_text("123456789012345\n", encoding="utf-8")
    (folder / "tallybook.toml").write_text(f"[tallybook]\nlibrary_token = {setting}\n", encoding="utf-8")
    result = invoke("library --port 0", folder=folder)

    assert result.exit_code == 2
    assert expected in result.stderr


def test_a_token_file_that_was_emptied_is_refused(invoke: Invoke, folder: Path) -> None:
    (folder / "var" / "library-token").touch()

    assert invoke("library --port 0", folder=folder).exit_code == 2


def test_a_taken_port_exits_2_and_says_what_to_do(invoke: Invoke, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = invoke(f"library --port {port}", folder=folder)

    assert result.exit_code == 2
    assert f"127.0.0.1 port {port} cannot be served" in result.stderr
    assert "give another --port, or 0" in result.stderr


def test_a_host_that_is_no_address_of_this_machine_is_refused(invoke: Invoke, folder: Path) -> None:
    result = invoke("library --port 0 --host 192.0.2.1", folder=folder)

    assert result.exit_code == 2
    assert "192.0.2.1 port 0 cannot be served" in result.stderr
