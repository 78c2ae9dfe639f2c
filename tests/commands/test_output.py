"""What the real commands print, where, and how they end, over five providers."""

import json
import os
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from tallybook.console import digits, say, steps, table
from tallybook.pipeline.export import Exported
from tests.commands.conftest import (
    CONNECTIONS,
    MONTH,
    Installation,
    Invoke,
    Lived,
    command,
    environment,
    last_json,
    shell,
    tree,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]


def test_run_exits_0_when_every_unit_came(lived: Lived) -> None:
    assert lived.ran.returncode == 0, lived.ran.stderr
    assert lived.installation.revisions() == ["r01"]


def test_a_table_on_a_narrow_terminal_cuts_no_date_and_no_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    long = "nodeconductor-main-with-a-long-name"
    table(("connection", "dataset", "date", "expected", "status"), [(long, long, "2026-10-31", "1488", "missing")])

    shown = capsys.readouterr().out
    assert all(text in shown for text in ("2026-10-31", "1488", "missing"))
    assert "…" not in shown


def test_a_coverage_table_on_a_narrow_terminal_leaves_names_to_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight columns on 80 characters: a name may be broken once, not into a letter or two a line."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    columns = ("connection", "dataset", "expected", "received", "missing", "coverage_pct", "status", "unit")
    table(columns, [("nodeconductor-main", "creation_time", 11904, 11904, 0, 100, "complete", "captures")])

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["nodeconduct", "or-main"]


def test_a_table_that_no_terminal_could_hold_has_its_cells_one_below_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    columns = tuple(f"column_{n}" for n in range(10))
    table(columns, [("ocore-main", "", *(["0.0063"] * 8)), ("Online-Shop", *(["1"] * 9))])

    first, second, _ = capsys.readouterr().out.split("\n\n")
    assert first.splitlines()[:2] == ["column_0  ocore-main", "column_2  0.0063"]  # an empty cell says nothing
    assert second.splitlines()[0] == "column_0  Online-Shop"


def test_run_prints_plain_lines_off_a_terminal(lived: Lived) -> None:
    lines = lived.ran.stdout.splitlines()

    assert lines[0] == "connection\tdataset\tperiod\toutcome\trows\tmessage"
    assert "\x1b" not in lived.ran.stdout + lived.ran.stderr
    assert f"{MONTH}: published r01, " in lived.ran.stdout


def test_logs_go_to_standard_error_one_line_per_unit(lived: Lived) -> None:
    assert "INFO ocore-main usage: landed" in lived.ran.stderr
    assert "INFO" not in lived.ran.stdout


def test_json_is_the_last_line_and_names_files_that_exist(lived: Lived) -> None:
    told = last_json(lived.ran.stdout)

    assert (told["month"], told["revision"], told["is_new"]) == (MONTH, 1, True)
    assert {unit["connection"] for unit in told["units"]} == set(CONNECTIONS)
    assert {unit["outcome"] for unit in told["units"]} == {"done", "cannot"}
    assert [Path(path).name for path in told["files"]] == [
        "monthly-report.pdf",
        "monthly-report.html",
        "monthly-report.json",
    ]
    assert all(Path(path).stat().st_size for path in told["files"])


def test_a_report_with_nothing_changed_says_so_and_writes_nothing(lived: Lived, invoke: Invoke) -> None:
    before = tree(lived.installation.data / "reports")
    result = invoke(f"report --month {MONTH} --json", folder=lived.installation.folder)

    assert result.exit_code == 0, result.stderr
    assert f"{MONTH}: nothing changed: kept r01" in result.stdout
    assert last_json(result.stdout)["is_new"] is False
    assert tree(lived.installation.data / "reports") == before


def test_collecting_again_is_unchanged(lived: Lived, copy: Installation, invoke: Invoke) -> None:
    result = invoke(f"collect --month {MONTH} --connection ocore-main --dataset totals --json", folder=copy.folder)

    assert result.exit_code == 0, result.stderr
    assert [unit["outcome"] for unit in last_json(result.stdout)["units"]] == ["unchanged"]


