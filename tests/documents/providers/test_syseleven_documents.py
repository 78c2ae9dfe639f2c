"""SysEleven's quota and current_usage out of the warehouse: projects, regions, components and versions."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallybook.contract import Request
from tallybook.errors import UsageError
from tallybook.providers.syseleven import parse
from tests.documents.providers.document_bench import asked, asked_bytes, exact, problems, standard
from tests.providers.support import Bench, settings

SAMPLES = Path(parse.__file__).parent / "samples"
PROJECT, OTHER, STRANGER = "1" * 32, "2" * 32, "3" * 32
PROJECTS = [{"id": one, "token": {"env": "TOKEN"}} for one in (PROJECT, OTHER)]
SAMPLE_NAMES = {"quota": "quota", "current-usage": "current_usage"}
DATASETS = {"quota": "quota", "current-usage": "usage"}
NAMES = sorted(DATASETS)
VERSIONS = ("v1", "v2", "v3")
NEUTRON = {
    "network.lb_healthmonitors", "network.lb_listeners", "network.lb_members", "network.lb_pools",
    "network.loadbalancers",
}  # fmt: skip
VPN = {
    "network.vpn_endpoint_groups", "network.vpn_ikepolicies", "network.vpn_ipsec_site_connections",
    "network.vpn_ipsecpolicies", "network.vpn_services",
}  # fmt: skip


def example(name: str, version: str = "v3") -> Any:
    return exact((SAMPLES / f"{SAMPLE_NAMES[name]}_{version}.json").read_text(encoding="utf-8"))


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, settings("syseleven", projects=PROJECTS))


def capture(
    bench: Bench,
    name: str,
    document: object = None,
    *,
    version: str = "v3",
    moment: datetime | None = None,
    project_id: str = PROJECT,
) -> None:
    """One answer, the documented example unless another is given."""
    moment = moment or at(5)
    kind, path = DATASETS[name], f"/{version}/projects/{project_id}/{SAMPLE_NAMES[name]}"
    asked_for = {"project_id": project_id, "version": version, "regions": "", "filter": ""}
    body = json.dumps(example(name, version) if document is None else document, default=float).encode()
    bench.land(kind, [(Request(kind, path, asked=asked_for), body, moment)], fetched_at=moment)
    bench.stage()


def document(bench: Bench, name: str, *values: str, project_id: str = PROJECT) -> Any:
    return asked(bench.warehouse, (bench.connection, bench.provider), name, f"project_id={project_id}", *values)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_an_answer_comes_back_out_as_it_was(bench: Bench, name: str, version: str) -> None:
    capture(bench, name, version=version)

    assert document(bench, name) == example(name, version)
    assert document(bench, name, f"version={version}") == example(name, version)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", NAMES)
def test_an_older_version_is_made_from_a_newer_one(bench: Bench, name: str, version: str) -> None:
    capture(bench, name)

    assert document(bench, name, f"version={version}") == example(name, version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_keys_are_in_the_order_of_the_document(bench: Bench, name: str, version: str) -> None:
    capture(bench, name)

    written = asked_bytes(
        bench.warehouse, (bench.connection, bench.provider), name, f"project_id={PROJECT}", f"version={version}"
    )
    for region, fields in json.loads(written).items():
        assert list(fields) == sorted(fields), region


@pytest.mark.parametrize(("answered", "wanted"), [("v1", "v2"), ("v1", "v3"), ("v2", "v3")])
@pytest.mark.parametrize("name", NAMES)
def test_a_newer_version_than_the_answered_one_is_refused(bench: Bench, name: str, answered: str, wanted: str) -> None:
    capture(bench, name, version=answered)

    with pytest.raises(UsageError, match=f"captured in {answered}, which knows less; allowed: v1"):
        document(bench, name, f"version={wanted}")


def test_of_several_versions_the_newest_answer_that_fits_is_shown(bench: Bench) -> None:
    capture(bench, "quota", version="v3", moment=at(4))
    capture(bench, "quota", {"cbk": example("quota", "v1")["cbk"]}, version="v1", moment=at(5))

    assert document(bench, "quota") == {"cbk": example("quota", "v1")["cbk"]}
    assert document(bench, "quota", "version=v1") == {"cbk": example("quota", "v1")["cbk"]}
    assert document(bench, "quota", "version=v3") == example("quota")


def test_the_last_answer_of_the_month_is_shown(bench: Bench) -> None:
    old, new = example("current-usage"), example("current-usage")
    old["fes"]["compute.cores"], new["fes"]["compute.cores"] = 1, 2
    capture(bench, "current-usage", new, moment=at(31, 23))
    capture(bench, "current-usage", old, moment=at(3))
    capture(bench, "current-usage", moment=datetime(2026, 11, 1, tzinfo=UTC))

    assert document(bench, "current-usage")["fes"]["compute.cores"] == 2


def test_a_region_that_the_last_answer_lacks_is_not_filled_up(bench: Bench) -> None:
    capture(bench, "current-usage", moment=at(3))
    capture(bench, "current-usage", {"cbk": example("current-usage")["cbk"]}, moment=at(4))

    assert list(document(bench, "current-usage")) == ["cbk"]
    assert document(bench, "current-usage", "regions=fes") == {}


@pytest.mark.parametrize("values", [("regions=fes",), ("regions=fes,cbk",), ("regions=cbk", "regions=fes")])
@pytest.mark.parametrize("name", NAMES)
def test_regions_are_a_comma_list_that_may_be_repeated(bench: Bench, name: str, values: tuple[str, ...]) -> None:
    capture(bench, name)

    wanted = {part for value in values for part in value.removeprefix("regions=").split(",")}
    assert document(bench, name, *values) == {
        region: fields for region, fields in example(name).items() if region in wanted
    }


FILTERED = {
    "compute": {
        "compute.cores", "compute.flavors", "compute.instances", "compute.ram_mb", "compute.server_groups",
    },
    "dns": {"dns.zones"},
    "loadbalancer": {
        "loadbalancer.flavors", "loadbalancer.healthmonitors", "loadbalancer.listeners", "loadbalancer.loadbalancers",
        "loadbalancer.members", "loadbalancer.pools",
    },
    "network": {
        "network.floatingips", "network.networks", "network.ports", "network.rbac_policies", "network.routers",
        "network.security_group_rules", "network.security_groups", "network.subnet_pools", "network.subnets",
    },
    "network.lb": NEUTRON,
    "network.vpn": VPN,
    "s3": {"objectstorage"},
    "volume": {"volume.backup_gb", "volume.backups", "volume.snapshots", "volume.space_gb", "volume.volumes"},
}  # fmt: skip


@pytest.mark.parametrize("component", sorted(FILTERED))
def test_a_filter_shows_one_component(bench: Bench, component: str) -> None:
    capture(bench, "current-usage")

    answer = document(bench, "current-usage", f"filter={component}")

    assert set(answer["cbk"]) == FILTERED[component]
    assert set(answer["fes"]) == FILTERED[component] - NEUTRON  # the region stays, with what it has of it


def test_filters_add_up(bench: Bench) -> None:
    capture(bench, "current-usage")

    answer = document(bench, "current-usage", "filter=compute,s3", "filter=dns")

    assert set(answer["fes"]) == FILTERED["compute"] | FILTERED["s3"] | FILTERED["dns"]


def test_a_filter_keeps_the_older_form_of_object_storage(bench: Bench) -> None:
    capture(bench, "current-usage")

    assert document(bench, "current-usage", "filter=s3", "version=v2")["fes"] == {"s3.space_bytes": 0}


def test_unlimited_is_never_added_to_a_number(bench: Bench) -> None:
    limits = example("quota")
    limits["fes"]["objectstorage"] = [{"space_bytes": -1, "type": "quobyte"}, {"space_bytes": 5, "type": "ceph"}]
    capture(bench, "quota", limits)

    assert document(bench, "quota", "version=v1")["fes"]["s3.space_bytes"] == -1


def test_sizes_of_several_types_are_one_sum_in_older_versions(bench: Bench) -> None:
    used = example("current-usage")
    used["fes"]["objectstorage"] = [{"space_bytes": 2**40, "type": "quobyte"}, {"space_bytes": 7, "type": "ceph"}]
    capture(bench, "current-usage", used)

    assert document(bench, "current-usage", "version=v2")["fes"]["s3.space_bytes"] == 2**40 + 7


def test_empty_lists_and_objects_stay_what_they_are(bench: Bench) -> None:
    used = example("current-usage")
    used["fes"] |= {"objectstorage": [], "compute.flavors": {}}
    capture(bench, "current-usage", used)

    answer = document(bench, "current-usage")
    assert (answer["fes"]["objectstorage"], answer["fes"]["compute.flavors"]) == ([], {})


@pytest.mark.parametrize("nothing", [None, {}])
def test_a_region_that_answered_nothing_has_no_figures(bench: Bench, nothing: object) -> None:
    capture(bench, "current-usage", example("current-usage") | {"dbl": nothing})

    assert document(bench, "current-usage")["dbl"] == {}


def test_unknown_fields_are_written_back_in_the_answered_version_only(bench: Bench) -> None:
    used = example("current-usage")
    used["fes"]["network.trunks"] = 3
    used["fes"]["objectstorage"][0]["objects"] = 7
    capture(bench, "current-usage", used)

    assert document(bench, "current-usage") == used
    assert "network.trunks" in document(bench, "current-usage", "filter=network")["fes"]
    assert "network.trunks" not in document(bench, "current-usage", "filter=compute")["fes"]
    assert document(bench, "current-usage", "version=v2") == example("current-usage", "v2")


def test_the_singular_of_the_field_table_comes_out_as_the_examples_have_it(bench: Bench) -> None:
    limits = example("quota")
    limits["fes"]["network.vpn_ikepolicy"] = limits["fes"].pop("network.vpn_ikepolicies")
    capture(bench, "quota", limits)

    assert document(bench, "quota") == example("quota")


def test_projects_are_kept_apart_even_with_the_same_answer(bench: Bench) -> None:
    capture(bench, "quota")
    capture(bench, "quota", {}, project_id=OTHER, moment=at(6))

    assert document(bench, "quota") == example("quota")
    assert document(bench, "quota", project_id=OTHER) == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_month_without_a_capture_has_no_regions_and_makes_no_file(bench: Bench, name: str) -> None:
    assert document(bench, name) == {}
    assert document(bench, name, "version=v3", "regions=cbk") == {}
    assert standard(bench.warehouse, (bench.connection, bench.provider), name) == []


def test_a_report_carries_each_captured_project(bench: Bench) -> None:
    capture(bench, "quota")
    capture(bench, "quota", project_id=OTHER)
    capture(bench, "quota", version="v1", moment=at(6))

    assert standard(bench.warehouse, (bench.connection, bench.provider), "quota") == [
        {"project_id": PROJECT},
        {"project_id": OTHER},
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_project_is_refused_with_the_known_ones(bench: Bench, name: str) -> None:
    with pytest.raises(UsageError, match=f"{STRANGER}.*allowed are {PROJECT}, {OTHER}"):
        document(bench, name, project_id=STRANGER)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_region_is_refused_with_the_known_ones(bench: Bench, name: str) -> None:
    capture(bench, name)

    with pytest.raises(UsageError, match="regions='xyz': allowed are cbk, fes"):
        document(bench, name, "regions=cbk,xyz")


@pytest.mark.parametrize("value", ["image", "objectstorage", "Compute", "compute,x"])
def test_an_unknown_component_is_refused_with_the_known_ones(bench: Bench, value: str) -> None:
    capture(bench, "current-usage")

    with pytest.raises(UsageError, match=r"allowed are compute, dns, .*volume"):
        document(bench, "current-usage", f"filter={value}")


@pytest.mark.parametrize("values", [("version=v1",), ()])
def test_load_balancers_are_no_component_of_the_first_version(bench: Bench, values: tuple[str, ...]) -> None:
    capture(bench, "current-usage", version="v1")

    with pytest.raises(UsageError, match="came with version v2"):
        document(bench, "current-usage", "filter=loadbalancer", *values)


def test_quota_knows_no_filter(bench: Bench) -> None:
    with pytest.raises(UsageError, match="quota knows project_id, regions, version"):
        document(bench, "quota", "filter=compute")


@pytest.mark.parametrize("name", NAMES)
def test_other_versions_are_refused(bench: Bench, name: str) -> None:
    with pytest.raises(UsageError, match="allowed are v1, v2, v3"):
        document(bench, name, "version=v4")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_schema_holds_for_the_examples(name: str, version: str) -> None:
    assert problems("syseleven", name, example(name, version)) == []


# A component of one field may be left out, like any component that was not asked for.
ALONE = {
    "v1": ("dns.zones", "network.floatingips", "s3.space_bytes"),
    "v2": ("dns.zones", "network.floatingips", "s3.space_bytes"),
    "v3": ("dns.zones", "objectstorage"),
}
CASES = [(name, version) for name in NAMES for version in VERSIONS]


@pytest.mark.parametrize(("name", "version"), CASES)
def test_the_schema_refuses_an_example_with_a_field_changed(name: str, version: str) -> None:
    for field in (answer := example(name, version))["cbk"]:
        for wrong in ("7", True, -2):
            region = answer["cbk"] | {field: wrong}
            assert problems("syseleven", name, {"cbk": region}) != [], (field, wrong)


@pytest.mark.parametrize(("name", "version"), CASES)
def test_the_schema_refuses_an_example_without_a_field_of_a_component(name: str, version: str) -> None:
    answer = example(name, version)["cbk"]
    for missing in answer:
        region = {field: value for field, value in answer.items() if field != missing}
        assert (problems("syseleven", name, {"cbk": region}) == []) == (missing in ALONE[version]), missing


@pytest.mark.parametrize("field", ["space_bytes", "type"])
def test_the_schema_refuses_a_size_without_its_fields(field: str) -> None:
    mutated = example("quota")
    del mutated["fes"]["objectstorage"][0][field]

    assert problems("syseleven", "quota", mutated) != []


def test_the_schema_refuses_regions_in_two_versions() -> None:
    assert problems("syseleven", "quota", {"cbk": example("quota", "v1")["cbk"], "fes": example("quota")["fes"]}) != []


@pytest.mark.parametrize("mutated", [[], {"cbk": []}, {"cbk": None}, "text"])
def test_the_schema_refuses_what_is_no_object_of_regions(mutated: object) -> None:
    assert problems("syseleven", "quota", mutated) != []
