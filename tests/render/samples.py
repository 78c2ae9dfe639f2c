"""Documents to render in tests and to look at: a small month, a full month, and a hostile one."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tallybook.documents.allocated import AllocatedProject, Allocation, AllocationRuleRow, AllocationShare
from tallybook.documents.changes import Bridge, BridgeStep, BudgetRow, CauseRow, Changes, ComparisonRow, MoverRow
from tallybook.documents.committed import CommitmentRow
from tallybook.documents.control import CheckRow, ControlTotal
from tallybook.documents.model import (
    SCHEMA_VERSION,
    Conversion,
    ConvertedTotal,
    CurrencyTotal,
    DailyPoint,
    MonthlyReport,
    PriceRow,
    PricingRow,
    ProjectRow,
    ProjectTotal,
    ProviderRow,
    SpotRow,
    TieOut,
    TrendPoint,
    WorkloadRow,
)
from tallybook.documents.outlook import AnomalyRow, ForecastRow, Outlook
from tallybook.documents.pages import (
    Library,
    LibraryMonth,
    LibraryRevision,
    LibraryTotal,
    ProjectStatement,
    StatementLine,
)
from tallybook.documents.restated import (
    Cause,
    CauseAmount,
    RestatedRate,
    RestatedRow,
    RestatedTotal,
    Restatement,
)
from tallybook.documents.seen import (
    CoverageRow,
    ExceptionKind,
    GapRow,
    LimitChange,
    OpenException,
    QuotaReview,
    QuotaRow,
    UnpricedRow,
)
from tallybook.documents.values import Bound, Figure, Header, Status

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
NONE = Figure(None, None)

HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %}",
    '=HYPERLINK("http://example.org","x")',
    "\u202egnp.exe\u202c right to left",
    "x" * 300,
    "bell\x07 null\x00 tab\there\nand line",
    "🦊 emoji 🧮 ünïcödé ěščř Ωμέγα",
    "'\"><img src=http://127.0.0.1:9/x onerror=alert(1)>",
)


def fig(text: str, digits: int = 2) -> Figure:
    exact = Decimal(text).quantize(Decimal("1e-12"))
    return Figure(exact, exact.quantize(Decimal(1).scaleb(-digits)))


def pct(part: Decimal, whole: Decimal) -> Decimal | None:
    return None if whole == 0 else (part / whole * 100).quantize(TENTH)


def certainty(coverage: Decimal = Decimal(100), *, unpriced: int = 0) -> dict[str, Any]:
    """The fields that say how certain a cost is, with September seen whole."""
    is_lower = coverage < 100 or unpriced > 0
    bound = Bound.AT_LEAST if is_lower else Bound.EXACT
    return {"is_lower_bound": is_lower, "previous_is_lower_bound": False, "change_bound": bound}


def header(**changes: object) -> Header:
    made = Header(
        title="Monthly cloud cost report",
        entity="Example Works GmbH",
        billing_period="2026-10",
        period_label="October 2026",
        period_start=datetime(2026, 10, 1, tzinfo=UTC),
        period_end=datetime(2026, 11, 1, tzinfo=UTC),
        previous_label="September 2026",
        status=Status.PROVISIONAL,
        reasons=(),
        revision=2,
        generated_at=NOW,
        version="0.1.0",
    )
    return replace(made, **changes)  # type: ignore[arg-type] # tests name the fields they change


def total(currency: str, now: str, before: str | None, **changes: object) -> CurrencyTotal:
    cost, previous = fig(now), fig(before) if before else NONE
    change = NONE if previous.exact is None else fig(str(Decimal(now) - Decimal(before or "0")))
    made = CurrencyTotal(
        billing_currency=currency,
        effective_cost=cost,
        previous_effective_cost=previous,
        change=change,
        change_pct=None if change.exact is None else pct(change.exact, Decimal(before or "0")),
        budget=NONE,
        budget_variance=NONE,
        is_budget_example=False,
        unpriced_meters=0,
        coverage_pct=Decimal("100.0"),
        **certainty(),
        budget_variance_pct=None,
    )
    made = replace(made, **changes)  # type: ignore[arg-type]
    return replace(made, **certainty(made.coverage_pct or Decimal(100), unpriced=made.unpriced_meters))


def _conversion(totals: Sequence[CurrencyTotal]) -> Conversion:
    """In EUR: 0.90 for a USD, 0.85 in September."""
    rates = {"EUR": (Decimal(1), Decimal(1)), "USD": (Decimal("0.9"), Decimal("0.85"))}
    rows = []
    for one in totals:
        now, before = rates[one.billing_currency]
        cost, previous = one.effective_cost.exact or Decimal(0), one.previous_effective_cost.exact or Decimal(0)
        rows.append(
            ConvertedTotal(
                *(one.billing_currency, now, "" if now == 1 else "central bank, 2026-10-30", before),
                effective_cost=fig(str(cost * now)),
                previous_effective_cost=fig(str(previous * before)),
                change=fig(str(cost * now - previous * before)),
                exchange_effect=fig(str(cost * (now - before))),
                is_lower_bound=one.is_lower_bound,
                previous_is_lower_bound=one.previous_is_lower_bound,
                change_bound=one.change_bound,
            )
        )
    names = ("effective_cost", "previous_effective_cost", "change", "exchange_effect")
    return Conversion(
        "EUR",
        tuple(rows),
        **{name: fig(str(sum(getattr(row, name).exact for row in rows))) for name in names},
        is_lower_bound=True,
        previous_is_lower_bound=False,
        change_bound=Bound.AT_LEAST,
    )


def small_report() -> MonthlyReport:
    """One currency, one project, everything complete; most lists empty."""
    cost = fig("12.346")
    return MonthlyReport(
        schema_version=SCHEMA_VERSION,
        header=header(status=Status.FINAL, revision=1),
        exceptions=(),
        summary=("October 2026 cost 12.35 EUR, 2.35 EUR (23.5%) more than September 2026.",),
        totals=(total("EUR", "12.346", "10.00"),),
        conversion=None,
        changes=Changes(comparisons=(), causes=(), bridges=(), movers=(), budgets=()),
        outlook=Outlook(forecasts=(), anomalies=(), anomalies_total=0),
        tie_out=(
            TieOut(
                *("EUR", Decimal("12.346"), Decimal("12.346"), Decimal(0), Decimal(0), Decimal(0)),
                difference=Decimal(0),
                holds=True,
            ),
        ),
        controls=(),
        checks=(),
        providers=(
            ProviderRow(
                *("alpha-main", "Alpha Cloud", "EUR", cost, fig("10"), fig("2.346")),
                change_pct=Decimal("23.5"),
                share_pct=Decimal("100.0"),
                coverage_pct=Decimal("100.0"),
                **certainty(),
                basis=("metered",),
            ),
        ),
        projects=(
            ProjectRow(
                *("atlas", "atlas", "alpha-main", "Alpha Cloud", "EUR", cost, cost, fig("10")),
                change=fig("2.346"),
                change_pct=Decimal("23.5"),
                share_pct=Decimal("100.0"),
                coverage_pct=Decimal("100.0"),
                cost_center="4711",
                owner="Ada Example",
                is_mapped=True,
                **certainty(),
                basis=("metered",),
            ),
        ),
        project_totals=(),
        allocation=Allocation(rules=(), projects=()),
        other_projects=(),
        workloads=(),
        pricing=(),
        pricing_totals=(),
        spot=(),
        quotas=(),
        quotas_total=0,
        quota_review=QuotaReview((), 0, (), 0, (), 0, 0, 0),
        commitments=(),
        commitments_total=0,
        unpriced=(),
        coverage=(),
        gaps=(),
        notices=(),
        restatement=None,
        adjustments=(),
        prices=(),
        trend=(TrendPoint("2026-10", "EUR", cost, is_complete=True, budget=NONE),),
        daily=(),
    )


CONNECTIONS = (
    ("openscaler-main", "OpenScaler", "EUR", Decimal("98.4")),
    ("nodeconductor-main", "NodeConductor", "EUR", Decimal("100.0")),
    ("syseleven-main", "SysEleven", "EUR", Decimal("96.2")),
    ("ocore-main", "oCore", "EUR", Decimal("100.0")),
    ("scaleops-main", "ScaleOps", "USD", Decimal("100.0")),
)
PROJECTS = (
    *("atlas", "billing-core", "checkout", "data-lake", "edge-cache", "fraud-watch", "gateway"),
    *("hr-portal", "identity", "journal", "kiosk", "ledger", "mail-relay", "notify", "observability"),
    *("platform", "queue-works", "research", "search", "telemetry"),
)


def full_report() -> MonthlyReport:
    """A whole month: two currencies, twenty projects, forty workloads, thirty quotas, gaps, no price."""
    rng = random.Random(7)  # noqa: S311 - sample figures, the same each time
    projects = _projects(rng)
    providers = _providers(projects)
    totals = tuple(_total(currency, providers) for currency in ("EUR", "USD"))
    return MonthlyReport(
        schema_version=SCHEMA_VERSION,
        header=header(
            status=Status.DRAFT,
            reasons=(
                "openscaler-main live: 11 hours of 2026-10-17 were never sampled and cannot be fetched again.",
                "syseleven-main current-usage: region cbk answered HTTP 403 from 2026-10-21 to 2026-10-22.",
            ),
        ),
        exceptions=_exceptions(),
        summary=_sentences(totals),
        totals=totals,
        conversion=_conversion(totals),
        changes=_changes(totals),
        outlook=_outlook(),
        tie_out=tuple(_tie_out(t) for t in totals),
        controls=_controls(),
        checks=(CheckRow("usage_in_charges", 0), CheckRow("nothing_negative", 0)),
        providers=providers,
        projects=projects,
        project_totals=_project_totals(projects),
        allocation=allocation(),
        other_projects=(),
        workloads=_workloads(rng),
        pricing=_pricing(),
        pricing_totals=(
            PricingRow("USD", "spot", fig("88210.5", 1), fig("18302.91"), Decimal("38.2"), "", is_lower_bound=False),
        ),
        spot=_spot(),
        quotas=_quotas(rng),
        quotas_total=112,
        quota_review=_quota_review(),
        commitments=_commitments(),
        commitments_total=24,
        unpriced=_unpriced(),
        coverage=_coverage(),
        gaps=_gaps(),
        notices=(
            "nodeconductor-main usage: 3 answers held the unknown field 'spl_name'; it is kept in the raw files.",
            "scaleops-main workloads: the answer for 2026-10-09 had another window and is kept under that.",
        ),
        restatement=None,
        adjustments=(),
        prices=_prices(),
        trend=_trend(totals),
        daily=_daily(rng, providers),
    )


def _projects(rng: random.Random) -> tuple[ProjectRow, ...]:
    rows = []
    for index, project in enumerate(PROJECTS):
        for at, (connection, label, currency, coverage) in enumerate(CONNECTIONS):
            if (index + at) % 3 == 0 and project != "platform":
                continue
            cost = Decimal(rng.randrange(2_000, 900_000)) / 100 / (1 + index % 4)
            before = cost * Decimal(rng.randrange(70, 125)) / 100
            known = not (index == 6 and at == 1)
            rows.append(
                ProjectRow(
                    project=project,
                    slug=project,
                    connection=connection,
                    provider_label=label,
                    billing_currency=currency,
                    list_cost=fig(str(cost)) if label != "ScaleOps" else NONE,
                    effective_cost=fig(str(cost)),
                    previous_effective_cost=fig(str(before)) if known else NONE,
                    change=fig(str(cost - before)) if known else NONE,
                    change_pct=pct(cost - before, before) if known else None,
                    share_pct=None,
                    coverage_pct=coverage,
                    cost_center=f"{4700 + index}",
                    owner=("Ada Example", "Grace Sample", "")[index % 3],
                    is_mapped=index != 4,
                    **certainty(coverage),
                    basis=("metered", "sampled") if at == 2 else ("metered",),
                )
            )
    return tuple(
        replace(row, share_pct=pct(_exact(row.effective_cost), _sum_of(rows, row.billing_currency)))
        for row in sorted(rows, key=lambda r: (r.billing_currency, r.project, -_exact(r.effective_cost)))
    )


def _project_totals(rows: tuple[ProjectRow, ...]) -> tuple[ProjectTotal, ...]:
    names = [(row.billing_currency, row.project) for row in rows]
    found = []
    for currency, name in dict.fromkeys(pair for pair in names if names.count(pair) > 1):
        mine = [row for row in rows if (row.billing_currency, row.project) == (currency, name)]
        cost = sum((_exact(row.effective_cost) for row in mine), Decimal(0))
        share = sum((row.share_pct or Decimal(0) for row in mine), Decimal(0))
        certain = certainty(min(row.coverage_pct or Decimal(100) for row in mine))
        found.append(ProjectTotal(name, currency, fig(str(cost)), NONE, NONE, None, share, **certain))
    return tuple(found)


def _exceptions() -> tuple[OpenException, ...]:
    return (
        OpenException(
            ExceptionKind.NEVER_SEEN,
            "openscaler-lab",
            "openscaler-lab (OpenScaler) was never seen in October 2026: live gave 0 of 744 hours. What it cost is not "
            "known and in no total; it cannot be asked again, so see that it is sampled from now on (tallybook check).",
        ),
        OpenException(
            ExceptionKind.FAILED_CHECK,
            "",
            "scaleops-main: aggregated report against workloads differs from the provider's own sum by 2.11 USD.",
        ),
        OpenException(
            ExceptionKind.DATA_GAP,
            "openscaler-main",
            "openscaler-main live lacks 12 hours of 744 hours, so its costs are lower bounds; it cannot be asked "
            "again, so see that it is sampled from now on (tallybook check).",
        ),
        OpenException(
            ExceptionKind.UNPRICED,
            "ocore-main",
            "No price, and in no total: gpu_hours at ocore-main. Add it to prices.csv and report again.",
        ),
        OpenException(
            ExceptionKind.UNMAPPED,
            "",
            "Not in projects.csv, and a project under its own name: edge-cache. Map it, or leave it as it is.",
        ),
        OpenException(
            ExceptionKind.EXAMPLE,
            "",
            "Priced with examples that 'tallybook init' wrote: prices.csv line 2. These costs mean nothing before the "
            "prices of your contracts stand there.",
        ),
    )


def _changes(totals: tuple[CurrencyTotal, ...]) -> Changes:
    """A bridge per currency, movers of both kinds, and budgets over, under and without a cost."""
    return Changes(
        comparisons=tuple(
            ComparisonRow(
                *(row.billing_currency, "previous_month", "September 2026", row.effective_cost),
                baseline=row.previous_effective_cost,
                change=row.change,
                change_pct=row.change_pct,
                is_lower_bound=row.is_lower_bound,
                baseline_is_lower_bound=False,
                change_bound=row.change_bound,
            )
            for row in totals
        ),
        causes=tuple(_cause(row) for row in totals),
        bridges=tuple(_bridge(row) for row in totals),
        movers=(
            _mover("project", "platform", "", "EUR", "8000", "9120.4"),
            _mover("project", "edge-cache", "", "EUR", "700", "210.55"),
            _mover("workload", "api", "c1/shop", "USD", "0", "412.1"),
        ),
        budgets=(
            BudgetRow(
                *("platform", "EUR", fig("9120.4"), fig("9000"), fig("120.4"), Decimal("101.3")),
                is_lower_bound=True,
                is_example=False,
            ),
            BudgetRow("atlas", "EUR", NONE, fig("500"), NONE, None, is_lower_bound=False, is_example=True),
        ),
    )


def _cause(row: CurrencyTotal) -> CauseRow:
    currency = row.billing_currency
    effect, part = fig("1120.4"), fig("900.4")
    sentence = (
        f"platform used more: +1,120.40 {currency}, the largest part core hours at ocore-main (+900.40 {currency})."
    )
    return CauseRow(currency, "platform", "volume", effect, "ocore-main", "core_hours", part, sentence)


def _bridge(row: CurrencyTotal) -> Bridge:
    change = _exact(row.change)
    parts = {"restatement": Decimal("12.5"), "price": change / 4, "new": Decimal("310.2"), "gone": Decimal("-88.1")}
    parts["volume"] = change - sum(parts.values())
    order = ("restatement", "price", "volume", "new", "gone", "not_comparable")
    return Bridge(
        billing_currency=row.billing_currency,
        opening_cost=row.previous_effective_cost,
        steps=tuple(BridgeStep(cause, fig(str(parts.get(cause, 0)))) for cause in order),
        closing_cost=row.effective_cost,
        is_lower_bound=row.is_lower_bound,
        previous_is_lower_bound=False,
        change_bound=row.change_bound,
        notes=("October 2026 has 31 days and September 2026 30: the same use a day is +3.3% of volume.",),
    )


def _mover(kind: str, name: str, place: str, currency: str, before: str, now: str) -> MoverRow:
    change = Decimal(now) - Decimal(before)
    return MoverRow(
        *(kind, name, place, "scaleops-main" if place else "", currency, fig(before), fig(now), fig(str(change))),
        change_pct=pct(change, Decimal(before)),
        cause="volume",
        **certainty(),
    )


def _outlook() -> Outlook:
    """Three months with an interval in EUR, none in USD, and two anomalies."""
    months = (("2026-11", "November 2026"), ("2026-12", "December 2026"), ("2027-01", "January 2027"))
    euro = [
        ForecastRow(
            *("EUR", month, label, fig("0"), fig("126500"), fig("118000"), fig("131200"), fig("150000")),
            *("weekday_rate", Decimal("2.4"), 96, 30, 27),
            is_lower_bound=True,
        )
        for month, label in months
    ]
    short = ForecastRow(
        *("USD", "2026-10", "October 2026", fig("35874.79"), NONE, NONE, NONE, NONE, "", None, 0, 0, 6),
        is_lower_bound=False,
    )
    day = date(2026, 10, 17)
    dates = {"first_date": day, "last_date": date(2026, 10, 19), "worst_date": day}
    costs = {"worst_cost": fig("512.2"), "typical_cost": fig("88"), "excess_cost": fig("702.1")}
    return Outlook(
        forecasts=(*euro, short),
        anomalies=(
            AnomalyRow("project", "research", "", "ocore-main", "EUR", 3, **dates, **costs),
            AnomalyRow("workload", "api", "c1/shop", "scaleops-main", "USD", 1, **dates, **costs),
        ),
        anomalies_total=14,
    )


def _spot() -> tuple[SpotRow, ...]:
    """Three kinds of rows; for research nothing is known of what spot saved."""
    return tuple(
        SpotRow(
            *(by, name, "scaleops-main" if "c1" in name else "", "USD", fig("88210.5", 1), fig("55612", 1)),
            *(Decimal("61.3"), fig("35874.79"), fig("120.5")),
            realised_savings=NONE if name == "research" else fig("9120.11"),
            realised_pct=None if name == "research" else Decimal("38.2"),
            judged_pct=None if name == "research" else Decimal("71.4"),
            savings_available=fig("4210"),
            is_lower_bound=False,
        )
        for by, name in (
            ("total", ""),
            ("cluster", "c1"),
            ("namespace", "c1/shop"),
            ("project", "platform"),
            ("project", "research"),
        )
    )


def _quota_review() -> QuotaReview:
    """Quotas that run out, a limit that was raised, one that was lifted, and unused ones."""
    rows = _quotas(random.Random(7))  # noqa: S311 - sample figures, the same each time
    fine = tuple(row for row in rows if row.state == "ok")[:3]
    place = ("syseleven-main", "platform", "cbk", "vcpu", "cores")
    raised = LimitChange(
        date(2026, 10, 12), *place, fig("64", 0), was_unlimited=False, limit=fig("128", 0), is_unlimited=False
    )
    lifted = replace(raised, date=date(2026, 10, 20), limit=NONE, is_unlimited=True)
    return QuotaReview(fine, 3, (raised, lifted), 2, fine[:1], 41, 17, 6)


def _exact(figure: Figure) -> Decimal:
    assert figure.exact is not None
    return figure.exact


def _sum_of(rows: list[ProjectRow], currency: str) -> Decimal:
    return sum((_exact(r.effective_cost) for r in rows if r.billing_currency == currency), Decimal(0))


def _providers(projects: tuple[ProjectRow, ...]) -> tuple[ProviderRow, ...]:
    rows = []
    for connection, label, currency, coverage in CONNECTIONS:
        mine = [p for p in projects if p.connection == connection]
        cost = sum((_exact(p.effective_cost) for p in mine), Decimal(0))
        before = sum(
            (p.previous_effective_cost.exact for p in mine if p.previous_effective_cost.exact),
            Decimal(0),
        )
        whole = sum((_exact(p.effective_cost) for p in projects if p.billing_currency == currency), Decimal(0))
        rows.append(
            ProviderRow(
                *(connection, label, currency, fig(str(cost)), fig(str(before))),
                change=fig(str(cost - before)),
                change_pct=pct(cost - before, before),
                share_pct=pct(cost, whole),
                coverage_pct=coverage,
                **certainty(coverage),
                basis=("sampled",) if label == "SysEleven" else ("metered",),
            )
        )
    return tuple(rows)


def _total(currency: str, providers: tuple[ProviderRow, ...]) -> CurrencyTotal:
    mine = [p for p in providers if p.billing_currency == currency]
    cost = sum((_exact(p.effective_cost) for p in mine), Decimal(0))
    before = sum((_exact(p.previous_effective_cost) for p in mine), Decimal(0))
    if currency == "USD":
        return total(currency, str(cost), str(before))
    budget = Decimal(150_000)
    return total(
        *(currency, str(cost), str(before)),
        budget=fig(str(budget)),
        budget_variance=fig(str(cost - budget)),
        unpriced_meters=2,
        coverage_pct=Decimal("98.7"),
    )


def _sentences(totals: tuple[CurrencyTotal, ...]) -> tuple[str, ...]:
    eur, usd = totals
    return (
        f"October 2026 cost at least {eur.effective_cost.shown:,} EUR and {usd.effective_cost.shown:,} USD.",
        "The largest rise was platform at oCore; the largest fall was edge-cache at NodeConductor.",
        "Spot covered 61.3% of the Kubernetes hours; a further 4,210.00 USD could be saved.",
        "Two meters have no price, so the total in EUR is a lower bound.",
    )


def _tie_out(row: CurrencyTotal) -> TieOut:
    cost = _exact(row.effective_cost)
    shared = Decimal("812.5") if row.billing_currency == "EUR" else Decimal(0)
    return TieOut(
        *(row.billing_currency, cost, cost - shared, shared, Decimal(0), Decimal(0), Decimal(0)),
        holds=True,
    )


def _controls() -> tuple[ControlTotal, ...]:
    return (
        ControlTotal(
            *("ocore-main", "core-hours against usage/totals", "core-hour"),
            *(Decimal("182456.25"), Decimal("182456.25"), Decimal(0)),
            holds=True,
        ),
        ControlTotal(
            *("ocore-main", "GB-hours against usage/totals", "GiB-hour"),
            *(Decimal("731204.5"), Decimal("731204.5"), Decimal(0)),
            holds=True,
        ),
        ControlTotal(
            *("scaleops-main", "aggregated report against workloads", "USD"),
            *(Decimal("41250.119233"), Decimal("41248.009233"), Decimal("2.11")),
            holds=False,
        ),
    )


def _workloads(rng: random.Random) -> tuple[WorkloadRow, ...]:
    rows = []
    for index in range(40):
        cost = Decimal(320_000 - index * 7_700) / 100
        spot = Decimal(rng.randrange(0, 74_400)) / 100
        on_demand = Decimal(744) - spot
        rows.append(
            WorkloadRow(
                connection="scaleops-main",
                cluster=("prod-eu-1", "prod-us-1", "staging")[index % 3],
                namespace=PROJECTS[index % 20],
                workload=f"{PROJECTS[index % 20]}-{('api', 'worker', 'ingest')[index % 3]}",
                workload_type=("deployment", "statefulset", "cronjob")[index % 3],
                billing_currency="USD",
                effective_cost=fig(str(cost)),
                previous_effective_cost=fig(str(cost * Decimal("0.93"))) if index % 9 else NONE,
                change_pct=Decimal("7.5") if index % 9 else None,
                spot_hours=fig(str(spot), 1),
                on_demand_hours=fig(str(on_demand), 1),
                spot_pct=pct(spot, Decimal(744)),
                savings_available=fig(str(cost * Decimal("0.11"))),
                merged=1,
                **certainty(),
                change=fig(str(cost * Decimal("0.07"))) if index % 9 else NONE,
                share_pct=Decimal("1.2"),
            )
        )
    rest = replace(
        rows[-1], workload="", namespace="", cluster="", workload_type="", merged=312,
        effective_cost=fig("9120.55"), previous_effective_cost=fig("9500.10"),
        change_pct=Decimal("-4.0"), change=fig("-379.55"), share_pct=Decimal("9.1"),
    )  # fmt: skip
    return (*rows, rest)


def _pricing() -> tuple[PricingRow, ...]:
    def row(currency: str, category: str, hours: Figure, cost: str, share: str, basis: str) -> PricingRow:
        names = (currency, category, hours, fig(cost), Decimal(share), basis)
        return PricingRow(*names, is_lower_bound=currency == "EUR")

    return (
        row("EUR", "unknown", NONE, "151020.10", "100.0", "price_book"),
        row("USD", "spot", fig("87000", 1), "14422.00", "30.1", "hours_weighted"),
        row("USD", "spot", fig("1210.5", 1), "3880.91", "8.1", "provider"),
        row("USD", "on_demand", fig("55689.2", 1), "29010.44", "60.5", "hours_weighted"),
        row("USD", "unknown", NONE, "640.02", "1.3", "provider"),
    )


def _quotas(rng: random.Random) -> tuple[QuotaRow, ...]:
    rows = []
    for index in range(30):
        used = Decimal(rng.randrange(0, 400))
        limit = Decimal((400, 64, 1000)[index % 3])
        state, ratio, bound = "ok", pct(used, limit), fig(str(limit), 0)
        headroom = fig(str(limit - used), 0)
        if ratio is not None and ratio >= 100:
            state = "full"
        elif ratio is not None and ratio >= 80:
            state = "near"
        if index == 27:
            state, ratio, bound, headroom = "unlimited", None, NONE, NONE
        if index == 28:
            state, ratio, bound, headroom, used = "none", None, fig("0", 0), fig("0", 0), Decimal(0)
        if index == 29:
            state, ratio, bound, headroom = "unknown", None, NONE, NONE
        rows.append(
            QuotaRow(
                connection=("syseleven-main", "nodeconductor-main")[index % 2],
                sub_account_name=PROJECTS[index % 20],
                region=("cbk", "dbl", "fes")[index % 3],
                resource=("vcpu", "ram", "volumes", "floating_ips", "snapshots")[index % 5],
                unit=("cores", "GiB", "count", "count", "count")[index % 5],
                limit=bound,
                used=fig(str(used), 0),
                headroom=headroom,
                utilisation_pct=ratio,
                state=state,
                captured_at=datetime(2026, 10, 31, 23, 55, tzinfo=UTC),
                trend_per_day=fig("1.5", 1) if state == "ok" else NONE,
                run_out_date=date(2026, 11, 20 + index % 9) if state == "ok" else None,
            )
        )
    order = {"full": 0, "near": 1, "ok": 2, "unlimited": 3, "none": 4, "unknown": 5}
    return tuple(sorted(rows, key=lambda r: (order[r.state], -(r.utilisation_pct or 0))))


def _commitments() -> tuple[CommitmentRow, ...]:
    def row(project: str, meter: str, level: str, used: str, unused: str, pct: str, *costs: str) -> CommitmentRow:
        return CommitmentRow(
            *("syseleven-main", "SysEleven", project, project, "", meter, meter.removesuffix("s").replace("_", "-")),
            *(Decimal(level), Decimal("0.0091"), "EUR", fig(used, 1), fig(unused, 1), *map(fig, costs), Decimal(pct)),
            *(date(2026, 1, 1), date(2027, 1, 1), "frame contract 2026"),
            is_lower_bound=project == "research",
        )

    return (
        row("platform", "core_hours", "400", "211420.5", "86179.5", "71.0", "1923.93", "784.23", "2708.16"),
        row("research", "memory_gib_hours", "1024", "742030", "19826", "97.4", "6752.47", "180.42", "6932.89"),
    )


def _unpriced() -> tuple[UnpricedRow, ...]:
    return (
        UnpricedRow("ocore-main", "platform", "eu-1", "gpu_hours", "hour", fig("1488", 1)),
        UnpricedRow("syseleven-main", "edge-cache", "cbk", "flavor:m1.tiny_hours", "hour", fig("744.25", 2)),
    )  # fmt: skip


def _coverage() -> tuple[CoverageRow, ...]:
    def row(*names: str, seen: tuple[int, int], later: bool) -> CoverageRow:
        connection, label, dataset, feeds, unit = names
        received, expected = seen
        return CoverageRow(
            *(connection, label, dataset, feeds, unit),
            fig(str(expected), 0),
            fig(str(received), 0),
            fig(str(expected - received), 0),
            coverage_pct=pct(Decimal(received), Decimal(expected)),
            status="complete" if expected == received else "partial",
            is_backfillable=later,
        )

    return (
        row("openscaler-main", "OpenScaler", "live", "usage", "hour", seen=(732, 744), later=False),
        row("nodeconductor-main", "NodeConductor", "usage", "usage", "hour", seen=(744, 744), later=True),
        row("nodeconductor-main", "NodeConductor", "quota", "quotas", "day", seen=(31, 31), later=False),
        row("syseleven-main", "SysEleven", "current-usage", "usage", "hour", seen=(716, 744), later=False),
        row("syseleven-main", "SysEleven", "quota", "quotas", "day", seen=(29, 31), later=False),
        row("ocore-main", "oCore", "usage", "usage", "hour", seen=(744, 744), later=True),
        row("scaleops-main", "ScaleOps", "workloads", "costs", "day", seen=(31, 31), later=True),
    )  # fmt: skip


def _gaps() -> tuple[GapRow, ...]:
    return (
        GapRow("openscaler-main", "live", date(2026, 10, 17), date(2026, 10, 17), fig("11", 0), "hour", "usage",
               "Nobody sampled these hours and they cannot be fetched again: run `tallybook sample` on a schedule."),
        GapRow("syseleven-main", "current-usage", date(2026, 10, 21), date(2026, 10, 22), fig("28", 0), "hour", "usage",
               "Give the token of project platform read permission in region cbk."),
        GapRow("syseleven-main", "quota", date(2026, 10, 21), date(2026, 10, 22), fig("2", 0), "day", "quotas",
               "Cannot be fetched again."),
    )  # fmt: skip


def _prices() -> tuple[PriceRow, ...]:
    def row(label: str, meter: str, unit: str, price: str, cost: str, line: int) -> PriceRow:
        return PriceRow(
            *(label, meter, unit, Decimal(price), "EUR", date(2026, 1, 1), None),
            "example: replace by the price of your contract" if line == 2 else f"prices.csv line {line}",
            is_example=line == 2,
            quantity=fig("182456.25", 2),
            effective_cost=fig(cost),
            is_lower_bound=label == "OpenScaler",
            from_quantity=Decimal(1000) if line == 11 else None,
            minimum_cost=Decimal("49.9") if line == 11 else None,
            connection="",
            sub_account_id="",
            region="cbk" if label == "SysEleven" else "",
        )

    return (
        row("OpenScaler", "core_hours", "core-hour", "0.0185", "40210.22", 2),
        row("OpenScaler", "memory_gib_hours", "GiB-hour", "0.0031", "9120.08", 3),
        row("NodeConductor", "core_hours", "core-hour", "0.021", "31044.90", 4),
        row("SysEleven", "storage_gib_hours", "GiB-hour", "0.00009", "2480.10", 7),
        row("oCore", "core_hours", "core-hour", "0.0195", "52011.77", 9),
        row("oCore", "network_out_bytes", "GiB", "0.05", "1210.00", 11),
    )


def _trend(totals: tuple[CurrencyTotal, ...]) -> tuple[TrendPoint, ...]:
    months = [f"2025-{m:02d}" for m in range(10, 13)] + [f"2026-{m:02d}" for m in range(1, 11)]
    points = []
    for row in totals:
        cost = _exact(row.effective_cost)
        for index, month in enumerate(months):
            share = Decimal(70 + index * 2 + (index % 3) * 4) / 100
            value = cost if index == 12 else cost * share
            figure = NONE if index == 0 and row.billing_currency == "USD" else fig(str(value))
            whole = row.billing_currency == "USD" or index not in {4, 12}
            budget = fig(str(cost * Decimal("0.95"))) if row.billing_currency == "EUR" and index > 2 else NONE
            points.append(TrendPoint(month, row.billing_currency, figure, is_complete=whole, budget=budget))
    return tuple(points)


def _daily(rng: random.Random, providers: tuple[ProviderRow, ...]) -> tuple[DailyPoint, ...]:
    points = []
    for row in providers:
        for offset in range(31):
            day = date(2026, 10, 1) + timedelta(days=offset)
            value = _exact(row.effective_cost) / 31 * Decimal(rng.randrange(80, 120)) / 100
            if row.connection == "openscaler-main" and offset == 16:
                value = value / 2
            is_lower = row.connection == "openscaler-main" and offset == 16
            names = (day, row.connection, row.provider_label, row.billing_currency, fig(str(value)))
            points.append(DailyPoint(*names, is_lower_bound=is_lower))
    return tuple(sorted(points, key=lambda p: (p.date, p.connection)))


def allocation(names: Sequence[str] = ("platform", "atlas", "borealis")) -> Allocation:
    """A rule that spreads 90 of 120 EUR of the first project over the others, by cost."""
    source, *targets = names
    return Allocation(
        rules=(
            AllocationRuleRow(
                *(f"cost of {source}", "shared", "cost", "", "EUR"), is_even_instead=False, billing_currency="EUR",
                first_date=date(2026, 10, 1), end_date=date(2026, 11, 1), sources=(source,),
                source_cost=fig("120.00"), spread_cost=fig("90.00"), unallocated=fig("30.00"),
                shares=(
                    AllocationShare(targets[0], fig("20.00"), Decimal("50.0"), fig("60.00"), merged=1),
                    AllocationShare(targets[1], fig("10.00"), Decimal("25.0"), fig("30.00"), merged=1),
                ),
                price_source="allocation.csv line 2",
            ),
        ),
        projects=(
            _allocated(targets[0], "20.00", "60.00", "0.00", "80.00"),
            _allocated(targets[1], "10.00", "30.00", "0.00", "40.00"),
            _allocated(source, "120.00", "0.00", "-90.00", "30.00"),
        ),
    )  # fmt: skip


def _allocated(project: str, direct: str, shared: str, passed_on: str, cost: str) -> AllocatedProject:
    parts = (fig(direct), fig(shared), fig("0.00"), fig(passed_on), fig(cost))
    return AllocatedProject(project, "EUR", *parts, is_lower_bound=False)


def restatement(names: Sequence[str] = ("atlas", "borealis", "cumulus")) -> Restatement:
    """What changed since the first revision: each project gained 12.34 EUR in data and lost 2 in a price."""
    causes = (CauseAmount(Cause.NEW_DATA, fig("12.34")), CauseAmount(Cause.CHANGED_PRICE, fig("-2")))
    certain = {"before_is_lower_bound": True, "after_is_lower_bound": False}
    rows = tuple(
        RestatedRow(*(name, name, name, "EUR", fig("1000"), fig("1010.34"), fig("10.34")), **certain, causes=causes)
        for name in names
    )
    gone = RestatedRow(
        *("gone", "alpha-main", "Alpha Cloud", "EUR", fig("5"), NONE, fig("-5")),
        **certain,
        causes=(CauseAmount(Cause.SOFTWARE_OR_SETTINGS, fig("-5")),),
    )
    total = RestatedTotal("EUR", fig("9000"), fig("9025"), fig("25"), **certain, causes=causes)
    unchanged = RestatedTotal("USD", fig("7"), fig("7"), fig("0"), **certain, causes=())
    amounts = map(fig, ("6.30", "5.60", "-0.70", "0.00", "-0.70"))
    rate = RestatedRate("USD", "EUR", Decimal("0.9"), Decimal("0.8"), *amounts)
    return Restatement(1, (*names, "prices.csv changed"), (total, unchanged), (*rows, gone), (rate,))


def hostile_report() -> MonthlyReport:
    """The full month with hostile text in every name that comes from a provider or a book."""
    report = full_report()
    return replace(
        report,
        header=replace(report.header, entity=HOSTILE[7], reasons=HOSTILE),
        exceptions=tuple(replace(one, text=HOSTILE[i]) for i, one in enumerate(report.exceptions)),
        summary=HOSTILE,
        outlook=replace(
            report.outlook,
            anomalies=tuple(
                replace(row, name=HOSTILE[i], place=HOSTILE[4]) for i, row in enumerate(report.outlook.anomalies)
            ),
        ),
        changes=replace(
            report.changes,
            movers=tuple(
                replace(row, name=HOSTILE[i], place=HOSTILE[4]) for i, row in enumerate(report.changes.movers)
            ),
            budgets=tuple(replace(row, project=HOSTILE[i]) for i, row in enumerate(report.changes.budgets)),
        ),
        notices=HOSTILE,
        restatement=restatement(names=HOSTILE),
        allocation=allocation(names=HOSTILE),
        projects=tuple(
            replace(row, project=HOSTILE[i % 8], connection=HOSTILE[(i + 1) % 8], owner=HOSTILE[4])
            for i, row in enumerate(report.projects[:16])
        ),
        providers=tuple(
            replace(row, provider_label=HOSTILE[i], connection=HOSTILE[i + 1]) for i, row in enumerate(report.providers)
        ),
        workloads=tuple(
            replace(row, workload=HOSTILE[i % 8], namespace=HOSTILE[(i + 3) % 8], cluster=HOSTILE[4])
            for i, row in enumerate(report.workloads[:10])
        ),
        spot=tuple(replace(row, name=HOSTILE[i], connection=HOSTILE[4]) for i, row in enumerate(report.spot)),
        commitments=tuple(
            replace(row, project=HOSTILE[i], connection=HOSTILE[i + 2], region=HOSTILE[i + 4], meter=HOSTILE[i])
            for i, row in enumerate(report.commitments)
        ),
        quota_review=replace(
            report.quota_review,
            changes=tuple(
                replace(row, resource=HOSTILE[i], sub_account_name=HOSTILE[4])
                for i, row in enumerate(report.quota_review.changes)
            ),
            unused=tuple(replace(row, resource=HOSTILE[7]) for row in report.quota_review.unused),
        ),
        quotas=tuple(
            replace(row, sub_account_name=HOSTILE[i % 8], resource=HOSTILE[(i + 2) % 8], region=HOSTILE[4])
            for i, row in enumerate(report.quotas[:10])
        ),
        unpriced=tuple(
            replace(row, meter=HOSTILE[i], sub_account_name=HOSTILE[4]) for i, row in enumerate(report.unpriced)
        ),
        gaps=tuple(replace(row, remedy=HOSTILE[i], dataset=HOSTILE[4]) for i, row in enumerate(report.gaps)),
        prices=tuple(replace(row, source=HOSTILE[i]) for i, row in enumerate(report.prices)),
    )


def statement() -> ProjectStatement:
    """What the project platform used and cost."""
    report = full_report()

    def line(at: int, meter: str, unit: str, price: str | None, cost: str | None, basis: str) -> StatementLine:
        connection, label, currency, coverage = CONNECTIONS[at]
        return StatementLine(
            *(connection, label, "platform", ("eu-1", "cbk", "")[at % 3], meter, unit),
            quantity=fig("18240.5", 2),
            unit_price=None if price is None else Decimal(price),
            billing_currency="" if cost is None else currency,
            effective_cost=NONE if cost is None else fig(cost),
            basis=basis,
            coverage_pct=coverage,
            is_lower_bound=coverage < 100,
        )

    return ProjectStatement(
        schema_version=SCHEMA_VERSION,
        header=replace(report.header, title="Project statement"),
        project="platform",
        slug="platform",
        cost_center="4715",
        owner="Ada Example",
        is_mapped=True,
        exceptions=report.exceptions[:1],
        totals=(
            total("EUR", "9120.40", "8800.10", coverage_pct=Decimal("98.4"), unpriced_meters=1),
            total("USD", "2210.00", None),
        ),
        allocated=(_allocated("platform", "7120.40", "2000.00", "0.00", "9120.40"),),
        lines=(
            line(0, "core_hours", "core-hour", "0.0185", "3374.49", "sampled"),
            line(0, "memory_gib_hours", "GiB-hour", "0.0031", "565.46", "sampled"),
            line(1, "core_hours", "core-hour", "0.021", "2830.45", "averaged"),
            line(3, "core_hours", "core-hour", None, "2350.00", "metered"),
            line(3, "gpu_hours", "hour", None, None, "metered"),
            line(4, "workload cost", "USD", None, "2210.00", "provider"),
        ),
        workloads=report.workloads[:4],
        quotas=report.quotas[:4],
        gaps=report.gaps[:1],
        spot=report.spot[-1:],
    )


def library() -> Library:
    files = (
        *("monthly-report.html", "monthly-report.pdf", "monthly-report.json", "monthly-report.xlsx"),
        *("manifest.json", "tables/projects.csv", "tables/workloads.csv", "tables/charges.parquet"),
        *("projects/atlas/statement.html", "projects/atlas/statement.pdf"),
    )

    def revision(month: str, number: int, status: Status, reason: str) -> LibraryRevision:
        return LibraryRevision(
            *(number, status, reason, NOW),
            totals=(
                LibraryTotal("EUR", Decimal("151020.10"), is_lower_bound=month == "2026-10"),
                LibraryTotal("USD", Decimal("47953.37"), is_lower_bound=False),
            ),
            never_seen=("openscaler-lab",) if month == "2026-10" else (),
            coverage_pct=Decimal("98.7") if month == "2026-10" else Decimal("100.0"),
            folder=f"{month}/r{number:02d}",
            files=files,
        )

    return Library(
        entity="Example Works GmbH",
        generated_at=NOW,
        months=(
            LibraryMonth("2026-10", "October 2026", (
                revision("2026-10", 2, Status.DRAFT, ""),
                revision("2026-10", 1, Status.DRAFT, ""),
            )),
            LibraryMonth("2026-09", "September 2026", (
                revision("2026-09", 3, Status.RESTATED, "ScaleOps restated the cost of 2026-09-28"),
                revision("2026-09", 2, Status.FINAL, "closed by finance"),
                revision("2026-09", 1, Status.PROVISIONAL, ""),
            )),
            LibraryMonth("2026-08", "August 2026", (revision("2026-08", 1, Status.FINAL, "closed"),)),
        ),
    )  # fmt: skip