def test_coverage_lists_days_with_the_documented_columns(lived: Lived, invoke: Invoke) -> None:
    result = invoke(f"coverage --month {MONTH} --days --json", folder=lived.installation.folder)

    *lines, _ = result.stdout.splitlines()
    header, *rows = lines[next(index for index, line in enumerate(lines) if "\tdate\t" in line) :]
    assert result.exit_code == 0
    assert header.split("\t") == [
        *("connection", "dataset", "date", "expected", "received", "late", "missing", "status", "unit")
    ]
    assert {row.split("\t")[0] for row in rows} == set(CONNECTIONS)
    told = last_json(result.stdout)["coverage"]
    assert len(told) == len(rows)
    figures = {cell for row in rows for cell in row.split("\t")[3:7]}
    assert {figure for figure in figures if not re.fullmatch(r"\d+(\.\d{0,3}[1-9])?", figure)} == set()
    assert {row["missing"] for row in told} >= {"0"}


def test_coverage_begins_with_a_line_per_connection_and_dataset(lived: Lived, invoke: Invoke) -> None:
    result = invoke(f"coverage --month {MONTH} --json", folder=lived.installation.folder)

    header, *rows, _ = result.stdout.splitlines()
    cells = [row.split("\t") for row in rows]
    told = last_json(result.stdout)
    assert header.split("\t") == [
        *("connection", "dataset", "expected", "received", "missing", "coverage_pct", "status", "unit")
    ]
    assert len({(row[0], row[1]) for row in cells}) == len(cells) == len(told["summary"])
    assert {row[0] for row in cells} == set(CONNECTIONS)
    assert len(told["coverage"]) > len(cells)


def test_explain_shows_the_levels_of_a_figure(lived: Lived, invoke: Invoke) -> None:
    result = invoke(f"explain --month {MONTH} --project Research --json", folder=lived.installation.folder)

    assert result.exit_code == 0, result.stderr
    sections = [line[:2] for line in result.stdout.splitlines() if re.match(r"\d\. ", line)]
    assert sections == ["1.", "2.", "3.", "4."]
    told = last_json(result.stdout)
    assert {figure["connection"] for figure in told["figures"]} == set(CONNECTIONS)
    assert {figure["difference"] for figure in told["figures"]} == {"0"}
    assert all(Path(origin["path"]).is_file() for origin in told["origins"])


def test_explain_names_the_known_projects(lived: Lived, invoke: Invoke) -> None:
    result = invoke(f"explain --month {MONTH} --project Nobody", folder=lived.installation.folder)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"tallybook: {MONTH}: project 'Nobody' has no usage and no cost; known: Research\n"


def test_check_says_works_for_every_connection(lived: Lived, invoke: Invoke) -> None:
    result = invoke("check --json", folder=lived.installation.folder)

    assert result.exit_code == 0, result.stderr
    assert last_json(result.stdout) == {"connections": dict.fromkeys(CONNECTIONS, ""), "warnings": []}


def test_check_warns_of_a_connection_that_only_a_book_knows(copy: Installation, invoke: Invoke) -> None:
    with (copy.folder / "books" / "projects.csv").open("a", encoding="utf-8") as book:
        book.write("ocore-mian,*,Research,4001,Jana Vogel\n")
    result = invoke("check --json", folder=copy.folder)

    told = "projects.csv line 7 maps nothing: no connection 'ocore-mian' is configured; did you mean 'ocore-main'?"
    assert result.exit_code == 0
    assert f"books\twarning\t{told}" in result.stdout
    assert last_json(result.stdout)["warnings"] == [told]


def test_rebuild_makes_the_same_figures_from_the_raw_files(lived: Lived, copy: Installation, invoke: Invoke) -> None:
    rebuilt = invoke("rebuild --json", folder=copy.folder)
    reported = invoke(f"report --month {MONTH} --json", folder=copy.folder)

    assert rebuilt.exit_code == 0, rebuilt.stderr
    assert last_json(rebuilt.stdout)["unreadable"] == []
    assert last_json(reported.stdout)["is_new"] is False


def test_a_dry_backfill_shows_the_plan_and_asks_nobody(lived: Lived, invoke: Invoke) -> None:
    before = tree(lived.installation.data / "raw")
    result = invoke(f"backfill --from 2026-09 --to {MONTH} --dry-run --json", folder=lived.installation.folder)

    header, *rows, _ = [line.split("\t") for line in result.stdout.splitlines()]
    plan = last_json(result.stdout)["plan"]
    assert header == ["month", "connection", "dataset", "state", "plan", "note"]
    assert [row[4] != "leave" for row in rows] == [step["is_chosen"] for step in plan]
    assert {row[4] for row in rows} == {"collect", "publish", "leave"}
    chosen = {(step["month"], step["connection"], step["dataset"]) for step in plan if step["is_chosen"]}
    assert result.exit_code == 0, result.stderr
    assert ("2026-09", "ocore-main", "usage") in chosen
    assert {month for month, _, _ in chosen} == {"2026-09"}  # October is complete
    assert {step["state"] for step in plan if step["connection"] == "openscaler-main"} == {"cannot"}
    assert tree(lived.installation.data / "raw") == before


