"""The stamp of a revision, and why it is a draft."""

import re

from tallybook.documents.inputs import Failure, MonthInputs
from tallybook.documents.values import Status
from tallybook.documents.words import amount, listing, plain
from tallybook.language import Message
from tallybook.summaries.expressions import COST_FEEDS

_MOST_CAUSES = 4  # that a restatement names at its stamp; its page of corrections has all of them
_REFUSED = re.compile(r"HTTP \d{3} for [^\s:;]+")


def decide_status(inputs: MonthInputs) -> tuple[Status, tuple[str, ...]]:
    """The status with its reasons, one sentence each.

    DRAFT: a unit failed, the month has not ended, figures do not tie out, or something that feeds costs is missing
    and can still be fetched. What can never be fetched again makes no draft: the figures are lower bounds and say so.
    Gaps that were accepted when the month was closed make none either; the reason they were accepted for is told.
    """
    reasons = blocking_reasons(inputs) if inputs.accepted_gaps else (*blocking_reasons(inputs), *_fillable_gaps(inputs))
    if reasons:
        return Status.DRAFT, reasons
    accepted = (_accepted(inputs),) if inputs.accepted_gaps else ()
    if inputs.restatement:
        return Status.RESTATED, (_restates(inputs, inputs.restatement), *accepted)
    return (Status.FINAL if inputs.final_reason else Status.PROVISIONAL), accepted


def _restates(inputs: MonthInputs, why: Message) -> str:
    """The sentence, with what changed where it asks for `causes`."""
    known, language = inputs.restated.causes if inputs.restated else (), inputs.language
    causes = listing([language.tell(one) for one in known], most=_MOST_CAUSES, language=language)
    return language.say(why.text, **why.values, causes=causes)


def _accepted(inputs: MonthInputs) -> str:
    return inputs.language.say("Closed with gaps: %(reason)s", reason=plain(inputs.accepted_gaps))


def blocking_reasons(inputs: MonthInputs) -> tuple[str, ...]:
    """What makes a month a draft whoever accepts it: failed units, days to come, figures that do not add up."""
    return (*_failures(inputs), *_not_ended(inputs), *differences(inputs))


def collect_command(inputs: MonthInputs, connection: str, dataset: str) -> str:
    """The command that fetches what is missing."""
    return f"tallybook collect --month {inputs.period} --connection {connection} --dataset {dataset}"


def _failures(inputs: MonthInputs) -> list[str]:
    return [
        inputs.language.say(
            "%(unit)s could not be collected: %(problem)s",
            unit=f"{one.connection} {one.dataset} {one.period}",
            problem=_problem(one),
        )
        for one in inputs.failures
    ]


def _problem(failure: Failure) -> str:
    """What went wrong, without the names that the sentence has, and without what the provider wrote into its answer.

    The receipt and the log keep all of it. Example: `HTTP 500 for /usage: {"error": …}; run it again later` becomes
    `HTTP 500 for /usage; run it again later`.
    """
    names = f"{failure.connection} {failure.dataset} {failure.period}: "
    told = plain(failure.error).replace(names, "")
    refused = _REFUSED.match(told)
    if not refused:
        return told
    advice = told.rpartition("; ")[2] if "; " in told else ""
    return f"{refused[0]}; {advice}" if advice else refused[0]


def _not_ended(inputs: MonthInputs) -> list[str]:
    if inputs.now >= inputs.period.end:
        return []
    end = f"{inputs.language.minute(inputs.period.end)} UTC"
    return [inputs.language.say("%(month)s has not ended: it ends on %(end)s", month=inputs.month, end=end)]


def differences(inputs: MonthInputs) -> list[str]:
    """What does not add up: the tie-out, our own checks and the providers' own sums."""
    language = inputs.language
    sentences = [
        language.say(
            "The %(currency)s costs do not tie out: %(difference)s of the source total is in no project",
            currency=row["billing_currency"],
            difference=amount(row["difference"], row["billing_currency"], exact=True, language=language),
        )
        for row in inputs.tables.tie_out.filter(~inputs.tables.tie_out["holds"]).to_dicts()
    ]
    sentences += [
        language.many(
            "Check %(name)s found %(count)s row that should not be there",
            "Check %(name)s found %(count)s rows that should not be there",
            rows,
            name=name,
        )
        for name, rows in sorted(inputs.checks.items())
        if rows
    ]
    return sentences + _differing_controls(inputs, is_warning=False)


def warnings(inputs: MonthInputs) -> list[str]:
    """What differs and makes no draft: the provider's own figures contradict each other, which nobody here can end."""
    return _differing_controls(inputs, is_warning=True)


def _differing_controls(inputs: MonthInputs, *, is_warning: bool) -> list[str]:
    return [
        inputs.language.say(
            "%(connection)s: %(control)s differs from the provider's own sum by %(difference)s",
            connection=row["connection"],
            control=row["control"],
            difference=amount(row["difference"], row["unit"], exact=True, language=inputs.language),
        )
        for row in inputs.controls.to_dicts()
        if row["difference"] != 0 and (row.get("is_warning") or False) == is_warning
    ]


def _fillable_gaps(inputs: MonthInputs) -> list[str]:
    failed = {(one.connection, one.dataset) for one in inputs.failures}
    return [
        inputs.language.say(
            "%(connection)s %(dataset)s lacks %(missing)s that can still be fetched: %(command)s",
            connection=row["connection"],
            dataset=row["dataset"],
            missing=amount(row["missing"], row["unit"], language=inputs.language),
            command=collect_command(inputs, row["connection"], row["dataset"]),
        )
        for row in inputs.tables.datasets.to_dicts()
        if row["missing"] > 0
        and row["is_backfillable"]
        and row["feeds"] in COST_FEEDS
        and (row["connection"], row["dataset"]) not in failed
    ]
