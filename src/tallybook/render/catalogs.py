"""The messages of all pages and deliveries, and the catalogs that translate them.

A new language is one file: `python -m tallybook.render.catalogs fr` writes `reports/languages/fr.po` with every message
and no translation. Without a code, the catalogs there are get new messages, lose stale ones and keep the others; what
gettext calls fuzzy (the English changed a little) is left for a translator, and a test fails until it is done.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from tallybook import language, resources

_PACKAGE = Path(language.__file__).parent
_SAYING = ("delivery/*.py", "documents/*.py", "pipeline/*.py", "render/*.py", "serving/*.py")
_COMMENT = "# Words of pages and mails. `python -m tallybook.render.catalogs` adds new messages and drops stale ones."
_KEYWORDS = {
    "_": None,
    "say": None,
    "message": None,
    "many": (1, 2),
    "ngettext": (1, 2),
    "say_in": ((1, "c"), 2),
    "message_in": ((1, "c"), 2),
    "pgettext": ((1, "c"), 2),
}


def all_messages() -> Catalog:
    """Every message that the code and the templates hold, without translations."""
    catalog = Catalog(project="Tallybook", charset="utf-8")
    for path, method in _sources():
        found = extract_from_file(method, path, keywords=_KEYWORDS, strip_comment_tags=True)
        for _, text, _, context in found:
            catalog.add(text, locations=[(path.name, None)], context=context)  # type: ignore[list-item] # no line: it moves
    return catalog


def read_catalog(code: str) -> Catalog:
    """The catalog of a language, stale and fuzzy messages included."""
    with (language.folder() / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def update(code: str) -> None:
    """Write the catalog of a language with today's messages; one that is not there yet begins without translations."""
    path = language.folder() / f"{code}.po"
    catalog = read_catalog(code) if path.exists() else Catalog(locale=code, charset="utf-8", header_comment=_COMMENT)
    catalog.update(all_messages(), update_creation_date=False)
    catalog.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False)


def _sources() -> Iterator[tuple[Path, str]]:
    for pattern in _SAYING:
        yield from ((path, "python") for path in sorted(_PACKAGE.glob(pattern)))
    templates = resources.root() / "reports" / "templates"
    yield from ((path, "jinja2.ext:babel_extract") for path in sorted(templates.rglob("*.j2")))


if __name__ == "__main__":
    for code in sys.argv[1:] or [path.stem for path in sorted(language.folder().glob("*.po"))]:
        update(code)
