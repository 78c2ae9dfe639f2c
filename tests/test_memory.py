"""Memory is bounded by what is configured, not by what a provider answers. Whole processes, under a limit of theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tallybook.landing import RawStore, Receipt, as_raw_file
from tests.providers.support import CONNECTION, FETCHED
from tests.providers.test_scaleops import day, report, workload

ROWS, REPEATED = 1000, 1000
# Address space above what a process has once everything is imported. Read whole, the answer takes more than twice this;
# in parts two thirds of it, and not always as much: what an allocator reserves differs from run to run.
MORE_MIB = 1000
SIZE_BYTES = 600_000_000
_STAGE = r"""
import re, resource, sys
from pathlib import Path
import polars, pyarrow.compute
from tallybook import providers, staging
from tallybook.landing import RawStore
from tallybook.limits import Limits
from tallybook.warehouse import open_warehouse

folder, more, long_bytes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
staging._LONG_BYTES = long_bytes
store, known = RawStore(folder / "raw"), {"scaleops": providers.load("scaleops")}
pages = int(Path("/proc/self/statm").read_text().split()[0])
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # not of who started it
before = peak()
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more * 2**20,) * 2)
with open_warehouse(folder, limits=Limits(memory_bytes=100 * 2**20, threads=1)) as warehouse:
    (entry,) = staging.Stager(warehouse, store, known).load_pending()
print(entry.outcome, entry.row_count, peak() - before)
"""


def stage(folder: Path, *, long_bytes: int) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}  # reserve no more
    command = [sys.executable, "-c", _STAGE, str(folder), str(MORE_MIB), str(long_bytes)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One answer of more than 600 MB, which compresses to next to nothing."""
    folder = tmp_path_factory.mktemp("landed")
    store = RawStore(folder / "raw")
    head, _, rest = report(*[workload()] * ROWS).replace(b"}, {", b"},{").partition(b"[")
    rows, tail = rest.rsplit(b'], "clusters"', 1)
    pieces = (head + b"[" + rows, *[b"," + rows] * (REPEATED - 1), b'], "clusters"' + tail)
    sha256, size = store.land(CONNECTION, "workloads", "2026-10", pieces)
    file = as_raw_file(day(1), status=200, sha256=sha256, size_bytes=size, captured_at=FETCHED)
    store.write_receipt(Receipt("scaleops", CONNECTION, "workloads", "history", "2026-10", FETCHED, (file,)))
    assert size > SIZE_BYTES
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads its size where Linux tells it")
def test_a_long_answer_is_staged_in_less_memory_than_it_has_bytes(landed: Path) -> None:
    done = stage(landed, long_bytes=64_000_000)

    outcome, rows, taken_kib = done.stdout.split() or ("", 0, 0)
    assert (done.returncode, outcome, int(rows)) == (0, "staged", ROWS * REPEATED + 1), done.stderr[-500:]
    assert int(taken_kib) * 1024 < SIZE_BYTES
