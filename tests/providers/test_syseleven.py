"""SysEleven: the documented examples, the traps of its API, and the shape of its answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from tallybook.contract import Cadence, Parsed, Request
from tallybook.errors import SchemaError
from tallybook.periods import BillingPeriod
from tallybook.providers.syseleven import PROVIDER, parse, plan
from tallybook.providers.syseleven.checks import flavor_size
from tallybook.providers.syseleven.fields import FIELDS
from tests.providers.support import Bench, settings

SAMPLES = Path(parse.__file__).parent / "samples"
PROJECT = "1" * 32
OTHER = "2" * 32
AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
HOSTILE = "<script>{{ 7*7 }}</script> =1+1 ../../etc \u202e'; drop table x; --"
PARSERS = {"usage": parse.parse_usage, "quota": parse.parse_quota}
ENDPOINTS = {"usage": "current_usage", "quota": "quota"}


def project(project_id: str = PROJECT, **keys: object) -> dict[str, Any]:
    return {"id": project_id, **(keys or {"token": {"env": "TOKEN"}})}


def connection(**keys: object) -> Any:
    return settings("syseleven", **({"projects": [project()]} | keys))


def asked(kind: str, **keys: object) -> Request:
    """The first question of a plan."""
    session: Any = SimpleNamespace(settings=connection(**keys), now=AT)
    return next(iter(PROVIDER.dataset(kind).plan(session, BillingPeriod(2026, 10))))


def sample(kind: str, version: str = "v3") -> dict[str, Any]:
    text = (SAMPLES / f"{ENDPOINTS[kind]}_{version}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def parsed(kind: str, document: object, **keys: object) -> Parsed:
    return PARSERS[kind](json.dumps(document).encode(), asked(kind, **keys))


def rebuilt(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that staging rows stand for, by the rules of the table's header."""
    answer: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: row["position"]):
        region = answer.setdefault(row["region"], {})
        if row["resource"] == "objectstorage":
            region.setdefault("objectstorage", []).append({"space_bytes": row["value"], "type": row["type"]})
        elif row["type"]:
            region.setdefault(row["resource"], {})[row["type"]] = row["value"]
        else:
            region[row["resource"]] = row["value"]
    return answer


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, connection())


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
@pytest.mark.parametrize("kind", ["usage", "quota"])
def test_the_documented_example_reaches_staging_field_by_field(bench: Bench, kind: str, version: str) -> None:
    body = (SAMPLES / f"{ENDPOINTS[kind]}_{version}.json").read_bytes()

    bench.land(kind, [(asked(kind, api_version=version), body, AT)])
    (staged,) = bench.stage()

    rows = bench.rows(f"staging.syseleven_{kind}_values")
    assert staged.error == ""
    assert rebuilt(rows) == json.loads(body)
    assert {(row["project_id"], row["api_version"]) for row in rows} == {(PROJECT, version)}
    assert {row["is_documented"] for row in rows} == {True}
    assert {row["unknown_fields"] for row in rows} == {""}


@pytest.mark.parametrize("kind", ["usage", "quota"])
def test_an_answer_is_a_row_with_what_was_asked(bench: Bench, kind: str) -> None:
    question = asked(kind, regions=["cbk", "fes"])

    bench.land(kind, [(question, json.dumps(sample(kind)).encode(), AT)])
    bench.stage()

    (row,) = bench.rows(f"staging.syseleven_{kind}_answers")
    assert row["asked_regions"] == "cbk,fes"
    assert row["asked_filter"] == ""
    assert row["region_count"] == 2
    assert row["x_captured_at"] == AT.replace(tzinfo=None)


def test_every_field_of_the_examples_is_in_the_table_of_fields() -> None:
    for kind in ENDPOINTS:
        for region in sample(kind).values():
            assert set(region) <= set(FIELDS)


def test_the_singular_of_ike_policies_is_the_documented_field(bench: Bench) -> None:
    document = sample("quota")
    document["cbk"]["network.vpn_ikepolicy"] = document["cbk"].pop("network.vpn_ikepolicies")

    bench.land("quota", [(asked("quota"), json.dumps(document).encode(), AT)])
    (staged,) = bench.stage()

    rows = [row for row in bench.rows("staging.syseleven_quota_values") if "ikepol" in row["resource"]]
    facts = [row for row in bench.rows("facts.quotas") if "ikepol" in row["resource"]]
    assert staged.error == ""
    assert sorted(row["resource"] for row in rows) == ["network.vpn_ikepolicies", "network.vpn_ikepolicy"]
    assert {row["resource"] for row in facts} == {"network.vpn_ikepolicies"}
    assert len(facts) == 2


