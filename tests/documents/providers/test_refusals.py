"""Every document refuses what it cannot mean, and says what is allowed. Nothing is landed, so nothing is looked up."""

import pytest

from tallybook import providers
from tallybook.contract import Document, Parameter
from tallybook.errors import UsageError
from tallybook.pipeline.export import known_documents
from tests.documents.providers.document_bench import asked
from tests.providers.support import Bench, settings

EVERY = known_documents([providers.load(name) for name in providers.names()])
PROJECT = "1" * 32
KEYS = {
    "scaleops": {"currency": "USD"},
    "syseleven": {"projects": [{"id": PROJECT, "token": {"env": "TOKEN"}}]},
}
REQUIRED = {
    "nodeconductor/usage": ("item=cpu",),
    "nodeconductor/resource": ("auth_url=https://keystone.example.com:5000/v2.0",),
    "nodeconductor/creation-time": ("type=project",),
    "ocore/project-usage": ("id=a",),
    "syseleven/quota": (f"project_id={PROJECT}",),
    "syseleven/current-usage": (f"project_id={PROJECT}",),
}


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bench]:
    return {
        name: Bench(tmp_path_factory.mktemp(name), settings(name, **KEYS.get(name, {}))) for name in providers.names()
    }


def refusal(benches: dict[str, Bench], document: str, *values: str) -> str:
    provider, _, name = document.partition("/")
    bench = benches[provider]
    given = {value.partition("=")[0] for value in values}
    needed = [one for one in REQUIRED.get(document, ()) if one.partition("=")[0] not in given]
    with pytest.raises(UsageError) as refused:
        asked(bench.warehouse, (bench.connection, bench.provider), name, *needed, *values)
    assert refused.value.exit_code == 2
    return str(refused.value)


@pytest.mark.parametrize("name", EVERY)
def test_an_unknown_name_is_told_the_known_ones(benches: dict[str, Bench], name: str) -> None:
    _, document = EVERY[name]
    known = ", ".join(parameter.name for parameter in document.parameters) or "none"

    assert f"--set 'colour=red': no parameter 'colour'; {document.name} knows {known}" in refusal(
        benches, name, "colour=red"
    )


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("text", ["", "colour", "=red"])
def test_what_is_no_setting_is_told_the_form(benches: dict[str, Bench], name: str, text: str) -> None:
    assert "give NAME=VALUE" in refusal(benches, name, text)


def of_kind(*kinds: str) -> list[tuple[str, Parameter]]:
    return [
        (name, parameter)
        for name, (_, document) in EVERY.items()
        for parameter in document.parameters
        if parameter.kind in kinds
    ]


def named(case: tuple[str, Parameter]) -> str:
    return f"{case[0]} {case[1].name}"


@pytest.mark.parametrize("case", of_kind("choice", "boolean"), ids=named)
def test_another_choice_is_told_the_allowed_ones(benches: dict[str, Bench], case: tuple[str, Parameter]) -> None:
    name, parameter = case
    choices = ", ".join(parameter.choices or ("true", "false"))
    wrong = ("other", "", (parameter.choices or ("true",))[0].swapcase(), "1")

    for value in wrong:
        assert f"{parameter.name}={value!r}: allowed are {choices}" in refusal(
            benches, name, f"{parameter.name}={value}"
        )


@pytest.mark.parametrize("case", of_kind("integer"), ids=named)
def test_what_is_no_whole_number_is_refused(benches: dict[str, Bench], case: tuple[str, Parameter]) -> None:
    name, parameter = case

    for value in ("now", "", "1.5", "1e9", "2026-10-01", "0x10"):
        assert f"{parameter.name}={value!r} is not a whole number" in refusal(
            benches, name, f"{parameter.name}={value}"
        )


@pytest.mark.parametrize("case", of_kind("choice", "boolean", "integer", "text"), ids=named)
def test_one_value_is_not_given_twice(benches: dict[str, Bench], case: tuple[str, Parameter]) -> None:
    name, parameter = case
    value = f"{parameter.name}={(parameter.choices or ('1',))[0]}"

    assert f"{parameter.name} is given 2 times" in refusal(benches, name, value, value)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_value_is_asked_for(benches: dict[str, Bench], name: str) -> None:
    provider, document = EVERY[name]
    (needed,) = REQUIRED[name]
    bench = benches[provider.name]

    with pytest.raises(UsageError, match=f"{document.name} needs --set {needed.partition('=')[0]}=VALUE"):
        asked(bench.warehouse, (bench.connection, bench.provider), document.name)


