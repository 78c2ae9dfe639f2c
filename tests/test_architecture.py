"""The rules of the house that a linter of imports can't hold: names in their places, queries in their form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tallybook import providers

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tallybook"
QUERIES = sorted((ROOT / "queries").rglob("*.sql"))
PYTHON = sorted([*SOURCE.rglob("*.py"), *(ROOT / "flows").rglob("*.py")])
TEXTS = {".py", ".sql", ".j2", ".css", ".js", ".json", ".toml", ".csv", ".yaml", ".md", ".html", ".svg", ".txt"}


def texts(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in TEXTS and path.is_file())


def is_at_home(path: Path, name: str) -> bool:
    """Whether a provider's name may occur in this file: in the provider's own folders and in the sandbox."""
    parts = path.relative_to(ROOT).parts
    if parts[:3] == ("src", "tallybook", "sandbox"):
        return True
    return name in parts[:-1] and ("providers" in parts or parts[0] in ("queries", "reports"))


def is_example(path: Path, line: str) -> bool:
    """Help texts are documentation: their example may name a provider that a reader knows."""
    return path.parent == SOURCE / "commands" and line.strip().startswith("Example: tallybook ")


@pytest.mark.parametrize("name", providers.names())
def test_a_providers_name_occurs_in_its_own_folders_only(name: str) -> None:
    word = re.compile(rf"(?<![a-z]){name}(?![a-z])", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in texts("src", "queries", "flows", "reports")
        if not is_at_home(path, name)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if word.search(line) and not is_example(path, line)
    ]

    assert found == []


def test_there_are_providers_to_look_for() -> None:
    assert len(providers.names()) >= 5


def imported(path: Path) -> set[str]:
    """The first words of everything a module imports, also within its functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("prefect", ("flows/",)),
        ("duckdb", ("src/tallybook/warehouse.py",)),
        ("httpx", ("src/tallybook/http.py",)),
        ("jinja2", ("src/tallybook/render/",)),
        ("weasyprint", ("src/tallybook/render/",)),
        ("pikepdf", ("src/tallybook/render/",)),
        ("xlsxwriter", ("src/tallybook/render/",)),
        ("fsspec", ("src/tallybook/delivery/",)),
        ("smtplib", ("src/tallybook/delivery/",)),
        ("starlette", ("src/tallybook/sandbox/", "src/tallybook/serving/")),
        ("uvicorn", ("src/tallybook/sandbox/", "src/tallybook/serving/")),
    ],
)
def test_a_library_is_imported_in_its_place_only(library: str, places: tuple[str, ...]) -> None:
    users = [path.relative_to(ROOT).as_posix() for path in PYTHON if library in imported(path)]

    assert [user for user in users if not user.startswith(places)] == []


def test_the_sandbox_shares_no_code_with_the_product() -> None:
    for path in (SOURCE / "sandbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = getattr(node, "module", None)
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [module or ""]
            ours = [name for name in names if isinstance(name, str) and name.startswith("tallybook")]
            assert all(name.startswith("tallybook.sandbox") for name in ours), path


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_folder_has_what_every_provider_folder_has(name: str) -> None:
    folder = SOURCE / "providers" / name

    assert (folder / "README.md").is_file()
    assert (folder / "settings.py").is_file()
    assert list((folder / "samples").glob("*.json")) != []
    assert (ROOT / "queries" / "staging" / name).is_dir()
    assert (ROOT / "queries" / "facts" / name / "coverage.sql").is_file()


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.relative_to(ROOT / "queries").as_posix())
def test_a_query_is_one_statement_that_begins_by_saying_what_it_makes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith("-- ")
    assert len(duckdb.extract_statements(text)) == 1
    assert not text.rstrip().endswith(";")


def test_queries_have_names_that_can_be_asked_for() -> None:
    odd = [path.name for path in QUERIES if not re.fullmatch(r"[a-z][a-z0-9_]*\.sql", path.name)]

    assert odd == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_begins_with_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not text or ast.get_docstring(ast.parse(text))


def test_no_module_reads_the_clock_or_the_environment_when_imported() -> None:
    found = []
    for path in PYTHON:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
                text = ast.unparse(node)
                if re.search(r"\b(datetime\.now|time\.time|os\.getenv|os\.environ\[|environ\.get|date\.today)\b", text):
                    found.append(f"{path.relative_to(ROOT)}: {text[:80]}")

    assert found == []
