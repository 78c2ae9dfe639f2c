"""What docs/documents.md tells of oCore's three usage documents."""

from tallybook.contract import Reference

_RANGE = (
    "times that are not RFC 3339 with an offset, like 2026-10-01 or unix seconds",
    "`start_date` after `end_date`",
)
_HOURS = (
    "Without bounds it is the month; the document names no default.",
    "Made from hourly items, so totals equal their items: an hour counts that begins in [`start_date`, `end_date`).",
)
_BUCKETS = (
    "Buckets are UTC; the bounds may cut the first and the last one. There is no row where there was no usage.",
    "`instanceCount` of a bucket is the highest of its hours: instances are never added over time.",
)
_UNKNOWN = "Fields that the document does not name are left out."

PROJECT_USAGE = Reference(
    summary="What one project used: buckets of an hour, a day or a month, and their totals",
    source="`GET /projects/{id}/usage`",
    example=("id=7f3c9a", "period=daily"),
    refuses=(*_RANGE, "an `id` that no answer has named: the known ones are listed"),
    differs=(*_HOURS, *_BUCKETS, _UNKNOWN),
)
USAGE = Reference(
    summary="What all projects used, or one: buckets of an hour, a day or a month, and their totals",
    source="`GET /usage`",
    example=("period=daily", "start_date=2026-10-01T00:00:00+02:00"),
    refuses=_RANGE,
    differs=(
        *_HOURS,
        *_BUCKETS,
        "Totals name a project when one is asked for. A `project_id` that fits nothing finds nothing.",
        _UNKNOWN,
    ),
)
USAGE_TOTALS = Reference(
    summary="What each project used in a range",
    source="`GET /usage/totals`",
    example=("end_date=2026-10-16T00:00:00Z",),
    refuses=_RANGE,
    differs=(
        *_HOURS,
        "The document leaves the fields of a total open: they are those of an item, with `periodType` total.",
        _UNKNOWN,
    ),
)
