"""What cannot be done is refused before anything is done: exit code 2, one clear line, no file changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tallybook.periods import BillingPeriod
from tallybook.sandbox.configuration import SECRETS
from tests.commands.conftest import MONTH, Installation, Invoke, last_json, tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]

BACKFILL = f"backfill --from {MONTH} --to {MONTH} --only all"
NEXT_MONTH = str(BillingPeriod.containing(datetime.now(UTC)).shift(1))


def refused(invoke: Invoke, line: str, installation: Installation) -> str:
    """The message of a refused command: one line, and the folder is as it was."""
    before = tree(installation.folder)
    result = invoke(line, folder=installation.folder)

    assert result.exit_code == 2, (result.stdout, result.stderr)
    assert result.stderr.startswith("tallybook: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert tree(installation.folder) == before
    return str(result.stderr)


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def test_no_configuration_says_init_or_config(invoke: Invoke, tmp_path: Path) -> None:
    said = refused(invoke, "check", Installation(tmp_path))

    assert "no configuration at tallybook.toml" in said
    assert "tallybook init" in said
    assert "--config" in said


@pytest.mark.parametrize(
    ("old", "new", "key", "known"),
    [
        ('data_dir = "var"', 'data_dri = "var"', "data_dri", "did you mean 'data_dir'"),
        ('org_slug = "acme"', 'org_slag = "acme"', "org_slag", "did you mean 'org_slug'"),
        ('{ env = "OCORE_TOKEN" }', '{ environ = "OCORE_TOKEN" }', "token.environ", "env, file, prefect"),
        ("application_credential_id =", "application_credential =", "projects.1.application_credential", "Known keys"),
        ("[tallybook]", "[talybook]", "[talybook]", "[tallybook]"),
    ],
)
def test_an_unknown_key_is_named_with_the_known_ones(
    invoke: Invoke, fresh: Installation, old: str, new: str, key: str, known: str
) -> None:
    fresh.configure(replaced(old, new))
    said = refused(invoke, f"collect --month {MONTH}", fresh)

    assert key in said
    assert known in said


@pytest.mark.parametrize(
    "literal", ['"ocore_k_literal"', '{ env = ["ocore_k_literal"] }', '{ value = "ocore_k_literal" }']
)
def test_a_literal_secret_is_refused_and_not_repeated(invoke: Invoke, fresh: Installation, literal: str) -> None:
    fresh.configure(replaced('{ env = "OCORE_TOKEN" }', literal))
    said = refused(invoke, "check", fresh)

    assert "'ocore-main'" in said
    assert "token" in said
    assert "ocore_k_literal" not in said


def test_an_unknown_provider_is_named_with_the_known_ones(invoke: Invoke, fresh: Installation) -> None:
    fresh.configure(replaced('provider = "ocore"', 'provider = "okore"'))
    said = refused(invoke, "check", fresh)

    assert "connection 'ocore-main': unknown provider 'okore'" in said
    assert "known: nodeconductor, ocore" in said


@pytest.mark.parametrize("line", ["check", "sample", f"collect --month {MONTH}"])
def test_a_missing_secret_names_its_connection_and_stops_everything(
    invoke: Invoke, fresh: Installation, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.delenv("OPENSCALER_TOKEN")
    said = refused(invoke, line, fresh)

    assert "connection 'openscaler-main', key 'token'" in said
    assert "OPENSCALER_TOKEN is not set; export it" in said


def test_all_missing_secrets_are_told_at_once(
    invoke: Invoke, fresh: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name)
    result = invoke("check", folder=fresh.folder)

    assert result.exit_code == 2
    assert [name for name in SECRETS if f"{name} is not set" not in result.stderr] == []
    assert "connection 'syseleven-main', key 'projects.1.application_credential_secret'" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "line",
    [
        f"collect --month {NEXT_MONTH}",
        f"report --month {NEXT_MONTH}",
        f"run --month {NEXT_MONTH}",
        f"coverage --month {NEXT_MONTH}",
        f"export ocore/usage --month {NEXT_MONTH}",
        f"explain --month {NEXT_MONTH} --project Research",
        f"backfill --from {MONTH} --to {NEXT_MONTH}",
    ],
)
def test_a_month_in_the_future_has_not_begun(invoke: Invoke, fresh: Installation, line: str) -> None:
    assert f"{NEXT_MONTH} has not begun" in refused(invoke, line, fresh)


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "October", "0000-01", "2026-10-01", ""])
def test_what_is_no_month_is_told_the_form(invoke: Invoke, fresh: Installation, month: str) -> None:
    before = tree(fresh.folder)
    result = invoke(["collect", "--month", month], folder=fresh.folder)

    assert result.exit_code == 2
    assert "give YYYY-MM, 'last' or 'current'" in result.stderr
    assert tree(fresh.folder) == before


def test_months_the_wrong_way_round_are_refused(invoke: Invoke, fresh: Installation) -> None:
    said = refused(invoke, f"backfill --from {MONTH} --to 2026-09", fresh)

    assert f"{MONTH} is after the last month 2026-09" in said


def test_an_unknown_choice_of_backfill_is_told_the_known_ones(invoke: Invoke, fresh: Installation) -> None:
    assert "missing, failed, all" in refused(invoke, f"backfill --from {MONTH} --to {MONTH} --only some", fresh)


@pytest.mark.parametrize("line", [f"report --month {MONTH} --final", f"report --month {MONTH} --final --reason="])
def test_a_month_is_not_closed_without_a_reason(invoke: Invoke, copy: Installation, line: str) -> None:
    assert "--reason TEXT" in refused(invoke, line, copy)


@pytest.mark.parametrize(
    "line",
    [
        f"collect --month {MONTH} --connection ocore",
        f"explain --month {MONTH} --project Research --connection ocore",
        "sample --connection ocore",
        "backfill --from 2026-09 --to 2026-09 --connection ocore",
    ],
)
def test_an_unknown_connection_is_told_the_known_ones(invoke: Invoke, fresh: Installation, line: str) -> None:
    said = refused(invoke, line, fresh)

    assert "no connection 'ocore'" in said
    assert "ocore-main" in said


def test_nothing_can_be_explained_before_anything_was_collected(invoke: Invoke, fresh: Installation) -> None:
    said = refused(invoke, f"explain --month {MONTH} --project Research", fresh)

    assert f"{MONTH}: project 'Research' has no usage and no cost; no project has: collect the month first" in said


def test_an_unknown_dataset_is_told_the_known_ones(invoke: Invoke, fresh: Installation) -> None:
    said = refused(invoke, f"collect --month {MONTH} --connection ocore-main --dataset hours", fresh)

    assert "no dataset 'hours'" in said
    assert "known: totals, usage" in said


@pytest.mark.parametrize("line", [f"report --month {MONTH}", f"run --month {MONTH}", BACKFILL, "check"])
def test_overlapping_prices_name_both_lines(invoke: Invoke, copy: Installation, line: str) -> None:
    prices = copy.folder / "books" / "prices.csv"
    rows = prices.read_text(encoding="utf-8").splitlines()
    prices.write_text("\n".join([*rows, rows[1]]) + "\n", encoding="utf-8")
    said = refused(invoke, line, copy)

    assert f"prices.csv lines 2 and {len(rows) + 1}" in said
    assert "valid_to" in said


@pytest.mark.parametrize("line", [f"report --month {MONTH}", "check"])
def test_a_price_for_a_connection_of_another_provider_names_line_and_column(
    invoke: Invoke, copy: Installation, line: str
) -> None:
    prices = copy.folder / "books" / "prices.csv"
    row = "syseleven,ocore-main,,,core_hours,core-hour,0.01,EUR,2026-01-01,,contract"
    text = prices.read_text(encoding="utf-8")
    prices.write_text(f"{text}{row}\n", encoding="utf-8")
    said = refused(invoke, line, copy)

    where = f"prices.csv line {text.count(chr(10)) + 1}, column provider"
    assert f"{where}: connection 'ocore-main' is one of ocore, not of syseleven" in said


@pytest.mark.parametrize("line", [f"report --month {MONTH}", f"run --month {MONTH}", "check"])
def test_a_missing_books_folder_says_what_to_do(invoke: Invoke, copy: Installation, line: str) -> None:
    (copy.folder / "books").rename(copy.folder / "elsewhere")
    said = refused(invoke, line, copy)

    assert f"no prices.csv in {copy.folder / 'books'}" in said
    assert "tallybook init" in said


def test_check_finds_a_price_for_a_provider_that_is_none(invoke: Invoke, fresh: Installation) -> None:
    prices = fresh.folder / "books" / "prices.csv"
    prices.write_text(prices.read_text(encoding="utf-8").replace("\nocore,", "\nokore,"), encoding="utf-8")

    assert "unknown provider 'okore'" in refused(invoke, "check", fresh)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export ocore/invoice", "no document 'ocore/invoice'; known: "),
        ("export ocore/usage --set color=red", "knows project_id, period, start_date, end_date"),
        ("export ocore/usage --set period=yearly", "period='yearly': allowed are "),
        (
            "export ocore/usage --connection scaleops-main",
            "which the facts of connection scaleops-main do not hold (no usage and no limits)",
        ),
        ("export ocore/usage --connection nobody", "no connection 'nobody'"),
    ],
)
def test_a_refused_parameter_says_what_is_allowed(invoke: Invoke, fresh: Installation, line: str, said: str) -> None:
    assert said in refused(invoke, f"{line} --month {MONTH}", fresh)


def test_an_unknown_fault_is_told_the_known_ones(invoke: Invoke, tmp_path: Path) -> None:
    said = refused(invoke, "sandbox --port 0 --faults fire", Installation(tmp_path))

    assert "unknown fault fire; known are " in said
    assert "rate-limit" in said


def test_a_bad_day_of_the_sandbox_is_told_the_form(invoke: Invoke, tmp_path: Path) -> None:
    assert "YYYY-MM-DD" in refused(invoke, "sandbox --port 0 --until 2026-10", Installation(tmp_path))


def test_with_json_a_refusal_is_an_object_too(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("check --json", folder=tmp_path)

    assert result.exit_code == 2
    told = last_json(result.stdout)
    assert told["exit_code"] == 2
    assert "tallybook init" in told["error"]


def test_demo_does_not_clear_a_folder_that_is_not_its_own(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me", encoding="utf-8")

    assert "is not a demo's folder" in refused(invoke, "demo --folder mine", Installation(tmp_path))


def test_init_writes_a_start_that_check_can_read(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("init", folder=tmp_path).exit_code == 0

    names = ("prices", "exchange_rates", "projects", "budgets", "adjustments", "commitments", "allocation")
    books = {f"books/{name}.csv" for name in names}
    assert set(tree(tmp_path)) == {"tallybook.toml", *books}
    result = invoke("coverage --month last", folder=tmp_path)
    assert result.exit_code == 0, result.stderr


def test_init_never_overwrites(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "tallybook.toml").write_text("# mine", encoding="utf-8")
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "prices.csv").write_text("mine too", encoding="utf-8")
    first = invoke("init --json", folder=tmp_path)
    before = tree(tmp_path)
    second = invoke("init --json", folder=tmp_path)

    assert (tmp_path / "tallybook.toml").read_text(encoding="utf-8") == "# mine"
    assert (tmp_path / "books" / "prices.csv").read_text(encoding="utf-8") == "mine too"
    assert len(last_json(first.stdout)["written"]) == 6
    assert last_json(second.stdout) == {"made": [], "written": []}
    assert "nothing was written" in second.stdout
    assert tree(tmp_path) == before


def test_init_tells_the_folders_that_it_makes(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("init deep/er --json", folder=tmp_path)

    assert last_json(result.stdout)["made"] == ["deep", "deep/er", "deep/er/books"]
    assert "made the folder deep/er\n" in result.stdout
