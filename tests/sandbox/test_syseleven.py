from typing import Any

import httpx
import pytest

from tallybook.sandbox.configuration import SECRETS
from tallybook.sandbox.credentials import PASSWORD, USERNAME
from tests.sandbox.client import HEADERS, SandboxClient

PRODUCTION, STAGING = "1" * 32, "2" * 32
TOKENS = "/syseleven/keystone/v3/auth/tokens"


def path(what: str, *, version: str = "v3", project: str = PRODUCTION) -> str:
    return f"/syseleven/{version}/projects/{project}/{what}"


def with_credential(secret: str, **more: Any) -> dict[str, Any]:
    credential = {"id": SECRETS["S11_ID"], "secret": secret}
    identity = {"methods": ["application_credential"], "application_credential": credential}
    return {"auth": {"identity": identity, **more}}


def with_password(password: str, project: str) -> dict[str, Any]:
    user = {"name": USERNAME, "domain": {"name": "Default"}, "password": password}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"id": project}}}}


def ask_staging(client: SandboxClient, token: str) -> httpx.Response:
    return client.get(path("quota", project=STAGING), headers={"X-Auth-Token": token})


@pytest.mark.parametrize("headers", [{}, {"X-Auth-Token": "wrong"}])
def test_a_request_without_a_token_is_refused(client: SandboxClient, headers: dict[str, str]) -> None:
    answer = client.get(path("quota"), headers=headers)

    assert answer.status_code == 401
    assert set(answer.json()) == {"title", "detail", "type"}


def test_a_token_of_another_project_is_forbidden(client: SandboxClient) -> None:
    assert client.answer(path("quota", project=STAGING)).status_code == 403


def test_an_application_credential_gives_a_token_of_its_project(client: SandboxClient) -> None:
    answer = client.post(TOKENS, json=with_credential(SECRETS["S11_SECRET"]))

    assert answer.status_code == 201
    assert answer.json()["token"]["project"]["id"] == STAGING
    assert answer.json()["token"]["expires_at"] == "2026-11-01T01:00:00.000000Z"
    assert ask_staging(client, answer.headers["x-subject-token"]).status_code == 200


def test_a_password_gives_a_token_of_the_project_asked_for(client: SandboxClient) -> None:
    answer = client.post(TOKENS, json=with_password(PASSWORD, STAGING))

    assert answer.status_code == 201
    assert ask_staging(client, answer.headers["x-subject-token"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (with_credential("wrong"), 401),
        (with_credential("sandbox-application-secret", scope={"project": {"id": STAGING}}), 401),
        (with_password("wrong", STAGING), 401),
        (with_password(PASSWORD, "9" * 32), 401),
        ({"auth": {"identity": {"methods": ["totp"]}}}, 401),
        ({"auth": {}}, 400),
        ([], 400),
    ],
)
def test_keystone_refuses_what_entitles_to_nothing(client: SandboxClient, body: Any, status: int) -> None:
    assert client.post(TOKENS, json=body).status_code == status


def test_a_token_ends_after_an_hour_of_the_worlds_time(client: SandboxClient) -> None:
    token = client.post(TOKENS, json=with_password(PASSWORD, STAGING)).headers["x-subject-token"]

    client.set_clock("2026-11-01T00:59:59Z")
    assert ask_staging(client, token).status_code == 200
    client.set_clock("2026-11-01T01:00:00Z")
    assert ask_staging(client, token).status_code == 401


def test_issued_tokens_can_be_ended_at_once_and_renewed(client: SandboxClient) -> None:
    token = client.post(TOKENS, json=with_password(PASSWORD, STAGING)).headers["x-subject-token"]

    assert client.post("/expire-tokens").json() == {"expired": 1}
    assert ask_staging(client, token).status_code == 401
    renewed = client.post(TOKENS, json=with_password(PASSWORD, STAGING)).headers["x-subject-token"]
    assert renewed != token
    assert ask_staging(client, renewed).status_code == 200


def test_without_regions_all_regions_answer(client: SandboxClient) -> None:
    assert list(client.ask(path("quota"))) == ["cbk", "dbl", "fes"]
    assert list(client.ask(path("current_usage"), regions="cbk,fes")) == ["cbk", "fes"]


