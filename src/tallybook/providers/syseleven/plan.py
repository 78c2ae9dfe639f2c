"""What SysEleven is asked: quota and current use of each configured project, one request per project."""

from collections.abc import Iterator, Mapping

from tallybook.contract import Request, Session
from tallybook.periods import BillingPeriod
from tallybook.providers.syseleven.settings import SyselevenSettings


def parameters(settings: SyselevenSettings) -> Mapping[str, object]:
    """How long a sample holds in whole seconds, and the projects and regions that coverage expects."""
    return {
        "max_gap_seconds": settings.max_gap_seconds,
        "project_ids": [project.id for project in settings.projects],
        "regions": list(settings.regions),
    }


def plan_usage(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """Current use of each project, narrowed to the configured regions and components."""
    settings: SyselevenSettings = session.settings
    for project in settings.projects:
        yield _request("usage", "current_usage", settings, project.id, components=settings.filter)


def plan_quota(session: Session, period: BillingPeriod) -> Iterator[Request]:
    """Limits of each project in the configured regions; quota knows no filter."""
    settings: SyselevenSettings = session.settings
    for project in settings.projects:
        yield _request("quota", "quota", settings, project.id)


def _request(
    kind: str,
    endpoint: str,
    settings: SyselevenSettings,
    project_id: str,
    *,
    components: tuple[str, ...] = (),
) -> Request:
    lists = {"regions": ",".join(settings.regions), "filter": ",".join(components)}
    return Request(
        kind=kind,
        path=f"/{settings.api_version}/projects/{project_id}/{endpoint}",
        params=tuple((name, text) for name, text in lists.items() if text),
        asked={"project_id": project_id, "version": settings.api_version, **lists},
        credential=project_id,
    )
