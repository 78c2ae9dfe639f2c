"""What docs/documents.md tells of NodeConductor's six statistics."""

from tallybook.contract import Reference

_NOW = "Now is the end of the month or the last whole hour that was collected, not the moment of asking."
_CAPTURE = "What the last collect within the month saw; the server itself can only be asked about now."
_SPAN = "`from` after `to`; bounds below 0, or above 99999999999, which are milliseconds"
_DATAPOINTS = "`datapoints` outside of 1 to 100000"
_UUID = "a `uuid` that is not 32 hexadecimal digits; one that is not listed selects nothing, as at the server"
_UNSEEN = "A segment that nobody saw is 0, as in the document's example."

USAGE = Reference(
    summary="What customers, projects or project groups used: a series of cpu, memory or storage for each",
    source="`GET /api/stats/usage/`",
    example=("item=memory", "aggregate=project"),
    refuses=(_SPAN, _DATAPOINTS, _UUID, "an `aggregate` that the connection does not ask for"),
    differs=(
        _NOW,
        (
            "Made from hours: cpu and memory of a segment are means weighted by seconds, rounded to the millionth; "
            "storage is its last value."
        ),
        _UNSEEN + " An object of which nothing was measured has no datapoints.",
        "Objects are those of the month's lists, in their order.",
        "Datapoints are always ascending, and values numbers, also where the server answers text.",
    ),
)
CUSTOMER = Reference(
    summary="How many projects, project groups and instances each customer has",
    source="`GET /api/stats/customer/` (the document prints it without `/api`)",
    differs=(_CAPTURE, "`abbreviation`, which the document does not name, is there where it was answered."),
)
RESOURCE = Reference(
    summary="What is allocated in a cloud: cores, MiB of memory, GiB of disk",
    source="`GET /api/stats/resource/` (the document prints it without `/api`)",
    example=("auth_url=https://keystone.example.com:5000/v2.0",),
    refuses=("an `auth_url` that was not seen in the month",),
    differs=(
        _CAPTURE,
        "One object, as the document's example shows it; a list, as its text says, only where several were answered.",
        "Figures are numbers, also where the server answers text; fields that the document does not name are left out.",
    ),
)
CREATION_TIME = Reference(
    summary="How many customers, projects or project groups were created in each segment of time",
    source="`GET /api/stats/creation-time/`",
    example=("type=project",),
    refuses=(_SPAN, _DATAPOINTS, "a `type` that the connection does not ask for"),
    differs=(
        _NOW,
        (
            "Objects count at the second that their list tells; where it tells none, where the hour begins in which "
            "the server counted them."
        ),
        _UNSEEN,
    ),
)
QUOTA = Reference(
    summary="Quotas and their use, of everything that is selected together",
    source="`GET /api/stats/quota/`",
    example=("aggregate=project_group",),
    refuses=(_UUID, "a selection whose answers lack a documented field"),
    differs=(
        _CAPTURE,
        (
            "Sums over projects, each once. One unlimited project makes a limit -1; the server of the document's days "
            "adds -1 to the others."
        ),
        "Without a capture or a project it is `{}`.",
    ),
)
ALERT = Reference(
    summary="How many alerts of each severity there were",
    source="`GET /api/stats/alert/`",
    example=("from=1793404800", "to=1793491199"),
    refuses=(
        _SPAN,
        _UUID,
        "bounds that divide a window with alerts: known are UTC days, the last 24 hours, and months so far",
        "several windows together where the server counts an alert in each one in which it was open",
        "an `aggregate` that the month was not collected for",
    ),
    differs=(
        _NOW + " Both bounds are included, so `to` is by default its last second.",
        "Severities are spelled as documented, whatever the release.",
    ),
)
