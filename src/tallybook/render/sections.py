"""The sections of the monthly report, in the order of reading.

The name of a section is its anchor and its template, `reports/templates/sections/<name>.html.j2`, which fills what
stands below the title. A section that has nothing to show says so in a sentence.
"""

from collections.abc import Mapping

from tallybook.language import message

SECTIONS: Mapping[str, str] = {
    "changes": message("Why it changed"),
    "outlook": message("What may come"),
    "trend": message("Month by month"),
    "providers": message("Providers"),
    "projects": message("Projects"),
    "workloads": message("Workloads"),
    "pricing": message("Spot and on-demand"),
    "allocation": message("Shared and idle cost"),
    "quotas": message("Quotas"),
    "commitments": message("Commitments"),
    "unseen": message("Not seen, not priced"),
    "corrections": message("Corrections"),
    "control": message("Control and reconciliation"),
    "prices": message("Prices and rates used"),
    "days": message("Cost per day"),
    "method": message("Method and glossary"),
}
