"""The charts over months: what each month cost, with budget and forecast, and the bridge between two of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tallybook.documents.changes import Bridge
from tallybook.documents.model import TrendPoint
from tallybook.documents.outlook import ForecastRow
from tallybook.documents.values import Figure
from tallybook.periods import BillingPeriod
from tallybook.render.drawing import INK, MUTED, PALETTE, WIDTH, Chart, altair_module, amount_axis, picture, words_of
from tallybook.render.filters import label, signed
from tallybook.render.svg import HATCHED

_MONTHS = 13
_BAND = "#a9cde3"
_RISE, _FALL = "#a3452f", "#2f8580"
_HEIGHT, _BRIDGE_HEIGHT = 180, 140
_PADDING = 0.28
_STEPS = {"restatement": "restated"}  # shorter than in a table


def trend_chart(points: Sequence[TrendPoint], currency: str, forecasts: Sequence[ForecastRow] = ()) -> Chart | None:
    """Thirteen months and what may come: bars, a line across each at its budget, and the band of the forecast.

    Months that are lower bounds are hatched. None when fewer than two months, past or to come, are known.
    """
    mine = [point for point in points if point.billing_currency == currency]
    coming = [row for row in forecasts if row.billing_currency == currency and row.forecast_cost.shown is not None]
    known = [point for point in mine if point.effective_cost.shown is not None]
    if len(known) + len(coming) < 2 or not known:
        return None
    last = mine[-1].billing_period
    months = sorted({*_thirteen(last), *(row.billing_period for row in coming)})
    layers = [_bars(known, currency), *_band(coming, currency), *_budgets(mine, coming, currency)]
    return picture(
        f"trend-{currency.lower()}",
        _layered(layers, months),
        title=f"Cost per month, {currency}",
        alternative=_trend_words(known, coming, mine),
    )


def _trend_words(known: Sequence[TrendPoint], coming: Sequence[ForecastRow], mine: Sequence[TrendPoint]) -> str:
    words = f"A bar per month from {known[0].billing_period} to {known[-1].billing_period}"
    if not all(point.is_complete for point in known):
        words += "; hatched months cost at least that much"
    if any(figure.shown is not None for figure in [*(one.budget for one in mine), *(one.budget for one in coming)]):
        words += "; a line across a month is its budget"
    if coming:
        words += "; a pale band is where 8 in 10 forecasts would end, with the forecast as a line in it"
    return f"{words}."


def bridge_chart(bridge: Bridge, *, before: str, now: str, is_together: bool = False) -> Chart | None:
    """From one month's cost to the next one's, a floating bar per cause; None when no cause moved anything.

    `before` and `now` name the months; `is_together` tells the chart of all currencies from that of one.
    """
    currency = bridge.billing_currency
    opening, closing = bridge.opening_cost.shown, bridge.closing_cost.shown
    steps = [step for step in bridge.steps if step.effect.shown]
    if opening is None or closing is None or not steps:
        return None
    level, values = opening, [_whole(before, opening, currency, is_lower_bound=bridge.previous_is_lower_bound)]
    for step in steps:
        effect = step.effect.shown or Decimal(0)
        values.append(_step(_STEPS.get(step.cause) or label(step.cause), level, effect, currency))
        level += effect
    values.append(_whole(now, closing, currency, is_lower_bound=bridge.is_lower_bound))
    return picture(
        f"bridge-{'together-' if is_together else ''}{currency.lower()}",
        _waterfall(values),
        title=f"From {before} to {now}, {currency}{', all currencies' if is_together else ''}",
        alternative="; ".join(str(value["words"]) for value in values) + ".",
    )


def _whole(name: str, value: Decimal, currency: str, *, is_lower_bound: bool) -> dict[str, Any]:
    words = words_of(name, value, currency, is_lower_bound=is_lower_bound)
    return {
        "category": name,
        "from": 0.0,
        "to": float(value),
        "top": float(max(value, Decimal(0))),
        "colour": HATCHED if is_lower_bound else PALETTE[0],
        "label": words.partition(": ")[2].replace("at least ", "≥ ").rpartition("\N{NO-BREAK SPACE}")[0],
        "words": words,
    }


def _step(name: str, level: Decimal, effect: Decimal, currency: str) -> dict[str, Any]:
    text = signed(Figure(effect, effect), currency, is_plain=True).unescape()
    return {
        "category": name.capitalize(),
        "from": float(level),
        "to": float(level + effect),
        "top": float(max(level, level + effect)),
        "colour": _RISE if effect > 0 else _FALL,
        "label": text,
        "words": f"{name.capitalize()}: {text}\N{NO-BREAK SPACE}{currency}",
    }


def _waterfall(values: Sequence[dict[str, Any]]) -> Any:
    alt = altair_module()
    order = [value["category"] for value in values]
    axis = alt.Axis(grid=False, ticks=False, labelPadding=6, labelAngle=0, labelLimit=WIDTH // len(order) - 4)
    names = alt.X("category:N", title=None, sort=order, axis=axis, scale=alt.Scale(domain=order, padding=0.35))
    base = alt.Chart(alt.InlineData(values=list(values))).encode(x=names)
    bars = base.mark_bar().encode(
        y=alt.Y("from:Q", title=None, axis=amount_axis()),
        y2="to:Q",
        color=alt.Color("colour:N", scale=None),
        description=alt.Description("words:N"),
    )
    labels = base.mark_text(dy=-4, baseline="bottom", fontSize=10, fontWeight=600, color=INK, aria=False).encode(
        y="top:Q", text="label:N"
    )
    return (bars + labels).properties(width=WIDTH, height=_BRIDGE_HEIGHT, autosize=_fit())


def _thirteen(last: str) -> list[str]:
    period = BillingPeriod(*map(int, last.split("-")))
    return [str(period.shift(back)) for back in range(1 - _MONTHS, 1)]


def _layered(layers: Sequence[Any], months: Sequence[str]) -> Any:
    alt = altair_module()
    # The year stands below the first month and below each January.
    year = f"(slice(datum.value, 5) === '01' || datum.value === '{months[0]}') ? slice(datum.value, 0, 4) : ''"
    name = "monthAbbrevFormat(toNumber(slice(datum.value, 5)) - 1)"
    axis = alt.Axis(grid=False, ticks=False, labelPadding=6, labelAngle=0, labelExpr=f"[{name}, {year}]")
    names = alt.X(
        "category:N", title=None, sort=list(months), axis=axis, scale=alt.Scale(domain=list(months), padding=_PADDING)
    )
    placed = [layer.encode(x=names) for layer in layers]
    return alt.layer(*placed).properties(width=WIDTH, height=_HEIGHT, autosize=_fit())


def _bars(points: Sequence[TrendPoint], currency: str) -> Any:
    alt = altair_module()
    values = [
        {
            "category": point.billing_period,
            "value": float(point.effective_cost.shown or 0),
            "colour": PALETTE[0] if point.is_complete else HATCHED,
            "words": words_of(
                point.billing_period, point.effective_cost.shown, currency, is_lower_bound=not point.is_complete
            ),
        }
        for point in points
    ]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            y=alt.Y("value:Q", title=None, axis=amount_axis(), stack=None),
            color=alt.Color("colour:N", scale=None),
            description=alt.Description("words:N"),
        )
    )


def _band(coming: Sequence[ForecastRow], currency: str) -> list[Any]:
    """The interval as a pale bar, the forecast as a line in it; a forecast without one is the line alone."""
    alt = altair_module()
    bands = [
        {
            "category": row.billing_period,
            "low": float(row.low_cost.shown),
            "high": float(row.high_cost.shown),
            "words": f"{words_of(row.billing_period, row.low_cost.shown, currency, is_lower_bound=False)} to "
            f"{words_of('', row.high_cost.shown, currency, is_lower_bound=False)[2:]} in 8 of 10",
        }
        for row in coming
        if row.low_cost.shown is not None and row.high_cost.shown is not None
    ]
    lines = [(row.billing_period, row.forecast_cost.shown, "forecast", row.is_lower_bound) for row in coming]
    band = (
        alt.Chart(alt.InlineData(values=bands))
        .mark_bar(color=_BAND)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q", description=alt.Description("words:N"))
    )
    return [*([band] if bands else []), *_lines(lines, currency, colour=MUTED)]


def _budgets(mine: Sequence[TrendPoint], coming: Sequence[ForecastRow], currency: str) -> list[Any]:
    budgets = {point.billing_period: point.budget.shown for point in mine}
    budgets |= {row.billing_period: row.budget.shown for row in coming}
    lines = [(month, budget, "budget", False) for month, budget in budgets.items() if budget is not None]
    return _lines(lines, currency, colour=PALETTE[1])


def _lines(lines: Sequence[tuple[str, Decimal | None, str, bool]], currency: str, *, colour: str) -> list[Any]:
    """Lines across the months' places: month, value, what it is, whether it is a lower bound; nothing without any."""
    alt = altair_module()
    values = [
        {
            "category": month,
            "value": float(value or 0),
            "words": words_of(f"{month} {what}", value, currency, is_lower_bound=is_lower_bound),
        }
        for month, value, what, is_lower_bound in lines
    ]
    if not values:
        return []
    mark = alt.Chart(alt.InlineData(values=values)).mark_tick(color=colour, thickness=3, bandSize=34)
    return [mark.encode(y=alt.Y("value:Q", title=None), description=alt.Description("words:N"))]


def _fit() -> Any:
    return altair_module().AutoSizeParams(type="fit-x", contains="padding")
