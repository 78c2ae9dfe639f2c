"""A folder of reports and a client of the application over it, in this process."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tallybook.language import language_of
from tallybook.serving.app import create_app

TOKEN = "3f0c1f4e-not-a-real-token-9a7d"
Clock = Callable[[], float]


@dataclass
class Reader:
    """One browser: it keeps its cookies, and follows no redirect. `now` is the server's clock in seconds."""

    folder: Path
    now: float = 1000.0
    headers: dict[str, str] = field(default_factory=lambda: {"Accept": "text/html"})
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    is_secure: bool = False
    address: str = "192.0.2.7"
    language: str = "en"

    def __post_init__(self) -> None:
        self.app: Starlette = create_app(
            self.folder,
            token=TOKEN,
            clock=lambda: self.now,
            is_secure=self.is_secure,
            language=language_of(self.language),
        )

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=(self.address, 1))
            scheme = "https" if self.is_secure else "http"
            async with httpx.AsyncClient(
                transport=transport,
                base_url=f"{scheme}://library",
                headers=self.headers,
                cookies=self.cookies,
                trust_env=False,
            ) as client:
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def sign_in(self, token: str = TOKEN, path: str = "/") -> httpx.Response:
        return self.ask("POST", path, data={"token": token})


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A library of one revision, with something beside it that nobody may read."""
    folder = tmp_path / "var" / "reports"
    revision = folder / "2026-10" / "r02"
    (revision / "tables").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Library</title>", encoding="utf-8")
    (revision / "manifest.json").write_text(json.dumps({"status": "FINAL", "files": []}), encoding="utf-8")
    (revision / "monthly-report.html").write_text("<!doctype html><title>October</title>", encoding="utf-8")
    (revision / "monthly-report.pdf").write_bytes(b"%PDF-1.7 October")
    (revision / "tables" / "projects.csv").write_text("project\nGrün\n", encoding="utf-8")
    (revision / "tables" / "charges.parquet").write_bytes(b"PAR1")
    (tmp_path / "var" / "library-token").write_text(TOKEN, encoding="utf-8")
    return folder


@pytest.fixture
def stranger(reports: Path) -> Reader:
    return Reader(reports)


@pytest.fixture
def reader(reports: Path) -> Reader:
    """Signed in."""
    reader = Reader(reports)
    assert reader.sign_in().status_code == 303
    return reader
