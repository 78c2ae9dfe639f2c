"""SysEleven's documented JSON: quota and current_usage of a project, as last answered in the month.

A newer version's answer is shown in an older version's form: without the fields that came later, and with object
storage as one number. The other way round nothing could be known. What was not answered is not there: the last
answer is never filled up from an earlier one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, get_args

import polars

from tallybook.contract import Across, Document, Parameter, Reader, Reference
from tallybook.decode import decode
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.syseleven import across, reference
from tallybook.providers.syseleven.fields import ALIASES, Form, documented
from tallybook.providers.syseleven.settings import Component

_VERSIONS = ("v1", "v2", "v3")
_COMPONENTS: tuple[str, ...] = get_args(Component)
_OBJECT_STORAGE, _S3 = "objectstorage", "s3.space_bytes"
_UNLIMITED = -1

Region = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _View:
    """Which part of an answer is shown, and in which version. Empty means all."""

    version: str
    answered: str
    regions: frozenset[str]
    components: frozenset[str]

    def shows(self, resource: str, *, is_documented: bool) -> bool:
        """Whether a field belongs here. An undocumented one counts to the component it is named after."""
        known = documented(resource) if is_documented else None
        component = known.component if known else resource.partition(".")[0]
        if self.components and component not in self.components:
            return False
        if known is None:
            return self.version == self.answered
        # Object storage is there in each version, only its form changes.
        return resource == _OBJECT_STORAGE or known.since <= int(self.version.removeprefix("v"))


def build(reader: Reader, period: BillingPeriod, given: Mapping[str, Any], *, kind: str) -> object:
    """Region to dotted field to value; {} when nothing of the project was captured in the month.

    Raises UsageError for an unknown project, region or component, and for a version newer than what was answered.
    """
    project_id, version = str(given["project_id"]), given["version"]
    known = reader.frame("documents/syseleven/known")
    _refuse_unknown("project_id", [project_id], _names(known, "project"))
    regions, components = _listed(given["regions"]), _listed(given.get("filter"))
    if _names(known, "region"):
        _refuse_unknown("regions", regions, _names(known, "region"))
    _refuse_unknown("filter", components, _COMPONENTS)
    capture = _capture(reader, kind, project_id, version)
    answered = str(capture["api_version"]) if capture else version
    if (version or answered) == "v1" and "loadbalancer" in components:
        raise UsageError("filter='loadbalancer' came with version v2: v1 knows nothing of it")
    if capture is None or answered is None:
        return {}
    values = reader.frame(
        "documents/syseleven/values",
        kind=kind,
        project_id=project_id,
        receipt=capture["x_receipt"],
        raw_sha256=capture["x_raw_sha256"],
    )
    return _answer(values, _View(version or answered, answered, frozenset(regions), frozenset(components)))


def standard(reader: Reader, *, kind: str) -> Iterable[Mapping[str, Any]]:
    """Each project that was captured in the month, in the version it was answered in."""
    captures = reader.frame("documents/syseleven/captures").filter(polars.col("kind") == kind)
    return [{"project_id": project_id} for project_id in captures["project_id"].unique().sort()]


_PROJECT = Parameter("project_id", is_required=True, help="id of the project")
_REGIONS = Parameter(
    "regions", kind="texts", help="comma-separated region names", default_rule="all that were answered"
)
_FILTER = Parameter(
    "filter",
    kind="texts",
    help=f"comma-separated components of {', '.join(_COMPONENTS)}; loadbalancer is known since v2",
    default_rule="all",
)
_VERSION = Parameter(
    "version",
    kind="choice",
    choices=_VERSIONS,
    help="version of the API; older ones are made from newer ones",
    default_rule="the one that was last answered",
)


def _document(name: str, kind: str, parameters: tuple[Parameter, ...], told: Reference, elsewhere: Across) -> Document:
    builder: Callable[[Reader, BillingPeriod, Mapping[str, Any]], object] = partial(build, kind=kind)
    return Document(
        name=name,
        parameters=parameters,
        build=builder,
        datasets=(kind,),
        reference=told,
        across=elsewhere,
        standard=partial(standard, kind=kind),
    )


DOCUMENTS: tuple[Document, ...] = (
    _document("quota", "quota", (_PROJECT, _REGIONS, _VERSION), reference.QUOTA, across.QUOTA),
    _document(
        "current-usage",
        "usage",
        (_PROJECT, _REGIONS, _FILTER, _VERSION),
        reference.CURRENT_USAGE,
        across.CURRENT_USAGE,
    ),
)


def _capture(reader: Reader, kind: str, project_id: str, version: str | None) -> dict[str, Any] | None:
    """The project's newest answer of the month that can be shown in this version; None without any answer."""
    captures = reader.frame("documents/syseleven/captures").filter(
        polars.col("kind") == kind, polars.col("project_id") == project_id
    )
    fitting = captures.filter(polars.col("api_version") >= (version or _VERSIONS[0]))
    if captures.height and not fitting.height:
        newest = str(captures["api_version"].max())
        allowed = ", ".join(one for one in _VERSIONS if one <= newest)
        raise UsageError(f"version={version}: the month was captured in {newest}, which knows less; allowed: {allowed}")
    return next(iter(fitting.to_dicts()), None)


def _answer(values: polars.DataFrame, view: _View) -> dict[str, Region]:
    answer: dict[str, Region] = {}
    for row in values.to_dicts():
        if view.regions and row["region"] not in view.regions:
            continue
        region = answer.setdefault(row["region"], {})
        if row["resource"] and view.shows(row["resource"], is_documented=row["is_documented"]):
            _add(region, row)
    return answer if view.version == "v3" else {name: _older(region) for name, region in answer.items()}


def _add(region: Region, row: Mapping[str, Any]) -> None:
    name = ALIASES.get(row["resource"], row["resource"])
    known = documented(name) if row["is_documented"] else None
    unknown = decode(row["unknown_fields"].encode(), dict[str, Any]) if row["unknown_fields"] else {}
    if known is None:
        region.update(unknown)
    elif known.form is Form.NUMBER:
        region[name] = row["value"]
    elif known.form is Form.COUNTS:
        counts = region.setdefault(name, {})
        if row["value"] is not None:
            counts[row["type"]] = row["value"]
    else:
        sizes = region.setdefault(name, [])
        if row["value"] is not None:
            sizes.append({"space_bytes": row["value"], "type": row["type"], **unknown})


def _older(region: Region) -> Region:
    """The region with object storage as versions 1 and 2 have it: one number, unlimited when a type is."""
    return {
        _S3 if name == _OBJECT_STORAGE else name: _space_bytes(value) if name == _OBJECT_STORAGE else value
        for name, value in region.items()
    }


def _space_bytes(sizes: list[dict[str, Any]]) -> Decimal:
    values = [size["space_bytes"] for size in sizes]
    return Decimal(_UNLIMITED) if _UNLIMITED in values else sum(values, Decimal(0))


def _listed(texts: Iterable[str] | None) -> list[str]:
    """A comma list that may also be given in several parts."""
    return [part.strip() for text in texts or () for part in text.split(",") if part.strip()]


def _names(known: polars.DataFrame, kind: str) -> list[str]:
    return known.filter(polars.col("kind") == kind)["name"].to_list()


def _refuse_unknown(parameter: str, asked: Iterable[str], known: Iterable[str]) -> None:
    allowed = list(known)
    for name in asked:
        if name not in allowed:
            raise UsageError(f"{parameter}={name!r}: allowed are {', '.join(allowed)}")
