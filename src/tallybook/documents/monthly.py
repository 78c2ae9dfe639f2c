"""The monthly report: every number of it, and nothing about how it looks."""

from tallybook.documents.allocation import build_allocation
from tallybook.documents.commitments import commitment_rows
from tallybook.documents.conversion import convert_totals
from tallybook.documents.costs import (
    adjustment_rows,
    daily_points,
    price_rows,
    pricing_rows,
    pricing_totals,
    provider_rows,
    trend_points,
)
from tallybook.documents.exceptions import open_exceptions
from tallybook.documents.forecast import outlook
from tallybook.documents.inputs import MonthInputs
from tallybook.documents.model import SCHEMA_VERSION, MonthlyReport
from tallybook.documents.projects import other_projects, project_rows, project_sums, several_rows
from tallybook.documents.quotas import quota_rows, review_quotas
from tallybook.documents.restatement import build_restatement
from tallybook.documents.sight import coverage_rows, gap_rows, unpriced_rows
from tallybook.documents.slugs import assign_slugs
from tallybook.documents.spot import spot_rows
from tallybook.documents.status import decide_status, warnings
from tallybook.documents.story import tell_month
from tallybook.documents.totals import check_rows, control_totals, currency_totals, tie_outs
from tallybook.documents.values import Header
from tallybook.documents.variance import changes
from tallybook.documents.workloads import workload_rows


def build_report(inputs: MonthInputs) -> MonthlyReport:
    """The monthly report of a month's tables. The same inputs give the same document."""
    slugs = assign_slugs(inputs.tables.projects["project"].to_list())
    projects, providers = project_rows(inputs, slugs), provider_rows(inputs)
    totals = currency_totals(inputs, providers, inputs.tables.providers.to_dicts())
    sums = project_sums(inputs, projects)
    pricing = pricing_rows(inputs)
    lines = tie_outs(inputs)
    return MonthlyReport(
        schema_version=SCHEMA_VERSION,
        header=build_header(inputs, title=inputs.language.say("Monthly cloud cost report")),
        exceptions=open_exceptions(inputs),
        summary=tell_month(inputs, totals, sums, lines),
        totals=totals,
        conversion=convert_totals(inputs, totals),
        changes=changes(inputs, totals, sums),
        outlook=outlook(inputs, totals),
        tie_out=lines,
        controls=control_totals(inputs),
        checks=check_rows(inputs),
        providers=providers,
        projects=projects,
        project_totals=several_rows(sums, projects),
        allocation=build_allocation(inputs.tables, sums),
        other_projects=other_projects(inputs, projects),
        workloads=workload_rows(inputs.tables.workloads),
        pricing=pricing,
        pricing_totals=pricing_totals(pricing),
        spot=spot_rows(inputs.tables.spot),
        quotas=quota_rows(inputs.tables.quotas),
        quotas_total=inputs.tables.quotas.height,
        quota_review=review_quotas(inputs.tables.quotas, inputs.tables.quota_changes),
        commitments=commitment_rows(inputs),
        commitments_total=inputs.tables.commitments.height,
        unpriced=unpriced_rows(inputs),
        coverage=coverage_rows(inputs),
        gaps=gap_rows(inputs),
        notices=(*warnings(inputs), *inputs.notices),
        restatement=build_restatement(inputs, projects, totals),
        adjustments=adjustment_rows(inputs),
        prices=price_rows(inputs),
        trend=trend_points(inputs),
        daily=daily_points(inputs),
    )


def build_header(inputs: MonthInputs, *, title: str) -> Header:
    """The header that all documents of a revision share."""
    status, reasons = decide_status(inputs)
    return Header(
        title=title,
        entity=inputs.entity,
        billing_period=str(inputs.period),
        period_label=inputs.month,
        period_start=inputs.period.start,
        period_end=inputs.period.end,
        previous_label=inputs.month_before,
        status=status,
        reasons=reasons,
        revision=inputs.revision,
        generated_at=inputs.now,
        version=inputs.version,
    )
