"""The documented fields of quota and current_usage: component, versions, where, and form.

Components are the names that `filter` knows; images have none and come without a filter only.
"""

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """How a field's value is written."""

    NUMBER = "number"
    COUNTS = "counts"  # an object: name -> number
    SIZES = "sizes"  # a list of objects with `type` and `space_bytes`


@dataclass(frozen=True, slots=True)
class Field:
    """A documented field. `since` is the version that brought it."""

    component: str
    since: int
    quota: bool
    usage: bool
    form: Form = Form.NUMBER


def _fields(component: str, since: int, names: str, *, quota: bool = True, usage: bool = True) -> dict[str, Field]:
    return {name: Field(component, since, quota, usage) for name in names.split()}


FIELDS: dict[str, Field] = {
    **_fields("compute", 1, "compute.cores compute.instances compute.ram_mb"),
    "compute.flavors": Field("compute", 1, quota=False, usage=True, form=Form.COUNTS),
    **_fields("compute", 3, "compute.server_groups"),
    **_fields(
        "compute",
        3,
        "compute.key_pairs compute.metadata_items compute.server_group_members",
        usage=False,
    ),
    **_fields("dns", 1, "dns.zones"),
    **_fields("image", 3, "image.images image.space_bytes", quota=False),
    **_fields(
        "loadbalancer",
        2,
        "loadbalancer.healthmonitors loadbalancer.listeners loadbalancer.loadbalancers loadbalancer.members "
        "loadbalancer.pools",
    ),
    "loadbalancer.flavors": Field("loadbalancer", 2, quota=False, usage=True, form=Form.COUNTS),
    **_fields("network", 1, "network.floatingips"),
    **_fields(
        "network",
        3,
        "network.networks network.ports network.rbac_policies network.routers network.security_group_rules "
        "network.security_groups network.subnet_pools network.subnets",
    ),
    # Neutron's load balancers: only in some regions, so their absence says nothing.
    **_fields(
        "network.lb",
        1,
        "network.lb_healthmonitors network.lb_listeners network.lb_members network.lb_pools network.loadbalancers",
    ),
    **_fields(
        "network.vpn",
        1,
        "network.vpn_endpoint_groups network.vpn_ikepolicies network.vpn_ipsec_site_connections "
        "network.vpn_ipsecpolicies network.vpn_services",
    ),
    "objectstorage": Field("s3", 3, quota=True, usage=True, form=Form.SIZES),
    **_fields("s3", 1, "s3.space_bytes"),
    **_fields("volume", 1, "volume.space_gb volume.volumes"),
    **_fields("volume", 3, "volume.backup_gb volume.backups volume.snapshots"),
}

# The document's table names it so, its examples use the plural.
ALIASES = {"network.vpn_ikepolicy": "network.vpn_ikepolicies"}

# Either stands for the component, by version; none is required beside the other.
ALTERNATIVES = frozenset({"objectstorage", "s3.space_bytes"})


def documented(name: str) -> Field | None:
    """The field of this name, or of the name it is an alias of."""
    return FIELDS.get(ALIASES.get(name, name))


def required(kind: str, version: int) -> dict[str, frozenset[str]]:
    """Per component, the fields that an answer of this kind and version has when it has any of the component."""
    components: dict[str, set[str]] = {}
    for name, field in FIELDS.items():
        if field.since <= version and (field.quota if kind == "quota" else field.usage):
            components.setdefault(field.component, set()).add(name)
    return {name: frozenset(fields - ALTERNATIVES) for name, fields in components.items()}
