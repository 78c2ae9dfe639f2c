"""The sections of the monthly report, in the order of reading.

The name of a section is its anchor and its template, `reports/templates/sections/<name>.html.j2`, which fills what
stands below the title. A section that has nothing to show says so in a sentence.
"""

from collections.abc import Mapping

SECTIONS: Mapping[str, str] = {
    "changes": "Why it changed",
    "outlook": "What may come",
    "trend": "Month by month",
    "providers": "Providers",
    "projects": "Projects",
    "workloads": "Workloads",
    "pricing": "Spot and on-demand",
    "allocation": "Shared and idle cost",
    "quotas": "Quotas",
    "commitments": "Commitments",
    "unseen": "Not seen, not priced",
    "corrections": "Corrections",
    "control": "Control and reconciliation",
    "prices": "Prices and rates used",
    "days": "Cost per day",
    "method": "Method and glossary",
}
