"""The files below the folder of reports: which may be read, their types, and the names they are kept under."""

import os
import re
from pathlib import Path
from typing import TypedDict

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from tallybook.decode import decode
from tallybook.documents.downloads import download_name
from tallybook.documents.values import Status
from tallybook.errors import SchemaError
from tallybook.pipeline.pages import MEDIA_TYPES

INDEX = "index.html"
_SHOWN = frozenset({".html", ".pdf", ".json"})  # what browsers open; anything else is for other programs to open
_REVISION = re.compile(r"(?P<month>\d{4}-\d{2})/r(?P<number>\d{2,})/(?P<path>.+)", re.ASCII)


class PublishedFiles(StaticFiles):
    """Starlette's file serving (no way out by `..` or a link, ranges, not modified), with our types and names.

    Hidden files are not there for anybody: half-written revisions are such.
    """

    def __init__(self, reports_dir: Path) -> None:
        super().__init__(directory=reports_dir, check_dir=False)  # it may come with the first report
        self._folder = reports_dir

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file a path leads to, also through links within the folder; none for what may not be read."""
        try:
            found, status = super().lookup_path(INDEX if path == "." else path)
        except OSError:  # too long a name, links in a circle, no permission
            return "", None
        if status is None or any(_is_hidden(part) for part in (*Path(path).parts, *self._within(found).parts)):
            return "", None
        return found, status

    def file_response(
        self, full_path: "str | os.PathLike[str]", stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file with its type, and the name that its download gets."""
        path = self._within(full_path)
        response = FileResponse(
            full_path,
            status_code=status_code,
            stat_result=stat_result,
            media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
            filename=self._download_name(path.as_posix()),
            content_disposition_type="inline" if path.suffix in _SHOWN else "attachment",
        )
        # What a session could read is asked for again after it ended.
        response.headers["cache-control"] = "private, no-cache"
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response

    def _within(self, full_path: "str | os.PathLike[str]") -> Path:
        return Path(full_path).relative_to(os.path.realpath(self._folder))

    def _download_name(self, path: str) -> str | None:
        """None for pages, which are read where they are, and for what is of no revision."""
        found = _REVISION.fullmatch(path)
        if found is None or path.endswith(".html"):
            return None
        manifest = self._folder / found["month"] / f"r{found['number']}" / "manifest.json"
        try:
            status = Status(decode(manifest.read_bytes(), _Stamp)["status"])
        except (OSError, SchemaError, ValueError):  # a revision that somebody damaged can still be read
            return None
        return download_name(found["month"], int(found["number"]), status, found["path"])


class _Stamp(TypedDict):
    status: str


def _is_hidden(part: str) -> bool:
    return part.startswith(".")
