"""`deliver`, and the deliveries of `run` and `report`: what they print and how they end."""

import pytest

from tests.commands.conftest import MONTH, Installation, Invoke, last_json, tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]
SHARE = """
[[deliveries]]
name = "share"
kind = "folder"
url = "share"
statuses = ["DRAFT", "PROVISIONAL"]
"""
BROKEN = SHARE.replace('"share"', '"broken"', 1).replace('url = "share"', 'url = "nosuch://x"')


def delivered(copy: Installation) -> list[str]:
    return sorted(path.name for path in copy.folder.glob(f"share/{MONTH}/*"))


def test_report_delivers_what_stands_and_a_failure_ends_with_3(copy: Installation, invoke: Invoke) -> None:
    reports = tree(copy.data / "reports")
    copy.configure(lambda text: text + SHARE + BROKEN)

    result = invoke(f"report --month {MONTH} --json", folder=copy.folder)

    assert result.exit_code == 3
    assert f"{MONTH} is published; delivery broken failed: mend that, and run 'tallybook deliver'" in result.stderr
    answer = last_json(result.stdout)
    assert [one["outcome"] for one in answer["deliveries"]] == ["delivered", "failed"]
    assert answer["deliveries"][0]["message"] == f"share: delivered {MONTH} r01 to share/{MONTH}/r01"
    assert answer["deliveries"][1]["message"].startswith("broken: nosuch://")
    assert answer["failed"] == ["delivery broken"]
    assert tree(copy.data / "reports") == reports  # published, whole and the same
    assert delivered(copy) == ["r01"]


def test_deliver_ends_by_what_failed(copy: Installation, invoke: Invoke) -> None:
    copy.configure(lambda text: text + SHARE + BROKEN)
    some = invoke(f"deliver --month {MONTH}", folder=copy.folder)
    before = invoke(f"deliver --month {MONTH} --delivery share", folder=copy.folder)
    again = invoke(f"deliver --month {MONTH} --delivery share --again", folder=copy.folder)
    none = invoke(f"deliver --month {MONTH} --delivery broken", folder=copy.folder)

    assert [one.exit_code for one in (some, before, again, none)] == [3, 0, 0, 1]
    assert some.stdout.splitlines()[0] == "delivery\tkind\toutcome\tmessage"
    assert "--again delivers it once more" in before.stdout
    assert "share\tfolder\tdelivered" in again.stdout


def test_a_test_is_marked_and_counts_for_nothing(copy: Installation, invoke: Invoke) -> None:
    copy.configure(lambda text: text + SHARE)

    result = invoke(f"deliver --month {MONTH} --test --json", folder=copy.folder)

    assert result.exit_code == 0
    assert [one["outcome"] for one in last_json(result.stdout)["deliveries"]] == ["tested"]
    assert [path.name for path in (copy.folder / "share").iterdir()] == ["test"]
    assert list((copy.data / "deliveries").glob("**/*.json")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"--month {MONTH} --test --again", "give --test or --again"),
        (f"--month {MONTH} --delivery nobody", "no delivery 'nobody'"),
        ("--month 2026-09", "2026-09 has no published report"),
    ],
)
def test_what_cannot_be_ends_with_2(copy: Installation, invoke: Invoke, words: str, said: str) -> None:
    copy.configure(lambda text: text + SHARE)

    result = invoke(f"deliver {words}", folder=copy.folder)

    assert result.exit_code == 2
    assert said in result.stderr


def test_without_deliveries_there_is_nothing_to_deliver(copy: Installation, invoke: Invoke) -> None:
    result = invoke(f"deliver --month {MONTH}", folder=copy.folder)

    assert result.exit_code == 2
    assert "has no [[deliveries]]" in result.stderr
