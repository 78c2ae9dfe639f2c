"""The wheel holds what the product reads at run time, and works from a folder far from the checkout."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tallybook import resources
from tallybook.sandbox.configuration import SECRETS, write_configuration
from tallybook.sandbox.server import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

ROOT = Path(__file__).parents[1]
PACKED = ("queries", "reports", "flows", "books")
SINGLE = ("tallybook.example.toml", "prefect.yaml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: an editable checkout stays as it is."""
    source, target = tmp_path_factory.mktemp("source") / "tallybook", tmp_path_factory.mktemp("dist")
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", "var", "demo", "dist", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, source, ignore=ignored, ignore_dangling_symlinks=True)
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `tallybook` command of a fresh environment; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    # A .pth adds to the end of the path, and only the folder itself: our editable install beside it stays unseen.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--ignore-installed", "--no-compile", str(wheel)]
    subprocess.run([*pip, *offline], check=True)
    return folder / "bin" / "tallybook"


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_that_is_read_at_run_time(wheel: Path) -> None:
    files = [path for name in PACKED for path in (ROOT / name).rglob("*") if path.is_file()]
    wanted = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts} | set(SINGLE)

    assert wanted - {name.removeprefix("tallybook/_resources/") for name in contents(wheel)} == set()
    assert len(wanted) > 100


def test_the_wheel_holds_no_tests_samples_or_leftovers(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in contents(wheel)}
    unwanted = [name for name in contents(wheel) if "/samples/" in name or "/tests/" in name or name.endswith(".pyc")]

    assert unwanted == []
    assert {top.partition("-")[0] for top in tops} == {"tallybook"}
    assert "tallybook/py.typed" in contents(wheel)


def test_the_editable_install_reads_the_live_files() -> None:
    assert resources.root() == ROOT


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder far from the checkout, with a configuration of one provider of a running sandbox."""
    folder = tmp_path_factory.mktemp("away")
    with running(months=1, until=date(2026, 10, 3)) as box:
        config = write_configuration(folder, url=box.url)
        head, *connections = config.read_text(encoding="utf-8").split("[[connections]]")
        one = next(text for text in connections if 'provider = "ocore"' in text)
        config.write_text(f"{head}[[connections]]{one}", encoding="utf-8")
        yield folder


def run(program: Path, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **SECRETS},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_init_works_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    run(installed, tmp_path, "init")

    assert (tmp_path / "tallybook.toml").read_bytes() == (ROOT / "tallybook.example.toml").read_bytes()
    for book in (ROOT / "books").glob("*.csv"):
        assert (tmp_path / "books" / book.name).read_bytes() == book.read_bytes()


def test_the_wheel_reports_a_month_from_another_folder(installed: Path, away: Path) -> None:
    where = "from tallybook import resources; print(resources.root())"
    root = run(installed.with_name("python"), away, "-c", where).strip()
    run(installed, away, "run", "--month", "2026-10")

    assert Path(root).is_relative_to(installed.parents[1])
    revision = away / "var" / "reports" / "2026-10" / "r01"
    assert (revision / "monthly-report.pdf").read_bytes().startswith(b"%PDF-")
    assert (revision / "monthly-report.html").stat().st_size > 1000
