"""`tallybook init`: a configuration and books to start from."""

from pathlib import Path

from tallybook.landing import writing
from tallybook.resources import root


def initialise(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write tallybook.toml and books/ into `folder`, except what is there already.

    Returns the folders that had to be made, outermost first, and the files that were written.
    """
    sources = {folder / "tallybook.toml": root() / "tallybook.example.toml"}
    sources |= {folder / "books" / path.name: path for path in sorted((root() / "books").glob("*.csv"))}
    missing = {target: source for target, source in sources.items() if not target.exists()}
    wanted = {above for target in missing for above in target.parents}
    made = sorted(path for path in wanted if not path.exists())
    for target, source in missing.items():
        with writing(target.parent) as temporary:
            temporary.write_bytes(source.read_bytes())
            temporary.chmod(0o644)
            temporary.replace(target)
    return made, list(missing)
