"""Commands start quickly: what they do not need is not imported. Modules are counted, not seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import MONTH, Lived, environment

RENDERERS = {"altair", "pikepdf", "vl_convert", "weasyprint", "xlsxwriter"}
SERVERS = {"prefect", "starlette", "uvicorn"}
ENGINES = {"duckdb", "httpx", "jinja2", "polars", "pyarrow", "stamina"}  # typer itself brings pydantic
HEAVY = RENDERERS | SERVERS | ENGINES | {"keystoneauth1", "requests", "rich"}
_RUN = """
import sys
from tallybook.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    print(end.code, *sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def imported(*words: str, folder: Path) -> set[str]:
    """The top modules that a process has after a command that worked."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(modules)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["report", "--help"]], ids=" ".join)
def test_help_needs_no_engine(words: list[str], tmp_path: Path) -> None:
    modules = imported(*words, folder=tmp_path)

    assert "typer" in modules
    assert modules & HEAVY == set()


@pytest.mark.slow
@pytest.mark.xdist_group("commands")
def test_a_report_with_nothing_to_publish_needs_no_renderer_and_no_server(lived: Lived) -> None:
    modules = imported("report", "--month", MONTH, folder=lived.installation.folder)

    assert "duckdb" in modules
    assert modules & (RENDERERS | SERVERS | {"keystoneauth1", "requests"}) == set()
