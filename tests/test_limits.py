"""What a process may take: what is configured, else what its container or machine has."""

import os
from pathlib import Path

import pytest

from tallybook import limits
from tallybook.limits import LimitKeys, memory_there, processors_there, usual_limits

MIB = 2**20


def group(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_of_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="ascii")
    return root


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 8 GiB and 8 processors."""
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": 2 * MIB, "SC_PAGE_SIZE": 4096}[name])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8192 * MIB),
        ({"memory_of_max": "max"}, 8192 * MIB),
        ({"memory_of_max": "536870912"}, 512 * MIB),
        ({"memory__memory_of_limit_in_bytes": "536870912"}, 512 * MIB),
        ({"memory__memory_of_limit_in_bytes": "9223372036854771712"}, 8192 * MIB),
    ],
    ids=str,
)
@pytest.mark.usefixtures("machine")
def test_memory_is_the_machines_or_less_by_a_cgroup(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert memory_there(group(tmp_path, **files)) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        ({"cpu_of_max": "max 100000"}, 8),
        ({"cpu_of_max": "250000 100000"}, 2),
        ({"cpu_of_max": "50000 100000"}, 1),
        ({"cpu__cpu_of_cfs_quota_us": "-1", "cpu__cpu_of_cfs_period_us": "100000"}, 8),
        ({"cpu__cpu_of_cfs_quota_us": "400000", "cpu__cpu_of_cfs_period_us": "100000"}, 4),
    ],
    ids=str,
)
@pytest.mark.usefixtures("machine")
def test_processors_are_the_machines_or_fewer_by_a_quota(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert processors_there(group(tmp_path, **files)) == expected


def test_without_configuration_a_small_container_gets_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "memory_there", lambda: 500 * MIB)
    assert usual_limits().memory_bytes == 200 * MIB

    monkeypatch.setattr(limits, "memory_there", lambda: 64_000 * MIB)
    assert usual_limits().memory_bytes == 272 * MIB


def test_what_is_configured_is_taken(tmp_path: Path) -> None:
    given = LimitKeys(memory_mib=128, threads=3, temp_dir="scratch").limits(tmp_path)

    assert (given.memory_bytes, given.threads, given.temp_dir) == (128 * MIB, 3, tmp_path / "scratch")


def test_memory_is_given_back_and_a_c_library_without_such_a_call_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits.give_back_memory()
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    limits.give_back_memory()
