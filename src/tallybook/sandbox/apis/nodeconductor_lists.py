"""NodeConductor's lists of customers, projects and project groups: filtered, sorted, paged by header."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tallybook.sandbox.answers import Context
from tallybook.sandbox.hours import iso
from tallybook.sandbox.worlds.nodeconductor import Customer, Project, ProjectGroup, Quota

PAGE_SIZE = 10
MAX_PAGE_SIZE = 100
Row = dict[str, object]


def list_customers(context: Context, request: Request) -> Response:
    """GET /api/customers/. The nested projects have no uuid, only their url."""
    estate = context.world.nodeconductor
    rows = [_customer_row(context, request, one) for one in estate.customers]
    return paged(context, request, rows)


def list_projects(context: Context, request: Request) -> Response:
    """GET /api/projects/, filtered by customer or project_group."""
    estate, query = context.world.nodeconductor, request.query_params
    group = query.get("project_group")
    members = {project.uuid for one in estate.groups if one.uuid == group for project in one.projects}
    rows = [
        _project_row(context, request, one)
        for one in estate.projects
        if query.get("customer") in (None, one.customer.uuid) and (group is None or one.uuid in members)
    ]
    return paged(context, request, rows)


def list_groups(context: Context, request: Request) -> Response:
    """GET /api/project-groups/, filtered by customer."""
    rows = [
        _group_row(request, one)
        for one in context.world.nodeconductor.groups
        if request.query_params.get("customer") in (None, one.customer.uuid)
    ]
    return paged(context, request, rows)


def paged(context: Context, request: Request, rows: list[Row]) -> Response:
    """One page (1-based) of the rows whose name contains `name`, with X-Result-Count and Link."""
    query = request.query_params
    wanted = query.get("name", "").lower()
    rows = [row for row in rows if wanted in str(row["name"]).lower()]
    order = query.get("o", "")
    if order in ("name", "-name"):
        rows.sort(key=lambda row: str(row["name"]), reverse=order.startswith("-"))
    size = _page_size(query.get("page_size", ""))
    last = max(1, -(-len(rows) // size))
    text = query.get("page", "1")
    page = int(text) if text.isdecimal() else 0
    if not 1 <= page <= last:
        detail = f'Invalid page "{text}": That page contains no results.'
        return context.answer({"detail": detail}, status=404)
    headers = {"X-Result-Count": str(len(rows)), "Link": _links(request, page=page, last=last)}
    return context.answer(rows[(page - 1) * size : page * size], headers=headers)


def _page_size(text: str) -> int:
    """Larger sizes are clamped, invalid ones fall back."""
    return min(int(text), MAX_PAGE_SIZE) if text.isdecimal() and int(text) > 0 else PAGE_SIZE


def _links(request: Request, *, page: int, last: int) -> str:
    """The first page's link has no page parameter; prev and next are left out at the ends."""
    kept = {key: value for key, value in request.query_params.items() if key != "page"}
    pages = {"first": 1, "prev": page - 1, "next": page + 1, "last": last}

    def link(number: int) -> str:
        query = urlencode(kept if number == 1 else {**kept, "page": number})
        return _root(request) + request.url.path + (f"?{query}" if query else "")

    return ", ".join(f'<{link(number)}>; rel="{relation}"' for relation, number in pages.items() if 1 <= number <= last)


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _url(request: Request, kind: str, uuid: str) -> str:
    return f"{_root(request)}{request.scope.get('root_path', '')}/api/{kind}/{uuid}/"


def _customer_row(context: Context, request: Request, customer: Customer) -> Row:
    estate = context.world.nodeconductor
    return {
        "url": _url(request, "customers", customer.uuid),
        "uuid": customer.uuid,
        "name": customer.name,
        "native_name": "",
        "abbreviation": customer.abbreviation,
        "contact_details": "",
        "projects": [
            {"url": _url(request, "projects", one.uuid), "name": one.name}
            for one in estate.projects
            if one.customer is customer
        ],
        "project_groups": [
            {"url": _url(request, "project-groups", one.uuid), "name": one.name, "uuid": one.uuid}
            for one in estate.groups
            if one.customer is customer
        ],
        "owners": [],
    }


def _project_row(context: Context, request: Request, project: Project) -> Row:
    url, customer = _url(request, "projects", project.uuid), project.customer
    return {
        "url": url,
        "uuid": project.uuid,
        "name": project.name,
        "customer": _url(request, "customers", customer.uuid),
        "customer_uuid": customer.uuid,
        "customer_name": customer.name,
        "customer_native_name": "",
        "customer_abbreviation": customer.abbreviation,
        "project_groups": [
            {"url": _url(request, "project-groups", one.uuid), "name": one.name, "uuid": one.uuid}
            for one in context.world.nodeconductor.groups
            if project in one.projects
        ],
        "description": "",
        "resource_quota": quota_fields(project.quota),
        "created": iso(project.created_hour),
    }


def _group_row(request: Request, group: ProjectGroup) -> Row:
    return {
        "url": _url(request, "project-groups", group.uuid),
        "uuid": group.uuid,
        "name": group.name,
        "customer": _url(request, "customers", group.customer.uuid),
        "customer_name": group.customer.name,
        "projects": [{"url": _url(request, "projects", one.uuid), "name": one.name} for one in group.projects],
    }


def quota_fields(quota: Quota) -> Mapping[str, int]:
    """Limits under the API's names."""
    return {
        "vcpu": quota.vcpu,
        "ram": quota.ram,
        "storage": quota.storage,
        "max_instances": quota.max_instances,
    }