def test_a_region_that_was_asked_for_and_is_missing_is_noted() -> None:
    document = sample("usage")
    del document["fes"]

    result = parsed("usage", document, regions=["cbk", "fes"])

    assert "region fes was asked for and not answered: unknown, not zero" in result.notes
    assert set(result.tables["usage_values"]["region"]) == {"cbk"}


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_region_that_answers_nothing_is_noted_and_has_no_figures(nothing: object) -> None:
    result = parsed("usage", sample("usage") | {"fes": nothing})

    rows = result.tables["usage_values"]
    assert "region fes answered nothing: unknown, not zero" in result.notes
    assert [value for region, value in zip(rows["region"], rows["value"], strict=True) if region == "fes"] == [None]


def test_an_error_in_the_place_of_a_region_is_noted_kept_and_gives_no_figures() -> None:
    error = {"title": "Bad Gateway", "detail": "region down", "type": "about:blank", "status": 502}

    result = parsed("usage", sample("usage") | {"fes": error})

    rows = result.tables["usage_values"]
    fes = [index for index, region in enumerate(rows["region"]) if region == "fes"]
    assert "region fes answered no figures, perhaps an error: kept; its state is unknown" in result.notes
    assert {rows["is_documented"][index] for index in fes} == {False}
    assert '{"detail":"region down"}' in rows["unknown_fields"]


def test_an_error_document_is_no_answer() -> None:
    with pytest.raises(SchemaError, match="title"):
        PARSERS["usage"]((SAMPLES / "error.json").read_bytes(), asked("usage"))


def test_an_answer_without_regions_is_an_answer(bench: Bench) -> None:
    bench.land("usage", [(asked("usage"), (SAMPLES / "empty.json").read_bytes(), AT)])
    (staged,) = bench.stage()

    (row,) = bench.rows("staging.syseleven_usage_answers")
    assert staged.error == ""
    assert row["region_count"] == 0
    assert bench.rows("facts.usage") == []


WHOLE = [name for name in FIELDS if name not in {"dns.zones", "objectstorage", "s3.space_bytes"}]


@pytest.mark.parametrize("name", [name for name in WHOLE if FIELDS[name].usage])
def test_a_field_missing_from_its_component_of_use_is_an_error_that_names_it(name: str) -> None:
    document = sample("usage")
    del document["cbk"][name]

    with pytest.raises(SchemaError, match=f"region cbk lacks `{name}`"):
        parsed("usage", document)


@pytest.mark.parametrize("name", [name for name in WHOLE if FIELDS[name].quota])
def test_a_field_missing_from_its_component_of_limits_is_an_error_that_names_it(name: str) -> None:
    document = sample("quota")
    del document["cbk"][name]

    with pytest.raises(SchemaError, match=f"region cbk lacks `{name}`"):
        parsed("quota", document)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_older_versions_need_their_own_fields_only(version: str) -> None:
    assert parsed("quota", sample("quota", version), api_version=version).notes == ()

    document = sample("usage", version)
    del document["fes"]["compute.ram_mb"]
    with pytest.raises(SchemaError, match=r"region fes lacks `compute.ram_mb`"):
        parsed("usage", document, api_version=version)


def test_a_renamed_field_is_an_error_that_names_the_missing_one() -> None:
    document = sample("usage")
    document["fes"]["compute.vcpus"] = document["fes"].pop("compute.cores")

    with pytest.raises(SchemaError, match=r"compute\.cores"):
        parsed("usage", document)


@pytest.mark.parametrize(
    ("component", "prefix"), [("compute", "compute."), ("dns", "dns."), ("s3", "objectstorage"), ("volume", "volume.")]
)
def test_a_component_that_is_missing_as_a_whole_is_unknown_and_noted(component: str, prefix: str) -> None:
    document = sample("usage")
    document["fes"] = {name: value for name, value in document["fes"].items() if not name.startswith(prefix)}

    assert f"region fes answered nothing about {component}: unknown, not zero" in parsed("usage", document).notes


def test_neutron_load_balancers_exist_in_some_regions_only_and_their_absence_is_no_note() -> None:
    assert parsed("quota", sample("quota")).notes == ()


def test_components_that_were_not_asked_for_are_no_note() -> None:
    document = {
        region: {name: value for name, value in fields.items() if FIELDS[name].component in {"compute", "s3"}}
        for region, fields in sample("usage").items()
    }

    notes = parsed("usage", document, filter=["compute", "s3"]).notes

    assert not [note for note in notes if "answered nothing" in note]