def test_documents_lists_names_and_parameters(invoke: Invoke) -> None:
    result = invoke("documents --json")

    listed = {row["document"] for row in last_json(result.stdout)["documents"]}
    assert result.exit_code == 0
    assert {"ocore/usage", "openscaler/stats-live", "syseleven/current-usage"} <= listed


def test_export_to_a_file_and_to_standard_output_are_the_same_bytes(lived: Lived, tmp_path: Path) -> None:
    folder, target = lived.installation.folder, tmp_path / "usage.json"
    printed = shell(folder, "export", "ocore/usage", "--month", MONTH)
    written = shell(folder, "export", "ocore/usage", "--month", MONTH, "--output", str(target))

    assert (printed.returncode, written.returncode) == (0, 0), printed.stderr + written.stderr
    assert target.read_text(encoding="utf-8") == printed.stdout
    assert json.loads(printed.stdout)
    assert list(tmp_path.iterdir()) == [target]


def test_an_export_of_what_was_never_seen_says_so_on_standard_error(lived: Lived) -> None:
    result = shell(lived.installation.folder, "export", "ocore/usage", "--month", "2026-07", "--json")

    assert result.returncode == 0
    assert "tallybook: ocore-main usage 2026-07: nothing was received" in result.stderr
    assert "tallybook collect --month 2026-07 --connection ocore-main --dataset usage" in result.stderr
    assert len(last_json(result.stdout)["hints"]) == 1


def test_a_reader_that_stops_early_gets_no_traceback(lived: Lived) -> None:
    with subprocess.Popen(
        command("documents"), cwd=lived.installation.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        error = process.stderr.read()

    assert b"Traceback" not in error


def test_an_exported_document_keeps_its_bytes(lived: Lived, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    document = '{"name": "a\u202eb"}\n'  # turns the direction of what a terminal writes after it
    monkeypatch.setattr("tallybook.pipeline.export.export", lambda *_, **__: Exported(document.encode(), ()))
    result = invoke(f"export ocore/usage --month {MONTH}", folder=lived.installation.folder)

    assert result.stdout == document


def test_steps_are_plain_lines_with_their_time_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with steps() as tell:
        tell("sampling")
        tell("a\x1b[2Jb")

    assert capsys.readouterr().err == "   0 s  sampling\n   0 s  a\N{REPLACEMENT CHARACTER}[2Jb\n"


@pytest.mark.parametrize(
    ("value", "shown"), [("1.000000000000", "1"), ("0E-12", "0"), ("23.5000", "23.5"), ("1E+3", "1000"), ("120", "120")]
)
def test_digits_of_a_figure(value: str, shown: str) -> None:
    assert digits(Decimal(value)) == shown


def test_say_writes_nothing_that_acts_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[2Jb\u202ec")

    assert capsys.readouterr().out == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c\n"


@pytest.mark.parametrize("line", ["documents", "init --json"])
def test_standard_output_in_another_alphabet_ends_no_command(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "prix-\N{EURO SIGN}"
    folder.mkdir()
    words = [*line.split(), *([str(folder)] if "init" in line else [])]
    result = subprocess.run(
        command(*words), env=environment(PYTHONIOENCODING="ascii"), capture_output=True, check=False, cwd=tmp_path
    )

    assert result.returncode == 0, result.stderr
    if "--json" in words:
        assert str(folder) in last_json(result.stdout.decode())["written"][0]


def test_names_beyond_the_terminal_s_alphabet_are_printed_all_the_same(lived: Lived) -> None:
    strange = lived.installation.folder / "prix-\N{EURO SIGN}.toml"
    result = shell(lived.installation.folder, "check", "--config", str(strange), PYTHONIOENCODING="ascii")

    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "no configuration at" in result.stderr


def test_the_configuration_can_be_named_by_the_environment(lived: Lived, tmp_path: Path) -> None:
    result = shell(tmp_path, "coverage", "--month", MONTH, TALLYBOOK_CONFIG=str(lived.installation.config))

    assert result.returncode == 0, result.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - paths of a configuration are relative to its file
