"""The tables, macros and views that a warehouse is made of: queries/ says them, this says which and in what order."""

import hashlib
from collections.abc import Iterable

from tallybook.resources import queries, query, root
from tallybook.statements import COMMENT

_FOLDERS = ("landing", "facts", "pricing", "marts/tables")


def definitions() -> list[str]:
    """Statements that make what is not there yet, and views and macros anew; to be run in this order."""
    staging = root() / "queries" / "staging"
    of_providers = [f"staging/{path.name}" for path in sorted(staging.iterdir()) if path.is_dir()]
    return [query(name) for folder in (*_FOLDERS, *of_providers) for name in queries(folder)]


def tables_sha256(statements: Iterable[str]) -> str:
    """Of what tables are made of: a comment or a view, which any version can make anew, makes no other table."""
    tables = [" ".join(COMMENT.sub("", text).split()) for text in statements if "create table" in text]
    return hashlib.sha256("\n".join(tables).encode()).hexdigest()


def definitions_sha256(statements: Iterable[str]) -> str:
    """Of all that there is to make, views and macros too."""
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()
