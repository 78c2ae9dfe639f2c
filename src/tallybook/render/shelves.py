"""What the library page shows of a revision's files: grouped, with addresses relative to the page and telling names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from tallybook.documents.downloads import download_name
from tallybook.documents.pages import Library, LibraryMonth, LibraryRevision, LibraryTotal
from tallybook.language import ENGLISH, Language, message

_REPORT = (
    ("monthly-report.html", message("Read")),
    ("monthly-report.pdf", "PDF"),
    ("monthly-report.xlsx", message("Spreadsheet")),
    ("monthly-report.json", "JSON"),
)
_PROOFS = (
    ("manifest.json", message("Manifest with the hash of every file")),
    ("delta.json", message("What changed")),
    ("notice.json", message("What messages quote of it")),
)
_GROUPS = (
    ("tables", message("Tables")),
    ("projects", message("Statements")),
    ("documents", message("Documents in the providers' own form")),
)
_KINDS = {"html": message("Page"), "pdf": "PDF", "csv": "CSV", "parquet": "Parquet", "json": "JSON", "xlsx": "XLSX"}


@dataclass(frozen=True, slots=True)
class File:
    """A link to a file; `name` is what it is called once it is downloaded, "" for a page, which is opened."""

    label: str
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A table, a statement or a document, in each of its forms."""

    name: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one kind."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files of a revision."""

    report: tuple[File, ...]
    groups: tuple[Group, ...]


def currencies(library: Library) -> tuple[str, ...]:
    """The currencies of the newest revisions, each a column of the months' table."""
    newest = (month.revisions[0] for month in library.months)
    return tuple(sorted({total.billing_currency for revision in newest for total in revision.totals}))


def month_cells(revision: LibraryRevision, columns: Iterable[str]) -> tuple[LibraryTotal | None, ...]:
    """A revision's totals in the order of the columns; None where it has no cost in that currency."""
    totals = {total.billing_currency: total for total in revision.totals}
    return tuple(totals.get(currency) for currency in columns)


def shelf(month: LibraryMonth, revision: LibraryRevision, *, language: Language = ENGLISH) -> Shelf:
    """Where the files of a revision lie. Statements are listed for the newest: an earlier report leads to its own."""
    there = set(revision.files) | {"manifest.json"}  # which cannot list itself
    is_newest = revision == month.revisions[0]
    shown = [path for path in revision.files if is_newest or not path.startswith("projects/")]
    groups = [
        Group(language.say(title), tuple(_entries(month, revision, folder, shown, language)))
        for folder, title in _GROUPS
    ]
    proofs = tuple(
        Entry(language.say(words), (_file(month, revision, path, "JSON"),)) for path, words in _PROOFS if path in there
    )
    return Shelf(
        report=tuple(_file(month, revision, path, language.say(words)) for path, words in _REPORT if path in there),
        groups=(*(group for group in groups if group.entries), Group(language.say("Proof"), proofs)),
    )


def _entries(
    month: LibraryMonth, revision: LibraryRevision, folder: str, paths: list[str], language: Language
) -> Iterator[Entry]:
    below = sorted(path for path in paths if path.startswith(f"{folder}/"))
    for stem, forms in groupby(below, key=lambda path: path.rpartition(".")[0]):
        files = tuple(_file(month, revision, path, language.say(_kind(path))) for path in forms)
        yield Entry(stem.removeprefix(f"{folder}/").removesuffix("/statement"), files)


def _kind(path: str) -> str:
    return _KINDS.get(path.rpartition(".")[2], message("File"))


def _file(month: LibraryMonth, revision: LibraryRevision, path: str, label: str) -> File:
    is_page = path.endswith(".html")
    name = "" if is_page else download_name(month.billing_period, revision.revision, revision.status, path)
    return File(label, f"{quote(revision.folder)}/{quote(path)}", name)
