"""Words for the codes that documents carry; any other code is written with spaces for underscores."""

from collections.abc import Mapping

from tallybook.documents.words import METERS
from tallybook.language import ENGLISH, Language, message

LABELS: Mapping[str, str] = METERS | {
    "DRAFT": message("DRAFT"),
    "PROVISIONAL": message("PROVISIONAL"),
    "FINAL": message("FINAL"),
    "RESTATED": message("RESTATED"),
    # what pricing and costs go by
    "spot": message("spot"),
    "on_demand": message("on-demand"),
    "mixed": message("mixed"),
    "unknown": message("unknown"),
    "provider": message("provider"),
    "hours_weighted": message("split by hours (estimate)"),
    "price_book": message("price book"),
    "commitment": message("commitment"),
    "minimum": message("minimum"),
    "adjustment": message("adjustments"),
    "metered": message("metered"),
    "averaged": message("averaged"),
    "sampled": message("sampled"),
    "adjusted": message("adjusted"),
    "allocated": message("allocated"),
    "contracted": message("contracted"),
    # what a month is compared with, and why it moved
    "previous_month": message("month before"),
    "last_year": message("same month last year"),
    "budget": message("budget"),
    "price": message("price"),
    "volume": message("volume"),
    "new": message("new"),
    "gone": message("gone"),
    "allocation": message("spread by rules"),
    "not_comparable": message("not comparable"),
    "exchange": message("exchange"),
    "restatement": message("restated since it was closed"),
    # why a closed month is another one
    "new_data": message("new data"),
    "restated_cost": message("restated cost"),
    "changed_price": message("changed price"),
    "changed_map": message("changed map"),
    "changed_allocation": message("changed allocation"),
    "software_or_settings": message("software or settings"),
    # how a forecast is made
    "run_rate": message("the daily mean"),
    "weekday_rate": message("the mean of each weekday"),
    # states of quotas and of what was seen, and what a dataset feeds
    "ok": message("ok"),
    "near": message("near the limit"),
    "full": message("full"),
    "unlimited": message("unlimited"),
    "none": message("nothing allowed"),
    "complete": message("complete"),
    "partial": message("partial"),
    "missing": message("missing"),
    "pending": message("pending"),
    "usage": message("usage"),
    "costs": message("costs"),
    "quotas": message("quotas"),
    "estate": message("estate"),
    "control": message("control"),
    # what things are
    "cluster": message("cluster"),
    "namespace": message("namespace"),
    "project": message("project"),
    "workload": message("workload"),
    "workloads": message("workloads"),
    "idle": message("idle"),
    "shared": message("shared"),
    # why a report needs a look
    "never_seen": message("never seen"),
    "failed_check": message("failed check"),
    "data_gap": message("data gap"),
    "unpriced_meter": message("unpriced meter"),
    "unmapped_sub_account": message("unmapped sub account"),
    "example_book": message("example book"),
    # our own checks, queries/checks
    "adjusted_cost": message("adjusted cost"),
    "allocation_sum": message("allocation sum"),
    "committed_quantity": message("committed quantity"),
    "cost_without_currency": message("cost without currency"),
    "graded_quantity": message("graded quantity"),
    "minimum_cost": message("minimum cost"),
    "negative_usage": message("negative usage"),
    "outside_period": message("outside period"),
    "price_times_quantity": message("price times quantity"),
    "provider_cost": message("provider cost"),
    "repeated_costs": message("repeated costs"),
    "repeated_usage": message("repeated usage"),
    "usage_quantity": message("usage quantity"),
}


def label(code: str, *, language: Language = ENGLISH) -> str:
    """The words for a code: `on_demand` as `on-demand`, `core_hours` as `core hours`."""
    return language.say(LABELS[code]) if code in LABELS else code.replace("_", " ")


def opening(text: str) -> str:
    """Words with a capital at their start; German nouns keep theirs."""
    return text[:1].upper() + text[1:]
