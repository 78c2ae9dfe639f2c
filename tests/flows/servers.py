"""Real servers for the tests of flows: PostgreSQL from Debian's packages, and Prefect on it."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tallybook.resources import root

# as an installation runs it: telemetry off, the UI that asks nobody, old runs removed
_INSTALLED = dict(line.split("=", 1) for line in (root() / "deploy" / "environment").read_text().splitlines())
QUIET = {
    **{name: value for name, value in _INSTALLED.items() if name.startswith("PREFECT_SERVER_")},
    "DO_NOT_TRACK": _INSTALLED["DO_NOT_TRACK"],
    "PREFECT_CLI_COLORS": "false",
}
# A test's cluster does not outlive the machine, and plans of a few rows are not worth compiling.
_QUICK = " ".join(f"-c {name}=off" for name in ("fsync", "full_page_writes", "jit"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def inherited() -> dict[str, str]:
    """This process's environment without anything of the machine's own Prefect or Tallybook."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALLYBOOK_"))}


def until(is_so: Callable[[], object], *, why: Callable[[], object] = lambda: "", seconds: float = 240) -> Any:
    """The first true answer; a failure that tells `why` when there is none in time."""
    end = time.monotonic() + seconds
    while not (answer := is_so()):
        assert time.monotonic() < end, why()
        time.sleep(0.2)
    return answer


@contextmanager
def postgresql() -> Iterator[str]:
    """A cluster of its own on a free port; answers the address that Prefect takes."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folder, port = Path(tempfile.mkdtemp(prefix="tallybook-postgresql-")), free_port()
    user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to be root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data, log = folder / "data", folder / "log"
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} {_QUICK}"

    def run(*command: str) -> None:
        done = subprocess.run([*user, *command], capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        run(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "prefect", "-E", "UTF8", "--no-sync")
        control = str(binaries / "pg_ctl")
        with log.open("wb"):
            pass
        if user:
            os.chown(log, account.pw_uid, account.pw_gid)
        run(control, "-D", str(data), "-l", str(log), "-w", "-o", options, "start")
        try:
            run(str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "prefect")
            yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/prefect"
        finally:
            run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def prefect_server(home: Path, **settings: str) -> Iterator[dict[str, str]]:
    """A Prefect server as long as the block runs; answers the environment of what talks to it."""
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    environment = {
        **inherited(),
        **QUIET,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_UI_API_URL": api,
        "TALLYBOOK_HOME": str(root()),
        **settings,
    }
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def is_up() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        try:
            with urlopen(f"{api}/health", timeout=2):
                return True
        except (URLError, OSError):
            return False

    try:
        until(is_up, why=lambda: log.read_text(encoding="utf-8")[-2000:])
        yield environment
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def prefect(environment: Mapping[str, str], *arguments: str) -> str:
    """What a command of Prefect's prints; it succeeds."""
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        env=dict(environment),
        cwd=root(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def ask(environment: Mapping[str, str], path: str, body: Mapping[str, Any] | None = None) -> Any:
    """What the server's API answers to a POST."""
    request = Request(f"{environment['PREFECT_API_URL']}/{path}", json.dumps(body or {}).encode(), method="POST")
    request.add_header("Content-Type", "application/json")
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def new_database(environment: Mapping[str, str], name: str) -> str:
    """One more database in the server's PostgreSQL, as libpq takes it."""
    address = urlsplit(environment["PREFECT_API_DATABASE_CONNECTION_URL"])
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    where = ["-h", str(address.hostname), "-p", str(address.port), "-U", str(address.username)]
    subprocess.run([str(binaries / "createdb"), *where, name], check=True, capture_output=True)
    return f"host={address.hostname} port={address.port} dbname={name} user={address.username}"


def dumped(environment: Mapping[str, str]) -> str:
    """Everything that a server on PostgreSQL keeps, as text."""
    url = environment["PREFECT_API_DATABASE_CONNECTION_URL"].replace("+asyncpg", "")
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return subprocess.run([str(binaries / "pg_dump"), url], capture_output=True, text=True, check=True).stdout


@contextmanager
def background(environment: Mapping[str, str], log: Path, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process as long as the block runs."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=dict(environment), cwd=root(), stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
