#!/usr/bin/env python3
"""Stands for the commands of docs/operations.md that change a whole machine; the test puts it before them in PATH.

`systemctl` starts and stops what the unit files say, as processes of this user; `runuser` changes PostgreSQL's user
only; `install` goes without users, and what installs packages, users and software does nothing.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

UNITS = Path(os.environ["MACHINE_UNITS"])


def systemctl(action: str, *names: str) -> int:
    for name in (name for name in names if not name.startswith("-")):
        if action in ("stop", "restart"):
            stop(name)
        if action in ("start", "restart", "enable"):
            start(name)
    return 0


def start(name: str) -> None:
    unit = [line.partition("=") for line in (UNITS / f"{name}.service").read_text().splitlines()]
    environment, command = dict(os.environ), ""
    for key, _, value in unit:
        if key == "EnvironmentFile" and (not value.startswith("-") or Path(value[1:]).exists()):
            lines = Path(value.removeprefix("-")).read_text().splitlines()
            environment |= dict(line.split("=", 1) for line in lines if line)
        if key == "ExecStart":
            command = value
    log = (UNITS / f"{name}.log").open("ab")
    process = subprocess.Popen(shlex.split(command), env=environment, stdout=log, stderr=log, start_new_session=True)
    (UNITS / f"{name}.pid").write_text(str(process.pid))


def stop(name: str) -> None:
    pid = int((UNITS / f"{name}.pid").read_text())
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
        for _ in range(300):
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.1)
        os.killpg(pid, signal.SIGKILL)


def main() -> int:
    name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
    if name == "systemctl":
        return systemctl(*arguments)
    if name == "runuser":
        user = arguments[arguments.index("-u") + 1]
        role = {"postgres": "prefect"}.get(user, user)  # the test's cluster was made by one called prefect
        return subprocess.call(arguments[arguments.index("--") + 1 :], env={**os.environ, "PGUSER": role})
    if name == "install":
        users = {"-o", "-g"}
        kept = [word for word, before in zip(arguments, ["", *arguments], strict=False) if not {word, before} & users]
        return subprocess.call(["/usr/bin/install", *kept])
    return 0


if __name__ == "__main__":
    sys.exit(main())
