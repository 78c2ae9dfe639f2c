"""`tallybook export` and `tallybook documents`: all documents by their names, refusals with exit code 2."""

import pytest

from tallybook import providers
from tallybook.pipeline.export import known_documents
from tests.commands.conftest import MONTH, Installation, Invoke, last_json, tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("commands")]

EVERY = known_documents([providers.load(name) for name in providers.names()])


def test_fourteen_documents_are_listed_with_what_they_take_and_an_example(invoke: Invoke) -> None:
    rows = last_json(invoke("documents --json").stdout)["documents"]

    assert {row["document"] for row in rows} == set(EVERY)
    assert len(EVERY) == 14
    assert {row["example"].split()[2] for row in rows} == set(EVERY)
    period = next(row for row in rows if (row["document"], row["parameter"]) == ("ocore/usage", "period"))
    assert (period["takes"], period["default"]) == ("hourly, daily, monthly", "hourly")


def test_the_page_is_printed_instead_of_the_table(invoke: Invoke) -> None:
    printed = invoke("documents --markdown").stdout

    assert printed.startswith("# Documented JSON\n")
    assert [f"\n## {name}\n" in printed for name in EVERY] == [True] * 14


@pytest.mark.parametrize("document", EVERY)
def test_an_unknown_parameter_of_any_document_is_told_the_known_ones(
    invoke: Invoke, fresh: Installation, document: str
) -> None:
    before = tree(fresh.folder)
    result = invoke(f"export {document} --month {MONTH} --set colour=red", folder=fresh.folder)
    known = ", ".join(parameter.name for parameter in EVERY[document][1].parameters) or "none"

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("tallybook: --set 'colour=red'")
    assert result.stderr.endswith(f"knows {known}\n")
    assert tree(fresh.folder) == before


@pytest.mark.parametrize(
    ("document", "values", "said"),
    [
        ("nodeconductor/alert", "--set from=1790812800000", "give unix seconds"),
        ("nodeconductor/usage", "--set item=cpu --set from=2 --set to=1", "from=2 is after to=1"),
        ("ocore/usage", "--set start_date=1790812800", "give RFC 3339 with an offset"),
        ("openscaler/stats-live", "--set at=1790812800000", "give whole unix seconds"),
        ("scaleops/aggregated", "--set from=1790812800", "not seconds"),
        ("syseleven/quota", "--set project_id=x", "project_id='x': allowed are "),
    ],
)
def test_a_value_that_a_document_cannot_mean_ends_with_2(
    invoke: Invoke, fresh: Installation, document: str, values: str, said: str
) -> None:
    target = fresh.folder / "answer.json"
    result = invoke(f"export {document} --month {MONTH} {values} --output {target}", folder=fresh.folder)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not target.exists()
