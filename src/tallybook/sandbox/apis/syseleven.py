"""SysEleven: quota and current_usage of a project in versions 1, 2 and 3 of the API, per region and component.

What the document leaves open is decided so: an unknown region or filter is refused with 400, and images come
only without a filter. Errors have the shape {"title", "detail", "type"}.
"""

from collections.abc import Mapping
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tallybook.sandbox.answers import Context, Endpoint, Keyed, raw_json
from tallybook.sandbox.apis.keystone import TokenStore
from tallybook.sandbox.worlds import syseleven as world
from tallybook.sandbox.worlds.syseleven import REGIONS, StackProject

Region = dict[str, object]

_SINCE_3 = (
    "compute.key_pairs",
    "compute.metadata_items",
    "compute.server_group",
    "image.",
    "network.networks",
    "network.ports",
    "network.rbac_policies",
    "network.routers",
    "network.security_group",
    "network.subnet",
    "volume.backup",
    "volume.snapshots",
)
_VPN = (
    "vpn_endpoint_groups",
    "vpn_ikepolicies",
    "vpn_ipsec_site_connections",
    "vpn_ipsecpolicies",
    "vpn_services",
)
_NETWORK = {
    "networks": 1024,
    "ports": 1024,
    "rbac_policies": 128,
    "routers": 128,
    "security_group_rules": 2048,
    "security_groups": 1024,
    "subnets": 1024,
    "subnet_pools": -1,
}
_NEUTRON = {
    "lb_healthmonitors": 1024,
    "lb_listeners": 1024,
    "lb_members": 128,
    "lb_pools": 128,
    "loadbalancers": 1024,
}
_OCTAVIA = {"healthmonitors": 200, "listeners": 200, "members": 300, "pools": 200, "loadbalancers": 15}
_FILTERS = ("compute", "dns", "loadbalancer", "network", "network.lb", "network.vpn", "s3", "volume")