@pytest.mark.parametrize("params", [{"regions": "cbk,mars"}, {"filter": "compute,gpu"}])
def test_an_unknown_region_or_filter_is_refused(client: SandboxClient, params: dict[str, str]) -> None:
    answer = client.answer(path("current_usage"), **params)

    assert answer.status_code == 400
    assert "Unknown" in answer.json()["detail"]


def test_an_unknown_version_is_not_found(client: SandboxClient) -> None:
    assert client.answer(path("quota", version="v4")).status_code == 404


def test_unlimited_and_nothing_allowed_are_different_limits(client: SandboxClient) -> None:
    token = client.post(TOKENS, json=with_password(PASSWORD, STAGING)).headers["x-subject-token"]
    regions = ask_staging(client, token).json()

    assert (regions["cbk"]["compute.cores"], regions["dbl"]["compute.cores"]) == (-1, 0)
    assert regions["cbk"]["objectstorage"] == [{"space_bytes": -1, "type": "quobyte"}]


@pytest.mark.parametrize("what", ["quota", "current_usage"])
def test_neutron_balancers_exist_in_cbk_and_dbl_only(client: SandboxClient, what: str) -> None:
    regions = client.ask(path(what))

    assert ["network.loadbalancers" in regions[name] for name in regions] == [True, True, False]


@pytest.mark.parametrize("what", ["quota", "current_usage"])
def test_older_versions_show_fewer_fields(client: SandboxClient, what: str) -> None:
    first, second, third = (
        client.ask(path(what, version=version), regions="cbk")["cbk"] for version in ("v1", "v2", "v3")
    )

    assert set(second) - set(first) == {key for key in third if key.startswith("loadbalancer.")}
    assert {"compute.server_groups", "network.ports", "volume.snapshots"} <= set(third) - set(second)
    assert second["s3.space_bytes"] == sum(one["space_bytes"] for one in third["objectstorage"])
    assert "s3.space_bytes" not in third


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("dns", {"dns.zones"}),
        ("s3", {"objectstorage"}),
        ("network.lb", {f"network.{key}" for key in (
            "lb_healthmonitors", "lb_listeners", "lb_members", "lb_pools", "loadbalancers")}),
        ("volume", {f"volume.{key}" for key in (
            "backup_gb", "backups", "snapshots", "space_gb", "volumes")}),
        ("network", {f"network.{key}" for key in (
            "floatingips", "networks", "ports", "rbac_policies", "routers", "security_group_rules",
            "security_groups", "subnet_pools", "subnets")}),
    ],
)  # fmt: skip
def test_a_filter_leaves_its_component(client: SandboxClient, name: str, fields: set[str]) -> None:
    assert set(client.ask(path("current_usage"), regions="cbk", filter=name)["cbk"]) == fields


def test_quota_knows_no_filter(client: SandboxClient) -> None:
    assert "compute.cores" in client.ask(path("quota"), filter="dns")["cbk"]


def test_cores_and_memory_follow_the_flavors(client: SandboxClient) -> None:
    region = client.ask(path("current_usage"), regions="fes")["fes"]

    assert region["compute.flavors"] == {"m2.large": 1, "m2.medium": 5}
    assert region["compute.cores"] == 8 + 5 * 4
    assert region["compute.ram_mb"] == 32768 + 5 * 16384
    assert region["volume.space_gb"] == 3 * 133


def test_usage_follows_the_clock(client: SandboxClient) -> None:
    def small() -> Any:
        return client.ask(path("current_usage"), regions="cbk")["cbk"]["compute.flavors"]["m1.small"]

    client.set_clock("2026-10-08T05:00:00Z")
    assert small() == 4
    client.set_clock("2026-10-08T06:00:00Z")
    assert small() == 6


def test_keystone_describes_its_version(client: SandboxClient) -> None:
    version = client.get("/syseleven/keystone/v3", headers=HEADERS["syseleven"]).json()["version"]

    assert version["links"][0]["href"].endswith("/syseleven/keystone/v3/")
