"""What docs/documents.md tells of SysEleven's quota and current_usage."""

from tallybook.contract import Reference

_REFUSED = (
    "a `project_id` that is neither configured nor captured",
    "a region that no answer of the month named",
    "a `version` newer than the answered one",
)
_DIFFERS = (
    (
        "The last answer of the project in the month, never filled up from an earlier one: a region or component that "
        "it lacks is not there. Without any it is `{}`."
    ),
    (
        "`version` stands for the version in the path. An older form is made from a newer answer: without the fields "
        "that came later or that no document names, object storage as one number (-1 when one type is unlimited)."
    ),
)

QUOTA = Reference(
    summary="The limits of a project per region; -1 is unlimited, 0 allows nothing",
    source="`GET /{version}/projects/{project_id}/quota`",
    example=("project_id=11111111111111111111111111111111", "regions=cbk,fes"),
    refuses=_REFUSED,
    differs=_DIFFERS,
)
CURRENT_USAGE = Reference(
    summary="What a project has in use per region",
    source="`GET /{version}/projects/{project_id}/current_usage`",
    example=("project_id=11111111111111111111111111111111", "regions=cbk,fes", "filter=compute,s3"),
    refuses=(*_REFUSED, "another component; `loadbalancer` in version v1"),
    differs=(*_DIFFERS, "Images, and unknown fields of no component's name, come without `filter` only."),
)
