"""The three big charts as SVG: cost by project and connection, per day, and over the months.

One chart per currency: two currencies never share an axis. A chart draws the shown figures and adds
nothing to them; floats occur here alone, as lengths of bars.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybook.documents.model import DailyPoint, ProjectRow, TrendPoint
from tallybook.documents.values import Figure
from tallybook.render.filters import money
from tallybook.render.svg import HATCHED, finished
from tallybook.render.text import shortened, visible

# In this order: neighbours differ in lightness as much as in hue, so that the segments stay apart in
# greyscale and for colour-blind eyes. screen.css names the same values for the dark page.
PALETTE = ("#1f3b5c", "#e0a030", "#2f8580", "#a9cde3", "#a3452f", "#8a8f96")
REST_COLOUR = "#c9ced4"
INK, MUTED, GRID, PAPER = "#16202a", "#566270", "#dfe4e8", "#ffffff"
_WIDTH = 672  # CSS pixels between the margins of an A4 page
_LABEL_CHARACTERS = 28
_TOP_PROJECTS = 12
_REST = "other connections"


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with the words that stand for it. `svg` fits both into a page and into an image."""

    id: str
    title: str
    alternative: str
    svg: str


@dataclass(frozen=True, slots=True)
class _Bar:
    """One segment: where it stands, which series it belongs to, how long it is, what to say of it."""

    category: str
    series: str
    value: Decimal
    words: str
    is_complete: bool = True


def project_chart(rows: Sequence[ProjectRow], currency: str) -> Chart | None:
    """Bars of the dearest projects, stacked by connection; None when no cost is known."""
    bars = [
        _bar((row.project, row.connection), row.effective_cost.shown, currency, is_lower_bound=row.is_lower_bound)
        for row in rows
        if row.billing_currency == currency
    ]
    known = [bar for bar in bars if bar is not None]
    order = _dearest(known, key="category")
    kept = [bar for bar in known if bar.category in order[:_TOP_PROJECTS]]
    if not kept:
        return None
    title = f"Cost by project and connection, {currency}"
    count = f"{_TOP_PROJECTS} dearest of {len(order)}" if len(order) > _TOP_PROJECTS else str(len(order))
    return _chart(
        f"projects-{currency.lower()}",
        title=title,
        alternative=f"Horizontal bars of the {count} projects, the dearest first: {order[0]}.",
        bars=kept,
        order=order[:_TOP_PROJECTS],
        is_horizontal=True,
    )


def daily_chart(points: Sequence[DailyPoint], currency: str) -> Chart | None:
    """A bar per day, stacked by connection; None when no cost is known."""
    mine = [point for point in points if point.billing_currency == currency]
    bars = [
        _bar(
            (point.date.isoformat(), point.connection),
            point.effective_cost.shown,
            currency,
            is_lower_bound=point.is_lower_bound,
        )
        for point in mine
    ]
    known = [bar for bar in bars if bar is not None]
    if not known:
        return None
    days = sorted({bar.category for bar in known})
    return _chart(
        f"daily-{currency.lower()}",
        title=f"Cost per day and connection, {currency}",
        alternative=f"A stacked bar per day from {days[0]} to {days[-1]}.",
        bars=known,
        order=days,
        is_horizontal=False,
    )


def trend_chart(points: Sequence[TrendPoint], currency: str) -> Chart | None:
    """A bar per month, hatched where it is a lower bound; None for fewer than two months."""
    mine = [point for point in points if point.billing_currency == currency]
    bars = [
        _Bar(
            category=point.billing_period,
            series=currency,
            value=point.effective_cost.shown,
            words=_words(
                point.billing_period, point.effective_cost.shown, currency, is_lower_bound=not point.is_complete
            ),
            is_complete=point.is_complete,
        )
        for point in mine
        if point.effective_cost.shown is not None
    ]
    if len(bars) < 2:
        return None
    months = [point.billing_period for point in mine]
    return _chart(
        f"trend-{currency.lower()}",
        title=f"Cost per month, {currency}",
        alternative=f"A bar per month from {months[0]} to {months[-1]}; hatched months cost at least that much.",
        bars=bars,
        order=months,
        is_horizontal=False,
    )


def _bar(names: tuple[str, str], value: Decimal | None, currency: str, *, is_lower_bound: bool) -> _Bar | None:
    """A segment named by its category and its series."""
    if value is None:
        return None
    category, series = (shortened(name, _LABEL_CHARACTERS) for name in names)
    return _Bar(category, series, value, _words(", ".join(names), value, currency, is_lower_bound=is_lower_bound))


