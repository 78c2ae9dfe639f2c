"""Stacked bars as SVG: cost by project and connection, and per day.

One chart per currency: two currencies never share an axis.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tallybook.documents.model import DailyPoint, ProjectRow
from tallybook.language import ENGLISH, Language, message
from tallybook.render.drawing import (
    PALETTE,
    PAPER,
    REST_COLOUR,
    WIDTH,
    Chart,
    altair_module,
    amount_axis,
    picture,
    words_of,
)
from tallybook.render.text import shortened

_LABEL_CHARACTERS = 28
_TOP_PROJECTS = 12
_REST = message("other connections")


@dataclass(frozen=True, slots=True)
class _Bar:
    """One segment: where it stands, which series it belongs to, how long it is, what to say of it."""

    category: str
    series: str
    value: Decimal
    words: str


def project_chart(rows: Sequence[ProjectRow], currency: str, *, language: Language = ENGLISH) -> Chart | None:
    """Bars of the dearest projects, stacked by connection; None when no cost is known."""
    bars = [
        _bar(
            (row.project, row.connection),
            row.effective_cost.shown,
            currency,
            is_lower_bound=row.is_lower_bound,
            language=language,
        )
        for row in rows
        if row.billing_currency == currency
    ]
    known = [bar for bar in bars if bar is not None]
    order = _dearest(known, key="category")
    kept = [bar for bar in known if bar.category in order[:_TOP_PROJECTS]]
    if not kept:
        return None
    told = {"count": min(len(order), _TOP_PROJECTS), "all": len(order), "first": order[0]}
    alternative = (
        language.say(
            "Horizontal bars of the %(count)s dearest of %(all)s projects, the dearest first: %(first)s.", **told
        )
        if len(order) > _TOP_PROJECTS
        else language.say("Horizontal bars of the %(count)s projects, the dearest first: %(first)s.", **told)
    )
    return _chart(
        f"projects-{currency.lower()}",
        title=language.say("Cost by project and connection, %(currency)s", currency=currency),
        alternative=alternative,
        bars=kept,
        order=order[:_TOP_PROJECTS],
        is_horizontal=True,
        language=language,
    )


def daily_chart(points: Sequence[DailyPoint], currency: str, *, language: Language = ENGLISH) -> Chart | None:
    """A bar per day, stacked by connection; None when no cost is known."""
    mine = [point for point in points if point.billing_currency == currency]
    bars = [
        _bar(
            (point.date.isoformat(), point.connection),
            point.effective_cost.shown,
            currency,
            is_lower_bound=point.is_lower_bound,
            language=language,
        )
        for point in mine
    ]
    known = [bar for bar in bars if bar is not None]
    if not known:
        return None
    days = sorted({bar.category for bar in known})
    return _chart(
        f"daily-{currency.lower()}",
        title=language.say("Cost per day and connection, %(currency)s", currency=currency),
        alternative=language.say(
            "A stacked bar per day from %(first)s to %(last)s.",
            first=language.day(date.fromisoformat(days[0])),
            last=language.day(date.fromisoformat(days[-1])),
        ),
        bars=known,
        order=days,
        is_horizontal=False,
        language=language,
    )


def _bar(
    names: tuple[str, str], value: Decimal | None, currency: str, *, is_lower_bound: bool, language: Language
) -> _Bar | None:
    """A segment named by its category and its series."""
    if value is None:
        return None
    category, series = (shortened(name, _LABEL_CHARACTERS) for name in names)
    return _Bar(
        category,
        series,
        value,
        words_of(", ".join(names), value, currency, is_lower_bound=is_lower_bound, language=language),
    )


def _dearest(bars: Iterable[_Bar], *, key: str) -> list[str]:
    """Names in falling order of what their bars show; ties by name."""
    sums: dict[str, Decimal] = {}
    for bar in bars:
        name = getattr(bar, key)
        sums[name] = sums.get(name, Decimal(0)) + bar.value
    return sorted(sums, key=lambda name: (-sums[name], name))


def _colours(bars: Sequence[_Bar], rest: str) -> dict[str, str]:
    """A colour for each series: the dearest ones their own, the rest one together."""
    ranked = _dearest(bars, key="series")
    own = ranked if len(ranked) <= len(PALETTE) else ranked[: len(PALETTE) - 1]
    colours = dict(zip(own, PALETTE, strict=False))
    return colours if len(own) == len(ranked) else colours | {rest: REST_COLOUR}


def _chart(
    identifier: str,
    *,
    title: str,
    alternative: str,
    bars: Sequence[_Bar],
    order: Sequence[str],
    is_horizontal: bool,
    language: Language,
) -> Chart:
    colours = _colours(bars, language.say(_REST))
    spec = _spec(bars, order=order, colours=colours, is_horizontal=is_horizontal, language=language)
    return picture(identifier, spec, title=title, alternative=alternative, language=language)


def _spec(
    bars: Sequence[_Bar], *, order: Sequence[str], colours: Mapping[str, str], is_horizontal: bool, language: Language
) -> Any:
    alt = altair_module()
    series, rest = list(colours), language.say(_REST)
    values = [
        {
            "category": bar.category,
            "series": bar.series if bar.series in colours else rest,
            "rank": series.index(bar.series if bar.series in colours else rest),
            "value": float(bar.value),
            "words": bar.words,
        }
        for bar in bars
    ]
    amount = {"title": None, "axis": amount_axis(language), "stack": "zero"}
    names = {"title": None, "sort": list(order), "axis": _name_axis(is_horizontal=is_horizontal)}
    names["scale"] = alt.Scale(domain=list(order), padding=0.28)
    position = (
        {"x": alt.X("value:Q", **amount), "y": alt.Y("category:N", **names)}
        if is_horizontal
        else {"x": alt.X("category:N", **names), "y": alt.Y("value:Q", **amount)}
    )
    return (
        alt.Chart(alt.InlineData(values=values))
        .properties(
            width=WIDTH,
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


def _colour(colours: Mapping[str, str]) -> Any:
    alt = altair_module()
    if len(colours) == 1:
        return alt.value(PALETTE[0])
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    legend = alt.Legend(title=None, orient="top", symbolType="square")
    return alt.Color("series:N", scale=scale, legend=legend)


def _name_axis(*, is_horizontal: bool) -> Any:
    alt = altair_module()
    if is_horizontal:
        return alt.Axis(grid=False, ticks=False, domain=False, labelPadding=8, labelLimit=180)
    days = "slice(datum.value, 8)"
    return alt.Axis(grid=False, ticks=False, labelPadding=6, labelAngle=0, labelExpr=days, labelOverlap=False)