@pytest.mark.parametrize("value", ["3", None, True, [3], {"n": 3}])
@pytest.mark.parametrize("kind", ["usage", "quota"])
def test_a_figure_of_another_type_is_an_error_that_names_region_and_field(kind: str, value: object) -> None:
    document = sample(kind)
    document["fes"]["compute.cores"] = value

    with pytest.raises(SchemaError, match=r"`fes\.compute\.cores` is no number"):
        parsed(kind, document)


@pytest.mark.parametrize("value", [3, None, "m1.small", ["m1.small"]])
def test_flavors_of_another_type_are_an_error_that_names_them(value: object) -> None:
    document = sample("usage")
    document["fes"]["compute.flavors"] = value

    with pytest.raises(SchemaError, match=r"`fes\.compute\.flavors` is not an object"):
        parsed("usage", document)


@pytest.mark.parametrize("value", [3, None, {"type": "ceph", "space_bytes": 1}, [1]])
def test_object_storage_of_another_type_is_an_error_that_names_it(value: object) -> None:
    document = sample("usage")
    document["fes"]["objectstorage"] = value

    with pytest.raises(SchemaError, match=r"`fes\.objectstorage` is not a list of objects"):
        parsed("usage", document)


@pytest.mark.parametrize("key", ["type", "space_bytes"])
def test_a_missing_field_of_object_storage_is_an_error_that_names_it(key: str) -> None:
    document = sample("quota")
    del document["fes"]["objectstorage"][1][key]

    with pytest.raises(SchemaError, match=rf"`fes\.objectstorage\[1\]` lacks {key}"):
        parsed("quota", document)


def test_a_type_of_object_storage_given_twice_is_an_error() -> None:
    document = sample("usage")
    document["fes"]["objectstorage"][1]["type"] = "quobyte"

    with pytest.raises(SchemaError, match="type 'quobyte' twice"):
        parsed("usage", document)


@pytest.mark.parametrize("value", ["down", 0, []])
def test_a_region_of_another_type_is_an_error_that_names_it(value: object) -> None:
    with pytest.raises(SchemaError, match="'fes' holds no region"):
        parsed("usage", sample("usage") | {"fes": value})


@pytest.mark.parametrize(("kind", "value"), [("usage", -1), ("quota", -2), ("usage", 1e30), ("quota", 10**18)])
def test_a_figure_that_the_document_gives_no_meaning_is_an_error(kind: str, value: float) -> None:
    document = sample(kind)
    document["fes"]["volume.space_gb"] = value

    with pytest.raises(SchemaError, match=r"`fes\.volume\.space_gb` is out of range"):
        parsed(kind, document)


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"[]", b'{"cbk": {"compute.cores": 3'])
def test_a_body_that_is_no_json_object_is_an_error(body: bytes) -> None:
    with pytest.raises(SchemaError):
        PARSERS["usage"](body, asked("usage"))


def test_unknown_fields_are_kept_and_noted() -> None:
    document = sample("usage")
    document["cbk"] |= {"network.trunks": 2, "volume.types": {"ceph": 1}}
    document["cbk"]["objectstorage"][0]["objects"] = 7

    result = parsed("usage", document)

    rows = result.tables["usage_values"]
    found = {
        name: (rows["value"][index], rows["is_documented"][index], rows["unknown_fields"][index])
        for index, name in enumerate(rows["resource"])
        if rows["unknown_fields"][index]
    }
    assert found == {
        "network.trunks": ("2", False, '{"network.trunks":2}'),
        "volume.types": (None, False, '{"volume.types":{"ceph": 1}}'),
        "objectstorage": ("0", True, '{"objects":7}'),
    }
    assert "unknown field network.trunks: kept" in result.notes
    assert "unknown field volume.types: kept" in result.notes
    assert "unknown field objectstorage.objects: kept" in result.notes


def test_empty_flavors_and_object_storage_are_known_to_be_empty() -> None:
    document = sample("usage")
    document["cbk"] |= {"compute.flavors": {}, "objectstorage": []}

    rows = parsed("usage", document).tables["usage_values"]

    empty = [
        name
        for region, name, value in zip(rows["region"], rows["resource"], rows["value"], strict=True)
        if region == "cbk" and value is None
    ]
    assert empty == ["compute.flavors", "objectstorage"]


