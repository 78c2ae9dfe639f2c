"""`tallybook library` as a process."""

import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.commands.conftest import command, environment


@dataclass(frozen=True)
class Serving:
    """A running library: the lines it printed before its JSON, and where it is."""

    process: "subprocess.Popen[str]"
    lines: list[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str, token: str) -> tuple[int, bytes]:
        """An answer to a path as it is: no client makes it harmless."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body


@contextmanager
def serving(folder: Path, *words: str, **variables: str) -> Iterator[Serving]:
    """The library of an installation, on a free port, as long as the block runs."""
    with subprocess.Popen(
        command("library", "--port", "0", "--json", *words),
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("{"):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended before it served"
        try:
            yield Serving(process, lines[:-1], str(json.loads(lines[-1])["url"]))
        finally:
            process.kill()
