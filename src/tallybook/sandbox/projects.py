"""The firm's own projects: which provider project belongs to which, and what each may spend."""

from dataclasses import dataclass

from tallybook.sandbox.worlds.nodeconductor import NodeconductorEstate
from tallybook.sandbox.worlds.ocore import OcoreEstate
from tallybook.sandbox.worlds.scaleops import ScaleopsEstate

ANY = "*"


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """Sub account (or `*`, the provider's rest) -> the firm's project, with who answers for it."""

    provider: str
    sub_account_id: str
    project: str
    cost_center: str
    owner: str


_PEOPLE = {
    "Analytics Platform": ("4001", "Jana Vogel"),
    "Customer Portal": ("4002", "Tomás Řezník"),
    "Research": ("4003", "Ayşe Demir"),
    "Operations": ("4004", "Søren Krüger"),
}
_NODECONDUCTOR = (
    "Analytics Platform",
    "Analytics Platform",
    "Analytics Platform",
    "Research",
    "Customer Portal",
    "Customer Portal",
    "Operations",
    "Operations",
)
_OCORE = ("Operations", "Customer Portal", "Operations", "Customer Portal")
_NAMESPACES = (
    "Analytics Platform",
    "Analytics Platform",
    "Customer Portal",
    "Research",
    "Customer Portal",
)
MONTHLY_BUDGETS = {
    "Analytics Platform": "560",
    "Customer Portal": "1700",
    "Research": "150",
    "Operations": "400",
}
"""EUR per project and month, as decimal text; in the story month two of four are exceeded."""


def make_project_rules(
    nodeconductor: NodeconductorEstate, ocore: OcoreEstate, scaleops: ScaleopsEstate
) -> tuple[ProjectRule, ...]:
    """Rules for all but oCore's archived project, which stays its own; the last namespace falls under `*`."""
    pairs = [("openscaler", ANY, "Analytics Platform")]
    pairs += [
        ("nodeconductor", one.uuid, project)
        for one, project in zip(nodeconductor.projects, _NODECONDUCTOR, strict=True)
    ]
    pairs += [("syseleven", "1" * 32, "Customer Portal"), ("syseleven", "2" * 32, "Research")]
    pairs += [("ocore", one.project_id, project) for one, project in zip(ocore.projects, _OCORE, strict=False)]
    pairs += [
        ("scaleops", f"{cluster}/{namespace}", project)
        for cluster in scaleops.clusters
        for namespace, project in zip(_namespaces(scaleops, cluster), _NAMESPACES, strict=False)
    ]
    pairs.append(("scaleops", ANY, "Operations"))
    return tuple(ProjectRule(*pair, *_PEOPLE[pair[2]]) for pair in pairs)


def find_project(rules: tuple[ProjectRule, ...], *, provider: str, sub_account_id: str, name: str) -> str:
    """The firm's project of a sub account; without a rule it is its own project under its own name."""
    for wanted in (sub_account_id, ANY):
        for rule in rules:
            if (rule.provider, rule.sub_account_id) == (provider, wanted):
                return rule.project
    return name


def _namespaces(estate: ScaleopsEstate, cluster: str) -> list[str]:
    """Namespaces of a cluster in the order in which the estate lists them."""
    found = (one.namespace for one in estate.workloads if one.cluster == cluster)
    return list(dict.fromkeys(found))