def test_hostile_names_stay_text(bench: Bench) -> None:
    document = {HOSTILE: sample("usage")["cbk"]}
    document[HOSTILE]["compute.flavors"] = {HOSTILE: 3}

    bench.land("usage", [(asked("usage"), json.dumps(document).encode(), AT)])
    (staged,) = bench.stage()

    meters = {row["meter"] for row in bench.rows("facts.usage", region=HOSTILE)}
    assert staged.error == ""
    assert f"flavor:{HOSTILE}_hours" in meters


def test_flavors_that_disagree_with_cores_are_a_note_and_no_failure() -> None:
    # 5 m1.medium, 3 m1.small and 1 m1.xxlarge are 58 cores by the table; the example says 50
    assert parsed("usage", sample("usage")).notes == (
        "region fes: cores and memory are not what the flavor table gives: kept as answered",
    )


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("m1c.tiny", (1, 2048)),
        ("m1.small", (2, 8192)),
        ("m1r.small", (2, 16384)),
        ("m2.xxlarge", (32, 131072)),
        ("l1.4xlarge", (64, 262144)),
        ("gpu.large", None),
        ("m1.gigantic", None),
    ],
)
def test_a_flavor_is_cores_by_size_and_memory_by_class(name: str, size: tuple[int, int] | None) -> None:
    assert flavor_size(name) == size


def test_each_project_is_asked_with_its_own_credential() -> None:
    session: Any = SimpleNamespace(settings=connection(projects=[project(), project(OTHER)]), now=AT)

    requests = list(plan.plan_usage(session, BillingPeriod(2026, 10)))

    assert [request.path for request in requests] == [
        f"/v3/projects/{PROJECT}/current_usage",
        f"/v3/projects/{OTHER}/current_usage",
    ]
    assert [request.credential for request in requests] == [PROJECT, OTHER]
    assert [request.params for request in requests] == [(), ()]


def test_regions_and_filter_are_sent_when_set_and_quota_knows_no_filter() -> None:
    keys: dict[str, Any] = {"regions": ["cbk", "fes"], "filter": ["compute", "s3"]}

    assert asked("usage", **keys).params == (("regions", "cbk,fes"), ("filter", "compute,s3"))
    assert asked("quota", **keys).params == (("regions", "cbk,fes"),)


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_the_version_is_in_the_path(version: str) -> None:
    assert asked("quota", api_version=version).path == f"/{version}/projects/{PROJECT}/quota"


def test_use_is_sampled_and_limits_are_captured() -> None:
    assert PROVIDER.dataset("usage").cadence is Cadence.SAMPLED
    assert PROVIDER.dataset("quota").cadence is Cadence.CAPTURED


def test_the_query_parameters_are_seconds_projects_and_regions() -> None:
    assert plan.parameters(connection(max_gap="65m", regions=["cbk"])) == {
        "max_gap_seconds": 3900,
        "project_ids": [PROJECT],
        "regions": ["cbk"],
    }


SECRET = {"env": "SECRET"}


@pytest.mark.parametrize(
    "keys",
    [
        {"token": SECRET},
        {"application_credential_id": SECRET, "application_credential_secret": SECRET},
        {"username": "me", "password": SECRET},
        {"username": SECRET, "password": SECRET, "user_domain_name": "acme"},
    ],
)
def test_a_project_has_one_way_in(keys: dict[str, object]) -> None:
    assert connection(projects=[project(**keys)]).projects[0].id == PROJECT


@pytest.mark.parametrize(
    "keys",
    [
        {"user_domain_name": "acme"},
        {"application_credential_id": SECRET},
        {"username": "me"},
        {"token": SECRET, "username": "me", "password": SECRET},
    ],
)
def test_no_way_in_half_of_one_or_two_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="exactly one of: token"):
        connection(projects=[project(**keys)])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"projects": []}, "projects"),
        ({"projects": [project(), project()]}, "listed twice"),
        ({"projects": [{"id": "../x", "token": SECRET}]}, "projects"),
        ({"projects": [{"id": "1", "token": "literal"}]}, "never written into the file"),
        ({"api_version": "v4"}, "api_version"),
        ({"filter": ["s4"]}, "filter"),
        ({"filter": ["loadbalancer"], "api_version": "v1"}, "needs api_version"),
        ({"regions": ["cbk&x=1"]}, "regions"),
        ({"max_gap": "soon"}, "90s, 15m or 1h"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_key(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        connection(**keys)


def test_large_numbers_keep_every_digit(bench: Bench) -> None:
    text = json.dumps(sample("quota")).replace("549755813888", "123456789012345678")

    bench.land("quota", [(asked("quota"), text.encode(), AT)])
    bench.stage()

    (row,) = bench.rows("staging.syseleven_quota_values", type="ceph")
    assert row["value"] == 123456789012345678
