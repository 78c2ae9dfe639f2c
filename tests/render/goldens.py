"""Golden pages: what small documents look like as HTML, without styles, script and drawings.

After looking at a change and wanting it: `python -m tests.render.goldens` writes them anew.
"""

import re
from collections.abc import Callable
from pathlib import Path

from tallybook.render.html import render_library, render_report, render_statement
from tests.render import samples

FOLDER = Path(__file__).parent / "golden"
PAGES: dict[str, Callable[[], str]] = {
    "small-report.html": lambda: render_report(samples.small_report()),
    "small-report-paper.html": lambda: render_report(samples.small_report(), for_print=True),
    "statement.html": lambda: render_statement(samples.statement()),
    "library.html": lambda: render_library(samples.library()),
}


def golden(name: str) -> str:
    """A page with its styles, script, script hash and drawings left out: they have tests of their own."""
    page = PAGES[name]()
    page = re.sub(r"(?s)(<(style|script)>).*?(</\2>)", r"\1…\3", page)
    page = re.sub(r"(?s)<svg.*?</svg>", "<svg>…</svg>", page)
    page = re.sub(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+", "data:image/svg+xml;base64,…", page)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", page)


if __name__ == "__main__":
    for name in PAGES:
        (FOLDER / name).write_text(golden(name), encoding="utf-8")
