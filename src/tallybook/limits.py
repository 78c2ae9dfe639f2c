"""What a process may take of its machine: configured, or read from the container's own bounds (cgroups 1 and 2)."""

import ctypes
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

# for the warehouse: leaves Polars, Arrow and Python the rest of a GiB, at ten million rows too
_USUAL_BYTES = 272 * 2**20
_TEMP = "tmp"
_SHARE = 0.4  # of a bound smaller than that, for the same reason
_UNBOUND = 2**60  # cgroup 1 writes a number like 2^63 for no bound
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the warehouse may take: bytes of memory, threads, and the folder that takes what does not fit."""

    memory_bytes: int
    threads: int
    temp_dir: Path | None = None  # None: beside the warehouse

    @property
    def memory(self) -> str:
        """The memory as DuckDB reads it."""
        return f"{self.memory_bytes // 2**20}MiB"

    def options(self, data_dir: Path) -> dict[str, str | int]:
        """The same as DuckDB's settings, for a warehouse in `data_dir`."""
        return {
            "memory_limit": self.memory,
            "threads": self.threads,
            "temp_directory": str(self.temp_dir or data_dir / _TEMP),
        }

    def clear(self, data_dir: Path) -> None:
        """Remove what a killed process left of what did not fit; only beside the warehouse, where all is its own.

        Nobody else may have the warehouse open.
        """
        if self.temp_dir is None:
            shutil.rmtree(data_dir / _TEMP, ignore_errors=True)


class LimitKeys(BaseModel):
    """The keys of the configuration that bound a process."""

    memory_mib: Annotated[int, Field(ge=64, le=2**24)] | None = None
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    temp_dir: str = ""

    def limits(self, base: Path) -> Limits:
        """What they come to; paths are relative to `base`."""
        folder = base / self.temp_dir if self.temp_dir else None
        return usual_limits(memory_mib=self.memory_mib, threads=self.threads, temp_dir=folder)


def usual_limits(*, memory_mib: int | None = None, threads: int | None = None, temp_dir: Path | None = None) -> Limits:
    """The given limits; of what is not given, as much as a small machine has, and less where a container has less."""
    return Limits(
        memory_bytes=memory_mib * 2**20 if memory_mib else min(_USUAL_BYTES, int(memory_there() * _SHARE)),
        threads=threads or processors_there(),
        temp_dir=temp_dir,
    )


def give_back_memory() -> None:
    """Hand freed memory back to the system. Glibc keeps it: 370 MiB in the pieces that 4,000,000 charges came through.

    Nothing where the C library has no such call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def memory_there(root: Path = _CGROUPS) -> int:
    """Bytes that this process may have: the machine's, or fewer by a cgroup."""
    bounds = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    bounds += [int(text) for text in _told(root, "memory.max", "memory/memory.limit_in_bytes") if text.isdecimal()]
    return min(bound for bound in bounds if bound < _UNBOUND)


def processors_there(root: Path = _CGROUPS) -> int:
    """Processors that this process may use, at least one: those of its affinity, or fewer by a cgroup's quota."""
    found = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    pairs = [text.split() for text in _told(root, "cpu.max")]
    pairs += [
        list(pair)
        for pair in zip(_told(root, "cpu/cpu.cfs_quota_us"), _told(root, "cpu/cpu.cfs_period_us"), strict=False)
    ]
    found += [int(quota) // int(of) for quota, of in pairs if quota.isdecimal() and int(of)]
    return max(1, min(found))


def _told(root: Path, *names: str) -> Iterator[str]:
    """What the files of these names say, where they are, of this process's own group and those above it."""
    for name in names:
        for folder in (root, *_own_groups(root)):
            try:
                yield (folder / name).read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError):
                continue


def _own_groups(root: Path) -> Iterator[Path]:
    """The folders of a cgroup 2 outside of a container: a service's slice, for example."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("0::/") and len(line) > len("0::/"):
            own = root / line.removeprefix("0::/")
            yield from (own, *(parent for parent in own.parents if root in parent.parents))
