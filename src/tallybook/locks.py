"""Locks of the data directory, between processes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from tallybook.errors import StorageError

log = logging.getLogger(__name__)


@contextmanager
def alone(data_dir: Path, name: str = "tallybook.lock", *, wait_seconds: float = 600.0) -> Iterator[None]:
    """Hold a lock of the data directory, waiting for another process to let go; StorageError when that takes long."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(data_dir / name)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            log.warning("waiting for another tallybook process that holds %s", data_dir)
            lock.acquire(timeout=wait_seconds)
    except filelock.Timeout as error:
        raise StorageError(
            f"the warehouse in {data_dir} is in use by another tallybook process; wait for it to end, "
            "or end it, and run this again"
        ) from error
    except OSError as error:
        raise StorageError(f"{data_dir} cannot be written ({error.strerror}); nothing was changed") from error
    try:
        yield
    finally:
        lock.release()