def make_routes(context: Context, tokens: TokenStore) -> list[Route]:
    """Routes below /syseleven, Keystone's apart."""

    @lru_cache(maxsize=256)
    def encoded(kind: str, version: str, project_id: str, key: tuple[str, str, int]) -> bytes:
        regions, filters, hour = key
        project = next(one for one in context.world.syseleven.projects if one.project_id == project_id)
        body = Keyed()
        for region in regions.split(","):
            full = quota(project, region) if kind == "quota" else usage(context, project, region, hour)
            body[region] = select(of_version(full, version), filters)
        return context.encode(body)

    def make_endpoint(kind: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            refusal = check_token(context, tokens, request)
            if refusal is not None:
                return refusal
            regions = request.query_params.get("regions", "") or ",".join(REGIONS)
            filters = request.query_params.get("filter", "") if kind == "usage" else ""
            refusal = check_parameters(context, regions, filters, request.path_params["version"])
            if refusal is not None:
                return refusal
            key = (regions, filters, context.clock.hour if kind == "usage" else 0)
            params = request.path_params
            return raw_json(encoded(kind, params["version"], params["project_id"], key))

        return answer

    return [
        Route("/{version}/projects/{project_id}/quota", make_endpoint("quota")),
        Route("/{version}/projects/{project_id}/current_usage", make_endpoint("usage")),
    ]


def check_token(context: Context, tokens: TokenStore, request: Request) -> Response | None:
    """401 without a token that is good now, 403 with a token of another project."""
    text = request.headers.get("x-auth-token", "")
    project_id = tokens.project_of(text, now=context.clock.now)
    if project_id is None:
        return problem(context, 401, "Unauthorized", "The token is missing, unknown or expired.")
    if project_id != request.path_params["project_id"]:
        return problem(context, 403, "Forbidden", "The token belongs to another project.")
    return None


def check_parameters(context: Context, regions: str, filters: str, version: str) -> Response | None:
    """404 for an unknown version, 400 for an unknown region or filter."""
    if version not in ("v1", "v2", "v3"):
        return problem(context, 404, "Not Found", f"There is no version {version}.")
    for region in regions.split(","):
        if region not in REGIONS:
            return problem(context, 400, "Bad Request", f"Unknown region: {region}")
    for name in filter(None, filters.split(",")):
        if name not in _FILTERS or (name == "loadbalancer" and version == "v1"):
            return problem(context, 400, "Bad Request", f"Unknown filter: {name}")
    return None


def problem(context: Context, status: int, title: str, detail: str) -> Response:
    """An error in the provider's shape."""
    body = {"title": title, "detail": detail, "type": "about:blank"}
    return context.answer(body, status=status)


def quota(project: StackProject, region: str) -> Region:
    """Limits in the shape of version 3. -1 is unlimited, 0 allows nothing."""
    cores = project.cores_limit[REGIONS.index(region)]
    limits: Region = {
        "compute.cores": cores,
        "compute.instances": cores,
        "compute.key_pairs": 1024,
        "compute.metadata_items": 1024,
        "compute.ram_mb": max(cores * 4096, -1),
        "compute.server_group_members": 2048,
        "compute.server_groups": 1024,
        "dns.zones": 10,
        **{f"loadbalancer.{key}": value for key, value in _OCTAVIA.items()},
        "network.floatingips": max(cores, 10),
        **{f"network.{key}": value for key, value in _NETWORK.items()},
        **{f"network.{key}": -1 for key in _VPN},
        "objectstorage": [
            {"space_bytes": _storage_limit(cores, name), "type": name} for name in world.STORAGE_TYPES[region]
        ],
        "volume.backup_gb": 0,
        "volume.backups": 0,
        "volume.snapshots": 1024,
        "volume.space_gb": max(cores * 40, -1),
        "volume.volumes": 1024,
    }
    if region in world.NEUTRON_REGIONS:
        limits.update({f"network.{key}": value for key, value in _NEUTRON.items()})
    return dict(sorted(limits.items()))


def _storage_limit(cores: int, storage_type: str) -> int:
    if cores == -1:
        return -1
    return cores * 2**35 if storage_type == "ceph" else cores * 2**33


def usage(context: Context, project: StackProject, region: str, hour: int) -> Region:
    """Use in the shape of version 3: cores, MiB, GiB for volumes, bytes for object storage."""
    start_hour = context.world.syseleven.start_hour
    flavors = world.by_kind(project.servers, region, hour)
    balancers = world.by_kind(project.octavia, region, hour)
    volumes = world.by_kind(project.volumes, region, hour)
    octavia, neutron = sum(balancers.values()), world.total(project.neutron, region, hour)
    used: Region = {
        "compute.cores": sum(world.FLAVORS[name][0] * count for name, count in flavors.items()),
        "compute.flavors": Keyed(flavors),
        "compute.instances": sum(flavors.values()),
        "compute.ram_mb": sum(world.FLAVORS[name][1] * count for name, count in flavors.items()),
        "compute.server_groups": 0,
        "dns.zones": 2 if region == "cbk" else 0,
        "image.images": 0,
        "image.space_bytes": 0,
        "loadbalancer.flavors": Keyed(balancers),
        **{f"loadbalancer.{key}": octavia * (1 + (key == "members")) for key in _OCTAVIA},
        "network.floatingips": world.total(project.floating_ips, region, hour),
        **dict.fromkeys((f"network.{key}" for key in _NETWORK), 0),
        **dict.fromkeys((f"network.{key}" for key in _VPN), 0),
        "objectstorage": [
            {"space_bytes": _stored(project, region, name, (hour, start_hour)), "type": name}
            for name in reversed(world.STORAGE_TYPES[region])
        ],
        "volume.backup_gb": 0,
        "volume.backups": 0,
        "volume.snapshots": 0,
        "volume.space_gb": sum(int(size) * count for size, count in volumes.items()),
        "volume.volumes": sum(volumes.values()),
    }
    if region in world.NEUTRON_REGIONS:
        used.update({f"network.{key}": neutron for key in _NEUTRON})
    return dict(sorted(used.items()))


def _stored(project: StackProject, region: str, name: str, hours: tuple[int, int]) -> int:
    hour, start_hour = hours
    return sum(
        world.object_storage_bytes(bucket, hour=hour, start_hour=start_hour)
        for bucket in project.buckets
        if (bucket.region, bucket.type) == (region, name)
    )


def of_version(full: Mapping[str, object], version: str) -> Region:
    """The region as an older version shows it: fewer fields, and object storage as one number."""
    if version == "v3":
        return dict(full)
    hidden = (*_SINCE_3, "loadbalancer.") if version == "v1" else _SINCE_3
    fields = {key: value for key, value in full.items() if not key.startswith(hidden)}
    stored = fields.pop("objectstorage", None)
    if isinstance(stored, list):
        sizes = [int(one["space_bytes"]) for one in stored]
        fields["s3.space_bytes"] = -1 if -1 in sizes else sum(sizes)
    return dict(sorted(fields.items()))


def select(region: Region, filters: str) -> Region:
    """The fields of the components asked for; without a filter all of them."""
    wanted = set(filter(None, filters.split(",")))
    return {key: value for key, value in region.items() if not wanted or component(key) in wanted}


def component(field: str) -> str:
    """The filter name under which a field is found."""
    family, _, rest = field.partition(".")
    if field in ("objectstorage", "s3.space_bytes"):
        return "s3"
    if family == "network" and (rest.startswith("lb_") or rest == "loadbalancers"):
        return "network.lb"
    if family == "network" and rest.startswith("vpn_"):
        return "network.vpn"
    return family