def test_those_are_all_that_is_required() -> None:
    required = {name for name, (_, document) in EVERY.items() if any(one.is_required for one in document.parameters)}

    assert required == set(REQUIRED)


def has(document: Document, name: str) -> bool:
    return any(parameter.name == name for parameter in document.parameters)


@pytest.mark.parametrize("name", [name for name, (_, document) in EVERY.items() if has(document, "from")])
def test_from_after_to_is_refused(benches: dict[str, Bench], name: str) -> None:
    thousand = 1000 if name.startswith("scaleops") else 1

    assert "is after to=" in refusal(benches, name, f"from={1790812801 * thousand}", f"to={1790812800 * thousand}")


@pytest.mark.parametrize("name", [name for name, (_, document) in EVERY.items() if has(document, "start_date")])
@pytest.mark.parametrize("end", ["2026-10-01T23:59:59Z", "2026-10-02T01:00:00+02:00"])
def test_a_start_after_the_end_is_refused(benches: dict[str, Bench], name: str, end: str) -> None:
    said = refusal(benches, name, "start_date=2026-10-02T00:00:00Z", f"end_date={end}")

    assert "start_date 2026-10-02T00:00:00Z is after end_date 2026-10-01T23:" in said or "is no project" in said


@pytest.mark.parametrize(
    "case", [case for case in of_kind("integer") if case[1].name in ("from", "to", "at")], ids=named
)
def test_milliseconds_and_seconds_are_told_apart(benches: dict[str, Bench], case: tuple[str, Parameter]) -> None:
    name, parameter = case
    wrong, said = (
        ("1790812800", "not seconds") if name.startswith("scaleops") else ("1790812800000", "not milliseconds")
    )

    assert said in refusal(benches, name, f"{parameter.name}={wrong}")
    assert f"{parameter.name}=-1: " in refusal(benches, name, f"{parameter.name}=-1")


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("nodeconductor/usage", ["datapoints=0"], "datapoints=0: allowed are 1 to 100000"),
        ("nodeconductor/usage", ["uuid=Warehouse"], "give 32 hexadecimal digits"),
        ("nodeconductor/creation-time", ["datapoints=100001"], "allowed are 1 to 100000"),
        ("nodeconductor/quota", ["uuid="], "give 32 hexadecimal digits"),
        ("nodeconductor/alert", ["uuid=*"], "give 32 hexadecimal digits"),
        ("nodeconductor/resource", ["auth_url=x"], "none: no cloud was asked in that month"),
        ("ocore/usage", ["start_date=1790812800"], "give RFC 3339 with an offset"),
        ("ocore/usage", ["end_date=2026-10-01"], "give RFC 3339 with an offset"),
        ("ocore/usage-totals", ["start_date=2026-10-01T00:00:00"], "give RFC 3339 with an offset"),
        ("ocore/project-usage", ["id=prj"], "is no project that was seen; known: none"),
        ("openscaler/stats-live", [], "only 'tallybook sample' in that month could have"),
        ("openscaler/stats-live", ["at=1790812800"], "this connection was never sampled"),
        ("scaleops/aggregated", ["range=7"], "give a number of h, d or w"),
        ("scaleops/aggregated", ["range="], "give a number of h, d or w"),
        ("scaleops/aggregated", ["stepSize=-1"], "give seconds, or 0"),
        ("scaleops/aggregated", ["tags=blue"], "leave tags away"),
        ("scaleops/workloads", ["labels=team"], "give key=value"),
        ("scaleops/workloads", ["annotations=team"], "give key=value"),
        ("syseleven/quota", ["project_id=2"], f"allowed are {PROJECT}"),
        ("syseleven/current-usage", ["filter=image"], "allowed are compute, dns, "),
        ("syseleven/current-usage", ["filter=loadbalancer", "version=v1"], "came with version v2"),
    ],
)
def test_what_a_document_cannot_mean_is_refused(
    benches: dict[str, Bench], name: str, values: list[str], said: str
) -> None:
    assert said in refusal(benches, name, *values)