def _words(name: str, value: Decimal | None, currency: str, *, is_lower_bound: bool) -> str:
    at_least = "at least " if is_lower_bound else ""
    return f"{visible(name)}: {at_least}{money(Figure(value, value), currency).unescape()}"


def _dearest(bars: Iterable[_Bar], *, key: str) -> list[str]:
    """Names in falling order of what their bars show; ties by name."""
    sums: dict[str, Decimal] = {}
    for bar in bars:
        name = getattr(bar, key)
        sums[name] = sums.get(name, Decimal(0)) + bar.value
    return sorted(sums, key=lambda name: (-sums[name], name))


def _colours(bars: Sequence[_Bar]) -> dict[str, str]:
    """A colour for each series: the dearest ones their own, the rest one together."""
    ranked = _dearest(bars, key="series")
    own = ranked if len(ranked) <= len(PALETTE) else ranked[: len(PALETTE) - 1]
    colours = dict(zip(own, PALETTE, strict=False))
    return colours if len(own) == len(ranked) else colours | {_REST: REST_COLOUR}


def _chart(
    identifier: str,
    *,
    title: str,
    alternative: str,
    bars: Sequence[_Bar],
    order: Sequence[str],
    is_horizontal: bool,
) -> Chart:
    colours = _colours(bars)
    spec = _spec(bars, order=order, colours=colours, is_horizontal=is_horizontal)
    return Chart(identifier, title, alternative, finished(_drawn(spec), prefix=identifier))


def _spec(
    bars: Sequence[_Bar], *, order: Sequence[str], colours: Mapping[str, str], is_horizontal: bool
) -> dict[str, Any]:
    alt = _altair()
    series = list(colours)
    values = [
        {
            "category": bar.category,
            "series": bar.series if bar.series in colours else _REST,
            "rank": series.index(bar.series if bar.series in colours else _REST),
            "value": float(bar.value),
            "words": bar.words,
            "hatched": not bar.is_complete,
        }
        for bar in bars
    ]
    amount = {"title": None, "axis": _amount_axis(), "stack": "zero"}
    names = {"title": None, "sort": list(order), "axis": _name_axis(order, is_horizontal=is_horizontal)}
    names["scale"] = alt.Scale(domain=list(order), padding=0.28)
    position = (
        {"x": alt.X("value:Q", **amount), "y": alt.Y("category:N", **names)}
        if is_horizontal
        else {"x": alt.X("category:N", **names), "y": alt.Y("value:Q", **amount)}
    )
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .properties(
            width=_WIDTH,
            height=21 * len(order) if is_horizontal else 190,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
        .mark_bar(stroke=PAPER, strokeWidth=0.6)
        .encode(
            **position,
            color=_colour(colours),
            order=alt.Order("rank:Q"),
            description=alt.Description("words:N"),
        )
    )
    return dict(_configured(chart).to_dict())


def _colour(colours: Mapping[str, str]) -> Any:
    alt = _altair()
    if len(colours) == 1:
        return alt.condition("datum.hatched", alt.value(HATCHED), alt.value(PALETTE[0]))
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    legend = alt.Legend(title=None, orient="top", symbolType="square")
    return alt.Color("series:N", scale=scale, legend=legend)


def _amount_axis() -> Any:
    alt = _altair()
    return alt.Axis(
        format="~s",
        labelExpr="datum.value === 0 ? '0' : datum.label",
        tickCount=5,
        domain=False,
        ticks=False,
        labelPadding=6,
    )


def _name_axis(order: Sequence[str], *, is_horizontal: bool) -> Any:
    alt = _altair()
    if is_horizontal:
        return alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8, labelLimit=180)
    days = "slice(datum.value, 8)" if order and len(order[0]) == 10 else "datum.value"
    return alt.Axis(grid=False, ticks=False, labelPadding=6, labelAngle=0, labelExpr=days, labelOverlap=False)


def _configured(chart: Any) -> Any:
    axis = {"labelColor": MUTED, "gridColor": GRID, "domainColor": MUTED, "labelFontSize": 10}
    return (
        chart.configure(font="Inter, 'Inter Ext', 'DejaVu Sans', sans-serif", background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_bar(color=PALETTE[0])
        .configure_legend(labelColor=INK, labelFontSize=10, symbolSize=90, columns=4, labelLimit=140, offset=8)
    )


def _altair() -> Any:
    """The library, untyped: its generated signatures refuse arguments given by name and value."""
    import altair

    return altair


def _drawn(spec: Mapping[str, Any]) -> str:
    import vl_convert

    alt = _altair()
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    drawn: str = vl_convert.vegalite_to_svg(dict(spec), vl_version=version, allowed_base_urls=[])
    return drawn
