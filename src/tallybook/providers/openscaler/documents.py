"""OpenScaler's documented JSON: the live stats as they were at a sampled moment."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars

from tallybook.contract import Across, Document, Parameter, Reader, Reference
from tallybook.decode import decode
from tallybook.errors import UsageError
from tallybook.periods import BillingPeriod
from tallybook.providers.openscaler.shapes import ACCOUNT, VM, VPC

_FIRST_MILLISECOND = 10**11  # as seconds this is the year 5138, as milliseconds 1973
_VM_WORDS = ("vm_id", "name", "state", "region", "created_at", "os")


def build_stats_live(reader: Reader, period: BillingPeriod, given: Mapping[str, Any]) -> object:
    """The snapshot that holds at `at`: figures and aggregates as answered, unknown fields among them.

    A snapshot holds until the next one, at most `max_gap`. Figures that a machine did not report are left out, as
    in the answer; aggregates without one are null. The document has no form for "nothing known": UsageError.
    """
    at = _last_sample(reader) if given["at"] is None else _moment(given["at"])
    if at is None:
        raise UsageError(f"nothing was sampled in {period}: only 'tallybook sample' in that month could have")
    live = next(iter(reader.frame("documents/openscaler/live", at=at).to_dicts()), None)
    if live is None:
        raise UsageError(f"nothing is known of at={at}: {_nearest(reader, at)}")
    answer = {"receipt": live["x_receipt"], "raw_sha256": live["x_raw_sha256"]}
    unknown = _unknown(live)
    account = {
        **{key: live[column] for column, key in ACCOUNT.items()},
        **unknown.pop("data", {}),
        "vms": _rows(reader.frame("documents/openscaler/live_vms", **answer), _VM_WORDS, VM),
        "vpcs": _rows(reader.frame("documents/openscaler/live_vpcs", **answer), ("vpc_id",), VPC),
    }
    return {"timestamp": live["timestamp"], "step": live["step"], **unknown, "data": account}


def standard(reader: Reader) -> Iterable[Mapping[str, Any]]:
    """The month's last sample, when there is one."""
    return () if _last_sample(reader) is None else ({},)


_REFERENCE = Reference(
    summary="All machines, networks and their aggregates as they were at a sampled moment",
    source="`GET /v1/stats/live`",
    example=("at=1793491200",),
    refuses=(
        "`at` below 0, or above 99999999999, which is milliseconds",
        "a moment further than `max_gap` behind a sample: the nearest samples are named",
        "a month without a sample: the document has no form for it",
    ),
    differs=(
        "`at` is Tallybook's own parameter: the provider can only be asked about now.",
        (
            "Figures and aggregates are as answered, every digit and unknown fields too; figures that a machine did "
            "not report are left out, aggregates of nothing are null."
        ),
    ),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        name="stats-live",
        parameters=(
            Parameter(
                "at",
                kind="integer",
                help="unix seconds of the moment; a sample holds until the next one, at most max_gap",
                default_rule="the month's last sample",
            ),
        ),
        build=build_stats_live,
        datasets=("live",),
        reference=_REFERENCE,
        across=Across(needs="live rates of machines and networks"),
        standard=standard,
    ),
)


def _last_sample(reader: Reader) -> int | None:
    sampled_at: int | None = reader.frame("documents/openscaler/last_sample").item()
    return sampled_at


def _moment(at: int) -> int:
    if not 0 <= at < _FIRST_MILLISECOND:
        raise UsageError(f"at={at}: give whole unix seconds, 0 to {_FIRST_MILLISECOND - 1}, not milliseconds")
    return at


def _nearest(reader: Reader, at: int) -> str:
    before, after = reader.frame("documents/openscaler/nearest_samples", at=at).row(0)
    said = [
        f"{words} {moment} ({datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ})"
        for words, moment in (("the last sample before it is", before), ("the next one after it is", after))
        if moment is not None
    ]
    return "; ".join(said) or "this connection was never sampled"


def _rows(frame: polars.DataFrame, words: tuple[str, ...], figures: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            **{word: row[word] for word in words},
            **{key: row[column] for column, key in figures.items() if row[column] is not None},
            **_unknown(row),
        }
        for row in frame.to_dicts()
    ]


def _unknown(row: Mapping[str, Any]) -> dict[str, Any]:
    text: str = row["unknown_fields"]
    return decode(text.encode(), dict[str, Any]) if text else {}
