"""The real sandbox with oCore only, and small houses over it or over a scripted server."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import stamina

from tallybook.pipeline.house import House, open_house
from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.server import Running, running

UNTIL = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
MakeHouse = Callable[..., House]


@contextmanager
def sandbox(faults: Sequence[str] = ()) -> Iterator[Running]:
    with running(months=2, until=UNTIL, faults=faults) as box:
        yield box


@pytest.fixture(scope="session")
def box() -> Iterator[Running]:
    """A sandbox without faults; tests do not move its clock."""
    with sandbox() as quiet:
        yield quiet


@pytest.fixture(autouse=True)
def _secrets_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("WRONG_TOKEN", "ocore_k_of_somebody_else")
    with stamina.set_testing(True, attempts=6):
        yield


@pytest.fixture(scope="module")
def no_pages() -> Iterator[None]:
    """Reports of the module are published without what takes longest, where nobody looks at it: pages and PDFs.

    And without further threads for the few rows of such a warehouse: they take a fifth of the processor's time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tallybook.pipeline.files._write_pages", lambda *_: None)
        patch.setattr("tallybook.limits.processors_there", lambda: 1)
        yield


@pytest.fixture
def house(tmp_path: Path) -> MakeHouse:
    """A house with one oCore connection for each address; `variable` holds its token."""

    def make(*urls: str, variable: str = "OCORE_TOKEN", more: str = "", names: Sequence[str] = ()) -> House:
        path = tmp_path / "tallybook.toml"
        path.write_text(
            "".join(
                f'[[connections]]\nname = "{name}"\nprovider = "ocore"\nbase_url = "{url}"\n'
                f'org_slug = "acme"\ntoken = {{ env = "{variable}" }}\n{more}\n'
                for name, url in zip(names or [f"ocore-{index}" for index in range(len(urls))], urls, strict=True)
            ),
            encoding="utf-8",
        )
        return open_house(path)

    return make
