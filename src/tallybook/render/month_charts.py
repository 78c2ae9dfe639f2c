"""The charts over months: what each month cost, with budget and forecast, and the bridge between two of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tallybook.documents.changes import Bridge
from tallybook.documents.model import TrendPoint
from tallybook.documents.outlook import ForecastRow
from tallybook.documents.values import Figure
from tallybook.language import ENGLISH, Language, message
from tallybook.periods import BillingPeriod
from tallybook.render.drawing import (
    INK,
    MUTED,
    PALETTE,
    WIDTH,
    Chart,
    altair_module,
    amount_axis,
    picture,
    told,
    words_of,
)
from tallybook.render.filters import amount, signed
from tallybook.render.labels import label
from tallybook.render.labels import opening as opening_of
from tallybook.render.svg import HATCHED

_MONTHS = 13
_BAND = "#a9cde3"
_RISE, _FALL = "#a3452f", "#2f8580"
_HEIGHT, _BRIDGE_HEIGHT = 180, 140
_PADDING = 0.28
_STEPS = {"restatement": message("restated")}  # shorter than in a table


def trend_chart(
    points: Sequence[TrendPoint],
    currency: str,
    forecasts: Sequence[ForecastRow] = (),
    *,
    language: Language = ENGLISH,
) -> Chart | None:
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
    layers = [
        _bars(known, currency, language),
        *_band(coming, currency, language),
        *_budgets(mine, coming, currency, language),
    ]
    return picture(
        f"trend-{currency.lower()}",
        _layered(layers, months, language),
        title=language.say("Cost per month, %(currency)s", currency=currency),
        alternative=_trend_words(known, coming, mine, language),
        language=language,
    )


def _trend_words(
    known: Sequence[TrendPoint], coming: Sequence[ForecastRow], mine: Sequence[TrendPoint], language: Language
) -> str:
    first, last = (language.short_month(one.billing_period) for one in (known[0], known[-1]))
    words = language.say("A bar per month from %(first)s to %(last)s", first=first, last=last)
    if not all(point.is_complete for point in known):
        words += language.say("; hatched months cost at least that much")
    if any(figure.shown is not None for figure in [*(one.budget for one in mine), *(one.budget for one in coming)]):
        words += language.say("; a line across a month is its budget")
    if coming:
        words += language.say("; a pale band is where 8 in 10 forecasts would end, with the forecast as a line in it")
    return f"{words}."


def bridge_chart(
    bridge: Bridge, *, before: str, now: str, is_together: bool = False, language: Language = ENGLISH
) -> Chart | None:
    """From one month's cost to the next one's, a floating bar per cause; None when no cause moved anything.

    `before` and `now` name the months; `is_together` tells the chart of all currencies from that of one.
    """
    currency = bridge.billing_currency
    opening, closing = bridge.opening_cost.shown, bridge.closing_cost.shown
    steps = [step for step in bridge.steps if step.effect.shown]
    if opening is None or closing is None or not steps:
        return None
    level = opening
    values = [_whole(before, opening, currency, is_lower_bound=bridge.previous_is_lower_bound, language=language)]
    for step in steps:
        effect = step.effect.shown or Decimal(0)
        name = language.say(_STEPS[step.cause]) if step.cause in _STEPS else label(step.cause, language=language)
        values.append(_step(opening_of(name), level, effect, currency, language))
        level += effect
    values.append(_whole(now, closing, currency, is_lower_bound=bridge.is_lower_bound, language=language))
    place = {"before": before, "month": now, "currency": currency}
    return picture(
        f"bridge-{'together-' if is_together else ''}{currency.lower()}",
        _waterfall(values, language),
        title=language.say("From %(before)s to %(month)s, %(currency)s, all currencies", **place)
        if is_together
        else language.say("From %(before)s to %(month)s, %(currency)s", **place),
        alternative="; ".join(str(value["words"]) for value in values) + ".",
        language=language,
    )


def _whole(name: str, value: Decimal, currency: str, *, is_lower_bound: bool, language: Language) -> dict[str, Any]:
    shown = amount(Figure(value, value), currency, language=language).unescape()
    return {
        "category": name,
        "from": 0.0,
        "to": float(value),
        "top": float(max(value, Decimal(0))),
        "colour": HATCHED if is_lower_bound else PALETTE[0],
        "label": f"≥ {shown}" if is_lower_bound else shown,
        "words": words_of(name, value, currency, is_lower_bound=is_lower_bound, language=language),
    }


def _step(name: str, level: Decimal, effect: Decimal, currency: str, language: Language) -> dict[str, Any]:
    text = signed(Figure(effect, effect), currency, is_plain=True, language=language).unescape()
    return {
        "category": name,
        "from": float(level),
        "to": float(level + effect),
        "top": float(max(level, level + effect)),
        "colour": _RISE if effect > 0 else _FALL,
        "label": text,
        "words": f"{name}: {text}\N{NO-BREAK SPACE}{currency}",
    }


def _waterfall(values: Sequence[dict[str, Any]], language: Language) -> Any:
    alt = altair_module()
    order = [value["category"] for value in values]
    axis = alt.Axis(grid=False, ticks=False, labelPadding=6, labelAngle=0, labelLimit=WIDTH // len(order) - 4)
    names = alt.X("category:N", title=None, sort=order, axis=axis, scale=alt.Scale(domain=order, padding=0.35))
    base = alt.Chart(alt.InlineData(values=list(values))).encode(x=names)
    bars = base.mark_bar().encode(
        y=alt.Y("from:Q", title=None, axis=amount_axis(language)),
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


def _layered(layers: Sequence[Any], months: Sequence[str], language: Language) -> Any:
    alt = altair_module()
    # The year stands below the first month and below each January.
    year = f"(slice(datum.value, 5) === '01' || datum.value === '{months[0]}') ? slice(datum.value, 0, 4) : ''"
    name = f"{list(language.short_months)}[toNumber(slice(datum.value, 5)) - 1]"
    axis = alt.Axis(grid=False, ticks=False, labelPadding=6, labelAngle=0, labelExpr=f"[{name}, {year}]")
    names = alt.X(
        "category:N", title=None, sort=list(months), axis=axis, scale=alt.Scale(domain=list(months), padding=_PADDING)
    )
    placed = [layer.encode(x=names) for layer in layers]
    return alt.layer(*placed).properties(width=WIDTH, height=_HEIGHT, autosize=_fit())


def _bars(points: Sequence[TrendPoint], currency: str, language: Language) -> Any:
    alt = altair_module()
    values = [
        {
            "category": point.billing_period,
            "value": float(point.effective_cost.shown or 0),
            "colour": PALETTE[0] if point.is_complete else HATCHED,
            "words": words_of(
                language.short_month(point.billing_period),
                point.effective_cost.shown,
                currency,
                is_lower_bound=not point.is_complete,
                language=language,
            ),
        }
        for point in points
    ]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            y=alt.Y("value:Q", title=None, axis=amount_axis(language), stack=None),
            color=alt.Color("colour:N", scale=None),
            description=alt.Description("words:N"),
        )
    )


def _band(coming: Sequence[ForecastRow], currency: str, language: Language) -> list[Any]:
    """The interval as a pale bar, the forecast as a line in it; a forecast without one is the line alone."""
    alt = altair_module()
    bands = [
        {
            "category": row.billing_period,
            "low": float(row.low_cost.shown),
            "high": float(row.high_cost.shown),
            "words": language.say(
                "%(month)s: %(low)s to %(high)s in 8 of 10",
                month=language.short_month(row.billing_period),
                low=told(row.low_cost.shown, currency, is_lower_bound=False, language=language),
                high=told(row.high_cost.shown, currency, is_lower_bound=False, language=language),
            ),
        }
        for row in coming
        if row.low_cost.shown is not None and row.high_cost.shown is not None
    ]
    lines = [
        (
            row.billing_period,
            row.forecast_cost.shown,
            language.say("%(month)s forecast", month=language.short_month(row.billing_period)),
            row.is_lower_bound,
        )
        for row in coming
    ]
    band = (
        alt.Chart(alt.InlineData(values=bands))
        .mark_bar(color=_BAND)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q", description=alt.Description("words:N"))
    )
    return [*([band] if bands else []), *_lines(lines, currency, colour=MUTED, language=language)]


def _budgets(mine: Sequence[TrendPoint], coming: Sequence[ForecastRow], currency: str, language: Language) -> list[Any]:
    budgets = {point.billing_period: point.budget.shown for point in mine}
    budgets |= {row.billing_period: row.budget.shown for row in coming}
    lines = [
        (month, budget, language.say("%(month)s budget", month=language.short_month(month)), False)
        for month, budget in budgets.items()
        if budget is not None
    ]
    return _lines(lines, currency, colour=PALETTE[1], language=language)


def _lines(
    lines: Sequence[tuple[str, Decimal | None, str, bool]], currency: str, *, colour: str, language: Language
) -> list[Any]:
    """Lines across the months' places: month, value, name, whether it is a lower bound; nothing without any."""
    alt = altair_module()
    values = [
        {
            "category": month,
            "value": float(value or 0),
            "words": words_of(name, value, currency, is_lower_bound=is_lower_bound, language=language),
        }
        for month, value, name, is_lower_bound in lines
    ]
    if not values:
        return []
    mark = alt.Chart(alt.InlineData(values=values)).mark_tick(color=colour, thickness=3, bandSize=34)
    return [mark.encode(y=alt.Y("value:Q", title=None), description=alt.Description("words:N"))]


def _fit() -> Any:
    return altair_module().AutoSizeParams(type="fit-x", contains="padding")
